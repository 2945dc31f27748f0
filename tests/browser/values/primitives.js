// Random primitives, those at the edges more often than others.

const SAFE = Number.MAX_SAFE_INTEGER
const NUMBERS = [
  0, -0, 1, -1, 0.5, -0.5, NaN, Infinity, -Infinity, 127, 128, -128, -129, 255, 256, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), -(2 ** 31) - 1, 2 ** 32 - 1,
  2 ** 32, SAFE, SAFE - 1, 2 ** 53, 2 ** 53 + 2, -SAFE, -(2 ** 53), 2 ** 63, 2 ** 64, -(2 ** 63), 1e21, 1e300, Number.MIN_VALUE, Number.MAX_VALUE, Number.EPSILON, 0.1, 1 / 3,
]
const TEXTS = [
  '', 'a', 'Unit', 'Newtype', '5', '-1', '1.5', 'true', 'null', 'NaN', '__proto__', 'constructor', 'length', 'index', '\0', '\u0000x', '"quoted" \\ back', 'ä', '€', '😀', 'e\u0301',
  '\ud800', '\udfff', 'x\ud800y', '\udc00\ud800', '\ud83d', 'ab\udc00', '\ufffd', '\ufeffbom', '\u2028', 'line\nline\r\n', '\u007f\u0080',
]
const BITS = [0n, 1n, 7n, 31n, 32n, 53n, 62n, 63n, 64n, 65n, 100n, 126n, 127n, 128n]

export class Primitives {
  constructor(random) {
    this.random = random
  }

  number() {
    const { random } = this
    const kind = random.below(10)
    if (kind < 4) return random.pick(NUMBERS)
    if (kind < 7) return random.below(1000) - 200
    if (kind < 8) return random.below(2 ** 32) * 2 ** 21 * (random.chance(0.5) ? 1 : -1)
    return (random.next() - 0.5) * 10 ** (random.below(40) - 20)
  }

  u32() {
    const { random } = this
    return random.chance(0.3) ? random.pick([0, 1, 255, 2 ** 31, 2 ** 32 - 1, -0]) : random.below(random.pick([10, 1000, 2 ** 32]))
  }

  /** One that has a meaning: within 128 bits. */
  bigint(least = -(2n ** 127n), most = 2n ** 128n - 1n) {
    const { random } = this
    for (;;) {
      const edge = 2n ** random.pick(BITS)
      const near = random.chance(0.5) ? edge + BigInt(random.below(3) - 1) : (edge * BigInt(random.below(2 ** 32))) >> 32n
      const value = random.chance(0.5) ? near : -near
      if (value >= least && value <= most) return value
    }
  }

  text() {
    const { random } = this
    const kind = random.below(20)
    if (kind < 8) return random.pick(TEXTS)
    if (kind < 9) return random.pick(TEXTS) + random.pick(TEXTS) + random.pick(TEXTS)
    if (kind < 10) return Array.from({ length: random.below(500) }, () => random.pick(['a', 'b', 'ß', '漢', '🦀', '\udead'])).join('')
    return this.key()
  }

  /** Of letters alone. */
  key() {
    const { random } = this
    const long = random.chance(0.03) ? random.below(200) : 0
    return Array.from({ length: 1 + random.below(8) + long }, () => String.fromCharCode(97 + random.below(26))).join('')
  }

  primitive() {
    const kind = this.random.weighted({ number: 8, text: 8, boolean: 3, null: 2, undefined: 2, bigint: 2 })
    if (kind === 'boolean') return this.random.chance(0.5)
    if (kind === 'null') return null
    return kind === 'undefined' ? undefined : this[kind]()
  }
}
