// Random values of a job's type, each in one of the forms that the type takes; now and then a part of one is any value.

export class Fitting {
  constructor(making) {
    this.making = making
    const { random, primitives, binaries, clothes } = making
    Object.assign(this, { random, primitives, binaries, clothes })
    /** Of a hundred parts, how many are any value. */
    this.spoils = random.chance(0.2) ? 0.2 : 0
  }

  #part(value) {
    if (!this.random.chance(this.spoils)) return value
    this.making.say('a part is any value')
    return this.making.anything(1)
  }

  #times(most, make) {
    return Array.from({ length: this.random.below(most + 1) }, () => this.#part(make()))
  }

  #boxed(value) {
    return this.random.chance(0.05) ? Object(value) : value
  }

  /** For a type that takes numbers. */
  number() {
    return this.random.chance(0.03) ? this.making.date() : this.#boxed(this.primitives.number())
  }

  u32() {
    const value = this.primitives.u32()
    return this.random.chance(0.05) ? BigInt(value) : this.#boxed(value)
  }

  text() {
    return this.random.chance(0.03) ? this.making.date() : this.#boxed(this.primitives.text())
  }

  boolean() {
    return this.#boxed(this.random.chance(0.5))
  }

  /** An object with these fields and others, in any order; now and then one is missing. */
  #fields(fields, others = 3) {
    const { random, making } = this
    const entries = Object.entries(fields).map(([key, value]) => [key, this.#part(value)])
    if (random.chance(0.06)) entries.splice(random.below(entries.length), 1)
    for (let count = random.below(others + 1); count > 0; count--) {
      const key = `other ${this.primitives.key()}`
      entries.push([key, random.chance(0.1) ? making[random.pick(['deep', 'cycle', 'shared', 'wide', 'vast'])](2) : making.anything(2)])
    }
    const shuffled = random.shuffled(entries)
    return random.chance(0.1) ? this.clothes.map(shuffled) : this.clothes.object(shuffled)
  }

  any() {
    return this.making.anything(4)
  }

  later() {
    return this.making.anything(3)
  }

  record() {
    const { random } = this
    const fields = { name: this.text(), on: this.boolean(), ratio: this.number(), count: this.u32(), bytes: this.binaries.bytesLike(), tags: this.clothes.array(this.#times(4, () => this.text())) }
    if (random.chance(0.7)) fields.note = random.pick([null, undefined, this.text()])
    return this.#fields(fields)
  }

  nothing() {
    return this.#fields({}, 5)
  }

  numbers() {
    if (this.random.chance(0.3)) return this.binaries.view()
    return this.clothes.array(this.#times(this.random.chance(0.05) ? 2000 : 8, () => this.number()))
  }

  octets() {
    if (this.random.chance(0.4)) return this.binaries.view()
    return this.clothes.array(this.#times(8, () => this.random.below(this.random.chance(0.05) ? 300 : 256)))
  }

  bytes() {
    return this.random.chance(0.1) ? this.binaries.view() : this.binaries.bytesLike()
  }

  #entries(key, value) {
    return Array.from({ length: this.random.below(6) }, () => [key(), this.#part(value())])
  }

  table() {
    if (this.random.chance(0.05)) return this.making.rect()
    const entries = this.#entries(() => this.primitives.text(), () => this.number())
    return this.random.chance(0.3) ? this.clothes.map(entries) : this.clothes.object([...new Map(entries)])
  }

  indexed() {
    const { random } = this
    if (random.chance(0.4)) return this.clothes.map(this.#entries(() => this.u32(), () => this.text()))
    const key = () => random.pick([`${this.primitives.u32()}`, '007', '+5', '4294967295', random.chance(0.1) ? random.pick(['-1', '1.0', '', ' 1', '4294967296', '1e3', '٣']) : '12'])
    return this.clothes.object([...new Map(this.#entries(key, () => this.text()))])
  }

  pairs() {
    const entries = this.#entries(() => this.text(), () => this.number())
    if (this.random.chance(0.5)) return this.clothes.map(entries)
    const wrong = this.random.chance(0.1)
    return this.clothes.array(entries.map((pair) => this.clothes.array(wrong ? [...pair, 1] : pair, false)))
  }

  tree() {
    const { random, making } = this
    const kind = random.weighted({ tree: 8, chain: 2, cycle: 1, shared: 1 })
    if (kind === 'tree') return this.#tree(3)
    let node = { label: kind === 'shared' ? 'leaf' : this.text(), children: [] }
    if (kind === 'cycle') {
      node.children.push(this.#tree(1), random.chance(0.5) ? node : { children: [node] })
      making.say('a tree that contains itself')
      return node
    }
    const levels = kind === 'chain' ? random.pick([30, 60, 62, 63, 64, 65, 66, 1000]) : random.pick([3, 6, 9, 35])
    making.say(`${levels} levels of a tree, ${kind}`)
    for (let level = 0; level < levels; level++) node = { children: kind === 'chain' ? [node] : [node, node] }
    return node
  }

  #tree(depth) {
    const children = depth > 0 ? this.#times(3, () => this.#tree(depth - 1)) : []
    const fields = { label: this.random.pick([null, undefined, this.text()]) }
    if (children.length > 0 || this.random.chance(0.5)) fields.children = this.clothes.array(children)
    // A tree that has parents is an input like any.
    const node = this.#fields(fields, this.random.chance(0.1) ? 1 : 0)
    if (this.random.chance(0.3)) for (const child of children) this.#adopt(child, node)
    return node
  }

  #adopt(child, parent) {
    if (typeof child !== 'object' || child === null || this.making.notes.has(child)) return
    const takes = Object.isExtensible(child) && Object.getPrototypeOf(child) === Object.prototype
    if (takes) child.parent = parent
  }

  shape() {
    const { random } = this
    const kind = random.pick(['Unit', 'Newtype', 'Pair', 'Named', 'wrong'])
    if (kind === 'Unit') return random.pick([this.#boxed('Unit'), { Unit: null }, { Unit: undefined }])
    if (kind === 'wrong') return random.pick(['Other', 'Newtype', {}, { Other: 1 }, { Newtype: 1, Unit: null }, { Unit: 1 }, { Pair: [1, 'a', 2] }, { Pair: [1] }, 7, null])
    const payload = {
      Newtype: () => this.number(),
      Pair: () => this.clothes.array([this.#part(this.u32()), this.#part(this.text())], false),
      Named: () => this.#fields(random.chance(0.5) ? { x: this.number() } : { x: this.number(), y: random.pick([null, undefined, this.boolean()]) }, 1),
    }[kind]()
    return this.clothes.object([[kind, payload]])
  }

  unit() {
    return this.#part(this.random.pick([undefined, null]))
  }

  wide() {
    const { random, primitives } = this
    const safe = () => random.pick([0, -0, 1, Number.MAX_SAFE_INTEGER, random.below(2 ** 31)])
    const signed = (bits) => (random.chance(0.3) ? safe() : primitives.bigint(...(random.chance(0.1) ? [] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n])))
    const unsigned = (bits) => (random.chance(0.3) ? safe() : primitives.bigint(...(random.chance(0.1) ? [] : [0n, 2n ** bits - 1n])))
    const small = (least, most) => random.pick([null, undefined, least, most, 0, random.chance(0.1) ? most + 1 : 1, random.chance(0.1) ? 0.5 : 2, BigInt(most)])
    const fields = { a: signed(64n), b: unsigned(64n), c: signed(128n), d: unsigned(128n) }
    if (random.chance(0.6)) Object.assign(fields, { e: small(-128, 127), f: small(0, 65_535), g: small(-(2 ** 31), 2 ** 31 - 1), h: random.pick([null, this.number()]) })
    return this.#fields(fields, 1)
  }

  letters() {
    const { random } = this
    const letter = () => random.pick(['a', 'ä', '€', '😀', '\ud800', '\0', random.chance(0.1) ? random.pick(['', 'ab', 'e\u0301', '🇩🇪']) : 'b'])
    const octet = () => random.below(256)
    const fields = { one: this.#boxed(letter()) }
    const byLetter = () => this.#entries(letter, octet)
    if (random.chance(0.6)) fields.letters = random.chance(0.3) ? this.clothes.map(byLetter()) : this.clothes.object([...new Map(byLetter())])
    const flag = () => random.pick(['true', 'false', random.chance(0.1) ? 'True' : 'true'])
    if (random.chance(0.6)) {
      const byMap = random.chance(0.3)
      fields.flags = byMap ? this.clothes.map(this.#entries(() => random.chance(0.5), octet)) : this.clothes.object([...new Map(this.#entries(flag, octet))])
    }
    return this.#fields(fields, 1)
  }

  match() {
    return this.random.chance(0.7) ? this.making.match() : this.#fields({ index: this.u32(), input: this.text() })
  }

  failure() {
    return this.random.chance(0.7) ? this.making.failure() : this.#fields({ name: this.text(), message: this.text(), stack: null })
  }

  picture() {
    if (this.random.chance(0.6)) return this.making.picture()
    return this.#fields({ width: this.u32(), height: this.u32(), data: this.binaries.bytesLike(), colorSpace: this.text() })
  }
}
