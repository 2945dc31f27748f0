// What each kind of fault is to its job, and that everybody else goes on.

import { ends, until, withPool, works } from '../pool.js'

const fault = (pool, kind, options) => pool.submit('fault', { kind }, options)

/** Both workers are there and have nothing to do. */
const ready = (pool) =>
  until(async () => {
    const { workers } = await pool.stats()
    return workers.length === 2 && workers.every(({ state }) => state === 'idle')
  }, 'two idle workers')

/** Ends of a job that leave its generation alone. */
const harmless = (kind, name, pattern) =>
  withPool({ workers: 1, memoryMaximum: 2 ** 26 }, async (pool, t) => {
    const [before] = (await pool.stats()).workers
    if (name) await t.rejects(fault(pool, kind), name, pattern)
    else await fault(pool, kind)
    await works(pool, t)
    const after = await pool.stats()
    t.equal([after.generations, after.workers[0].id], [1, before.id], 'generations, and the worker')
  })

const full = (kind) => harmless(kind, 'JobPanicked', /no memory for \d+ more bytes.*memoryMaximum/)

/** Ends of a job that end its generation: a job that runs beside it has its time, a queued one runs on the next. */
const fatal = (kind, name, pattern, options) =>
  withPool({ workers: 2, cancelGrace: 200, memoryMaximum: 2 ** 26 }, async (pool, t) => {
    await ready(pool)
    const beside = pool.submit('nap', { ms: 1000 })
    const job = fault(pool, kind, options)
    const queued = [1, 2, 3].map((number) => pool.submit('double', { number }))
    await t.rejects(job, name, pattern)
    t.equal(await Promise.all(queued), [2, 4, 6])
    t.equal(await beside, 1000)
    t.equal((await pool.stats()).generations, 2)
    await ready(pool)
  })

/** A job killed at a bad moment: whoever shares what it held ends in bounded time, done or lost, and no foreign byte is written. */
const killed = (kind, neighbour) =>
  withPool({ workers: 2, cancelGrace: 100, drainTime: 1500 }, async (pool, t) => {
    // WebKitGTK lets the loops of killed workers go on, beside which all is slow.
    const rounds = t.engine === 'webkit' ? 2 : 5
    for (let round = 0; round < rounds; round++) {
      await ready(pool)
      const beside = fault(pool, neighbour)
      await t.rejects(fault(pool, kind, { timeout: 200 }), 'TimeoutError')
      const [end] = await Promise.allSettled([beside])
      t.assert(end.status === 'fulfilled' || end.reason.name === 'JobLost', `${end.reason?.message}`)
      await works(pool, t)
    }
    t.equal((await pool.stats()).generations, rounds + 1)
  })

const endless = (kind) => fatal(kind, 'TimeoutError', undefined, { timeout: 300 })

export const tests = {
  'a panic in a drop is a panic': harmless('panic in a drop', 'JobPanicked', /dropped/),
  'a panic whose payload panics is a panic': harmless('payload that panics', 'JobPanicked'),
  'a panic in a detached thread is nobody\'s': harmless('panic in a detached thread'),
  // Natively it aborts.
  'a panic while panicking is a panic': harmless('panic while panicking', 'JobPanicked'),
  'a read beyond the memory is a trap': fatal('out of bounds', 'JobTrapped', /out of bounds/i),
  'too much memory at once is a panic': full('too much memory at once'),
  'too much memory little by little is a panic': full('too much memory, little by little'),
  'a job that blocks until it is cancelled hears of it, queued or running, and is not killed': withPool({ workers: 2 }, async (pool, t) => {
    await ready(pool)
    for (let round = 0; round < 20; round++) {
      const jobs = [1, 2, 3].map(() => fault(pool, 'blocks until it is cancelled'))
      if (round % 2) await until(async () => (await pool.stats()).running === 2, 'two running')
      for (const job of jobs) job.cancel()
      t.equal(await ends(jobs), { AbortError: 3 })
    }
    await t.rejects(fault(pool, 'blocks until it is cancelled', { timeout: 50 }), 'TimeoutError')
    t.equal((await pool.stats()).generations, 1)
    await works(pool, t)
  }),
  'a job parked for ever is killed': endless('park'),
  'a job that waits for a lock it holds is killed': endless('lock'),
  'a job whose thread loops is killed': endless('thread that loops'),
  'a job whose scope blocks is killed': endless('scope that blocks'),
  'a job killed inside the allocator harms nobody': killed('allocates for ever', 'beside one that allocates'),
  'a job killed while it waits on a channel harms nobody who sends to it': killed('receives for ever', 'beside one that receives'),
  'a worker that was killed is known to have ended by its lock, and nothing keeps it': async (t) => {
    const locks = async () => (await navigator.locks.query()).held.map(({ name }) => name).filter((name) => name.startsWith('offmain '))
    // Of workers that other tests killed, whose loops WebKitGTK lets go on.
    const others = new Set(await locks())
    const holdsTwo = async () => (await locks()).filter((name) => !others.has(name)).length === 2
    const test = withPool({ workers: 2, cancelGrace: 0 }, async (pool) => {
      await ready(pool)
      await until(holdsTwo, 'locks of the workers')
      for (let round = 0; round < 3; round++) await t.rejects(fault(pool, 'park', { timeout: 20 }), 'TimeoutError')
      await ready(pool)
      await until(holdsTwo, 'the end of those that were killed')
    })
    await test(t)
  },
}
