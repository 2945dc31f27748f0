// Collects the garbage of this thread, where the browser was started so that scripts may; WebKitGTK is talked into it.

export async function collect() {
  if (globalThis.gc) return gc()
  if (globalThis.TestUtils) return TestUtils.gc()
  // Buffers that nobody holds count as memory of the heap, which makes it look for what else nobody holds.
  for (let count = 0; count < 512; count++) new Uint8Array(2 ** 20)
}
