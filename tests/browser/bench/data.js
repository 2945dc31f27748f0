// Bytes that are said to move, and the look at them that proves it.

export const PAGE = 4096
export const MB20 = 20_000_000

/** Bytes that differ from page to page; the job module makes the same. */
export function pattern(len, seed) {
  const bytes = new Uint8Array(len)
  for (let i = 0; i < len; i++) bytes[i] = i * 31 + (i >>> 12) * 7 + seed
  return bytes
}

/** Reads a byte of every page, so that all of it must be there. */
export function touch(bytes) {
  let sum = 0
  for (let i = 0; i < bytes.length; i += PAGE) sum = (sum + bytes[i]) >>> 0
  return sum
}

/** Reads every byte. Where it can, four at a time. */
export function sumAll(bytes) {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2)
  let sum = 0
  for (let i = 0; i < words.length; i++) sum = (sum + words[i]) >>> 0
  return sum
}

export function expect(found, wanted, what) {
  if (found !== wanted) throw new Error(`${what}: the bytes add up to ${found}, not to ${wanted}`)
}

/** One echo of 16 bytes, all of which are looked at when they are back. */
export async function echoOnce(echo, number) {
  const sent = new Uint8Array(16).fill(number)
  const back = await echo(sent)
  if (back.length !== 16 || back.some((byte) => byte !== (number & 255))) throw new Error(`another answer: ${back}`)
}

/** Milliseconds a turn, by the mean of a batch: a clock has steps of 5 µs in Chromium and of 20 µs elsewhere. */
export async function timed(batch, turn) {
  const start = performance.now()
  for (let i = 0; i < batch; i++) await turn()
  return (performance.now() - start) / batch
}
