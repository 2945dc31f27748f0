// What an app hears of its pool, and how it waits for room.

import { ends, until, withPool } from '../pool.js'

/** The details of the events of one kind, as they come. */
const events = (pool, kind) => {
  const heard = []
  pool.addEventListener(kind, ({ detail }) => heard.push(detail))
  return heard
}

const full = { workers: 1, queueJobs: 2, queueBytes: 1000 }

/** A job that lasts, and whose end is looked at later. */
function lasting(pool) {
  const job = pool.submit('nap', { ms: 60_000 })
  job.catch(() => {})
  return job
}

export const tests = {
  'a job without a sign is reported, with its worker and how long it has run': withPool({ workers: 1, stallTime: 100 }, async (pool, t) => {
    const stalls = events(pool, 'stall')
    const job = pool.submit('nap', { ms: 1000 })
    await job
    t.assert(stalls.length >= 2, `${stalls.length} reports`)
    const [{ id }] = (await pool.stats()).workers
    for (const stall of stalls) t.equal([stall.job, stall.worker], ['nap', id])
    t.assert(stalls[0].forMs >= 100 && stalls[1].forMs >= stalls[0].forMs + 100, JSON.stringify(stalls))
  }),

  'a job that reports does not stall': withPool({ workers: 1, stallTime: 2000 }, async (pool, t) => {
    const stalls = events(pool, 'stall')
    t.equal(await pool.submit('steps', { steps: 30, every_ms: 100 }), 30)
    t.equal(stalls, [])
  }),

  'threads that outlive their job are reported, those that end with it are not': withPool({ workers: 1 }, async (pool, t) => {
    const left = events(pool, 'threadsleft')
    await pool.submit('sum', { n: 1000, threads: 3 })
    await pool.submit('deep', {})
    const job = pool.submit('fault', { kind: 'leaves threads' })
    await job
    await until(() => left.length > 0, 'a report')
    const [{ id }] = (await pool.stats()).workers
    t.equal(left.map(({ job, worker, threads }) => [job, worker, threads]), [['fault', id, 2]])
    await until(async () => (await pool.stats()).threads.running === 0, 'the end of the threads')
    t.equal((await pool.stats()).generations, 1)
  }),

  'progress is kept and spaced as the config says': withPool({ workers: 1, progressKept: 3, progressSpacing: 1000 }, async (pool, t) => {
    const job = pool.submit('steps', { steps: 500, every_ms: 0 })
    await job
    const kept = []
    for await (const report of job.progress) kept.push(report)
    // A burst, then nothing for a second, and the newest at the end.
    t.equal(kept, [62, 63, 499])
  }),

  'the end of a generation is told, with its reason': withPool({ workers: 1 }, async (pool, t) => {
    const ended = events(pool, 'generationend')
    await t.rejects(pool.submit('trap', {}), 'JobTrapped')
    t.equal(await pool.submit('double', { number: 4 }), 8)
    t.equal(ended.length, 1)
    t.assert(ended[0].generation === 1 && /a worker trapped/.test(ended[0].why), JSON.stringify(ended))
  }),

  'where the queue is full, those who wait get their turn in order': withPool(full, async (pool, t) => {
    const jobs = Array.from({ length: 20 }, () => pool.submit('visit', {}, { wait: true }))
    await t.rejects(pool.submit('visit', {}), 'JobRejected', /queue is full/)
    // In the order in which they ran. A reply by the lane may overtake one that goes by message.
    t.equal((await Promise.all(jobs)).map(({ visits }) => visits), jobs.map((_, number) => number + 1))
  }),

  'what waits for bytes keeps its buffers until there is room': withPool(full, async (pool, t) => {
    const buffers = [1, 2, 3].map((seed) => t.noise(600, seed))
    const hashes = await Promise.all(buffers.map((bytes) => t.sha256(bytes)))
    const jobs = buffers.map((bytes) => pool.submit('sha', { bytes }, { wait: true, transfer: [bytes] }))
    t.equal(buffers.map(({ length }) => length), [0, 600, 600])
    t.equal((await Promise.all(jobs)).map(({ sha256 }) => sha256), hashes)
    t.equal(buffers.map(({ length }) => length), [0, 0, 0])
    const large = t.noise(1001)
    await t.rejects(pool.submit('sha', { bytes: large }, { wait: true, transfer: [large] }), 'JobRejected', /limit is 1000/)
  }),

  'a job that waits may be cancelled, and holds up nobody': withPool(full, async (pool, t) => {
    const running = pool.submit('nap', { ms: 300 })
    const controller = new AbortController()
    const queued = [1, 2].map((number) => pool.submit('double', { number }))
    const waiting = [3, 4, 5].map((number) => pool.submit('double', { number }, { wait: true, signal: number === 4 ? controller.signal : undefined }))
    waiting[0].cancel()
    controller.abort()
    t.equal(await ends([...queued, ...waiting, running]), { done: 4, AbortError: 2 })
    t.equal(await waiting[2], 10)
  }),

  'callers that wait in loops have equal turns': withPool({ workers: 1, queueJobs: 1 }, async (pool, t) => {
    const done = [0, 0, 0]
    const all = () => done.reduce((sum, turns) => sum + turns)
    const caller = async (who) => {
      for (; all() < 300; done[who]++) await pool.submit('double', { number: 1 }, { wait: true })
    }
    await Promise.all(done.map((_, who) => caller(who)))
    t.assert(done.every((turns) => turns > 80), `${done}`)
  }),

  'who leaves the line, however it does, holds up nobody': withPool({ workers: 2, queueJobs: 1, queueBytes: 1000 }, async (pool, t) => {
    pool.submit('nap', { ms: 60_000, more: new Uint8Array(600) }).catch(() => {})
    const fill = () => lasting(pool)
    let fillers = [fill(), fill()]
    const leaving = {
      cancelled: ['AbortError', {}, (job) => job.cancel()],
      aborted: ['AbortError', { signal: new AbortController() }, (_, { signal }) => signal.abort()],
      'out of time': ['TimeoutError', { timeout: 50 }, () => {}],
    }
    for (const [how, [error, options, leave]] of Object.entries(leaving)) {
      const signal = options.signal?.signal
      const large = pool.submit('sha', { bytes: new Uint8Array(900) }, { wait: true, ...options, signal })
      const small = pool.submit('double', { number: 1 }, { wait: true })
      leave(large, options)
      await t.rejects(large, error)
      fillers.forEach((filler) => filler.cancel())
      t.equal(await small, 2, how)
      t.equal(await ends(fillers), { AbortError: 2 })
      fillers = [fill(), fill()]
    }
    t.equal((await pool.stats()).outcomes.timedOut, 1)
    pool.close()
    t.equal(await ends(fillers), { PoolClosed: 2 })
  }),

  'who waits for many bytes gets them, though smaller jobs go on coming': withPool({ workers: 2, queueJobs: 4, queueBytes: 1000 }, async (pool, t) => {
    const long = pool.submit('nap', { ms: 60_000, more: new Uint8Array(600) })
    const large = pool.submit('sha', { bytes: new Uint8Array(900) }, { wait: true })
    let passed = false
    const small = pool.submit('double', { number: 1 }, { wait: true }).then((number) => ((passed = true), number))
    // Those who do not wait get what nobody waits for, and no more.
    await t.rejects(pool.submit('sha', { bytes: new Uint8Array(100) }), 'JobRejected', /queue is full/)
    t.equal(await pool.submit('double', { number: 2 }), 4)
    t.assert(!passed, 'a smaller one has passed')
    long.cancel()
    t.equal(await ends([long, large, small]), { AbortError: 1, done: 2 })
  }),

  'room that becomes free is for who waits, not for who submits without waiting': withPool({ workers: 1, queueJobs: 1 }, async (pool, t) => {
    const running = pool.submit('nap', { ms: 60_000 })
    const queued = pool.submit('nap', { ms: 60_000 })
    const waiting = pool.submit('double', { number: 1 }, { wait: true })
    const plain = queued.catch(() => pool.submit('double', { number: 2 }))
    queued.cancel()
    await t.rejects(plain, 'JobRejected', /queue is full/)
    running.cancel()
    t.equal(await ends([running, waiting]), { AbortError: 1, done: 1 })
  }),

  'a time limit counts while its job waits for room': withPool({ workers: 1, queueJobs: 1, timeout: 100 }, async (pool, t) => {
    const naps = [1, 2].map(() => pool.submit('nap', { ms: 60_000 }, { timeout: 60_000 }))
    for (const timeout of [50, undefined]) await t.rejects(pool.submit('double', { number: 1 }, { wait: true, timeout }), 'TimeoutError')
    t.equal((await pool.stats()).outcomes.timedOut, 2)
    pool.close()
    t.equal(await ends(naps), { PoolClosed: 2 })
  }),

  'a larger pool has room for those who wait': withPool({ workers: 1, queueJobs: 1 }, async (pool, t) => {
    const naps = [1, 2].map(() => pool.submit('nap', { ms: 60_000 }))
    const waiting = pool.submit('double', { number: 1 }, { wait: true })
    await pool.resize(3)
    t.equal(await waiting, 2)
    pool.close()
    t.equal(await ends(naps), { PoolClosed: 2 })
  }),

  'a shutdown tells those who wait at once': withPool(full, async (pool, t) => {
    const naps = [1, 2, 3].map(() => lasting(pool))
    const waiting = [1, 2].map((number) => pool.submit('double', { number }, { wait: true }))
    const ended = pool.shutdown()
    t.equal(await ends(waiting), { PoolClosed: 2 })
    naps.forEach((nap) => nap.cancel())
    await ended
    t.equal(await ends(naps), { AbortError: 3 })
  }),

  'who waits when the pool is closed is told': withPool(full, async (pool, t) => {
    const jobs = Array.from({ length: 6 }, () => pool.submit('nap', { ms: 60_000 }, { wait: true }))
    await until(async () => (await pool.stats()).running === 1, 'one running')
    pool.close()
    t.equal(await ends(jobs), { PoolClosed: 6 })
  }),
}
