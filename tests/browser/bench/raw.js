// What an app does without any library: workers that echo, take, hold and give bytes, by messages alone.

import { touch, expect, pattern } from './data.js'

const chunks = new Map()

const orders = {
  /** Gives the bytes back, moved or copied, after it has touched them. */
  carry({ bytes, sum, move }) {
    expect(touch(bytes), sum, 'in the worker')
    postMessage(bytes, move ? [bytes.buffer] : [])
  },

  /** Takes bytes into memory that is shared, as a pool does. */
  take({ bytes, sum }) {
    const shared = sharedOf(bytes.length)
    shared.set(bytes)
    expect(touch(shared), sum, 'in the worker')
    postMessage(sum)
  },

  /** Makes a chunk to be handed out. */
  hold({ number, len, seed }) {
    const shared = new Uint8Array(new SharedArrayBuffer(len))
    shared.set(pattern(len, seed))
    chunks.set(number, { own: shared.slice(), shared })
    postMessage(number)
  },

  copy: ({ number }) => postMessage(chunks.get(number).own),

  /** Copies here, then moves. */
  transfer({ number }) {
    // Not `slice`, see upload.js.
    const copy = new Uint8Array(chunks.get(number).shared)
    postMessage(copy, [copy.buffer])
  },

  /** Moves what lies ready; the page brings it back by `keep`. */
  ready({ number }) {
    const { own } = chunks.get(number)
    postMessage(own, [own.buffer])
  },

  keep({ number, bytes }) {
    chunks.get(number).own = bytes
    postMessage(number)
  },
}

// Kept, as a pool keeps its memory: to make it anew takes longer than the copy.
const memories = new Map()

function sharedOf(len) {
  if (!memories.has(len)) memories.set(len, new Uint8Array(new SharedArrayBuffer(len)).fill(1))
  return memories.get(len)
}

onmessage = ({ data }) => orders[data.order](data)
