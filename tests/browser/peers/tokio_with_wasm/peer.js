// tokio_with_wasm: its module runs on this thread, and `spawn_blocking` in workers that share its memory. It starts one whenever all
// are busy, up to 512, and ends those that idle for 10 seconds; how many there are is not for the app to say.

import init, { echo, fault, spin } from './pkg/peer.js'
import { workersMadeBy } from '../adapter.js'
import versions from '../versions.js'

export const name = 'tokio_with_wasm'
export const version = versions.tokio_with_wasm

const made = workersMadeBy(new URL('./pkg/peer.js', import.meta.url).href)

export async function start({ workers }) {
  await init()
  // So that as many are there.
  await Promise.all(Array.from({ length: workers }, () => spin(50)))
  return {
    echo,
    spin,
    fault,
    // It has no end of its own.
    close: () => made.forEach((worker) => worker.terminate()),
  }
}
