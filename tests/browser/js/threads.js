// std's threads, clocks and streams in a job.

import { withPool } from '../pool.js'

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
    const { threads } = await pool.stats()
    t.assert(threads.running === 0 && threads.warm >= 1 && threads.warm <= 3, JSON.stringify(threads))
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
}
