// workerpool: a pool of workers, each with a module with a memory of its own.

import '../npm/workerpool.js'
import { BEFORE_CANCEL, noThreads } from '../adapter.js'
import versions from '../versions.js'

export const name = 'workerpool'
export const version = versions.workerpool

export async function start({ workers }) {
  const url = new URL('./worker.js', import.meta.url).href
  const pool = globalThis.workerpool.pool(url, { minWorkers: workers, maxWorkers: workers, workerOpts: { type: 'module' } })
  await Promise.all(Array.from({ length: workers }, () => pool.exec('spin', [0])))
  return {
    echo: (bytes) => pool.exec('echo', [bytes]),
    spin: (ms) => pool.exec('spin', [ms]),
    fault(kind) {
      if (kind === 'panic in a thread') return noThreads()
      const job = pool.exec('fault', [kind])
      if (kind === 'endless') setTimeout(() => job.cancel(), BEFORE_CANCEL)
      return job
    },
    close: () => pool.terminate(true),
  }
}
