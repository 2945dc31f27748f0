// The worker that takes the jobs and starts the threads.

import { expose } from '../npm/comlink.mjs'
import init, { echo, fault, initThreadPool, kernel, mandelbrot, spin } from './pkg/peer.js'

async function start(threads) {
  await init()
  await initThreadPool(threads)
}

function timed(name, size) {
  const since = performance.now()
  const value = kernel(name, size)
  return { value, ms: performance.now() - since }
}

expose({ start, echo, fault, mandelbrot, spin, timed })
