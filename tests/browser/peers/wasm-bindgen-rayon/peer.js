// wasm-bindgen-rayon behind Comlink, as its documents say: one worker takes the jobs, and each may use all threads.

import { wrap } from '../npm/comlink.mjs'
import versions from '../versions.js'

export const name = 'Comlink + wasm-bindgen-rayon'
export const version = `${versions.comlink} + ${versions['wasm-bindgen-rayon']}`

export async function start({ workers }) {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
  const jobs = wrap(worker)
  await jobs.start(workers)
  return {
    echo: (bytes) => jobs.echo(bytes),
    spin: (ms) => jobs.spin(ms),
    // It has no cancel: an endless job goes on.
    fault: (kind) => jobs.fault(kind),
    mandelbrot: ({ width, height, iterations }) => jobs.mandelbrot(width, height, iterations),
    /** A kernel of `cargo xtask rayon`: its value as text, and how long it took in the worker. */
    timed: (kernel, size) => jobs.timed(kernel, size),
    // Its threads are workers of this one, and end with it.
    close: () => worker.terminate(),
  }
}
