// Writes an input as a form.

import { Refusal, messageOf, notHeld, notRead, notTransferable } from './errors.js'
import { described, isBuffer } from './classes.js'
import { Look } from './look.js'

/**
 * A form that was written, so that the next one finds its room.
 * @type {Look | undefined}
 */
let spare

/**
 * @typedef {object} Packed an input as it was written
 * @property {Uint8Array<ArrayBuffer>} bytes its form
 * @property {number} held its binary data in bytes
 * @property {any[]} attachments what is not in the form
 * @property {ArrayBuffer[]} moved buffers that are handed over
 * @property {{ index: number, path: string }[]} responses attachments that are responses
 */

/**
 * Looks at an input and writes its form. `bytes` is valid until the next call. What is not in it is in `attachments`: buffers that are handed
 * over, which `moved` lists, blobs, and responses, whose places and paths `responses` lists. `held` is its binary data in bytes.
 * @param {unknown} input
 * @param {unknown[]} transfer
 * @returns {Packed}
 */
export function pack(input, transfer = []) {
  const { buffers, wrong } = listed(transfer)
  // A getter of the input may submit another job meanwhile.
  const look = spare ?? new Look()
  spare = undefined
  look.moved = buffers
  try {
    look.put(input, 0)
    if (wrong) throw wrong
    look.writeNumbers()
    const { bytes, at, held, attachments, responses } = look
    for (const buffer of buffers) if (!attachments.includes(buffer)) throw notHeld()
    return { bytes: bytes.subarray(0, at), held, attachments, moved: [...buffers].sort(pagesFirst), responses }
  } catch (error) {
    throw error instanceof Refusal ? error : notRead(look.path(), messageOf(error))
  } finally {
    spare = look.clean()
  }
}

/**
 * The browser detaches one buffer after the other, until it finds one that it cannot: that of a `WebAssembly.Memory`. So what has a length of
 * whole pages comes first, and nothing is lost.
 * @type {(one: ArrayBuffer, other: ArrayBuffer) => number}
 */
const pagesFirst = (one, other) => isPages(other) - isPages(one)
/** @param {ArrayBuffer} buffer */
const isPages = (buffer) => Number(buffer.byteLength % 65_536 === 0)

/**
 * The buffers of a transfer list, each once, and what is wrong with the list.
 * @param {unknown[]} transfer
 */
function listed(transfer) {
  /** @type {Set<ArrayBuffer>} */
  const buffers = new Set()
  /** @type {Error | undefined} */
  let wrong
  let index = 0
  for (const item of transfer) {
    const buffer = ArrayBuffer.isView(item) ? item.buffer : item
    if (isBuffer(buffer)) buffers.add(buffer)
    else wrong ??= notTransferable(index, described(item))
    index++
  }
  return { buffers, wrong }
}
