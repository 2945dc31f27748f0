// The form of a value: how what a page passes to a job, and what comes back, is written as bytes. `pack` is the one look at an input.
// runtime/protocol/src/form.rs reads and writes the form on the other side.

/** Bounds, as in runtime/protocol/src/limits.rs. */
export const INLINE_BYTES = 65_536
export const INPUT_DEPTH = 128
export const VALUES = 1_048_576

const UNDEFINED = 0, NULL = 1, FALSE = 2, TRUE = 3, BYTE = 4, INT = 5, NUMBER = 6, BIGINT = 7, TEXT = 8, DATE = 9, ARRAY = 10, SET = 11
const OBJECT = 12, MAP = 13, MATCH = 14, VIEW = 15, ATTACHED = 16, BLOB = 17, SAME = 18, LEASE = 19

/** Kinds of binary data, as the form numbers them. */
const KINDS = [
  'Uint8Array', 'Uint8ClampedArray', 'Int8Array', 'Uint16Array', 'Int16Array', 'Uint32Array', 'Int32Array', 'Float32Array', 'Float64Array',
  'BigUint64Array', 'BigInt64Array', 'Float16Array', 'DataView', 'ArrayBuffer',
]
const BUFFER = KINDS.indexOf('ArrayBuffer')

/** Up to this length it is cheaper to go byte by byte. */
const SHORT = 64
/** Up to this length it is cheaper to write a text letter by letter. */
const LETTERS = 256
/** Objects among which one that was seen before is looked for one by one. */
const FEW = 16
/** A property's name counts as one value more for each 16 characters. */
const NAME = 16
/** Bytes that a form may take at first, and that are kept for the next one at most. */
const FIRST = 4096
const KEPT = 262_144
/** Of a path and of a key in it, as an error shows them. */
const SHOWN = 200
const SHOWN_KEY = 60

const encoder = new TextEncoder()
// By itself it drops a mark at the beginning.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const { keys: keysOf, getPrototypeOf, getOwnPropertyDescriptor } = Object
const hasOwn = Function.prototype.call.bind(Object.prototype.hasOwnProperty)

/** Asks an object for what only one of that kind has. The kind is the browser's own, of any frame: a getter throws for all others. */
const asker = (prototype, name) => Function.prototype.call.bind(getOwnPropertyDescriptor(prototype, name).get)
const TypedArray = getPrototypeOf(Uint8Array)
const viewKind = asker(TypedArray.prototype, Symbol.toStringTag)
const bufferLength = asker(ArrayBuffer.prototype, 'byteLength')
const sharedLength = globalThis.SharedArrayBuffer && asker(SharedArrayBuffer.prototype, 'byteLength')
const blobSize = asker(Blob.prototype, 'size')
const mapSize = asker(Map.prototype, 'size')
const setSize = asker(Set.prototype, 'size')
const call = (method) => Function.prototype.call.bind(method)
const isoText = call(Date.prototype.toISOString)
const time = call(Date.prototype.getTime)
const [eachEntry, eachItem] = [call(Map.prototype.forEach), call(Set.prototype.forEach)]
const checked = call(TypedArray.prototype.keys)

function isBuffer(value) {
  try {
    return bufferLength(value) >= 0
  } catch {
    return false
  }
}

/** Why an input is refused; nothing of it has left this thread. */
export class Refusal extends Error {}

/** A form that was written, so that the next one finds its room. */
let spare
/** Room for numbers. */
let doubles = new Float64Array(FEW)

/**
 * Looks at an input and writes its form. `bytes` is valid until the next call. What is not in it is in `attachments`: buffers that are handed
 * over, which `moved` lists, blobs, and responses, whose places and paths `responses` lists. `held` is its binary data in bytes.
 */
export function pack(input, transfer = []) {
  const { buffers, wrong } = listed(transfer)
  // A getter of the input may submit another job meanwhile.
  const look = spare ?? new Look()
  spare = undefined
  look.moved = buffers
  try {
    look.put(input, 0)
    if (wrong) throw new Refusal(wrong)
    look.writeNumbers()
    const { bytes, at, held, attachments, responses } = look
    for (const buffer of buffers) if (!attachments.includes(buffer)) throw new Refusal('`transfer` lists a buffer that it does not hold')
    return { bytes: bytes.subarray(0, at), held, attachments, moved: [...buffers].sort(pagesFirst), responses }
  } catch (error) {
    throw error instanceof Refusal ? error : new Refusal(`${look.path()} could not be read: ${textOf(error)}`)
  } finally {
    spare = look.clean()
  }
}

/**
 * The browser detaches one buffer after the other, until it finds one that it cannot: that of a `WebAssembly.Memory`. So what has a length of
 * whole pages comes first, and nothing is lost.
 */
const pagesFirst = (one, other) => isPages(other) - isPages(one)
const isPages = (buffer) => Number(buffer.byteLength % 65_536 === 0)

/** The buffers of a transfer list, each once, and what is wrong with the list. */
function listed(transfer) {
  const buffers = new Set()
  let wrong
  let index = 0
  for (const item of transfer) {
    const buffer = ArrayBuffer.isView(item) ? item.buffer : item
    if (isBuffer(buffer)) buffers.add(buffer)
    else wrong ??= `\`transfer[${index}]\` is ${described(item)}, but only buffers and views of them can be handed over`
    index++
  }
  return { buffers, wrong }
}

/** One look at an input. */
class Look {
  bytes = new Uint8Array(FIRST)
  view = new DataView(this.bytes.buffer)
  at = 0
  /** How many values it has seen. */
  values = 0
  /** Text and binary data that is copied. */
  copied = 0
  held = 0
  moved
  attachments = []
  responses = []
  /** Objects that it has seen, and where their forms are. */
  objects = []
  places = []
  found
  numbers = []
  numberPlaces = []
  /** The keys on the way to where it is. */
  trail = []
  level = 0

  /** This, as good as new, if it is not too large to keep. */
  clean() {
    if (this.bytes.length > KEPT) return undefined
    this.at = this.values = this.copied = this.held = this.level = 0
    this.objects.length = this.places.length = this.numbers.length = this.numberPlaces.length = this.trail.length = 0
    this.found = this.moved = undefined
    // The form that was written has these.
    this.attachments = []
    this.responses = []
    return this
  }

  /** Where it is. */
  path() {
    let text = ''
    for (const key of this.trail.slice(0, this.level)) {
      if (typeof key === 'string') text += `${text === '' ? '' : '.'}${shortened(key, SHOWN_KEY)}`
      else text += `[${typeof key === 'number' ? key : keyText(key.entry)}]`
    }
    return shortened(text, SHOWN) || 'it'
  }

  refuse(why) {
    throw new Refusal(`${this.path()} ${why}`)
  }

  /** Makes room for so many bytes more. */
  room(count) {
    if (this.at + count <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.at + count))
    larger.set(this.bytes.subarray(0, this.at))
    this.bytes = larger
    this.view = new DataView(larger.buffer)
  }

  byte(byte) {
    this.room(1)
    this.bytes[this.at++] = byte
  }

  /** A whole number, seven bits a byte, the lowest first. */
  length(number) {
    this.room(8)
    while (number > 127) {
      this.bytes[this.at++] = (number % 128) | 128
      number = Math.floor(number / 128)
    }
    this.bytes[this.at++] = number
  }

  begin(tag, length) {
    this.byte(tag)
    this.length(length)
  }

  /** Counts what is copied on this thread. */
  copy(count) {
    this.copied += count
    if (this.copied <= INLINE_BYTES) return
    throw new Refusal(
      `with ${this.path()} it holds ${this.copied} bytes that would be copied, and more than ${INLINE_BYTES} would hold up the main thread; ` +
        'list buffers in `transfer` (they are empty here then), or pass a Blob',
    )
  }

  count(more) {
    this.values += more
    if (this.values <= VALUES) return
    throw new Refusal(`with ${this.path()} it holds more than ${VALUES} values; pass many numbers as a typed array, or pass a Blob`)
  }

  /** Half of a surrogate pair becomes U+FFFD. */
  text(string) {
    const { length } = string
    this.room(3 * length + 6)
    this.bytes[this.at++] = TEXT
    const begin = this.at
    if (length <= LETTERS) {
      this.length(length)
      const { bytes, at } = this
      let ascii = 0
      for (; ascii < length; ascii++) {
        const code = string.charCodeAt(ascii)
        if (code > 127) break
        bytes[at + ascii] = code
      }
      this.at += length
      if (ascii === length) return
    }
    this.at = begin + 5
    const written = encoder.encodeInto(string, this.bytes.subarray(this.at)).written
    // In five bytes, for it is known only now.
    for (let i = 0, rest = written; i < 5; i++, rest >>>= 7) this.bytes[begin + i] = i < 4 ? (rest & 127) | 128 : rest
    this.at += written
  }

  put(value, depth) {
    this.count(1)
    switch (typeof value) {
      case 'undefined':
        return this.byte(UNDEFINED)
      case 'boolean':
        return this.byte(value ? TRUE : FALSE)
      case 'number':
        return this.number(value)
      case 'string':
        this.copy(value.length)
        return this.text(value)
      case 'bigint':
        return this.bigint(value)
      case 'object':
        return value === null ? this.byte(NULL) : this.object(value, depth)
      default:
        this.refuse(`is a ${typeof value}, which cannot be passed to a job`)
    }
  }

  /** Its place is kept, and `writeNumbers` writes it. */
  number(value) {
    this.room(9)
    this.bytes[this.at] = NUMBER
    this.numbers.push(value)
    this.numberPlaces.push(this.at + 1)
    this.at += 9
  }

  /**
   * All at once at the end: the browser turns a list into doubles with one call. Where Firefox turns a whole number into a double in its compiled
   * code, each can take 200 ns, on processors on which a change between two kinds of vector instructions is slow.
   */
  writeNumbers() {
    const { numbers, numberPlaces, view } = this
    if (doubles.length < numbers.length) doubles = new Float64Array(numbers.length)
    doubles.set(numbers)
    for (let i = 0; i < numberPlaces.length; i++) view.setFloat64(numberPlaces[i], doubles[i], true)
    if (doubles.length > KEPT / 8) doubles = new Float64Array(FEW)
  }

  /** Its sign, and its distance to 0, or to -1 where it is negative. */
  bigint(value) {
    const distance = value < 0n ? -1n - value : value
    // What Rust's widest integers hold.
    if (distance >> (value < 0n ? 127n : 128n) !== 0n) this.refuse('is a bigint of more than 128 bits')
    this.room(18)
    this.bytes[this.at] = BIGINT
    this.bytes[this.at + 1] = value < 0n ? 1 : 0
    this.view.setBigUint64(this.at + 2, BigInt.asUintN(64, distance), true)
    this.view.setBigUint64(this.at + 10, distance >> 64n, true)
    this.at += 18
  }

  /** Where an object's form is, if it was seen before; else it is remembered. */
  seen(value) {
    if (this.found) {
      const place = this.found.get(value)
      if (place === undefined) this.found.set(value, this.at)
      return place
    }
    const { objects, places } = this
    for (let i = 0; i < objects.length; i++) if (objects[i] === value) return places[i]
    objects.push(value)
    places.push(this.at)
    if (objects.length === FEW) this.found = new Map(objects.map((object, i) => [object, places[i]]))
  }

  object(value, depth) {
    const place = this.seen(value)
    if (place !== undefined) return this.begin(SAME, place)
    if (Array.isArray(value)) return this.array(value, depth)
    const prototype = getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) return this.plain(value, depth)
    if (ArrayBuffer.isView(value)) return this.viewOf(value)
    const kind = classOf(prototype)
    const write = WRITERS[kind] ?? (/Error$/.test(kind) ? WRITERS.Error : undefined) ?? this.refuse(`is ${described(value)}, which cannot be passed to a job`)
    write(this, value, depth, kind)
  }

  /** One of what an array or an object holds. */
  inside(key, value, depth) {
    this.trail[depth] = key
    this.level = depth + 1
    this.put(value, depth + 1)
    this.level = depth
  }

  /** An array or an object begins. */
  open(tag, length, depth) {
    if (depth >= INPUT_DEPTH) throw new Refusal(`it is nested more deeply than ${INPUT_DEPTH} levels, at ${this.path()}`)
    this.begin(tag, length)
  }

  array(value, depth) {
    // A match of a regular expression is an array with names.
    const match = hasOwn(value, 'index') && hasOwn(value, 'input')
    if (match) this.byte(MATCH)
    this.list(value, depth)
    if (match) this.plain({ index: value.index, input: value.input, groups: value.groups }, depth)
  }

  list(value, depth) {
    const { length } = value
    if (!Number.isSafeInteger(length) || length < 0) this.refuse('is an array of no length')
    if (this.values + length > VALUES) this.count(length)
    this.open(ARRAY, length, depth)
    this.level = depth + 1
    for (let i = 0; i < length; i++) {
      this.trail[depth] = i
      this.put(value[i], depth + 1)
      this.level = depth + 1
    }
    this.level = depth
  }

  plain(value, depth) {
    const keys = keysOf(value)
    this.open(OBJECT, keys.length, depth)
    for (const key of keys) {
      this.trail[depth] = key
      this.level = depth + 1
      if (key.length > NAME) this.count(key.length >>> 4)
      this.text(key)
      this.put(value[key], depth + 1)
    }
    this.level = depth
  }

  viewOf(value) {
    const kind = KINDS.indexOf(viewKind(value) ?? 'DataView')
    if (kind < 0) this.refuse(`is ${described(value)}, which cannot be passed to a job`)
    // A DataView throws here if its buffer is gone, or too short for it.
    const { byteLength } = value
    // To ask a short array for its buffer makes V8 move it there, which costs more than all the rest.
    if (kind === 0 && byteLength > 0 && byteLength <= SHORT && this.moved.size === 0) return this.data(kind, value)
    // The others throw here.
    if (byteLength === 0 && kind !== KINDS.indexOf('DataView')) checked(value)
    const { buffer, byteOffset } = value
    if (this.moved.has(buffer)) return this.attached(kind, buffer, byteOffset, byteLength)
    this.data(kind, new Uint8Array(buffer, byteOffset, byteLength))
  }

  /** Binary data in the form itself. */
  data(kind, source) {
    const { length } = source
    this.copy(length)
    this.held += length
    this.begin(VIEW, kind)
    this.length(length)
    this.room(length)
    if (length <= SHORT) for (let i = 0; i < length; i++) this.bytes[this.at + i] = source[i]
    else this.bytes.set(source, this.at)
    this.at += length
  }

  /** Binary data in a buffer that is handed over. */
  attached(kind, buffer, offset, length) {
    let index = this.attachments.indexOf(buffer)
    if (index < 0) {
      // It throws if the buffer is gone.
      new Uint8Array(buffer)
      index = this.attachments.push(buffer) - 1
      this.held += buffer.byteLength
    }
    this.begin(ATTACHED, kind)
    this.length(index)
    this.length(offset)
    this.length(length)
  }

  /** What is read later: its path is for the error if that fails. */
  blob(value, size) {
    this.held += size
    this.begin(BLOB, this.attachments.push(value) - 1)
    this.text(this.path())
  }
}

/** How objects of the browser's own classes are written. What is not here cannot be passed. */
const WRITERS = {
  // A class of the app's, too.
  Object: (look, value, depth) => look.plain(value, depth),
  Boolean: (look, value, depth) => look.put(Boolean.prototype.valueOf.call(value), depth),
  Number: (look, value, depth) => look.put(Number.prototype.valueOf.call(value), depth),
  String: (look, value, depth) => look.put(String.prototype.valueOf.call(value), depth),
  BigInt: (look, value, depth) => look.put(BigInt.prototype.valueOf.call(value), depth),
  Date(look, value) {
    if (Number.isNaN(time(value))) look.refuse('is an invalid date')
    look.room(9)
    look.bytes[look.at] = DATE
    look.view.setFloat64(look.at + 1, time(value), true)
    look.at += 9
    look.text(isoText(value))
  },
  Map(look, value, depth) {
    const entries = []
    if (isOne(mapSize, value)) eachEntry(value, (item, key) => entries.push([key, item]))
    else value.forEach((item, key) => entries.push([key, item]))
    look.open(MAP, entries.length, depth)
    for (const [key, item] of entries) {
      look.inside({ entry: key }, key, depth)
      look.inside({ entry: key }, item, depth)
    }
  },
  Set(look, value, depth) {
    const items = []
    if (isOne(setSize, value)) eachItem(value, (item) => items.push(item))
    else value.forEach((item) => items.push(item))
    look.open(SET, items.length, depth)
    items.forEach((item, index) => look.inside(index, item, depth))
  },
  ArrayBuffer(look, value) {
    const length = bufferLength(value)
    if (look.moved.has(value)) return look.attached(BUFFER, value, 0, length)
    // It throws if the buffer is gone.
    look.data(BUFFER, new Uint8Array(value))
  },
  // It is read now: later it may be something else.
  SharedArrayBuffer: (look, value) => sharedLength(value) >= 0 && look.data(BUFFER, new Uint8Array(value)),
  Blob: (look, value) => look.blob(value, blobSize(value)),
  Response(look, value) {
    look.responses.push({ index: look.attachments.length, path: look.path() })
    look.blob(value, 0)
  },
  FileList: (look, value, depth) => look.list(Array.from(value), depth),
  // Where the browser does not name it, there is no other.
  ImageData: (look, { width, height, data, colorSpace = 'srgb' }, depth) => look.plain({ width, height, data, colorSpace }, depth),
  Error: (look, { name, message, stack }, depth) =>
    look.plain({ name: `${name}`, message: `${message}`, stack: typeof stack === 'string' ? stack : undefined }, depth),
  DOMRect: (look, value, depth) => look.plain(value.toJSON(), depth),
}
Object.setPrototypeOf(WRITERS, null)
WRITERS.File = WRITERS.Blob
WRITERS.DOMException = WRITERS.Error
for (const name of ['Point', 'Quad', 'Matrix', 'RectReadOnly', 'PointReadOnly', 'MatrixReadOnly']) WRITERS[`DOM${name}`] = WRITERS.DOMRect

function isOne(ask, value) {
  try {
    ask(value)
    return true
  } catch {
    // A Proxy of one has methods that work, if its maker thought of that; or they throw.
    return false
  }
}

/** Classes by their prototypes. */
const classes = new WeakMap()

/** Which of the browser's own classes a prototype belongs to; `Object` if it is the app's own. */
function classOf(prototype) {
  if (prototype === null) return 'Object'
  let name = classes.get(prototype)
  if (name === undefined) classes.set(prototype, (name = ownClass(prototype) ?? classOf(getPrototypeOf(prototype))))
  return name
}

function ownClass(prototype) {
  const own = (key) => getOwnPropertyDescriptor(prototype, key)?.value
  const maker = own('constructor')
  const isNative = typeof maker === 'function' && /^function \w+\(\) \{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(maker))
  if (isNative && getOwnPropertyDescriptor(maker, 'prototype')?.value === prototype) return maker.name
  // What a generator or `values()` gives has no class.
  const label = own(Symbol.toStringTag)
  return typeof label === 'string' && /^(Async)?Generator$| Iterator$/.test(label) ? label : undefined
}

/** A Map's key, of which nothing is read. */
function keyText(key) {
  const isObject = (typeof key === 'object' && key !== null) || typeof key === 'function'
  return isObject ? described(key) : shortened(String(key), SHOWN_KEY)
}

/** Without its middle, if it is longer. */
const shortened = (text, length) => (text.length > length ? `${text.slice(0, length / 2)}…${text.slice(-length / 2)}` : text)

function described(value) {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : withArticle(typeof value)
  try {
    return withArticle(classOf(getPrototypeOf(value)))
  } catch {
    // A Proxy that does not tell.
    return 'a Proxy'
  }
}

const withArticle = (name) => `${/^([AEIOUaeio]|un)/.test(name) ? 'an' : 'a'} ${name}`

function textOf(value) {
  try {
    return `${value?.message ?? value}`
  } catch {
    return `${withArticle(typeof value)} without a text`
  }
}

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
