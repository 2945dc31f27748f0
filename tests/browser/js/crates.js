// Crates as they are published, and std's threads in numbers, in a job module of their own.

import { start } from '../crates/offmain_crates.js'
import { until } from '../pool.js'

const withPool = (config, test) => async (t) => {
  const pool = await start({ timeout: 100_000, ...config })
  try {
    return await test(pool, t)
  } finally {
    pool.close()
  }
}

/** Most share a pool, as the crates of an app do: in one memory, on one rayon. It stays until the page goes. */
let shared
const inSharedPool = (test) => async (t) => {
  shared ??= start({ workers: 1, timeout: 100_000 })
  await test(await shared, t)
}

const below = (n, matches) => Array.from({ length: n }, (_, i) => i).filter(matches)

const sameBytes = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i])

export const limits_ms = {
  'rayon gives what one thread gives, in the global pool and in one of its own': 120_000,
  'scoped threads sort ten million integers as one does': 120_000,
}

export const tests = {
  'rayon gives what one thread gives, in the global pool and in one of its own': inSharedPool(async (pool, t) => {
    t.equal(await pool.submit('parallel', { len: 2_000_000 }), navigator.hardwareConcurrency, 'threads of the global pool')
    t.equal(await pool.submit('parallel', { len: 2_000_000, threads: 3 }), 3, 'threads of a pool of its own')
    await until(async () => (await pool.stats()).threads.running === navigator.hardwareConcurrency, 'the end of the own pool')
  }),

  'a panic inside rayon is the panic of its job, and rayon goes on': inSharedPool(async (pool, t) => {
    const error = await t.rejects(pool.submit('parallel_panic', { message: 'number 777' }), 'JobPanicked', /number 777/)
    t.equal(error.panic, 'number 777')
    t.equal(await pool.submit('parallel', { len: 10_000 }), navigator.hardwareConcurrency)
    t.equal((await pool.stats()).generations, 1)
  }),

  'a job killed with rayon work lent out harms nobody, and rayon goes on': withPool({ workers: 2, cancelGrace: 100, drainTime: 1500 }, async (pool, t) => {
    for (let round = 0; round < 3; round++) {
      const stuck = pool.submit('parallel_stuck', {}, { timeout: 300 })
      const beside = pool.submit('parallel', { len: 300_000 })
      await t.rejects(stuck, 'TimeoutError')
      const [end] = await Promise.allSettled([beside])
      t.assert(end.status === 'fulfilled' || end.reason.name === 'JobLost', `${end.reason?.message}`)
      t.equal(await pool.submit('parallel', { len: 10_000 }), navigator.hardwareConcurrency)
    }
    t.equal((await pool.stats()).generations, 4)
  }),

  'jobs that block and jobs that work with rayon do not keep each other waiting': withPool({ workers: 5 }, async (pool, t) => {
    const work = () => pool.submit('parallel', { len: 200_000 })
    const blocked = [1, 2, 3].map(() => pool.submit('pass', {}))
    t.equal(await Promise.all([work(), work()]), Array(2).fill(navigator.hardwareConcurrency))
    t.equal((await pool.stats()).running, 3, 'jobs at the closed gate')
    const busy = work()
    await pool.submit('open_gate', {})
    await Promise.all([...blocked, busy])
  }),

  'tantivy writes an index with threads, and finds what matches and nothing else': withPool({ workers: 2 }, async (pool, t) => {
    const search = (query) => pool.submit('search', { documents: 400, query })
    const [both, one, phrase] = await Promise.all([search('fizz AND buzz'), search('fizz -buzz'), search('"digit4 digit2"')])
    t.equal(both, below(400, (n) => n % 15 === 0))
    t.equal(one, below(400, (n) => n % 3 === 0 && n % 5 !== 0))
    t.equal(phrase, below(400, (n) => `${n}`.includes('42')))
    await t.rejects(search('fizz AND ('), 'JobFailed', /query/i)
  }),

  'lzma-rust2 compresses and decompresses with threads, byte by byte the same': inSharedPool(async (pool, t) => {
    const letters = new TextEncoder().encode('offmain ')
    const bytes = t.noise(1_000_000).map((byte) => letters[byte % 8])
    const packed = await pool.submit('compress', { bytes: new Blob([bytes]), threads: 3 })
    t.assert(packed.length < bytes.length / 2, `eight letters are three bits each, and it takes ${packed.length} bytes`)
    const unpacked = await pool.submit('decompress', { bytes: packed, threads: 3 }, { transfer: [packed] })
    t.assert(sameBytes(unpacked, bytes), 'the bytes are others')
    const noise = t.noise(300_000)
    const stored = await pool.submit('compress', { bytes: new Blob([noise]), threads: 2 })
    const restored = await pool.submit('decompress', { bytes: stored, threads: 2 }, { transfer: [stored] })
    t.assert(sameBytes(restored, noise), 'the bytes of the noise are others')
  }),

  "tokio's timers and blocking tasks keep their times": inSharedPool(async (pool, t) => {
    t.equal(await pool.submit('tasks', { tasks: 8 }), [])
  }),

  'scoped threads sort ten million integers as one does': inSharedPool(async (pool, t) => {
    t.equal(await pool.submit('merge_sort', { len: 10_000_000, depth: 3 }), 8, 'threads that sorted')
  }),

  // As many as a pool may have by default, so none must be rayon's.
  'sixty-four threads meet': withPool({ workers: 1 }, async (pool, t) => {
    t.equal(await pool.submit('meet', { threads: 64 }), 64)
    t.equal(await pool.submit('meet', { threads: 64 }), 64, 'on warm workers')
  }),
}
