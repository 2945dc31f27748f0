// The shared lane: what goes by it, and that whatever happens there, every job has its one outcome.

import { ends, pattern, until, withPool as withAnyPool, works } from '../pool.js'

const MB = 1 << 20

const withPool = (config, test) => withAnyPool({ lane: 'auto', ...config }, test)

/** Has the pool open its lane: small jobs, one after the other, until one comes by it. */
async function open(pool) {
  await until(async () => {
    for (let number = 0; number < 20; number++) await pool.submit('double', { number })
    return (await pool.stats()).byLane > 0
  }, 'the lane')
}

/** The lane is open, and this many jobs have come by it. */
async function opened(pool) {
  await open(pool)
  // A look at the statistics closes it.
  for (let number = 0; number < 20; number++) await pool.submit('double', { number })
}

/** More than `least` outcomes of a round come by the lane: at once, or in a later round, as a busy machine may close it in one. */
async function goBy(pool, t, least, jobs, round) {
  let came = 0
  for (let rounds = 1; rounds <= 12 && came <= least; rounds++) {
    const { byLane } = await pool.stats()
    await round()
    const after = await pool.stats()
    t.equal(after.outcomes.done, rounds * jobs)
    came = after.byLane - byLane
  }
  t.assert(came > least, `${came} of ${jobs}`)
}

/** For what needs leases that come by the lane. */
function lendsByLane(t) {
  if (t.engine === 'webkit') t.skip('this engine makes a copy where a page wants to watch who holds shared memory')
}

export const tests = {
  'small jobs in a row go by the lane, most of them': withPool({ workers: 2 }, (pool, t) =>
    goBy(pool, t, 100, 200, async () => {
      for (let number = 0; number < 200; number++) t.equal(await pool.submit('double', { number }), 2 * number)
    })),

  'many small jobs at once go by the lane, most of them': withPool({ workers: 2 }, (pool, t) =>
    goBy(pool, t, 3000, 5000, async () => {
      let next = 0
      const line = async () => {
        while (next < 5000) {
          const number = next++
          t.equal(await pool.submit('double', { number }), 2 * number)
        }
      }
      await Promise.all(Array.from({ length: 500 }, line))
    })),

  'a burst of small jobs waits for the lane to open, and goes by it, most of it': withPool({ workers: 2 }, (pool, t) =>
    // A look at the statistics has closed it before each.
    goBy(pool, t, 400, 500, async () => {
      const jobs = Array.from({ length: 500 }, (_, number) => pool.submit('double', { number }))
      t.equal(
        await Promise.all(jobs),
        jobs.map((_, number) => 2 * number),
      )
    })),

  'a burst in an open lane makes the pool grow': withPool({ workers: [1, 3] }, async (pool, t) => {
    await opened(pool)
    await Promise.all(Array.from({ length: 60 }, () => pool.submit('nap', { ms: 20 })))
    t.equal((await pool.stats()).workers.length, 3)
  }),

  'workers that came for a burst end when they are not needed, though jobs go on': withPool({ workers: [1, 3], idleTime: 100 }, async (pool, t) => {
    await Promise.all(Array.from({ length: 200 }, () => pool.submit('nap', { ms: 5 })))
    t.equal((await pool.stats()).workers.length, 3)
    // A look at the statistics closes the lane, so there is none in between.
    for (const end = performance.now() + 4000; performance.now() < end; await t.sleep(20)) await works(pool, t)
    t.equal((await pool.stats()).workers.length, 1)
  }),

  'jobs begin in the order of their submission, whichever way they go': withPool({ workers: 1 }, async (pool, t) => {
    for (const first of [0, 5, 20, 50]) {
      // A look at the statistics has closed the lane.
      await pool.stats()
      // By the count that the jobs themselves keep: outcomes that come by message may be overtaken by later ones that lie in the lane.
      const told = (number, options) => pool.submit(...(number % 3 === 1 ? ['spin', { ms: 3 }] : ['visit', {}]), options)
      // More than go ahead by message and fit into the lane, which opens and is not served yet.
      const jobs = Array.from({ length: 300 }, (_, number) => told(number))
      if (first > 0) await jobs[first]
      jobs.push(told(300, { timeout: 60_000 }), ...Array.from({ length: 20 }, (_, number) => told(301 + number)))
      const order = (await Promise.all(jobs)).filter((_, number) => number % 3 !== 1).map(({ visits }) => visits)
      t.equal(order, order.map((_, place) => order[0] + place), `from ${first} on`)
    }
  }),

  'a job that is cancelled in the lane leaves its turn to nobody': withPool({ workers: 1 }, async (pool, t) => {
    for (let round = 0; round < 3; round++) {
      await opened(pool)
      const busy = pool.submit('spin', { ms: 60 })
      const visit = () => {
        const job = pool.submit('visit', {})
        // Looked at when all have ended.
        job.catch(() => {})
        return job
      }
      const jobs = Array.from({ length: 100 }, visit)
      const cancelled = jobs.filter((_, number) => number % 7 === 3)
      cancelled.forEach((job) => job.cancel())
      jobs.push(...Array.from({ length: 40 }, visit))
      await busy
      const settled = await Promise.allSettled(jobs)
      const visits = settled.filter(({ status }) => status === 'fulfilled').map(({ value }) => value.visits)
      t.assert(visits.length < jobs.length, 'none was cancelled')
      t.equal(visits, visits.map((_, place) => visits[0] + place))
    }
  }),

  'what jobs lend comes and goes by the lane, most of it': withPool({ workers: 2 }, async (pool, t) => {
    lendsByLane(t)
    await goBy(pool, t, 200, 400, async () => {
      for (let seed = 0; seed < 200; seed++) {
        const lease = await pool.submit('lend', { len: 10_000, seed })
        t.assert(lease.shared && lease.view[9_999] === pattern(10_000, seed)[9_999], `lease ${seed}`)
        lease.release()
        t.assert((await pool.submit('holders', { number: 1 })) === 0)
      }
      t.equal((await pool.stats()).leases, { lent: 0, bytes: 0, copied: 0 })
    })
  }),

  'what lies beyond what the page has seen of the memory comes by message once, and then by the lane, most of it': withPool(
    { workers: 1 },
    async (pool, t) => {
      lendsByLane(t)
      const { memoryBytes } = await pool.stats()
      await goBy(pool, t, 10, 20, async () => {
        for (let seed = 0; seed < 20; seed++) {
          const lease = await pool.submit('lend', { len: 8 * MB, seed })
          const { view } = lease
          t.assert(lease.shared && view.byteOffset + view.length > memoryBytes, 'it lies in memory that came later')
          t.equal(view[8 * MB - 1], ((8 * MB - 1) * 31 + seed) & 255, 'the last byte')
          lease.release()
        }
      })
    },
  ),

  'what is given back while nothing is asked of the pool is nobody’s soon': withPool({ workers: 2 }, async (pool, t) => {
    await open(pool)
    for (const wait of [5, 40, 200]) {
      await pool.submit('watch_chunk', { number: wait, len: 1000 })
      await opened(pool)
      const { data } = await pool.submit('chunk', { number: wait, len: 1000 })
      await t.sleep(wait)
      data.release()
      await t.sleep(300)
      // Whoever begins this job would have it back then.
      t.assert(await pool.submit('was_free', { number: wait }), `held for ${wait} ms`)
    }
  }),

  'what is given back while the only worker is at work is nobody’s when it is done': withPool({ workers: 1 }, async (pool, t) => {
    await pool.submit('watch_chunk', { number: 1, len: 1000 })
    await opened(pool)
    const { data } = await pool.submit('chunk', { number: 1, len: 1000 })
    const nap = pool.submit('nap', { ms: 200 }, { priority: 'high' })
    await t.sleep(50)
    data.release()
    await nap
    // A busy machine may be slow to wake it.
    await t.sleep(1000)
    t.assert(await pool.submit('was_free', { number: 1 }))
  }),

  'by message alone, none does': withPool({ workers: 2, lane: 'message' }, async (pool, t) => {
    await Promise.all(Array.from({ length: 200 }, (_, number) => pool.submit('double', { number })))
    t.equal((await pool.stats()).byLane, 0)
  }),

  'values are the same by the lane as by messages': withPool({ workers: 1 }, async (pool, t) => {
    await opened(pool)
    const before = (await pool.stats()).byLane
    for (const size of [0, 1, 255, 400, 2000]) {
      for (const label of ['', 'plain', 'ä😀', '\uFEFFmark', '\0', 'x'.repeat(500), 'last', 'of', 'all']) {
        const bytes = pattern(size, size)
        t.equal(await pool.submit('echo', { bytes, label }), { bytes, label })
      }
    }
    t.assert((await pool.stats()).byLane > before)
  }),

  'panics and errors come by the lane, and the worker goes on': withPool({ workers: 1 }, async (pool, t) => {
    await opened(pool)
    for (let round = 0; round < 10; round++) {
      await t.rejects(pool.submit('panic', { message: 'oh no' }), 'JobPanicked', /panicked at .*: oh no/)
      await t.rejects(pool.submit('double', { number: 'four' }), 'JobRejected')
      await works(pool, t)
    }
    t.equal((await pool.stats()).generations, 1)
  }),

  'a job that reports leaves the lane, and is heard in order': withPool({ workers: 2 }, async (pool, t) => {
    for (let round = 0; round < 5; round++) {
      await opened(pool)
      const job = pool.submit('steps', { steps: 5, every_ms: 10 })
      const reports = []
      for await (const report of job.progress) reports.push(report)
      t.equal(reports, [0, 1, 2, 3, 4])
      t.equal(await job, 5)
    }
  }),

  'jobs in the lane are cancelled: those that wait at once, those that run as ever': withPool({ workers: 1 }, async (pool, t) => {
    await opened(pool)
    const nap = pool.submit('nap', { ms: 60_000 })
    const waiting = Array.from({ length: 300 }, (_, number) => pool.submit('double', { number }))
    waiting.slice(0, 290).forEach((job) => job.cancel())
    nap.cancel()
    t.equal(await ends([nap, ...waiting]), { AbortError: 291, done: 10 })
    t.equal((await pool.stats()).generations, 1)
  }),

  'a long job in the lane does not hold up what waits behind it': withPool({ workers: [1, 2] }, async (pool, t) => {
    await opened(pool)
    const nap = pool.submit('nap', { ms: 3000 })
    const began = performance.now()
    await Promise.all(Array.from({ length: 300 }, (_, number) => pool.submit('double', { number })))
    const { workers } = await pool.stats()
    t.equal(workers.filter(({ job }) => job === 'nap').length, 1, `after ${performance.now() - began} ms`)
    nap.cancel()
    await t.rejects(nap, 'AbortError')
  }),

  'a trap in the lane is its job’s alone': withPool({ workers: 2, drainTime: 5000 }, async (pool, t) => {
    for (let round = 1; round <= 3; round++) {
      await opened(pool)
      const jobs = Array.from({ length: 300 }, (_, number) => pool.submit(number === 150 ? 'trap' : 'double', number === 150 ? {} : { number }))
      t.equal(await ends(jobs), { JobTrapped: 1, done: 299 })
      t.equal((await pool.stats()).generations, round + 1)
    }
  }),

  'high priority passes a full lane, and a large input has its turn': withPool({ workers: 1 }, async (pool, t) => {
    await opened(pool)
    const order = []
    const told = (job, name) => job.then(() => order.push(name))
    const small = () => Array.from({ length: 300 }, () => told(pool.submit('nap', { ms: 1 }), 'small'))
    const before = small()
    const bytes = pattern(1 << 20, 1)
    const large = told(pool.submit('sha', { bytes }, { transfer: [bytes.buffer] }), 'large')
    const after = small()
    const urgent = told(pool.submit('double', { number: 1 }, { priority: 'high' }), 'urgent')
    await Promise.all([...before, large, ...after, urgent])
    t.assert(order.indexOf('urgent') < 150, `urgent was number ${order.indexOf('urgent')}`)
    t.equal(order.filter((name) => name !== 'urgent').indexOf('large'), 300)
  }),

  'a shutdown finishes what is in the lane': withPool({ workers: 2 }, async (pool, t) => {
    await opened(pool)
    const jobs = Array.from({ length: 500 }, (_, number) => pool.submit('double', { number }))
    await pool.shutdown()
    t.equal(await ends(jobs), { done: 500 })
    await t.rejects(pool.submit('double', { number: 1 }), 'PoolClosed')
  }),

  'a pool that closes settles what is in the lane': withPool({ workers: 2 }, async (pool, t) => {
    await opened(pool)
    const jobs = [pool.submit('nap', { ms: 60_000 }), pool.submit('nap', { ms: 60_000 })]
    jobs.push(...Array.from({ length: 300 }, (_, number) => pool.submit('double', { number })))
    pool.close()
    t.equal(await ends(jobs), { PoolClosed: 302 })
  }),

  'a resize takes workers out of the lane': withPool({ workers: 4 }, async (pool, t) => {
    await opened(pool)
    const jobs = Array.from({ length: 500 }, (_, number) => pool.submit('double', { number }))
    pool.resize(1)
    t.equal(await ends(jobs), { done: 500 })
    await until(async () => (await pool.stats()).workers.length === 1, 'one worker')
    await opened(pool)
    await pool.resize(3)
    await until(async () => (await pool.stats()).workers.length === 3, 'three workers')
  }),

  'idle workers leave the lane, and the next job finds them': withPool({ workers: 2 }, async (pool, t) => {
    for (let round = 0; round < 10; round++) {
      await opened(pool)
      await new Promise((resolve) => setTimeout(resolve, 40 + 5 * round))
      await works(pool, t)
    }
  }),
}
