// Sends random values to jobs of many types by every way that a job travels, and compares what becomes of each with what the oracle says.

import { expected } from './oracle.js'
import { generate } from './generator.js'
import { otherRealm } from './platform.js'

/** How each value goes: in which pool, with which options. The lane takes small values of ordinary jobs. */
const WAYS = {
  lane: { pool: 'lane', options: {} },
  message: { pool: 'message', options: {} },
  'with a time limit': { pool: 'message', options: { timeout: 600_000, priority: 'high' } },
}

/** Values that are on their way at one time. */
const IN_FLIGHT = 24

/** After this a promise counts as pending for ever. */
const PENDING_MS = 20_000

/** Differences that are told; what comes after is counted. */
const TOLD = 40

export class Trial {
  /** `start` is that of the tests' package. */
  static async open(start, seed, config = {}) {
    const pools = { lane: await start({ workers: 2, lane: 'auto', ...config }), message: await start({ workers: 2, lane: 'message', ...config }) }
    return new Trial(pools, seed)
  }

  constructor(pools, seed) {
    Object.assign(this, { pools, seed })
    this.realm = otherRealm()
    this.counts = { done: 0, rejected: 0, unclear: 0, bystanders: 0 }
    this.submitted = { lane: 0, message: 0 }
    this.differences = []
    this.different = 0
  }

  /** Sends the values with these indexes, beside a trickle of other jobs; gives what there was so far. */
  async run(first, count) {
    let next = first
    const line = async () => {
      while (next < first + count) await this.#value(next++)
    }
    const bystanders = new AbortController()
    const trickles = Object.keys(this.pools).map((pool) => this.#trickle(pool, bystanders.signal))
    try {
      await Promise.all(Array.from({ length: IN_FLIGHT }, line))
    } finally {
      bystanders.abort()
      await Promise.all(trickles)
    }
    return this.#facts()
  }

  /** Whether the pools are what they were, and no outcome is missing. */
  async close() {
    for (const [name, pool] of Object.entries(this.pools)) await this.#checkPool(name, pool)
    for (const pool of Object.values(this.pools)) pool.close()
    this.realm?.frameElement.remove()
    return this.#facts()
  }

  #facts() {
    const { counts, differences, different } = this
    return { counts, differences, different }
  }

  async #checkPool(name, pool) {
    const stats = await pool.stats()
    if (!stats) return this.#differ({ what: `the pool \`${name}\` has ended` })
    const { restarts, generations, outcomes, ignored, byLane } = stats
    const ended = Object.values(outcomes).reduce((sum, count) => sum + count, 0)
    if (name === 'lane') this.counts.byLane = byLane
    const is = { restarts, generations, ignored, ended }
    const right = { restarts: 0, generations: 1, ignored: 0, ended: this.submitted[name] }
    if (JSON.stringify(is) !== JSON.stringify(right)) this.#differ({ what: `the pool \`${name}\` is not what it was`, expected: right, got: { ...is, outcomes } })
  }

  /** Jobs that have nothing to do with the values: each is right. */
  async #trickle(pool, signal) {
    for (let number = 0; !signal.aborted; number++) {
      await this.#double(pool, number, 'a bystander')
      await new Promise((resolve) => setTimeout(resolve, 3))
    }
  }

  async #double(pool, number, what) {
    this.submitted[pool] += 1
    this.counts.bystanders += 1
    const got = await outcome(this.pools[pool].submit('double', { number }))
    if (got.done !== 2 * number) this.#differ({ what: `${what} in the pool \`${pool}\``, expected: 2 * number, got })
  }

  async #value(index) {
    await Promise.all(Object.keys(WAYS).map((way) => this.#send(index, way)))
  }

  async #send(index, way) {
    const { pool, options } = WAYS[way]
    // What a getter submits is a job like any.
    const world = { realm: this.realm, submit: () => void this.#double(pool, index, 'a job of a getter') }
    const made = generate(this.seed, index, world)
    const right = expected(made)
    const lengths = made.buffers.map((buffer) => buffer.byteLength)
    const { job, input, transfer } = made
    this.submitted[pool] += 1
    const got = await outcome(this.pools[pool].submit(job, input, transfer ? { ...options, transfer } : options))
    this.counts['done' in right ? 'done' : right.rejected ? 'rejected' : 'unclear'] += 1
    for (const what of faults(made, right, got, lengths)) this.#differ({ index, way, what, description: made.text, expected: right, got })
  }

  #differ(difference) {
    this.different += 1
    if (this.differences.length < TOLD) this.differences.push({ seed: this.seed, ...told(difference) })
  }
}

function isBoxed(value) {
  try {
    return [Boolean, Number, String, BigInt].some((Kind) => value instanceof Kind)
  } catch {
    // A Proxy that does not want to tell.
    return false
  }
}

/** What is wrong with what became of a value. */
function* faults(made, right, got, lengths) {
  const wrong = wrongEnd(right, got)
  if (wrong) yield wrong
  for (const { key, reads, object } of made.reads) if (reads > 1 || (reads < 1 && right.done && right.reached.has(object))) yield `the getter ${key} was read ${reads} times`
  if (made.touched()) yield `${made.touched()} was read`
  if (wrong || right.unclear) return
  const listed = new Set((made.transfer ?? []).map((item) => (ArrayBuffer.isView(item) ? item.buffer : item)))
  for (const [number, buffer] of made.buffers.entries()) {
    const moved = lengths[number] > 0 && buffer.byteLength === 0
    if (right.atOnce && moved) yield `buffer ${number} is gone though the input was refused`
    if (right.done && lengths[number] > 0 && moved !== listed.has(buffer)) yield `buffer ${number} is ${moved ? 'gone' : 'still here'}`
    if (!right.atOnce && !right.done && moved && !listed.has(buffer)) yield `buffer ${number} was not listed, and is gone`
  }
  // What was boxed comes back as it is.
  const boxed = right.rejected && isBoxed(made.input)
  if (right.rejected && !boxed && typeof made.input === 'object' && made.input !== null && typeof got.input !== 'object') yield 'the input was not handed back'
}

function wrongEnd(right, got) {
  if (got.pending) return 'the promise is pending'
  if (right.unclear) return undefined
  if ('done' in right) return got.done === right.done ? undefined : 'another end'
  if (got.name !== 'JobRejected') return 'another end'
  const text = got.message.toLowerCase()
  const tells = right.rejected.some((mentions) => mentions.every((mention) => text.includes(mention.toLowerCase())))
  return tells ? undefined : 'the refusal does not tell why'
}

/** { done }, { name, message, input } or { pending }. */
export async function outcome(job) {
  let timer
  const pending = new Promise((resolve) => (timer = setTimeout(resolve, PENDING_MS, { pending: true })))
  const ended = job.then((done) => ({ done }), (error) => ({ name: error?.name, message: `${error?.message ?? error}`, input: error?.input }))
  try {
    return await Promise.race([ended, pending])
  } finally {
    clearTimeout(timer)
  }
}

/** As plain data that is not too long. */
function told({ expected, got, ...rest }) {
  const short = (value) => value && (JSON.stringify(value, (key, inner) => (key === 'input' ? typeof inner : key === 'reached' ? undefined : inner)) ?? String(value)).slice(0, 1200)
  return { ...rest, expected: short(expected), got: short(got) }
}

/** One value, for whoever has jobs of other kinds beside it: what to submit, and `wrong(outcome)`, which says what is wrong with its end. */
export function draw(seed, index, world) {
  const made = generate(seed, index, world)
  const right = expected(made)
  return { made, right, wrong: (got) => wrongEnd(right, got) }
}
