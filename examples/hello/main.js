// Submits the job, shows how far it is, and cancels it.
import { start } from './pkg/hello.js'
const [count, cancel, bar, result] = ['count', 'cancel', 'bar', 'result'].map((id) => document.getElementById(id))
const pool = await start()

count.onclick = async () => {
  const job = pool.submit('count_primes', { below: 5_000_000 })
  cancel.onclick = () => job.cancel()
  try {
    for await (const done of job.progress) bar.value = done
    result.value = `${await job} primes`
  } catch (error) {
    result.value = error.message
  }
}
