// Starts so many plain workers, two at a time, that answer once and are terminated: as a coordinator does, and nothing else.
// With `module`, two workers share a fresh memory, in which they instantiate the job module: what a generation is, without its jobs.

import { collect } from './collect.js'

const folder = '/pkg/'
let compiled

const one = (script, order) =>
  new Promise((done, failed) => {
    const worker = new Worker(script, { type: 'module' })
    worker.onmessage = () => done(worker.terminate())
    worker.onerror = ({ message }) => failed(new Error(message))
    worker.postMessage(order)
  })

const plain = () => one('./bench/echo.js', 'there?')

async function generation() {
  const [{ jobModule }, { compile }] = await Promise.all([import(`${folder}module.js`), import(`${folder}transfer.js`)])
  compiled ??= await compile(fetch(`${folder}jobs_bg.wasm`))
  const memory = new WebAssembly.Memory({ initial: jobModule.initialPages, maximum: jobModule.maximumPages, shared: true })
  return () => one('./bench/start-worker.js', { folder, module: compiled, memory })
}

async function work({ workers, module }) {
  for (let left = workers; left > 0; left -= 2) {
    const start = module ? await generation() : plain
    await Promise.all([start(), start()])
  }
}

onmessage = ({ data }) => {
  if (data === 'collect') return collect()
  work(data).then(
    () => postMessage('done'),
    // As an error of this worker, of which its parent hears.
    (error) => setTimeout(() => { throw error }),
  )
}
