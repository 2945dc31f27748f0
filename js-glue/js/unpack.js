// Reads the form of a value: what a job gives back to the page. `pack.js` writes it, and runtime/protocol/src/form.rs is its other side.

/** The byte that each value begins with says what it is. */
export const TAGS = {
  UNDEFINED: 0, NULL: 1, FALSE: 2, TRUE: 3, BYTE: 4, INT: 5, NUMBER: 6, BIGINT: 7, TEXT: 8, DATE: 9, ARRAY: 10, SET: 11, OBJECT: 12, MAP: 13,
  MATCH: 14, VIEW: 15, ATTACHED: 16, BLOB: 17, SAME: 18, LEASE: 19,
}
const { UNDEFINED, NULL, FALSE, TRUE, BYTE, INT, NUMBER, BIGINT, TEXT, DATE, ARRAY, SET, OBJECT, MAP, MATCH, VIEW, ATTACHED, BLOB, SAME, LEASE } = TAGS

/** Kinds of binary data, as the form numbers them. */
export const KINDS = [
  'Uint8Array', 'Uint8ClampedArray', 'Int8Array', 'Uint16Array', 'Int16Array', 'Uint32Array', 'Int32Array', 'Float32Array', 'Float64Array',
  'BigUint64Array', 'BigInt64Array', 'Float16Array', 'DataView', 'ArrayBuffer',
]

/** Up to this length it is cheaper to go byte by byte. */
export const SHORT = 64

// By itself it drops a mark at the beginning.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** What is being read: its bytes, what is beside them, and how far it is read. */
let [form, numbers, beside, leases, made, at] = []

/** The value of a form, with its attachments and its leases. With `shared`, what is there twice is one object. */
export function unpack(bytes, attachments = [], lent = [], shared = false) {
  ;[form, numbers, beside, leases, made, at] = [bytes, undefined, attachments, lent, shared ? new Map() : undefined, 0]
  try {
    return take()
  } finally {
    form = numbers = beside = leases = made = undefined
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
  if (!Number.isSafeInteger(number)) throw new Error('a form is damaged')
  return number
}

function string() {
  const length = size()
  const end = at + length
  if (!(end <= form.length)) throw new Error('a form is damaged')
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
  if (form[at++] !== TEXT) throw new Error('a form is damaged')
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

/** Remembers an object that another place may refer to. */
function keep(begin, object) {
  made?.set(begin, object)
  return object
}

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
      const match = keep(begin, [])
      at++
      items(match)
      at++
      return fields(match)
    }
    default:
      throw new Error('a form is damaged')
  }
}

function items(array) {
  for (let left = size(); left > 0; left--) array.push(take())
  return array
}

function fields(object) {
  for (let left = size(); left > 0; left--) {
    const name = key()
    // This one would be called, not set.
    if (name === '__proto__') Object.defineProperty(object, name, { value: take(), writable: true, enumerable: true, configurable: true })
    else object[name] = take()
  }
  return object
}

function viewIn(kind, buffer, offset, length) {
  if (KINDS[kind] === 'ArrayBuffer') return buffer
  const View = globalThis[KINDS[kind]]
  return new View(buffer, offset, length / (View.BYTES_PER_ELEMENT ?? 1))
}

function lease(index) {
  const lent = leases[index]
  if (!lent) throw new Error('a form is damaged')
  leases[index] = undefined
  return lent
}
