// The kernels with wasm-bindgen-rayon, in a worker, as its documents say.

import init, * as peer from './peer/peer.js'

onmessage = async ({ data: { threads, kernel, size } }) => {
  if (threads) {
    await init()
    await peer.initThreadPool(threads)
    return postMessage({ ready: true })
  }
  const start = performance.now()
  const value = peer[kernel](size)
  postMessage({ value, ms: performance.now() - start })
}
