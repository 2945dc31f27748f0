// Random JavaScript values for jobs of several types: the same for the same seed and index, in every engine but for what it lacks. About half
// of them fit their job's type.

import { Binary } from './binary.js'
import { Clothes, HOLE } from './clothes.js'
import * as constants from './constants.js'
import { Fitting } from './fitting.js'
import { OPAQUE, fileList } from './platform.js'
import { Primitives } from './primitives.js'
import { Random } from './random.js'

/** How often each job is asked. */
export const JOBS = {
  any: 6, later: 2, record: 4, nothing: 3, numbers: 2, octets: 1, bytes: 2, table: 2, indexed: 1.5, pairs: 1.5, tree: 2, shape: 2, unit: 0.5, wide: 2, letters: 1.5,
  match: 1, failure: 1, picture: 0.7,
}

/** What is around levels, values and texts that are too many. */
const LEVELS = [60, 100, 126, 127, 128, 129, 130, 500, 1500, 2500, 10_000, 100_000]
const TEXT = 65_536
const NODES = 2 ** 20

/**
 * The value with this index: { job, input, transfer, notes, reads, buffers, text }. `notes` says what the oracle must not or cannot look at: getters,
 * what is behind a Proxy, what is in a blob. `reads` counts how often each getter was read. `world` has `submit`, which some getters call, and
 * `realm`, another window.
 */
export function generate(seed, index, world = {}) {
  return new Making(new Random(seed, index), world).make()
}

export class Making {
  constructor(random, world) {
    this.random = random
    this.world = world
    this.notes = new Map()
    this.said = []
    const say = (text) => void this.said.push(text)
    this.say = say
    this.primitives = new Primitives(random)
    this.binaries = new Binary(random, this.notes, world.realm, say)
    this.clothes = new Clothes(random, this.notes, world, say)
    /** Values that were made before, to be referred to again. */
    this.earlier = []
    /** Whether somewhere in it is something that no job is passed. */
    this.poisoned = random.chance(0.2)
  }

  make() {
    const { random } = this
    const job = random.weighted(JOBS)
    const fits = random.chance(0.75)
    const input = fits ? new Fitting(this)[job]() : this.#root()
    const transfer = this.#transfer()
    const [{ reads }, { buffers }] = [this.clothes, this.binaries]
    const text = `${job}, ${fits ? 'fitting' : 'any value'}: ${this.said.join(', ').slice(0, 1500)}`
    return { job: `value_${job}`, input, transfer, notes: this.notes, reads, buffers, text, touched: () => this.clothes.touched }
  }

  #root() {
    const kind = this.random.weighted({ anything: 10, deep: 1, shared: 0.7, cycle: 0.7, wide: 0.5, vast: 0.4, bad: 0.5 })
    return this[kind](4)
  }

  /** A value of any kind, at most so deep. */
  anything(depth = 2) {
    const { random } = this
    if (this.poisoned && random.chance(0.25)) {
      this.poisoned = false
      return this.bad(depth)
    }
    const inner = depth > 0 ? 4 : 0
    const kind = random.weighted({ primitive: 8, object: inner, array: inner * 0.8, map: inner * 0.4, set: inner * 0.2, special: 2, binary: 2, boxed: 0.7, again: 0.6, arguments: inner * 0.1 })
    const value = this[kind](depth)
    if (typeof value === 'object' && value !== null) this.earlier.push(value)
    return value
  }

  primitive() {
    return this.primitives.primitive()
  }

  #many(depth) {
    return Array.from({ length: this.random.below(5) }, () => this.anything(depth - 1))
  }

  entries(depth) {
    const { random } = this
    const entries = this.#many(depth).map((value) => [random.chance(0.15) ? this.primitives.text() : this.primitives.key(), value])
    return [...new Map(entries)]
  }

  object(depth) {
    return this.clothes.object(this.entries(depth))
  }

  array(depth) {
    return this.clothes.array(this.#many(depth).flatMap((item) => (this.random.chance(0.05) ? [HOLE, item] : [item])), false)
  }

  arguments(depth) {
    return this.clothes.arguments(this.#many(depth))
  }

  map(depth) {
    const { random } = this
    const key = () => (random.chance(0.6) ? this.primitives.key() : this.anything(random.chance(0.3) ? depth - 1 : 0))
    return this.clothes.map(this.#many(depth).map((value) => [key(), value]))
  }

  set(depth) {
    this.say('set')
    return new Set(this.#many(depth))
  }

  binary() {
    return this.random.chance(0.6) ? this.binaries.view() : this.binaries.bytesLike()
  }

  boxed() {
    const value = this.random.pick([true, this.primitives.number(), this.primitives.text(), this.primitives.bigint()])
    this.say('boxed')
    return Object(value)
  }

  /** What was made before: the same object in another place. */
  again(depth) {
    if (this.earlier.length === 0) return this.primitive(depth)
    this.say('again')
    return this.random.pick(this.earlier)
  }

  /** Objects that have a meaning of their own. */
  special() {
    const { random } = this
    const kind = random.pick(['date', 'date', 'failure', 'failure', 'rect', 'picture', 'match', 'module', 'files'])
    this.say(kind)
    return this[kind]()
  }

  date() {
    const { random } = this
    const ms = random.pick([0, -1, 1e12 + random.below(1e9), 8.64e15, -8.64e15, -62_198_755_200_000, 253_402_300_800_000, random.below(2 ** 32) * 500])
    const Kind = (random.chance(0.1) && this.world.realm?.Date) || (random.chance(0.1) ? class Day extends Date {} : Date)
    return new Kind(ms)
  }

  failure() {
    const { random } = this
    const message = random.chance(0.3) ? '' : this.primitives.key()
    const Kind = (random.chance(0.1) && this.world.realm?.RangeError) || random.pick([Error, TypeError, SyntaxError, class Custom extends Error { name = 'Custom' }])
    if (random.chance(0.15)) return new AggregateError([new Error('inner')], message)
    if (random.chance(0.15)) return new DOMException(message, 'DataError')
    const error = new Kind(message, { cause: { detail: 1 } })
    if (random.chance(0.2)) Object.assign(error, { code: 7, act: () => {} })
    return error
  }

  rect() {
    const [x, y, z, w] = [1, 2, 3, 4].map(() => this.random.below(100) - 50)
    if (typeof DOMRect === 'undefined') return this.date()
    const makes = [() => new DOMRect(x, y, z, w), () => new DOMRectReadOnly(x, y, z, w), () => new DOMPoint(x, y, z, w), () => new DOMQuad({ x, y }), () => new DOMMatrix([1, 0, 0, 1, x, y])]
    return this.random.pick(makes)()
  }

  picture() {
    if (typeof ImageData === 'undefined') return this.date()
    const image = new ImageData(1 + this.random.below(4), 1 + this.random.below(4))
    image.data.set(this.binaries.bytes(image.data.length))
    return image
  }

  match() {
    const found = this.random.pick([/b+/.exec('aabbb'), /(?<letter>b)(c)?/.exec('äab'), /(?<letter>b)/d.exec('ab'), [...'abcab'.matchAll(/b/g)][1]])
    if (!found.groups || this.random.chance(0.8)) return found
    found.groups.letter = this.anything(1)
    return found
  }

  module() {
    return constants
  }

  files() {
    const files = typeof File === 'undefined' ? undefined : fileList([1, 2].map((count) => new File([new Uint8Array(count)], `${count}`)))
    if (!files) return this.date()
    for (const file of files) this.notes.set(file, { body: new Uint8Array(file.size) })
    this.notes.set(files, { items: [...files] })
    return files
  }

  /** What no job is passed. */
  bad(depth) {
    const { random } = this
    const kind = random.weighted({ function: 2, symbol: 2, opaque: 5, throws: 4, lost: 3, 'invalid date': 1, 'large bigint': 1, proxies: 1, 'boxed symbol': 0.3, deep: 0.5, vast: 0.3 })
    if (kind === 'opaque') return this.#opaque()
    if (kind === 'throws') return this.clothes.thrower([['first', 1], ...this.entries(1).filter(([key]) => key !== 'first')])
    if (kind === 'lost') return this.binaries.lost()
    if (kind === 'deep' || kind === 'vast') return this[kind](depth)
    this.say(kind)
    if (kind === 'function') return random.pick([() => {}, class {}, async () => {}, Math.max, function* () {}])
    if (kind === 'symbol') return random.pick([Symbol('a'), Symbol.iterator, Symbol.for('b')])
    if (kind === 'boxed symbol') return this.#noted(Object(Symbol('a')), { opaque: 'Symbol' })
    if (kind === 'invalid date') return new Date(NaN)
    if (kind === 'large bigint') return random.pick([2n ** 128n, -(2n ** 127n) - 1n, 10n ** 60n])
    return this.clothes.proxy(() => {})
  }

  #opaque() {
    const kind = this.random.pick(Object.keys(OPAQUE))
    this.say(kind)
    return this.#noted(OPAQUE[kind](), { opaque: kind })
  }

  #noted(value, note) {
    this.notes.set(value, note)
    return value
  }

  /** Around the deepest that is taken, and far beyond. */
  deep() {
    const { random } = this
    const levels = random.pick(LEVELS)
    const kind = random.pick(['object', 'array', 'map', 'with parents'])
    this.say(`${levels} levels of ${kind}`)
    let value = kind === 'with parents' ? { next: 1 } : 1
    for (let level = kind === 'with parents' ? 1 : 0; level < levels; level++) {
      const inner = value
      if (kind === 'array') value = [inner]
      else if (kind === 'map') value = new Map([['next', inner]])
      else value = { next: inner }
      if (kind === 'with parents') inner.parent = value
    }
    return value
  }

  /** References that unfold to many values, or far too many. */
  shared() {
    const levels = this.random.pick([2, 5, 8, 11, 40, 100])
    this.say(`${levels} levels of two references`)
    let value = levels < 8 ? this.anything(1) : { number: 7 }
    for (let level = 0; level < levels; level++) value = this.random.chance(0.5) ? [value, value] : { left: value, right: value }
    return value
  }

  cycle(depth) {
    const kind = this.random.pick(['object', 'array', 'map', 'key of a map', 'set'])
    this.say(`cycle: ${kind}`)
    const value = { array: [], map: new Map(), 'key of a map': new Map(), set: new Set() }[kind] ?? {}
    const inner = [this.anything(depth - 1), { value }]
    if (kind === 'array') value.push(...inner, value)
    else if (kind === 'map') value.set('self', value).set('inner', inner)
    else if (kind === 'key of a map') value.set(value, inner)
    else if (kind === 'set') value.add(value).add(inner)
    else Object.assign(value, { self: value, inner })
    return value
  }

  wide() {
    const count = this.random.chance(0.04) ? this.random.pick([NODES - 2, NODES - 1, NODES, 2 ** 32 - 1]) : this.random.below(3000)
    this.say(`${count} items`)
    const value = new Array(count)
    if (count < NODES * 2) value.fill(7)
    return value
  }

  /** More text or binary data than is taken, or just as much. */
  vast() {
    const { random } = this
    const length = TEXT + random.pick([0, 1, 1000])
    const kind = random.pick(['text', 'texts', 'bytes', 'view', 'key'])
    this.say(`${length} of ${kind}`)
    if (kind === 'text') return 'a'.repeat(length)
    if (kind === 'texts') return ['a'.repeat(length - 10), 'b'.repeat(10)]
    if (kind === 'key') return new Map([['a'.repeat(length), 1]])
    const buffer = new ArrayBuffer(length)
    this.binaries.buffers.push(buffer)
    return kind === 'bytes' ? buffer : new Uint8Array(buffer)
  }

  /** The option `transfer`: what is in it, in several ways, and at times what must not be. */
  #transfer() {
    const { random } = this
    const buffers = this.binaries.buffers
    if (!random.chance(buffers.length > 0 ? 0.5 : 0.05)) return undefined
    const list = random.shuffled(buffers).slice(0, 1 + random.below(buffers.length))
    const listed = list.map((buffer) => (random.chance(0.3) && buffer.byteLength > 0 ? new Uint8Array(buffer, 0, 1) : buffer))
    if (list.length > 0 && random.chance(0.2)) listed.push(list[0], new DataView(list[0]))
    const wrong = random.chance(0.15)
    if (wrong) listed.push(random.pick(this.#wrong()))
    this.say(`transfers ${listed.length}${wrong ? ', one wrong' : ''}`)
    return listed
  }

  #wrong() {
    const fixed = [...this.notes].filter(([, { fixed }]) => fixed).map(([buffer]) => buffer)
    const shared = typeof SharedArrayBuffer === 'undefined' ? [] : [new SharedArrayBuffer(8), new Uint8Array(new SharedArrayBuffer(8))]
    return [new ArrayBuffer(8), new Uint8Array(8), null, undefined, 7, 'buffer', {}, [], new MessageChannel().port1, ...shared, ...fixed]
  }
}
