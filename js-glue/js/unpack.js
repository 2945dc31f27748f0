// Reads a form.

import { damagedForm } from './errors.js'
import {
  ARRAY, ATTACHED, BIGINT, BLOB, BYTE, DATE, FALSE, INT, KINDS, LEASE, MAP, MATCH, NULL, NUMBER, OBJECT, SAME, SET, SHORT, TEXT, TRUE,
  UNDEFINED, VIEW,
} from './form.js'

// By itself it drops a mark at the beginning.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

const EMPTY = new Uint8Array()

/** @type {Uint8Array} what is being read */
let form = EMPTY
/** How far it is read. */
let at = 0
/**
 * Its numbers, once one was asked for.
 * @type {DataView | undefined}
 */
let numbers
/**
 * What is beside it.
 * @type {any[]}
 */
let beside = []
/** @type {unknown[]} */
let leases = []
/**
 * Objects by where they begin, if two places may have one.
 * @type {Map<number, unknown> | undefined}
 */
let made

/**
 * The value of a form, with its attachments and its leases. With `shared`, what is there twice is one object.
 * @param {Uint8Array} bytes
 * @param {any[]} attachments
 * @param {unknown[]} lent
 */
export function unpack(bytes, attachments = [], lent = [], shared = false) {
  ;[form, at, numbers, beside, leases, made] = [bytes, 0, undefined, attachments, lent, shared ? new Map() : undefined]
  try {
    return take()
  } finally {
    // To keep nothing of it alive.
    ;[form, numbers, beside, leases, made] = [EMPTY, undefined, [], [], undefined]
  }
}

function size() {
  let byte = form[at++]
  if (byte < 128) return byte
  let number = byte & 127
  for (let scale = 128; byte > 127; scale *= 128) {
    byte = form[at++]
    number += (byte & 127) * scale
  }
  // A form that ends too early, or is none.
  if (!Number.isSafeInteger(number)) throw damagedForm()
  return number
}

function string() {
  const length = size()
  const end = at + length
  if (!(end <= form.length)) throw damagedForm()
  let text = ''
  if (length <= SHORT) while (at < end && form[at] < 128) text += String.fromCharCode(form[at++])
  if (at === end) return text
  text = decoder.decode(form.subarray(end - length, end))
  at = end
  return text
}

/** Keys that were read: the same ones come again and again, and to make a text costs more than to compare it. */
const keysRead = new Array(256).fill('')

function key() {
  if (form[at++] !== TEXT) throw damagedForm()
  const count = form[at]
  if (count === 0 || count > SHORT) return string()
  const begin = at + 1
  const place = (count * 31 + form[begin] * 7 + form[begin + count - 1]) & 255
  const known = keysRead[place]
  let same = 0
  if (known.length === count) while (same < count && known.charCodeAt(same) === form[begin + same]) same++
  if (same === count) {
    at = begin + count
    return known
  }
  const read = string()
  // Of letters of one byte each, or the comparison above would take it for another.
  if (read.length === count) keysRead[place] = read
  return read
}

function float() {
  numbers ??= new DataView(form.buffer, form.byteOffset, form.byteLength)
  return numbers.getFloat64((at += 8) - 8, true)
}

/** @returns {any} */
function take() {
  const begin = at
  const tag = form[at++]
  switch (tag) {
    case UNDEFINED:
      return undefined
    case NULL:
      return null
    case FALSE:
      return false
    case TRUE:
      return true
    case BYTE:
      return form[at++]
    case INT:
      at += 4
      return form[at - 4] | (form[at - 3] << 8) | (form[at - 2] << 16) | (form[at - 1] << 24)
    case NUMBER:
      return float()
    case TEXT:
      return string()
    case LEASE:
      return lease(take())
    default:
      return takeObject(tag, begin)
  }
}

/**
 * Remembers an object that another place may refer to.
 * @template T
 * @param {number} begin
 * @param {T} object
 */
function keep(begin, object) {
  made?.set(begin, object)
  return object
}

/**
 * @param {number} tag
 * @param {number} begin
 */
function takeObject(tag, begin) {
  switch (tag) {
    case ARRAY:
      return items(keep(begin, []))
    case OBJECT:
      return fields(keep(begin, {}))
    case VIEW: {
      const kind = size()
      const length = size()
      return keep(begin, viewIn(kind, form.slice(at, (at += length)).buffer, 0, length))
    }
    case ATTACHED: {
      const [kind, index, offset, length] = [size(), size(), size(), size()]
      return keep(begin, viewIn(kind, beside[index], offset, length))
    }
    case BLOB: {
      const index = size()
      take()
      return keep(begin, beside[index])
    }
    case SAME:
      return made?.get(size())
    case BIGINT: {
      const negative = form[at++] === 1
      numbers ??= new DataView(form.buffer, form.byteOffset, form.byteLength)
      const distance = numbers.getBigUint64(at, true) + (numbers.getBigUint64(at + 8, true) << 64n)
      at += 16
      return negative ? -1n - distance : distance
    }
    case DATE: {
      const date = keep(begin, new Date(float()))
      take()
      return date
    }
    case SET: {
      const set = keep(begin, new Set())
      for (let left = size(); left > 0; left--) set.add(take())
      return set
    }
    case MAP: {
      const map = keep(begin, new Map())
      for (let left = size(); left > 0; left--) map.set(take(), take())
      return map
    }
    case MATCH: {
      const match = keep(begin, /** @type {any} */ ([]))
      at++
      items(match)
      at++
      return fields(match)
    }
    default:
      throw damagedForm()
  }
}

/** @param {unknown[]} array */
function items(array) {
  for (let left = size(); left > 0; left--) array.push(take())
  return array
}

/** @param {Record<string, unknown>} object */
function fields(object) {
  for (let left = size(); left > 0; left--) {
    const name = key()
    // This one would be called, not set.
    if (name === '__proto__') Object.defineProperty(object, name, { value: take(), writable: true, enumerable: true, configurable: true })
    else object[name] = take()
  }
  return object
}

/**
 * @param {number} kind
 * @param {ArrayBuffer} buffer
 * @param {number} offset
 * @param {number} length
 */
function viewIn(kind, buffer, offset, length) {
  if (KINDS[kind] === 'ArrayBuffer') return buffer
  const View = /** @type {any} */ (globalThis)[KINDS[kind]]
  return new View(buffer, offset, length / (View.BYTES_PER_ELEMENT ?? 1))
}

/** @param {number} index */
function lease(index) {
  const lent = leases[index]
  if (!lent) throw damagedForm()
  leases[index] = undefined
  return lent
}
