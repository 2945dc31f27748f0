// How objects of the browser's own classes are written.

import { invalidDate } from './errors.js'
import { BUFFER, DATE, MAP, SET } from './form.js'
import { blobSize, bufferLength, eachEntry, eachItem, isOne, isoText, mapSize, setSize, sharedLength, time } from './classes.js'

/**
 * By class. What is not here cannot be passed.
 * @type {Record<string, (look: any, value: any, depth: number) => void>}
 */
export const WRITERS = {
  // A class of the app's, too.
  Object: (look, value, depth) => look.plain(value, depth),
  Boolean: (look, value, depth) => look.put(Boolean.prototype.valueOf.call(value), depth),
  Number: (look, value, depth) => look.put(Number.prototype.valueOf.call(value), depth),
  String: (look, value, depth) => look.put(String.prototype.valueOf.call(value), depth),
  BigInt: (look, value, depth) => look.put(BigInt.prototype.valueOf.call(value), depth),
  Date(look, value) {
    if (Number.isNaN(time(value))) throw invalidDate(look.path())
    look.room(9)
    look.bytes[look.at] = DATE
    look.view.setFloat64(look.at + 1, time(value), true)
    look.at += 9
    look.text(isoText(value))
  },
  Map(look, value, depth) {
    /** @type {[unknown, unknown][]} */
    const entries = []
    const add = (/** @type {unknown} */ item, /** @type {unknown} */ key) => void entries.push([key, item])
    if (isOne(mapSize, value)) eachEntry(value, add)
    else value.forEach(add)
    look.open(MAP, entries.length, depth)
    for (const [key, item] of entries) {
      look.inside({ entry: key }, key, depth)
      look.inside({ entry: key }, item, depth)
    }
  },
  Set(look, value, depth) {
    /** @type {unknown[]} */
    const items = []
    const add = (/** @type {unknown} */ item) => void items.push(item)
    if (isOne(setSize, value)) eachItem(value, add)
    else value.forEach(add)
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
