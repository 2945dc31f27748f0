// The same work on the main thread, for comparison only: what every other part of this page avoids.

let loading

/** The codecs, compiled without threads. */
async function load() {
  const module = await import('../pkg-main/photo_lab_main.js')
  await module.default()
  return module
}

/** Works on one file after another. The page does nothing else meanwhile; between files it may draw a frame. */
export async function processOnMainThread(files, told) {
  loading ??= load()
  const { process } = await loading
  for (const file of files) {
    const bytes = new Uint8Array(await file.arrayBuffer())
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
    try {
      told(file, process(bytes, {}))
    } catch {
      // A broken photograph: the pool has said so already.
    }
  }
}
