// Random choices that are the same in every engine for the same seed and index.

export class Random {
  #state

  constructor(seed, index) {
    this.#state = [seed | 0, index | 0, 0x9e3779b9, 1]
    for (let i = 0; i < 20; i++) this.next()
  }

  /** From 0 to 1 (sfc32). */
  next() {
    let [a, b, c, d] = this.#state
    const sum = (((a + b) | 0) + d) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    d = (d + 1) | 0
    this.#state = [a, b, c, d]
    return (sum >>> 0) / 2 ** 32
  }

  below(limit) {
    return Math.floor(this.next() * limit)
  }

  chance(share) {
    return this.next() < share
  }

  pick(list) {
    return list[this.below(list.length)]
  }

  /** One of the keys of `weights`, each as often as its weight says. */
  weighted(weights) {
    const entries = Object.entries(weights)
    let rest = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [key, weight] of entries) if ((rest -= weight) < 0) return key
    return entries.at(-1)[0]
  }

  shuffled(list) {
    const rest = [...list]
    return Array.from(list, () => rest.splice(this.below(rest.length), 1)[0])
  }
}
