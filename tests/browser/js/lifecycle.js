// A pool from its start to its end: sizes, priorities, cancels, deadlines.

import { start } from '../pkg/offmain_tests.js'
import { begun, ends, until, withPool } from '../pool.js'

/** Has so many jobs in the pool until told to end, however long its workers take to start; then gives their number. */
function keepBusy(pool, jobs) {
  let busy = true
  const feed = async () => {
    let done = 0
    for (; busy; done++) await pool.submit('nap', { ms: 40 })
    return done
  }
  const feeds = Array.from({ length: jobs }, feed)
  return {
    async end() {
      busy = false
      return (await Promise.all(feeds)).reduce((sum, done) => sum + done)
    },
  }
}

export const tests = {
  'a queued job is cancelled at once': withPool({ workers: 1 }, async (pool, t) => {
    const running = pool.submit('nap', { ms: 300 })
    const queued = pool.submit('double', { number: 1 })
    queued.cancel()
    await t.rejects(queued, 'AbortError', /cancelled/)
    t.equal(await running, 300)
  }),

  'a running job is cancelled when it looks': withPool({ workers: 1 }, async (pool, t) => {
    const job = pool.submit('nap', { ms: 60_000 })
    await until(async () => (await pool.stats()).running === 1, 'the job running')
    job.cancel()
    await t.rejects(job, 'AbortError')
    t.equal((await pool.stats()).generations, 1, 'nothing was killed')
    t.equal(await pool.submit('double', { number: 3 }), 6)
  }),

  'an AbortSignal cancels, with its reason': withPool({ workers: 1 }, async (pool, t) => {
    const controller = new AbortController()
    const job = pool.submit('nap', { ms: 60_000 }, { signal: controller.signal })
    controller.abort(new DOMException('enough', 'AbortError'))
    await t.rejects(job, 'AbortError', /enough/)
    await t.rejects(pool.submit('double', { number: 1 }, { signal: controller.signal }), 'AbortError', /enough/)
    await t.rejects(pool.submit('nap', { ms: 60_000 }, { signal: AbortSignal.timeout(50) }), 'TimeoutError')
  }),

  'a job that does not look is killed after its grace, and the pool goes on': withPool({ workers: 2, cancelGrace: 200, drainTime: 2000 }, async (pool, t) => {
    for (const name of ['stubborn', 'stuck']) {
      const before = (await pool.stats()).generations
      const job = pool.submit(name, {})
      await begun(job)
      job.cancel()
      await t.rejects(job, 'AbortError')
      t.equal(await pool.submit('double', { number: 21 }), 42)
      t.equal((await pool.stats()).generations, before + 1, `generations after ${name}`)
    }
  }),

  'queued jobs outlive a generation, running ones have their time': withPool({ workers: 2, cancelGrace: 100, drainTime: 10_000 }, async (pool, t) => {
    const stubborn = pool.submit('stubborn', {})
    const running = pool.submit('nap', { ms: 1500 })
    const queued = Array.from({ length: 10 }, (_, number) => pool.submit('double', { number }))
    await until(async () => (await pool.stats()).running === 2, 'both running')
    await begun(stubborn)
    stubborn.cancel()
    await t.rejects(stubborn, 'AbortError')
    t.equal(await Promise.all(queued), Array.from({ length: 10 }, (_, number) => number * 2))
    t.equal(await running, 1500)
  }),

  'what runs too long in an ended generation is lost': withPool({ workers: 2, cancelGrace: 100, drainTime: 300 }, async (pool, t) => {
    const stubborn = pool.submit('stubborn', {})
    const running = pool.submit('nap', { ms: 60_000 })
    await until(async () => (await pool.stats()).running === 2, 'both running')
    await begun(stubborn)
    stubborn.cancel()
    await t.rejects(stubborn, 'AbortError')
    await t.rejects(running, 'JobLost', /did not stop/)
    t.equal(await pool.submit('double', { number: 2 }), 4)
  }),

  'a deadline passes, in the queue and while running': withPool({ workers: 1 }, async (pool, t) => {
    const running = pool.submit('nap', { ms: 60_000 }, { timeout: 300 })
    const queued = pool.submit('double', { number: 1 }, { timeout: 50 })
    await t.rejects(queued, 'TimeoutError', /time limit/)
    await t.rejects(running, 'TimeoutError')
    t.equal(await pool.submit('nap', { ms: 20 }, { timeout: 30_000 }), 20)
  }),

  'the config names a default time limit': withPool({ workers: 1, timeout: 100 }, async (pool, t) => {
    await t.rejects(pool.submit('nap', { ms: 60_000 }), 'TimeoutError')
  }),

  'high priority goes first, low last': withPool({ workers: 1 }, async (pool, t) => {
    // A job that has waited for a second counts as one priority higher, so a machine that stalls must try again.
    for (let stalls = 0; ; stalls++) {
      const order = []
      const began = performance.now()
      const note = (priority) => pool.submit('nap', { ms: 20 }, { priority }).then(() => order.push(priority))
      const first = pool.submit('nap', { ms: 200 })
      await Promise.all([note('low'), note('normal'), note('high'), first])
      if (performance.now() - began > 900 && stalls < 20) continue
      t.equal(order, ['high', 'normal', 'low'])
      break
    }
    await t.rejects(pool.submit('double', { number: 1 }, { priority: 'urgent' }), 'OffmainError', /`priority` is 'urgent'.*'high', 'normal' or 'low'/)
  }),

  'a pool is resized 1 → 4 → 2 under load': withPool({ workers: 1 }, async (pool, t) => {
    const load = keepBusy(pool, 8)
    const running = (count) => until(async () => (await pool.stats()).running === count, `${count} running`)
    await running(1)
    await pool.resize(4)
    await running(4)
    await pool.resize(2)
    await running(2)
    t.equal(await load.end(), (await pool.stats()).outcomes.done)
    await until(async () => (await pool.stats()).workers.length === 2, 'two workers left')
    t.equal((await pool.stats()).generations, 1)
    await t.rejects(pool.resize(0), 'OffmainError', /`workers` is 0.*from 1 to 64/)
  }),

  'workers that come and go take no more memory from time to time': withPool({ workers: 1, stackSize: 1 << 20 }, async (pool, t) => {
    const workers = async (count) => {
      await pool.resize(count)
      await until(async () => (await pool.stats()).workers.filter(({ state }) => state === 'idle').length === count, `${count} workers idle`)
      await until(async () => (await pool.stats()).workers.length === count, `no more than ${count} workers`)
    }
    const cycles = async (times) => {
      for (; times > 0; times--) for (const count of [3, 1, 4, 2, 1]) await workers(count)
      return (await pool.stats()).memoryBytes
    }
    const before = await cycles(3)
    const after = await cycles(6)
    t.assert(after - before < 3 << 20, `${before} bytes became ${after}, which is more than 2 stacks more`)
  }),

  'a range of workers grows under load and shrinks when idle': withPool({ workers: [1, 3], idleTime: 100 }, async (pool, t) => {
    const load = keepBusy(pool, 6)
    await until(async () => (await pool.stats()).running === 3, 'three running')
    t.equal(await load.end(), (await pool.stats()).outcomes.done)
    await until(async () => (await pool.stats()).workers.length === 1, 'one worker left')
    t.equal(await pool.submit('double', { number: 5 }), 10)
  }),

  'shutdown finishes what there is, and takes no more': async (t) => {
    const pool = await start({ workers: 2 })
    const jobs = Array.from({ length: 10 }, (_, i) => pool.submit('nap', { ms: 20 * i }))
    const ended = pool.shutdown()
    const late = pool.submit('double', { number: 1 })
    await t.rejects(late, 'PoolClosed')
    t.equal(await ends(jobs), { done: 10 })
    await ended
    await t.rejects(pool.submit('double', { number: 1 }), 'PoolClosed')
    t.equal(await pool.stats(), undefined)
    await pool.shutdown()
  },

  'close settles everything at once': async (t) => {
    const pool = await start({ workers: 2 })
    const jobs = [pool.submit('stubborn', {}), pool.submit('nap', { ms: 60_000 }), ...Array.from({ length: 8 }, (_, number) => pool.submit('double', { number }))]
    pool.close()
    t.equal(await ends(jobs), { PoolClosed: 10 })
  },

  'stats count every outcome': withPool({ workers: 1 }, async (pool, t) => {
    await ends([pool.submit('double', { number: 1 }), pool.submit('half', { number: 3 }), pool.submit('panic', { message: 'x' }), pool.submit('nonsense', {})])
    const { outcomes, queued, running, threads, memoryBytes } = await pool.stats()
    t.equal(outcomes, { done: 1, failed: 1, panicked: 1, trapped: 0, cancelled: 0, timedOut: 0, rejected: 1, lost: 0, closed: 0 })
    t.equal([queued, running, threads.running], [0, 0, 0])
    t.assert(memoryBytes >= 1 << 20, `${memoryBytes} bytes of memory`)
  }),
}
