// Pools for tests: started, used, and closed whatever happens.

import { start } from './pkg/offmain_tests.js'

/** The lane that the page's address asks for. */
const lane = new URLSearchParams(location.search).get('lane') ?? 'auto'

/** A test that gets a pool of its own. */
export const withPool = (config, test) => async (t) => {
  const pool = await start({ lane, ...config })
  try {
    return await test(pool, t)
  } finally {
    pool.close()
  }
}

/** The pool goes on. */
export const works = async (pool, t) => t.equal(await pool.submit('double', { number: 4 }), 8, 'the next job')

/** The kinds of end of many jobs, counted. */
export async function ends(jobs) {
  const count = {}
  for (const { reason } of await Promise.allSettled(jobs)) {
    const kind = reason === undefined ? 'done' : reason.name
    count[kind] = (count[kind] ?? 0) + 1
  }
  return count
}

/** When a job that reports has really begun: the coordinator knows no more than that it was sent. */
export const begun = (job) => job.progress[Symbol.asyncIterator]().next()

/** The bytes that the job `make` makes. */
export const pattern = (len, seed) => Uint8Array.from({ length: len }, (_, i) => (i * 31 + seed) & 255)

/** Waits until `look` gives something truthy. */
export async function until(look, what, limit_ms = 45_000) {
  for (const end = performance.now() + limit_ms; performance.now() < end; ) {
    const seen = await look()
    if (seen) return seen
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${what} did not come about in ${limit_ms} ms`)
}
