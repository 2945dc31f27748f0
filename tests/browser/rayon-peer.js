// The kernels with wasm-bindgen-rayon, in a worker, as its documents say.

import init, * as peer from './peer/peer.js'

onmessage = async ({ data }) => {
  try {
    postMessage(await answer(data))
  } catch (error) {
    postMessage({ error: `${error?.stack ?? error}` })
  }
}

async function answer({ threads, kernel, size }) {
  if (threads) {
    await init()
    await peer.initThreadPool(threads)
    return { ready: true }
  }
  const start = performance.now()
  const value = peer[kernel](size)
  return { value, ms: performance.now() - start }
}
