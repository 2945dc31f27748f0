// wasmworker: the same module on this thread and, each with a memory of its own, in the workers of its pool.

import init, { Pool } from './pkg/peer.js'
import { workersMadeBy } from '../adapter.js'
import versions from '../versions.js'

export const name = 'wasmworker'
export const version = versions.wasmworker

const made = workersMadeBy(new URL('./pkg/peer.js', import.meta.url).href)

export async function start({ workers }) {
  await init()
  const pool = await Pool.start(workers)
  return {
    echo: (bytes) => pool.echo(bytes),
    spin: (ms) => pool.spin(ms),
    // It has no cancel: an endless job goes on.
    fault: (kind) => pool.fault(kind),
    // A pool with a job in it cannot be dropped.
    close: () => made.forEach((worker) => worker.terminate()),
  }
}
