// std's threads, clocks and streams in a job.

import { withPool, works } from '../pool.js'

export const tests = {
  'scoped threads and bounded channels': withPool({ workers: 2 }, async (pool, t) => {
    t.equal(await pool.submit('sum', { n: 100_000, threads: 3 }), '4999950000')
    const sums = await Promise.all([1, 2, 3, 4].map((threads) => pool.submit('sum', { n: 1000, threads })))
    t.equal(sums, Array(4).fill('499500'))
  }),

  'threads three deep, each blocked in join': withPool({ workers: 1 }, async (pool, t) => {
    t.equal(await pool.submit('deep', {}), 7)
  }),

  'clocks and timed waits of std, crossbeam and parking_lot': withPool({ workers: 1 }, async (pool, t) => {
    t.equal(await pool.submit('clocks', {}), [])
  }),

  'an ended thread drops its thread-locals, and its worker is used again': withPool({ workers: 1 }, async (pool, t) => {
    t.equal(await pool.submit('locals', { threads: 30 }), 30)
    let { threads } = await pool.stats()
    t.equal(threads.running, 0)
    // The last one has been joined, and may not wait for the next thread yet.
    await t.until(async () => ({ threads } = await pool.stats()).threads.warm >= 1)
    t.assert(threads.running === 0 && threads.warm <= 3, JSON.stringify(threads))
  }),

  'a pool worker that ends drops its thread-locals, and gives everything back': withPool({ workers: 1 }, async (pool, t) => {
    const round = async () => {
      await pool.resize(4)
      await t.until(async () => (await pool.stats()).workers.filter(({ state }) => state === 'idle').length === 4, 30_000)
      const dropped = await Promise.all([1, 2, 3, 4].map(() => pool.submit('keep', { bytes: 100_000, ms: 50 })))
      await pool.resize(1)
      await t.until(async () => (await pool.stats()).workers.length === 1, 30_000)
      return Math.max(...dropped)
    }
    // The worker that stays drops what it kept before whenever it keeps something anew.
    const rounds = 10
    await round()
    const before = await pool.submit('used', {})
    const dropped = await round()
    for (let i = 1; i < rounds; i++) await round()
    t.assert(dropped >= 3, `${dropped} were dropped`)
    let after
    const flat = async () => (after = await pool.submit('used', {})) <= before
    await t.until(flat, 20_000, () => `${after} bytes to be ${before} again, after ${3 * rounds} workers`)
    t.equal((await pool.stats()).generations, 1)
  }),

  'a thread that ends leaves no JavaScript value behind': withPool({ workers: 1 }, async (pool, t) => {
    const [first, last] = await pool.submit('values', { threads: 300 })
    t.equal(last.places, first.places)
    // Some bytes come and go beside it, such as the record of the thread before.
    t.assert(last.used < first.used + 1000, `${last.used - first.used} bytes more after 300 threads`)
    // One worker had them all.
    await t.until(async () => (await pool.stats()).threads.warm === 1)
  }),

  'whatever is printed comes line by line, however much it is and in whatever pieces': withPool({ workers: 1 }, async (pool, t) => {
    // Where time went with the square of the length, the larger one took minutes.
    for (const [lines, whole] of [[200_000, true], [3000, false]]) {
      t.equal(await pool.submit('printed', { lines, whole }), lines)
    }
  }),

  'more threads than the limit are an error, not a hang': withPool({ workers: 1, threads: 6 }, async (pool, t) => {
    t.equal(await pool.submit('crowd', { threads: 6 }), 6)
    await t.rejects(pool.submit('crowd', { threads: 7 }), 'JobFailed', /6 threads, then: .*no room for another thread/)
    t.equal(await pool.submit('crowd', { threads: 6 }), 6)
  }),

  'what init built is shared, once a generation': withPool({ workers: 3 }, async (pool, t) => {
    const visits = await Promise.all(Array.from({ length: 30 }, () => pool.submit('visit', {})))
    t.equal(visits.map((visit) => visit.visits).sort((a, b) => a - b), Array.from({ length: 30 }, (_, i) => i + 1))
    t.assert(visits.every((visit) => visit.inits === 1), 'init ran more than once')
  }),

  'ten thousand threads, one after the other': withPool({ workers: 1 }, async (pool, t) => {
    const times = await pool.submit('spawns', { pairs: 10_000 })
    t.equal(times.length, 10_000)
    const { threads } = await pool.stats()
    t.assert(threads.running === 0 && threads.warm <= 2, JSON.stringify(threads))
  }),

  'hundreds of threads on fresh workers give everything back': withPool({ workers: 1 }, async (pool, t) => {
    // Each takes 50 ms of a core. What one thread kept would be seen after any number of them.
    const rounds = 4
    await pool.submit('fresh', { at_once: 50, rounds: 1 })
    const idle = async () => (await pool.stats()).threads.warm === 0
    await t.until(idle, 60_000, 'the warm workers to be released')
    const before = await pool.submit('used', {})
    t.equal(await pool.submit('fresh', { at_once: 50, rounds }), 50 * rounds)
    await t.until(idle, 60_000, 'the warm workers to be released')
    let after
    await t.until(async () => (after = await pool.submit('used', {})) <= before, 20_000, () => `${after} bytes to be ${before} again`)
  }),

  'memory of every alignment keeps its bytes, whatever comes and goes beside it': withPool({ workers: 1 }, async (pool, t) => {
    t.equal(await pool.submit('pieces', { steps: 100_000 }), 100_000)
  }),

  'memory that one thread has just grown is there for another one, which stays in one call': async (t) => {
    // A pool for each: code that is optimised already would be checked in other ways.
    for (const kind of ['fill', 'copy', 'atomic', 'store'])
      await withPool({ workers: 1 }, async (pool) => t.equal(await pool.submit('take_pages', { kind, rounds: 200 }), 200, kind))(t)
  },

  'memory above 2 GiB is like any other': withPool({ workers: 1, memoryMaximum: 2 ** 32 }, async (pool, t) => {
    t.assert((await pool.submit('hoard', {})) >= 2 ** 31, 'below 2 GiB')
    // From here on all that is new lies there: stacks, thread-locals, cancel words, leases.
    await pool.resize(3)
    const told = t.rejects(pool.submit('nap', { ms: 60_000 }, { timeout: 200 }), 'TimeoutError')
    const lease = await pool.submit('lend', { len: 100_000, seed: 3 })
    t.assert(lease.shared && lease.view.byteOffset >= 2 ** 31, `lent at ${lease.view.byteOffset}`)
    t.equal([lease.view[99_999], lease.copy(0, 3)[2]], [(99_999 * 31 + 3) & 255, 65])
    lease.release()
    t.equal(await pool.submit('sum', { n: 1000, threads: 3 }), '499500')
    t.equal(await pool.submit('dive', { kib: 496, stack_kib: 1024 }), 496)
    const bytes = new Uint8Array(100_000)
    t.equal((await pool.submit('sha', { bytes }, { transfer: [bytes] })).len, 100_000)
    await told
    await t.until(async () => (await pool.stats()).leases.lent === 0)
    await pool.resize(1)
    await works(pool, t)
    const { restarts, generations } = await pool.stats()
    t.equal([restarts, generations], [0, 1])
  }),

  'waits end by their timeouts, never early': withPool({ workers: 1 }, async (pool, t) => {
    const early = (await pool.submit('waits', { times: 3 })).filter(({ late }) => late.some((time) => time < 0))
    t.equal(early, [])
  }),

  'threads take turns by yielding, more than there are cores': withPool({ workers: 1 }, async (pool, t) => {
    t.equal(await pool.submit('hand_over', { threads: 6, turns: 50 }), 300)
  }),

  'hash keys and random bytes differ': async (t) => {
    const seen = new Set()
    for (let i = 0; i < 3; i++) for (const text of await withPool({ workers: 1 }, (pool) => pool.submit('random', {}))(t)) seen.add(text)
    t.equal(seen.size, 6)
  },

  'the stack is as large as the config says, and as a thread asks': async (t) => {
    const dive = (stackSize, input) => withPool({ workers: 1, stackSize, drainTime: 0 }, (pool) => pool.submit('dive', input))(t)
    t.equal(await dive(8 << 20, { kib: 3200, stack_kib: 0 }), 3200)
    await t.rejects(dive(1 << 20, { kib: 1100, stack_kib: 0 }), 'JobTrapped', /stack overflow/)
    t.equal(await dive(1 << 20, { kib: 6400, stack_kib: 16 << 10 }), 6400)
  },

  'the browser knows a thread by its name': withPool({ workers: 1 }, async (pool, t) => {
    t.equal(await pool.submit('name_tag', { name: 'decoder' }), 'offmain thread decoder')
  }),

  'std knows as many cores as the config says': async (t) => {
    const cores = (config) => withPool({ workers: 1, ...config }, (pool) => pool.submit('cores', {}))(t)
    t.equal([await cores({}), await cores({ parallelism: 7 })], [navigator.hardwareConcurrency, 7])
  },

  'code that blocks awaits a fetch': withPool({ workers: 2 }, async (pool, t) => {
    const url = new URL('/suite.js', location.href).href
    const text = await (await fetch(url)).text()
    t.equal(await pool.submit('blocking_fetch', { url, threads: 1 }), [text])
    const jobs = [1, 2, 3].map((threads) => pool.submit('blocking_fetch', { url, threads }))
    t.equal((await Promise.all(jobs)).flat(), Array(6).fill(text))
    await t.rejects(pool.submit('blocking_fetch', { url: 'http://127.0.0.1:1/', threads: 1 }), 'JobFailed')
    await t.rejects(pool.submit('panic_in_await', { message: 'while it waited' }), 'JobPanicked', /while it waited/)
    t.equal((await pool.submit('blocking_fetch', { url, threads: 2 })).length, 2)
  }),
}

export const limits_ms = { 'hundreds of threads on fresh workers give everything back': 180_000, 'ten thousand threads, one after the other': 120_000 }
