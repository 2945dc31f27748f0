// What must become of a job with a random input, by the meaning of JavaScript values that ARCHITECTURE.md states. Written apart from what it
// tests: a plain recursion over the value, once as the page looks at it, once as the job's type reads it.

import { look } from './look.js'
import { see } from './see.js'

const LEVELS = 128
const VALUES = 2 ** 20
/** The longest answer; the jobs have the same. */
const LONGEST = 2000

class Refused extends Error {}

/** Nothing says what is right here. */
class Unclear extends Error {}

/** { done: output }, { rejected: [mentions of one text, or of another, …] } or, where nothing says which, { unclear: why }; and what was `reached`. */
export function expected({ job, input, transfer, notes }) {
  const { reasons, reached } = look(input, transfer, notes)
  if ([...reached].some((value) => notes.get(value)?.impostor)) return { unclear: 'an object with the prototype of a kind that it is not', reached }
  if (reasons.length > 0) return { rejected: reasons, atOnce: true, reached }
  try {
    return { done: shortened(new Reader(notes).read(JOBS[job], input, 0)), reached }
  } catch (error) {
    if (error instanceof Unclear) return { unclear: error.message, reached }
    if (error instanceof Refused) return { rejected: [[]], reached }
    throw error
  }
}

function shortened(text) {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST / 2)}...${text.length}:${hash(text)}`
}

/** FNV-1a. */
function hash(items) {
  let hash = 0x811c9dc5
  for (let i = 0; i < items.length; i++) hash = Math.imul(hash ^ (typeof items === 'string' ? items.charCodeAt(i) : items[i]), 0x01000193)
  return (hash >>> 0).toString(16).padStart(8, '0')
}

const scratch = new DataView(new ArrayBuffer(8))

function sayFloat(value) {
  if (Number.isNaN(value)) return 'Fnan'
  scratch.setFloat64(0, value)
  return `F${scratch.getBigUint64(0).toString(16).padStart(16, '0')}`
}

/** Its characters as numbers; half a pair counts as U+FFFD. */
const points = (text) => Array.from(text, (c) => c.codePointAt(0)).map((point) => (point >= 0xd800 && point <= 0xdfff ? 0xfffd : point))

function sayText(text) {
  const say = (point) => {
    if (point === 0x22 || point === 0x5c) return `\\${String.fromCharCode(point)}`
    return point >= 0x20 && point < 0x7f ? String.fromCharCode(point) : `\\u${point.toString(16)};`
  }
  return `"${points(text).map(say).join('')}"`
}

function sayBytes(bytes) {
  if (bytes.length > 64) return `x${bytes.length}:${hash(bytes)}`
  return `x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

const sayList = (items) => `[${items.map((item) => `${item},`).join('')}]`
const sayMap = (entries) => `{${entries.map(([key, value]) => `${key}=${value},`).join('')}}`

function refuse(why = '') {
  throw new Refused(why)
}

/** Reads values as types ask for them. A type is a function of what is seen, its level and the reader; it gives a text. */
class Reader {
  constructor(notes) {
    this.notes = notes
    this.counts = new Map()
  }

  read(type, value, level) {
    const seen = see(value, this.notes)
    if (type === any && level === 0 && this.count(value) > VALUES) refuse('too many values')
    const holds = seen.kind === 'list' || seen.kind === 'map' || seen.kind === 'fields'
    if (holds && level >= LEVELS && type !== skipped) refuse('too deep')
    return type(seen, level, this, value)
  }

  part(type, part, level) {
    return this.read(type, part.value, level + 1)
  }

  /** How many values there are where every reference is followed. */
  count(value) {
    const isObject = typeof value === 'object' && value !== null
    if (!isObject) return 1
    if (!this.counts.has(value)) {
      this.counts.set(value, Infinity)
      const { items = [], fields = [], entries = [] } = see(value, this.notes)
      const parts = [...items, ...fields].map(({ value }) => value).concat(...entries)
      this.counts.set(value, parts.reduce((sum, part) => sum + this.count(part), 1))
    }
    return this.counts.get(value)
  }
}

const skipped = () => ''

// The types.

function any(seen, level, reader) {
  switch (seen.kind) {
    case 'unit':
      return '~'
    case 'bool':
      return String(seen.value)
    case 'number':
      return Number.isSafeInteger(seen.value) && !Object.is(seen.value, -0) ? `i${seen.value}` : sayFloat(seen.value)
    case 'bigint':
      return anyBigint(seen.value)
    case 'text':
      return sayText(seen.value)
    case 'date':
      return sayText(seen.text)
    case 'view':
      if (seen.plain) return sayBytes(seen.bytes)
      return sayList(seen.numbers.map((number) => reader.read(any, number, level + 1)))
    case 'list':
      return sayList(seen.items.map((item) => reader.part(any, item, level)))
    case 'map':
      return sayMap(seen.entries.map(([key, value]) => [reader.read(any, key, level + 1), reader.read(any, value, level + 1)]))
    default:
      return sayMap(seen.fields.map((field) => [sayText(field.key), reader.part(any, field, level)]))
  }
}

function anyBigint(value) {
  if (BigInt.asIntN(64, value) === value) return `i${value}`
  if (BigInt.asUintN(64, value) === value) return `u${value}`
  return BigInt.asIntN(128, value) === value ? `I${value}` : `U${value}`
}

const integer = (signed, bits) => (seen) => {
  if (seen.kind === 'date') seen = { kind: 'number', value: seen.time }
  if (seen.kind !== 'bigint' && !(seen.kind === 'number' && Number.isSafeInteger(seen.value))) refuse('no integer')
  const value = BigInt(seen.value)
  if ((signed ? BigInt.asIntN : BigInt.asUintN)(bits, value) !== value) refuse('out of range')
  return String(value)
}

const number = (seen) => {
  if (seen.kind === 'number') return seen.value
  return seen.kind === 'date' ? seen.time : refuse('no number')
}
const f64 = (seen) => sayFloat(number(seen))
const f32 = (seen) => sayFloat(Math.fround(number(seen)))
const bool = (seen) => (seen.kind === 'bool' ? String(seen.value) : refuse('no bool'))
const unit = (seen) => (seen.kind === 'unit' ? '~' : refuse('no unit'))
const bytes = (seen) => (seen.kind === 'view' ? sayBytes(seen.bytes) : refuse('no bytes'))

/** The characters of what can be a text. */
function textOf(seen) {
  if (seen.kind === 'text') return seen.value
  return seen.kind === 'date' ? seen.text : refuse('no text')
}
const string = (seen) => sayText(textOf(seen))
const char = (seen) => (points(textOf(seen)).length === 1 ? sayText(textOf(seen)) : refuse('no character'))

const option = (type) => (seen, level, reader, value) => (seen.kind === 'unit' ? '-' : `+${reader.read(type, value, level)}`)

/** What a sequence is read from: [{ value }]. */
function itemsOf(seen) {
  if (seen.kind === 'list') return seen.items
  if (seen.kind === 'map') return seen.entries.map((value) => ({ value }))
  // A buffer and a blob are a sequence of their bytes.
  return seen.kind === 'view' ? Array.from(seen.numbers ?? seen.bytes, (value) => ({ value })) : refuse('no sequence')
}
const seq = (type) => (seen, level, reader) => sayList(itemsOf(seen).map((item) => reader.part(type, item, level)))

const tuple = (...types) => (seen, level, reader) => {
  const items = itemsOf(seen)
  if (items.length !== types.length) refuse('another length')
  return `(${types.map((type, index) => reader.part(type, items[index], level)).join()})`
}

/** Sorted as Rust sorts them; of equal keys the last one counts. `parse` reads a key from an object's text. */
const map = (parse, keyType, type, compare) => (seen, level, reader) => {
  const fromMap = ([key, value]) => {
    const seen = see(key, reader.notes)
    if (parse !== undefined && keyType !== char && seen.kind === 'text') throw new Unclear('a key of a Map that is text, for a type that is none')
    return [reader.read(keyType, key, level + 1), { value }]
  }
  const fromObject = (field) => [parse ? parse(field.key) : keyType(see(field.key, reader.notes)), field]
  if (seen.kind !== 'map' && seen.kind !== 'fields') refuse('no map')
  const entries = seen.kind === 'map' ? seen.entries.map(fromMap) : seen.fields.map(fromObject)
  const read = new Map(entries.map(([key, field]) => [key, reader.part(type, field, level)]))
  return sayMap([...read].sort(([a], [b]) => compare(a, b)))
}

/** As texts are in Rust, by their characters. */
function byCharacters(a, b) {
  const unescaped = (text) => points(text.slice(1, -1).replace(/\\u([0-9a-f]+);|\\(.)/g, (_, point, c) => c ?? String.fromCodePoint(parseInt(point, 16))))
  const [left, right] = [unescaped(a), unescaped(b)]
  for (let i = 0; i < Math.min(left.length, right.length); i++) if (left[i] !== right[i]) return left[i] - right[i]
  return left.length - right.length
}

/** As Rust parses an u32. */
function parseU32(text) {
  if (!/^\+?[0-9]+$/.test(text) || BigInt(text.replace('+', '')) >= 2n ** 32n) refuse('no u32')
  return String(BigInt(text.replace('+', '')))
}

const parseBool = (text) => (text === 'true' || text === 'false' ? text : refuse('no bool'))

/** The fields that a struct may be read from: an object's, a Map's, those of a match. */
function fieldsOf(seen, notes) {
  if (seen.kind === 'fields') return seen.fields
  if (seen.kind === 'list' && seen.named.length > 0) return seen.named
  if (seen.kind !== 'map') refuse('no struct')
  return seen.entries.map(([key, value]) => {
    const { kind } = see(key, notes)
    if (kind !== 'text') throw new Unclear('a Map for a struct, with keys that are no text')
    return { key: String(key), value }
  })
}

/** Names are those that JavaScript knows; `said` are Rust's, where they differ. */
const struct = (types, { said = {}, or = {} } = {}) => (seen, level, reader) => {
  const fields = new Map(fieldsOf(seen, reader.notes).map((field) => [field.key, field]))
  const parts = Object.entries(types).map(([name, type]) => {
    const missing = or[name] ?? (type.optional ? '-' : undefined)
    if (!fields.has(name)) return `${said[name] ?? name}=${missing ?? refuse(`no ${name}`)},`
    return `${said[name] ?? name}=${reader.part(type, fields.get(name), level)},`
  })
  return `{${parts.join('')}}`
}
const optional = (type) => Object.assign(option(type), { optional: true })

const named = struct({ x: f64, y: optional(bool) })
const SHAPES = {
  Unit: (seen) => (unit(seen), 'Unit'),
  Newtype: (seen) => `Newtype${f64(seen)}`,
  Pair: (seen, level, reader) => `Pair${tuple(integer(false, 32), string)(seen, level, reader).slice(1, -1).replace(',', '')}`,
  Named: (...args) => `Named${named(...args).replace(/^\{x=(.*),y=(.*),\}$/, '$1$2')}`,
}

function shape(seen, level, reader) {
  if (seen.kind === 'text') return seen.value === 'Unit' ? 'Unit' : refuse('no payload')
  if (seen.kind === 'map') throw new Unclear('a Map for an enum')
  if (seen.kind !== 'fields' || seen.fields.length !== 1) refuse('no variant')
  const [field] = seen.fields
  return Object.hasOwn(SHAPES, field.key) ? reader.part(SHAPES[field.key], field, level) : refuse('another variant')
}

const tree = (...args) => treeFields(...args)
const treeFields = struct({ label: optional(string), children: (...args) => seq(tree)(...args) }, { or: { children: '[]' } })

/** The tree unfolds wherever its type asks. */
function wholeTree(seen, level, reader, value) {
  if (reader.count(value) > VALUES * 4 && countTree(value, reader, new Map()) > VALUES) refuse('too many values')
  return tree(seen, level, reader)
}

function countTree(value, reader, counts) {
  if (counts.has(value)) return counts.get(value)
  counts.set(value, Infinity)
  const seen = see(value, reader.notes)
  const children = seen.fields?.find(({ key }) => key === 'children')
  const items = children ? (see(children.value, reader.notes).items ?? []) : []
  counts.set(value, [...items].reduce((sum, item) => sum + countTree(item.value, reader, counts), 1))
  return counts.get(value)
}

const byNumbers = (a, b) => a - b
const octets = (parse, key, compare) => optional(map(parse, key, integer(false, 8), compare))

const JOBS = {
  value_any: any,
  value_later: any,
  value_numbers: seq(f64),
  value_octets: seq(integer(false, 8)),
  value_bytes: bytes,
  value_table: map(undefined, string, f64, byCharacters),
  value_indexed: map(parseU32, integer(false, 32), string, byNumbers),
  value_pairs: seq(tuple(string, f64)),
  value_tree: wholeTree,
  value_shape: shape,
  value_unit: unit,
  value_record: struct({ name: string, note: optional(string), on: bool, ratio: f64, count: integer(false, 32), bytes, tags: seq(string) }),
  value_wide: struct({
    a: integer(true, 64), b: integer(false, 64), c: integer(true, 128), d: integer(false, 128),
    e: optional(integer(true, 8)), f: optional(integer(false, 16)), g: optional(integer(true, 32)), h: optional(f32),
  }),
  value_letters: struct({ one: char, letters: octets(undefined, char, byCharacters), flags: octets(parseBool, bool, (a, b) => (a < b ? -1 : 1)) }),
  value_match: struct({ index: integer(false, 32), input: string }),
  value_failure: struct({ name: string, message: string, stack: optional(string) }),
  value_picture: struct({ width: integer(false, 32), height: integer(false, 32), data: bytes, colorSpace: string }, { said: { colorSpace: 'color_space' } }),
  value_nothing: struct({}),
}
