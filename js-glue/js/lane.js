// Small values in binary form, for the shared lane: null, booleans, numbers, strings, plain arrays and objects, buffers and typed arrays.

import { DEPTH, isPlain } from './transfer.js'

/** The longest form: as much as the lane carries. */
const LIMIT = 1000

const scratch = new Uint8Array(LIMIT)
const view = new DataView(scratch.buffer)
const encoder = new TextEncoder()
// By itself it drops a mark at the beginning.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const VIEWS = [
  Uint8Array, Uint8ClampedArray, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array, Float32Array, Float64Array, BigUint64Array,
  BigInt64Array,
]
/** Up to this length it is cheaper to go letter by letter, byte by byte. */
const SHORT = 64
const UNDEFINED = 0, NULL = 1, FALSE = 2, TRUE = 3, SMALL = 4, NUMBER = 5, STRING = 6, ARRAY = 7, OBJECT = 8, BUFFER = 9, VIEW = 10

/** How far a form is written or read. */
let at

/** Binary data in the value that was packed last. */
let held
export const heldBytes = () => held

/** The form of a value, valid until the next call; undefined if it has none, or one that is too long. */
export function pack(value) {
  at = held = 0
  return put(value, 0) ? scratch.subarray(0, at) : undefined
}

function tag(tag, bytes) {
  if (at + 1 + bytes > LIMIT) return false
  scratch[at++] = tag
  return true
}

function length(number) {
  if (at + 2 > LIMIT) return false
  view.setUint16(at, number, true)
  at += 2
  return true
}

function text(string) {
  // Each of its characters takes a byte or more.
  if (string.length > LIMIT || at + 2 + string.length > LIMIT) return false
  for (let i = 0; i < string.length; i++) {
    const code = string.charCodeAt(i)
    if (code > 127) return encoded(string)
    scratch[at + 2 + i] = code
  }
  length(string.length)
  at += string.length
  return true
}

function encoded(string) {
  const { read, written } = encoder.encodeInto(string, scratch.subarray(at + 2))
  return read === string.length && length(written) && ((at += written), true)
}

function binary(bytes) {
  if (at + 2 + bytes.length > LIMIT) return false
  length(bytes.length)
  if (bytes.length <= SHORT) for (let i = 0; i < bytes.length; i++) scratch[at + i] = bytes[i]
  else scratch.set(bytes, at)
  at += bytes.length
  return true
}

function put(value, depth) {
  switch (typeof value) {
    case 'undefined':
      return tag(UNDEFINED, 0)
    case 'boolean':
      return tag(value ? TRUE : FALSE, 0)
    case 'number':
      if (value === (value & 0xff) && !Object.is(value, -0)) return tag(SMALL, 1) && ((scratch[at++] = value), true)
      if (!tag(NUMBER, 8)) return false
      view.setFloat64(at, value, true)
      at += 8
      return true
    case 'string':
      return tag(STRING, 0) && text(value)
    case 'object':
      return value === null ? tag(NULL, 0) : depth < DEPTH && putObject(value, depth + 1)
    default:
      return false
  }
}

function putObject(value, depth) {
  if (Array.isArray(value)) {
    if (!tag(ARRAY, 0) || value.length > LIMIT || !length(value.length)) return false
    for (const item of value) if (!put(item, depth)) return false
    return true
  }
  if (ArrayBuffer.isView(value)) {
    const kind = VIEWS.indexOf(value.constructor)
    // To ask a short array for its buffer makes V8 move it there, which costs more than all the rest. One of shared memory is copied, too.
    const asItIs = kind === 0 && value.length > 0 && value.length <= SHORT
    if (kind < 0 || !(asItIs || value.buffer instanceof ArrayBuffer) || !tag(VIEW, 1)) return false
    scratch[at++] = kind
    held += value.byteLength
    return binary(asItIs ? value : new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
  }
  if (value instanceof ArrayBuffer) return tag(BUFFER, 0) && ((held += value.byteLength), binary(new Uint8Array(value)))
  if (!isPlain(value)) return false
  const keys = Object.keys(value)
  if (!tag(OBJECT, 0) || keys.length > LIMIT || !length(keys.length)) return false
  for (const key of keys) if (!text(key) || !put(value[key], depth)) return false
  return true
}

let packed
let numbers

/** The value of a form. */
export function unpack(bytes) {
  packed = bytes
  numbers = undefined
  at = 0
  return take()
}

function size() {
  return packed[at++] | (packed[at++] << 8)
}

/** A copy: what came may lie in shared memory, of which neither decoders nor buffers are made. */
function bytes() {
  const length = size()
  return packed.slice((at += length) - length, at)
}

function string() {
  const length = size()
  const end = at + length
  let made = ''
  if (length <= SHORT) while (at < end && packed[at] < 128) made += String.fromCharCode(packed[at++])
  if (at === end) return made
  made = decoder.decode(packed.slice(end - length, end))
  at = end
  return made
}

/** Keys that were read: the same ones come again and again, and to make a text costs more than to compare it. */
const keysRead = new Array(256).fill('')

function key() {
  const count = packed[at] | (packed[at + 1] << 8)
  if (count === 0 || count > SHORT) return string()
  const begin = at + 2
  const place = (count * 31 + packed[begin] * 7 + packed[begin + count - 1]) & 255
  const known = keysRead[place]
  let same = 0
  if (known.length === count) while (same < count && known.charCodeAt(same) === packed[begin + same]) same++
  if (same === count) {
    at = begin + count
    return known
  }
  const read = string()
  // Of letters of one byte each, or the comparison above would take it for another.
  if (read.length === count) keysRead[place] = read
  return read
}

function take() {
  switch (packed[at++]) {
    case UNDEFINED:
      return undefined
    case NULL:
      return null
    case FALSE:
      return false
    case TRUE:
      return true
    case SMALL:
      return packed[at++]
    case NUMBER:
      numbers ??= new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
      return numbers.getFloat64((at += 8) - 8, true)
    case STRING:
      return string()
    case ARRAY: {
      const array = []
      for (let left = size(); left > 0; left--) array.push(take())
      return array
    }
    case OBJECT: {
      const object = {}
      for (let left = size(); left > 0; left--) {
        const name = key()
        // This one would be called, not set.
        if (name === '__proto__') Object.defineProperty(object, name, { value: take(), writable: true, enumerable: true, configurable: true })
        else object[name] = take()
      }
      return object
    }
    case BUFFER:
      return bytes().buffer
    case VIEW: {
      const kind = VIEWS[packed[at++]]
      return kind === Uint8Array ? bytes() : new kind(bytes().buffer)
    }
    default:
      throw new Error('a packed value is damaged')
  }
}
