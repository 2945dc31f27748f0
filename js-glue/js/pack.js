// Writes the form of a value: `pack` is the one look at what a page passes to a job. `unpack.js` reads it, and
// runtime/protocol/src/form.rs is its other side.

import { Refusal, checked, classOf, described, isBuffer, shortened, textOf, viewKind, writerOf } from './classes.js'
import { KINDS, SHORT, TAGS } from './unpack.js'

/** Bounds, as in runtime/protocol/src/limits.rs. */
export const INLINE_BYTES = 65_536
export const INPUT_DEPTH = 128
export const VALUES = 1_048_576

const { UNDEFINED, NULL, FALSE, TRUE, NUMBER, BIGINT, TEXT, ARRAY, OBJECT, MATCH, VIEW, ATTACHED, BLOB, SAME } = TAGS

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
const { keys: keysOf, getPrototypeOf } = Object
const hasOwn = Function.prototype.call.bind(Object.prototype.hasOwnProperty)

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
    const write = writerOf(kind) ?? this.refuse(`is ${described(value)}, which cannot be passed to a job`)
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

/** A Map's key, of which nothing is read. */
function keyText(key) {
  const isObject = (typeof key === 'object' && key !== null) || typeof key === 'function'
  return isObject ? described(key) : shortened(String(key), SHOWN_KEY)
}
