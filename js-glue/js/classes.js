// The browser's own classes: which of them an object is of, how each is written into a form, and how a refusal names it.

import { KINDS, TAGS } from './unpack.js'

/** Why an input is refused; nothing of it has left this thread. */
export class Refusal extends Error {}

const { getPrototypeOf, getOwnPropertyDescriptor } = Object
const TypedArray = getPrototypeOf(Uint8Array)
const { DATE, SET, MAP } = TAGS
const BUFFER = KINDS.indexOf('ArrayBuffer')

/** Asks an object for what only one of that kind has. The kind is the browser's own, of any frame: a getter throws for all others. */
const asker = (prototype, name) => Function.prototype.call.bind(getOwnPropertyDescriptor(prototype, name).get)
export const viewKind = asker(TypedArray.prototype, Symbol.toStringTag)
const bufferLength = asker(ArrayBuffer.prototype, 'byteLength')
const sharedLength = globalThis.SharedArrayBuffer && asker(SharedArrayBuffer.prototype, 'byteLength')
const blobSize = asker(Blob.prototype, 'size')
const mapSize = asker(Map.prototype, 'size')
const setSize = asker(Set.prototype, 'size')

/** A method of the browser's own, which an object may hide behind one of its own. */
const call = (method) => Function.prototype.call.bind(method)
const isoText = call(Date.prototype.toISOString)
const time = call(Date.prototype.getTime)
const [eachEntry, eachItem] = [call(Map.prototype.forEach), call(Set.prototype.forEach)]
/** Throws for a view whose buffer is gone. */
export const checked = call(TypedArray.prototype.keys)

export function isBuffer(value) {
  try {
    return bufferLength(value) >= 0
  } catch {
    return false
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

/** The function by which an object of a class writes itself, if it can be passed to a job. */
export const writerOf = (kind) => WRITERS[kind] ?? (/Error$/.test(kind) ? WRITERS.Error : undefined)

/** Whether a value answers this question. */
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
export function classOf(prototype) {
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

/** Without its middle, if it is longer. */
export const shortened = (text, length) => (text.length > length ? `${text.slice(0, length / 2)}…${text.slice(-length / 2)}` : text)

/** A value's class, or its type. */
export function described(value) {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : withArticle(typeof value)
  try {
    return withArticle(classOf(getPrototypeOf(value)))
  } catch {
    // A Proxy that does not tell.
    return 'a Proxy'
  }
}

const withArticle = (name) => `${/^([AEIOUaeio]|un)/.test(name) ? 'an' : 'a'} ${name}`

/** The text of an error that the app's code has thrown, whatever that is. */
export function textOf(value) {
  try {
    return `${value?.message ?? value}`
  } catch {
    return `${withArticle(typeof value)} without a text`
  }
}
