// The one look at an input: whatever it holds is read once, in order, and written as a form.

import { bigintTooLarge, noLength, notPassable, tooDeep, tooManyBytes, tooManyValues, withArticle } from './errors.js'
import {
  ARRAY, ATTACHED, BIGINT, BLOB, FALSE, INLINE_BYTES, INPUT_DEPTH, KINDS, MATCH, NULL, NUMBER, OBJECT, SAME, SHORT, TEXT, TRUE, UNDEFINED,
  VALUES, VIEW,
} from './form.js'
import { checked, classOf, described, getPrototypeOf, pathText, viewKind } from './classes.js'
import { WRITERS } from './writers.js'

/** Up to this length it is cheaper to write a text letter by letter. */
const LETTERS = 256
/** Objects among which one that was seen before is looked for one by one. */
const FEW = 16
/** A property's name counts as one value more for each 16 characters. */
const NAME = 16
/** Bytes that a form may take at first, and that are kept for the next one at most. */
const FIRST = 4096
const KEPT = 262_144

const encoder = new TextEncoder()
const keysOf = Object.keys
const hasOwn = Function.prototype.call.bind(Object.prototype.hasOwnProperty)

/** Room for numbers. */
let doubles = new Float64Array(FEW)

/** @type {Set<unknown>} */
const NOTHING = new Set()

/** One look at an input. */
export class Look {
  bytes = new Uint8Array(FIRST)
  view = new DataView(this.bytes.buffer)
  at = 0
  /** How many values it has seen. */
  values = 0
  /** Text and binary data that is copied. */
  copied = 0
  held = 0
  /** @type {Set<unknown>} */
  moved = NOTHING
  /** @type {any[]} */
  attachments = []
  /** @type {{ index: number, path: string }[]} */
  responses = []
  /** @type {object[]} those that it has seen; their forms are at `places` */
  objects = []
  /** @type {number[]} */
  places = []
  /** @type {Map<object, number> | undefined} */
  found
  /** @type {number[]} */
  numbers = []
  /** @type {number[]} */
  numberPlaces = []
  /** @type {(string | number | { entry: unknown })[]} the keys on the way to where it is */
  trail = []
  level = 0

  /** This, as good as new, if it is not too large to keep. */
  clean() {
    if (this.bytes.length > KEPT) return undefined
    this.at = this.values = this.copied = this.held = this.level = 0
    this.objects.length = this.places.length = this.numbers.length = this.numberPlaces.length = this.trail.length = 0
    this.found = undefined
    this.moved = NOTHING
    // The form that was written has these.
    this.attachments = []
    this.responses = []
    return this
  }

  /** Where it is. */
  path() {
    return pathText(this.trail.slice(0, this.level))
  }

  /**
   * Makes room for so many bytes more.
   * @param {number} count
   */
  room(count) {
    if (this.at + count <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.at + count))
    larger.set(this.bytes.subarray(0, this.at))
    this.bytes = larger
    this.view = new DataView(larger.buffer)
  }

  /** @param {number} byte */
  byte(byte) {
    this.room(1)
    this.bytes[this.at++] = byte
  }

  /**
   * A whole number, seven bits a byte, the lowest first.
   * @param {number} number
   */
  length(number) {
    this.room(8)
    while (number > 127) {
      this.bytes[this.at++] = (number % 128) | 128
      number = Math.floor(number / 128)
    }
    this.bytes[this.at++] = number
  }

  /**
   * @param {number} tag
   * @param {number} length
   */
  begin(tag, length) {
    this.byte(tag)
    this.length(length)
  }

  /**
   * Counts what is copied on this thread.
   * @param {number} count
   */
  copy(count) {
    this.copied += count
    if (this.copied <= INLINE_BYTES) return
    throw tooManyBytes(this.path(), this.copied, INLINE_BYTES)
  }

  /** @param {number} more */
  count(more) {
    this.values += more
    if (this.values <= VALUES) return
    throw tooManyValues(this.path(), VALUES)
  }

  /**
   * Half of a surrogate pair becomes U+FFFD.
   * @param {string} string
   */
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

  /**
   * @param {unknown} value
   * @param {number} depth
   */
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
        throw notPassable(this.path(), withArticle(typeof value))
    }
  }

  /**
   * Its place is kept, and `writeNumbers` writes it.
   * @param {number} value
   */
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

  /**
   * Its sign, and its distance to 0, or to -1 where it is negative.
   * @param {bigint} value
   */
  bigint(value) {
    const distance = value < 0n ? -1n - value : value
    // What Rust's widest integers hold.
    if (distance >> (value < 0n ? 127n : 128n) !== 0n) throw bigintTooLarge(this.path())
    this.room(18)
    this.bytes[this.at] = BIGINT
    this.bytes[this.at + 1] = value < 0n ? 1 : 0
    this.view.setBigUint64(this.at + 2, BigInt.asUintN(64, distance), true)
    this.view.setBigUint64(this.at + 10, distance >> 64n, true)
    this.at += 18
  }

  /**
   * Where an object's form is, if it was seen before; else it is remembered.
   * @param {object} value
   */
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

  /**
   * @param {object} value
   * @param {number} depth
   */
  object(value, depth) {
    const place = this.seen(value)
    if (place !== undefined) return this.begin(SAME, place)
    if (Array.isArray(value)) return this.array(value, depth)
    const prototype = getPrototypeOf(value)
    if (prototype === Object.prototype || prototype === null) return this.plain(value, depth)
    if (ArrayBuffer.isView(value)) return this.viewOf(value)
    const kind = classOf(prototype)
    const write = WRITERS[kind] ?? (/Error$/.test(kind) ? WRITERS.Error : undefined)
    if (!write) throw notPassable(this.path(), described(value))
    write(this, value, depth)
  }

  /**
   * One of what an array or an object holds.
   * @param {string | number | { entry: unknown }} key
   * @param {unknown} value
   * @param {number} depth
   */
  inside(key, value, depth) {
    this.trail[depth] = key
    this.level = depth + 1
    this.put(value, depth + 1)
    this.level = depth
  }

  /**
   * An array or an object begins.
   * @param {number} tag
   * @param {number} length
   * @param {number} depth
   */
  open(tag, length, depth) {
    if (depth >= INPUT_DEPTH) throw tooDeep(this.path(), INPUT_DEPTH)
    this.begin(tag, length)
  }

  /**
   * @param {any} value
   * @param {number} depth
   */
  array(value, depth) {
    // A match of a regular expression is an array with names.
    const match = hasOwn(value, 'index') && hasOwn(value, 'input')
    if (match) this.byte(MATCH)
    this.list(value, depth)
    if (match) this.plain({ index: value.index, input: value.input, groups: value.groups }, depth)
  }

  /**
   * @param {ArrayLike<unknown>} value
   * @param {number} depth
   */
  list(value, depth) {
    const { length } = value
    if (!Number.isSafeInteger(length) || length < 0) throw noLength(this.path())
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

  /**
   * @param {any} value
   * @param {number} depth
   */
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

  /** @param {ArrayBufferView} value */
  viewOf(value) {
    const kind = KINDS.indexOf(viewKind(value) ?? 'DataView')
    if (kind < 0) throw notPassable(this.path(), described(value))
    // A DataView throws here if its buffer is gone, or too short for it.
    const { byteLength } = value
    // To ask a short array for its buffer makes V8 move it there, which costs more than all the rest.
    if (kind === 0 && byteLength > 0 && byteLength <= SHORT && this.moved.size === 0) return this.data(kind, /** @type {Uint8Array} */ (value))
    // The others throw here.
    if (byteLength === 0 && kind !== KINDS.indexOf('DataView')) checked(value)
    const { buffer, byteOffset } = value
    if (this.moved.has(buffer)) return this.attached(kind, buffer, byteOffset, byteLength)
    this.data(kind, new Uint8Array(buffer, byteOffset, byteLength))
  }

  /**
   * Binary data in the form itself.
   * @param {number} kind
   * @param {Uint8Array} source
   */
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

  /**
   * Binary data in a buffer that is handed over.
   * @param {number} kind
   * @param {ArrayBufferLike} buffer
   * @param {number} offset
   * @param {number} length
   */
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

  /**
   * What is read later: its path is for the error if that fails.
   * @param {any} value
   * @param {number} size
   */
  blob(value, size) {
    this.held += size
    this.begin(BLOB, this.attachments.push(value) - 1)
    this.text(this.path())
  }
}
