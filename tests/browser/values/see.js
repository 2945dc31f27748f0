// What one JavaScript value is, said in one of few ways. Kinds are told by what only their own objects can do, so that neither names,
// prototypes nor realms matter.

const getter = (Kind, key) => Object.getOwnPropertyDescriptor(Kind.prototype, key).get
const sizeOfMap = getter(Map, 'size')
const sizeOfSet = getter(Set, 'size')
const lengthOfBuffer = getter(ArrayBuffer, 'byteLength')
const lengthOfShared = typeof SharedArrayBuffer === 'undefined' ? () => { throw new TypeError() } : getter(SharedArrayBuffer, 'byteLength')

const BYTES = ['Uint8Array', 'Uint8ClampedArray', 'Int8Array', 'DataView']

/** Whether `value` is what `method` takes. */
function is(value, method, ...args) {
  try {
    method.call(value, ...args)
    return true
  } catch {
    return false
  }
}

const instance = (value, ...names) => names.some((name) => typeof globalThis[name] === 'function' && value instanceof globalThis[name])

/**
 * One of { kind: 'unit' }, bool, number, bigint, text { value }; date { time, text }; list { items, named, set }; map { entries };
 * fields { fields }; view { bytes, numbers, plain, buffer }; refused { says }. Items and fields are { key, value } or { key, error }.
 */
export function see(value, notes) {
  if (value === undefined || value === null) return { kind: 'unit' }
  if (typeof value === 'boolean') return { kind: 'bool', value }
  if (typeof value === 'number') return { kind: 'number', value }
  if (typeof value === 'bigint') return { kind: 'bigint', value }
  if (typeof value === 'string') return { kind: 'text', value }
  if (typeof value === 'symbol' || typeof value === 'function') return refused(typeof value)
  const note = notes.get(value)
  if (!note) return seeObject(value, notes, undefined)
  // By its own name, whoever has it: `WebAssembly.Module` is a `Module`.
  if (note.opaque) return refused(/^(?:\w+\.)?(\w+)$/.exec(note.opaque)?.[1] ?? '')
  if (note.revoked || note.lost) return refused('')
  if (note.trap) return refused(note.trap.says ?? '')
  if (note.body) return { kind: 'view', bytes: note.body, plain: true, elsewhere: true }
  if (note.items) return list(note.items.map((value, index) => ({ key: String(index), value })))
  if (note.target) return behindProxy(note, see(note.target, notes))
  return seeObject(value, notes, note.getters)
}

const refused = (says) => ({ kind: 'refused', says })
const list = (items, named = [], set = false) => ({ kind: 'list', items, named, set })

/** A Proxy shows what its target has, but for what its traps throw. */
function behindProxy({ getters }, seen) {
  if (!getters) return seen
  const trapped = (fields) => fields?.map((field) => (getters.has(field.key) ? { key: field.key, ...getters.get(field.key) } : field))
  return { ...seen, items: trapped(seen.items), fields: trapped(seen.fields) }
}

const seen = new WeakMap()

/** Looked at once: nothing changes while an end is foretold, and it takes many errors to tell kinds. */
function seeObject(value, notes, getters) {
  if (!seen.has(value)) seen.set(value, seeFresh(value, notes, getters))
  return seen.get(value)
}

function seeFresh(value, notes, getters) {
  const read = (key) => (getters?.has(key) ? { key, ...getters.get(key) } : { key, value: value[key] })
  if (Array.isArray(value)) return seeArray(value, read)
  const prototype = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return { kind: 'fields', fields: Object.keys(value).map(read) }
  if (is(value, sizeOfMap)) return { kind: 'map', entries: [...Map.prototype.entries.call(value)] }
  if (is(value, sizeOfSet)) return list([...Set.prototype.values.call(value)].map((value, index) => ({ key: String(index), value })), [], true)
  if (is(value, Date.prototype.getTime)) return seeDate(value)
  if (is(value, RegExp.prototype.exec, '') && is(value, getter(RegExp, 'source'))) return refused('RegExp')
  if (ArrayBuffer.isView(value)) return seeView(value)
  if (is(value, lengthOfBuffer) || is(value, lengthOfShared)) return { kind: 'view', bytes: new Uint8Array(value), buffer: value, plain: true }
  for (const [kind, Kind] of [['bool', Boolean], ['number', Number], ['text', String], ['bigint', BigInt]]) {
    if (is(value, Kind.prototype.valueOf)) return { kind, value: Kind.prototype.valueOf.call(value) }
  }
  if (instance(value, 'Error', 'DOMException') || Object.prototype.toString.call(value) === '[object Error]') return struct(value, ['name', 'message', 'stack'])
  if (instance(value, 'ImageData')) return picture(value)
  if (instance(value, 'DOMRectReadOnly', 'DOMPointReadOnly', 'DOMQuad', 'DOMMatrixReadOnly')) return see(value.toJSON(), notes)
  return { kind: 'fields', fields: Object.keys(value).map(read) }
}

function struct(value, keys) {
  return { kind: 'fields', fields: keys.map((key) => ({ key, value: value[key] })), struct: true }
}

/** Firefox and WebKit know one colour space alone, and do not name it. */
function picture({ width, height, data, colorSpace = 'srgb' }) {
  return { kind: 'fields', fields: Object.entries({ width, height, data, colorSpace }).map(([key, value]) => ({ key, value })), struct: true }
}

/** Its items by index, whatever its iterator says; and the three that a match of a regular expression has besides. */
function seeArray(value, read) {
  // Nobody reads so many.
  if (value.length > 2 ** 21) return { kind: 'list', items: { length: value.length }, named: [] }
  const items = Array.from({ length: value.length }, (_, index) => read(String(index)))
  const isMatch = Object.hasOwn(value, 'index') && Object.hasOwn(value, 'input')
  return list(items, isMatch ? ['index', 'input', 'groups'].map((key) => ({ key, value: value[key] })) : [])
}

function seeDate(value) {
  const time = Date.prototype.getTime.call(value)
  return Number.isNaN(time) ? refused('') : { kind: 'date', time, text: Date.prototype.toISOString.call(value) }
}

function seeView(value) {
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  // Named by the getter, which a subclass has from its kind.
  const name = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag).get.call(value) ?? 'DataView'
  return { kind: 'view', bytes, numbers: name === 'DataView' ? [...bytes] : [...value], plain: BYTES.includes(name), buffer: value.buffer }
}
