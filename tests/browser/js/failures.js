// Everything that goes wrong is one clear error, and the pool goes on.

import { start } from '../pkg/offmain_tests.js'
import { ends, withPool, works } from '../pool.js'

export const tests = {
  'an unknown job is refused by name, with the names there are': withPool({ workers: 1 }, async (pool, t) => {
    const error = await t.rejects(pool.submit('thumbnial', { width: 3 }), 'JobRejected', /no job is named `thumbnial`.*double.*half/)
    t.equal(error.input, { width: 3 }, 'the input handed back')
    await works(pool, t)
  }),

  'an input that does not decode is refused, naming what is wrong': withPool({ workers: 1 }, async (pool, t) => {
    await t.rejects(pool.submit('double', { number: 'three' }), 'JobRejected', /input of `double` was refused:.*three/)
    await t.rejects(pool.submit('double', {}), 'JobRejected', /number/)
    await t.rejects(pool.submit('double', { number: () => 1 }), 'JobRejected', /input of `double` was refused/)
    await t.rejects(pool.submit('sha', { bytes: 5 }), 'JobRejected', /Uint8Array/)
    await works(pool, t)
  }),

  'a full queue hands the input back': withPool({ workers: 1, queueJobs: 3, queueBytes: 1000 }, async (pool, t) => {
    const running = pool.submit('nap', { ms: 500 })
    const waiting = [1, 2, 3].map((number) => pool.submit('double', { number }))
    const error = await t.rejects(pool.submit('double', { number: 9 }), 'JobRejected', /queue is full: it holds 4 jobs.*`queueJobs`/)
    t.equal(error.input, { number: 9 })
    t.equal(await Promise.all(waiting), [2, 4, 6])
    await running
    const bytes = new Uint8Array(1001)
    const refused = await t.rejects(pool.submit('sha', { bytes }, { transfer: [bytes] }), 'JobRejected', /1001 bytes.*limit is 1000.*`queueBytes`/)
    t.assert(refused.input.bytes === bytes && bytes.byteLength === 1001, 'nothing was transferred')
    await works(pool, t)
  }),

  'a getter of an input may submit jobs, abort its own and close the pool': async (t) => {
    for (const lane of ['auto', 'message']) {
      await withPool({ workers: 2, lane }, async (pool, t) => {
        const inner = []
        const nap = () => ({
          get ms() {
            inner.push(pool.submit('nap', { ms: 20 }))
            return 20
          },
        })
        const jobs = [pool.submit('nap', nap()), pool.submit('nap', nap(), { timeout: 60_000 })]
        jobs.push(...[1, 2, 3].map((number) => pool.submit('double', { number })))
        t.equal(await ends(jobs), { done: 5 })
        t.equal(await ends(inner), { done: inner.length })
        t.equal((await pool.stats()).ignored, 0)
        const abort = new AbortController()
        const aborts = {
          get ms() {
            abort.abort()
            return 60_000
          },
        }
        await t.rejects(pool.submit('nap', aborts, { signal: abort.signal }), 'AbortError')
        const closes = {
          get ms() {
            pool.close()
            return 60_000
          },
        }
        await t.rejects(pool.submit('nap', closes), 'PoolClosed')
      })(t)
    }
  },

  "a job's own error arrives as it is": withPool({ workers: 1 }, async (pool, t) => {
    const error = await t.rejects(pool.submit('half', { number: 7 }), 'JobFailed', /`half` failed/)
    t.equal(error.error, { Odd: { number: 7 } })
    await works(pool, t)
  }),

  'a panic keeps message and place, and its worker goes on': withPool({ workers: 1 }, async (pool, t) => {
    const [before] = (await pool.stats()).workers
    const error = await t.rejects(pool.submit('panic', { message: 'out of cheese' }), 'JobPanicked', /out of cheese/)
    t.equal(error.panic, 'out of cheese')
    t.assert(/failures\.rs:\d+:\d+$/.test(error.location), error.location)
    await works(pool, t)
    t.equal((await pool.stats()).workers[0].id, before.id, 'the worker')
    t.equal((await pool.stats()).generations, 1)
  }),

  'a panic in a thread comes back from its join': withPool({ workers: 1 }, async (pool, t) => {
    t.equal(await pool.submit('panic_in_thread', { message: 'far away' }), 'far away')
  }),

  'a panic of an async job is told, and its worker goes on': withPool({ workers: 1 }, async (pool, t) => {
    for (const late of [false, true]) {
      await t.rejects(pool.submit('panic_in_async', { message: 'out of milk', late }), 'JobPanicked', /out of milk/)
      await works(pool, t)
    }
    t.equal((await pool.stats()).generations, 1)
  }),

  'a panic in a scope releases the lock it held': withPool({ workers: 1 }, async (pool, t) => {
    await t.rejects(pool.submit('panic_with_lock', {}), 'JobPanicked', /scoped thread panicked/)
    t.equal((await pool.submit('visit', {})).visits, 1)
  }),

  'a trap ends its generation, and the pool goes on': withPool({ workers: 2 }, async (pool, t) => {
    await pool.submit('visit', {})
    await t.rejects(pool.submit('trap', {}), 'JobTrapped', /unreachable/i)
    t.equal(await pool.submit('visit', {}), { inits: 1, visits: 1 }, 'shared state of the next generation')
    t.equal((await pool.stats()).generations, 2)
  }),

  'a stack overflow is a trap': withPool({ workers: 2 }, async (pool, t) => {
    // One of the workers stands on the first stack, the other on one of its own.
    await t.rejects(pool.submit('overflow', {}), 'JobTrapped', /stack overflow.*`stackSize`/)
    await works(pool, t)
    const both = [pool.submit('overflow', {}), pool.submit('overflow', {})]
    const { done, ...rest } = await ends(both)
    t.assert(!done && (rest.JobTrapped ?? 0) >= 1, JSON.stringify(rest))
    await works(pool, t)
  }),

  'structured output may be large: it is decoded off the main thread': withPool({ workers: 1 }, async (pool, t) => {
    const job = pool.submit('too_much', {})
    t.equal((await job).length, 100_000)
  }),

  'a config value out of range is refused, naming field, value and range': async (t) => {
    const refused = (config, pattern) => t.rejects(start(config), 'OffmainError', pattern)
    await refused({ workers: 0 }, /`workers` is 0; .*from 1 to 64/)
    await refused({ workers: 65 }, /`workers` is 65/)
    await refused({ workers: [4, 2] }, /`workers` is \[4, 2\]/)
    await refused({ workers: 'many' }, /`workers` is "many"; .*'auto'/)
    await refused({ queueJobs: 1.5 }, /`queueJobs` is 1.5; .*whole number from 1 to 1000000/)
    await refused({ queueBytes: -1 }, /`queueBytes` is -1/)
    await refused({ stackSize: 100_000 }, /`stackSize` is 100000; .*multiple of 65536/)
    await refused({ memoryMaximum: 5 * 2 ** 30 }, /`memoryMaximum` is 5368709120/)
    await refused({ timeout: NaN }, /`timeout` is NaN/)
    await refused({ cancelGrace: '5' }, /`cancelGrace`/)
    await refused({ leases: 16_385 }, /`leases` is 16385; .*from 0 to 16384/)
    await refused({ leaseBytes: 0.5 }, /`leaseBytes` is 0.5/)
    await refused({ wrokers: 2 }, /unknown config field `wrokers`; known fields: workers/)
    await refused(7, /the config is 7; it must be an object/)
  },

  'every end of a job has a code': withPool({ workers: 1, queueJobs: 1, queueBytes: 1000 }, async (pool, t) => {
    const double = (options) => pool.submit('double', { number: 1 }, options)
    const refused = [
      ['option', () => double({ priority: 'urgent' })],
      ['config', () => pool.resize(0)],
      ['failed', () => pool.submit('half', { number: 7 })],
      ['panicked', () => pool.submit('panic', { message: 'out of cheese' })],
      ['trapped', () => pool.submit('trap', {})],
      ['queueBytes', () => pool.submit('sha', { bytes: new Uint8Array(1001) })],
      ['unknownJob', () => pool.submit('thumbnial', {})],
      ['badInput', () => pool.submit('double', { number: 'three' })],
      ['badInput', () => pool.submit('double', { number: () => 1 })],
    ]
    for (const [code, submit] of refused) t.equal((await submit().catch((error) => error)).code, code)
    const naps = [pool.submit('nap', { ms: 60_000 }), pool.submit('nap', { ms: 60_000 })]
    const full = await double().catch((error) => error)
    naps[0].cancel()
    const cancelled = await naps[0].catch((error) => error)
    // The browser's own error, as an abort gives it, has the browser's own code.
    t.equal([full.code, cancelled.name, cancelled.code], ['queueFull', 'AbortError', DOMException.ABORT_ERR])
    pool.close()
    t.equal((await naps[1].catch((error) => error)).code, 'closed')
  }),
}
