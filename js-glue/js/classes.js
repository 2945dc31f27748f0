// What kind of object a value is, as the browser itself knows it, and how an error names it.

import { WHOLE, withArticle } from './errors.js'

/** Characters of a path, and of a key in it, as an error shows them. */
const SHOWN = 200
const SHOWN_KEY = 60

export const { getPrototypeOf, getOwnPropertyDescriptor } = Object

/**
 * Asks an object for what only one of that kind has. The kind is the browser's own, of any frame: a getter throws for all others.
 * @type {(prototype: object, name: PropertyKey) => (value: unknown) => any}
 */
const asker = (prototype, name) => Function.prototype.call.bind(/** @type {any} */ (getOwnPropertyDescriptor(prototype, name)).get)

/** @type {(method: Function) => (...values: any[]) => any} */
const call = (method) => Function.prototype.call.bind(method)

const TypedArray = getPrototypeOf(Uint8Array)
export const viewKind = asker(TypedArray.prototype, Symbol.toStringTag)
export const bufferLength = asker(ArrayBuffer.prototype, 'byteLength')
export const sharedLength = globalThis.SharedArrayBuffer && asker(SharedArrayBuffer.prototype, 'byteLength')
export const blobSize = asker(Blob.prototype, 'size')
export const mapSize = asker(Map.prototype, 'size')
export const setSize = asker(Set.prototype, 'size')
export const isoText = call(Date.prototype.toISOString)
export const time = call(Date.prototype.getTime)
export const [eachEntry, eachItem] = [call(Map.prototype.forEach), call(Set.prototype.forEach)]
export const checked = call(TypedArray.prototype.keys)

/** @type {(value: unknown) => value is ArrayBuffer} */
export function isBuffer(value) {
  try {
    return bufferLength(value) >= 0
  } catch {
    return false
  }
}

/**
 * @param {(value: unknown) => unknown} ask
 * @param {unknown} value
 */
export function isOne(ask, value) {
  try {
    ask(value)
    return true
  } catch {
    // A Proxy of one has methods that work, if its maker thought of that; or they throw.
    return false
  }
}

/**
 * Classes by their prototypes.
 * @type {WeakMap<object, string>}
 */
const classes = new WeakMap()

/**
 * Which of the browser's own classes a prototype belongs to; `Object` if it is the app's own.
 * @param {object | null} prototype
 * @returns {string}
 */
export function classOf(prototype) {
  if (prototype === null) return 'Object'
  let name = classes.get(prototype)
  if (name === undefined) classes.set(prototype, (name = ownClass(prototype) ?? classOf(getPrototypeOf(prototype))))
  return name
}

/**
 * @param {object} prototype
 * @returns {string | undefined}
 */
function ownClass(prototype) {
  /** @param {PropertyKey} key */
  const own = (key) => getOwnPropertyDescriptor(prototype, key)?.value
  const maker = own('constructor')
  const isNative = typeof maker === 'function' && /^function \w+\(\) \{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(maker))
  if (isNative && getOwnPropertyDescriptor(maker, 'prototype')?.value === prototype) return maker.name
  // What a generator or `values()` gives has no class.
  const label = own(Symbol.toStringTag)
  return typeof label === 'string' && /^(Async)?Generator$| Iterator$/.test(label) ? label : undefined
}

/**
 * Where something is, as an error says it.
 * @param {(string | number | { entry: unknown })[]} keys the keys on the way there
 */
export function pathText(keys) {
  let text = ''
  for (const key of keys) {
    if (typeof key === 'string') text += `${text === '' ? '' : '.'}${shortened(key, SHOWN_KEY)}`
    else text += `[${typeof key === 'number' ? key : keyText(key.entry)}]`
  }
  return shortened(text, SHOWN) || WHOLE
}

/**
 * A Map's key, of which nothing is read.
 * @param {unknown} key
 */
function keyText(key) {
  const isObject = (typeof key === 'object' && key !== null) || typeof key === 'function'
  return isObject ? described(key) : shortened(String(key), SHOWN_KEY)
}

/**
 * Without its middle, if it is longer.
 * @param {string} text
 * @param {number} length
 */
const shortened = (text, length) => (text.length > length ? `${text.slice(0, length / 2)}…${text.slice(-length / 2)}` : text)

/** @param {unknown} value */
export function described(value) {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : withArticle(typeof value)
  try {
    return withArticle(classOf(getPrototypeOf(value)))
  } catch {
    // A Proxy that does not tell.
    return 'a Proxy'
  }
}
