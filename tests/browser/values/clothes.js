// The same fields and items as different objects: plain ones, instances, Proxies, with getters, of another realm.

/** No item. */
export const HOLE = Symbol('a hole')

class Instance {
  #secret = 7
  static kind = 'not own'

  get derived() {
    return this.#secret
  }

  act() {
    return this.derived
  }
}

class Tagged {
  get [Symbol.toStringTag]() {
    return 'Promise'
  }
}

class List extends Array {}

class Table extends Map {
  constructor(entries) {
    super(entries)
    this.own = () => 'not passed'
  }
}

const PLAIN = { plain: 10, 'null prototype': 1, instance: 2, tagged: 0.5, impostor: 0.3, frozen: 0.5, realm: 0.7 }
const ALL = { ...PLAIN, getters: 2, proxy: 1, 'reactive proxy': 1 }

export class Clothes {
  constructor(random, notes, world, say) {
    Object.assign(this, { random, notes, world, say })
    /** How often each getter was read. */
    this.reads = []
    this.thrown = 0
  }

  /** An object of these fields. */
  object(entries) {
    const kind = this.random.weighted(ALL)
    if (kind !== 'plain') this.say(kind)
    if (kind === 'proxy') return this.proxy(this.object(entries))
    if (kind === 'reactive proxy') return this.#reactive(this.object(entries))
    const value = this.#bare(kind)
    const read = kind === 'getters' ? this.random.below(entries.length) : -1
    entries.forEach(([key, item], index) => {
      if (index === read) this.getter(value, key, { value: item })
      else define(value, key, item)
    })
    this.#beside(value)
    return kind === 'frozen' ? Object.freeze(value) : value
  }

  #bare(kind) {
    if (kind === 'null prototype') return Object.create(null)
    if (kind === 'instance') return new Instance()
    if (kind === 'tagged') return new Tagged()
    if (kind === 'impostor') return this.#impostor()
    return kind === 'realm' && this.world.realm ? new this.world.realm.Object() : {}
  }

  /** It has the methods of a kind, but is none. */
  #impostor() {
    const value = Object.create(this.random.pick([Date, Map, Set, Uint8Array, ArrayBuffer, Promise, Number]).prototype)
    this.#note(value).impostor = true
    return value
  }

  /** What no job sees: symbols, and what is not enumerable. */
  #beside(value) {
    const { random } = this
    if (random.chance(0.05)) value[Symbol('key')] = () => {}
    if (random.chance(0.05)) Object.defineProperty(value, 'hidden', { enumerable: false, get: () => Object.assign(this, { touched: 'a getter that is not enumerable' }) })
  }

  /** A getter that counts how often it is read, gives a value or throws, and at times submits a job. */
  getter(object, name, what) {
    const key = String(name)
    const [note, counter] = [this.#note(object), { key, reads: 0, object }]
    this.reads.push(counter)
    ;(note.getters ??= new Map()).set(key, what)
    const submits = this.random.chance(0.1)
    this.say(`getter ${this.#said(key)}${'error' in what ? ' throws' : ''}${submits ? ' submits' : ''}`)
    const get = () => {
      counter.reads += 1
      if (submits) this.world.submit?.()
      if ('error' in what) throw what.error
      return what.value
    }
    Object.defineProperty(object, key, { enumerable: true, configurable: true, get })
  }

  #said(key) {
    return JSON.stringify(key).slice(0, 30)
  }

  #note(object) {
    if (!this.notes.has(object)) this.notes.set(object, {})
    return this.notes.get(object)
  }

  proxy(target, handler = {}, note = {}) {
    const proxy = new Proxy(target, handler)
    this.notes.set(proxy, { target, ...note })
    return proxy
  }

  /** As reactive libraries make them: what is read is a Proxy, too. */
  #reactive(target) {
    const known = new WeakMap()
    const wrap = (value) => {
      const prototype = typeof value === 'object' && value !== null && !this.notes.has(value) ? Object.getPrototypeOf(value) : undefined
      if (prototype !== Object.prototype && prototype !== Array.prototype) return value
      if (!known.has(value)) known.set(value, new Proxy(value, handler))
      return known.get(value)
    }
    const handler = {
      get(target, key, receiver) {
        const value = Reflect.get(target, key, receiver)
        const own = Reflect.getOwnPropertyDescriptor(target, key)
        return own && !own.configurable ? value : wrap(value)
      },
    }
    return this.proxy(target, handler)
  }

  /** An error to throw, and what the refusal says of it. */
  error() {
    const message = `thrown ${this.thrown++}`
    return this.random.pick([
      { error: new Error(message), says: message },
      { error: new TypeError(message), says: message },
      { error: message, says: message },
      { error: null },
      { error: undefined },
      { error: Symbol('thrown') },
      { error: { toString: () => { throw new Error('not even that') } } },
      { error: Object.create(null) },
    ])
  }

  /** An object or an array that throws when it is looked at. */
  thrower(entries) {
    const what = this.error()
    const kind = this.random.pick(['getter', 'getter', 'getter of an array', 'own keys', 'get', 'descriptor', 'get of an array', 'revoked', 'revoked array'])
    this.say(`throws: ${kind}`)
    const throws = () => { throw what.error }
    const [key] = entries[0]
    const object = Object.fromEntries(entries)
    const at = (name) => (target, asked, receiver) => (asked === name ? throws() : Reflect.get(target, asked, receiver))
    if (kind === 'getter') return this.getter(object, key, what), object
    if (kind === 'getter of an array') {
      const list = [1, 2, 3]
      return this.getter(list, '1', what), list
    }
    if (kind === 'own keys') return this.proxy(object, { ownKeys: throws }, { trap: what })
    if (kind === 'descriptor') return this.proxy(object, { getOwnPropertyDescriptor: throws }, { trap: what })
    if (kind === 'get') return this.proxy(object, { get: at(key) }, { getters: new Map([[key, what]]) })
    if (kind === 'get of an array') return this.proxy([1, 2, 3], { get: at('1') }, { getters: new Map([['1', what]]) })
    const { proxy, revoke } = Proxy.revocable(kind === 'revoked' ? {} : [], {})
    revoke()
    this.notes.set(proxy, { revoked: true })
    return proxy
  }

  /** An array, or a set, of these items. */
  array(items, sets = true) {
    const { random } = this
    const kind = random.weighted({ plain: 10, subclass: 1, iterator: 1, named: 1, proxy: 1, 'proxy of a proxy': 0.3, reactive: 0.5, realm: 0.7, getter: 0.7, set: sets ? 1 : 0 })
    if (kind !== 'plain') this.say(`${kind} array`)
    if (kind === 'set') return new Set(items.map((item) => (item === HOLE ? undefined : item)))
    const value = kind === 'subclass' ? new List() : kind === 'realm' && this.world.realm ? new this.world.realm.Array() : []
    items.forEach((item, index) => item !== HOLE && define(value, String(index), item))
    value.length = items.length
    if (kind === 'iterator') value[Symbol.iterator] = function* () { yield 'wrong' }
    if (kind === 'named') Object.assign(value, { extra: () => {}, further: 7 })
    if (kind === 'getter' && items.length > 0) {
      const index = random.below(items.length)
      this.getter(value, String(index), { value: items[index] === HOLE ? undefined : items[index] })
    }
    if (kind === 'proxy') return this.proxy(value)
    if (kind === 'proxy of a proxy') return this.proxy(this.proxy(value))
    return kind === 'reactive' ? this.#reactive(value) : value
  }

  map(entries) {
    const { random } = this
    const kind = random.weighted({ plain: 6, subclass: 1, realm: 0.7, expando: 1, iterator: 0.5 })
    this.say(`${kind} map`)
    if (kind === 'subclass') return new Table(entries)
    const value = new (kind === 'realm' && this.world.realm ? this.world.realm.Map : Map)(entries)
    if (kind === 'expando') Object.assign(value, { own: () => {} })
    if (kind === 'iterator') Object.assign(value, { [Symbol.iterator]: () => [][Symbol.iterator](), entries: () => [] })
    return value
  }

  /** The arguments of a call. */
  arguments(items) {
    this.say('arguments')
    return (function () { return arguments })(...items)
  }
}

/** Whatever its key: `__proto__` is one like any. */
function define(object, key, value) {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
}
