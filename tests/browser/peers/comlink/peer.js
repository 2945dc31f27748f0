// Comlink alone: a proxy for each worker, which has a module with a memory of its own. Which one takes a job is the app's business:
// here, each in its turn.

import { wrap } from '../npm/comlink.mjs'
import { inTurn, noThreads } from '../adapter.js'
import versions from '../versions.js'

export const name = 'Comlink'
export const version = versions.comlink

export async function start({ workers }) {
  const all = Array.from({ length: workers }, () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' }))
  const proxies = all.map((worker) => wrap(worker))
  await Promise.all(proxies.map((proxy) => proxy.start()))
  const next = inTurn(proxies)
  return {
    echo: (bytes) => next().echo(bytes),
    spin: (ms) => next().spin(ms),
    // It has no cancel: an endless job goes on.
    fault: (kind) => (kind === 'panic in a thread' ? noThreads() : next().fault(kind)),
    close: () => all.forEach((worker) => worker.terminate()),
  }
}
