import { start } from '../pkg/offmain_tests.js'
export const tests = {
  'a job answers': async t => {
    const pool = await start({ workers: 2 })
    t.equal(await pool.submit('double', { number: 21 }), 42)
    pool.close()
  },
}
