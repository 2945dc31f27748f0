// Whatever is passed: one meaning, one outcome, and nobody else's loss.

import { pattern, withPool, works } from '../pool.js'

const nested = (levels) => {
  let value = []
  for (let level = 0; level < levels; level++) value = [value]
  return value
}

/** An input twice: once small and ordinary, which may go by the lane, and once by message. */
const bothWays = (pool, job, input, options) =>
  Promise.all([{}, { timeout: 60_000 }].map((more) => pool.submit(job, input(), { ...options?.(), ...more }).catch((error) => error)))

export const tests = {
  'an input that refers to itself, or is nested deeply, concerns its job alone': withPool({ workers: 1 }, async (pool, t) => {
    const selfish = { number: 4 }
    selfish.self = selfish
    t.equal(await bothWays(pool, 'double', () => selfish), [8, 8], 'what the type does not ask for')
    for (const levels of [500, 2000, 10_000, 100_000]) {
      const bystander = pool.submit('nap', { ms: 20 })
      for (const refused of await bothWays(pool, 'double', () => ({ number: 4, junk: nested(levels) }))) {
        t.equal(refused.name, 'JobRejected')
        t.assert(/128 levels, at junk\[0\]/.test(refused.message), refused.message)
      }
      await bystander
    }
    const { restarts, generations } = await pool.stats()
    t.equal([restarts, generations], [0, 1])
  }),

  'an object is looked at once, however often it stands in an input': withPool({ workers: 1 }, async (pool, t) => {
    let twice = { leaf: 1 }
    for (let level = 0; level < 100; level++) twice = { a: twice, b: twice }
    const root = { children: [] }
    for (let child = 0; child < 1000; child++) root.children.push({ parent: root })
    t.equal(await bothWays(pool, 'double', () => ({ number: 1, twice, root })), [2, 2])
    const tooMany = await bothWays(pool, 'double', () => ({ number: 1, many: new Array(2 ** 30) }))
    for (const { message } of tooMany) t.assert(/more than 1048576 values.*typed array/.test(message), message)
  }),

  'what cannot be passed is refused by its path, and nobody else is hurt': withPool({ workers: 2 }, async (pool, t) => {
    class Untold {
      toString() {
        t.assert(false, 'a key of a Map was asked for its text')
      }
    }
    const { port1 } = new MessageChannel()
    const canvas = globalThis.OffscreenCanvas && new OffscreenCanvas(8, 8)
    const stream = new ReadableStream({})
    const refused = [
      [() => ({ number: 1, deep: [{ port: port1 }] }), [port1], /deep\[0\]\.port is a MessagePort/],
      [() => ({ number: 1, canvas }), [canvas], /canvas is an OffscreenCanvas/],
      [() => ({ number: 1, stream }), [stream], /stream is a ReadableStream/],
      [() => ({ number: 1, call: () => 1 }), [], /call is a function/],
      [() => ({ number: 1, [Symbol('ignored')]: 1, symbol: Symbol('x') }), [], /symbol is a symbol/],
      [() => ({ number: 1, photo: Promise.resolve() }), [], /photo is a Promise/],
      [() => ({ number: 1, page: document.body }), [], /page is a HTMLBodyElement/],
      [() => ({ get number() { throw new Error('not today') } }), [], /number could not be read: not today/],
      [() => ({ number: 1, gone: revoked() }), [], /gone could not be read/],
      [() => ({ number: 1, when: new Date(NaN) }), [], /when is an invalid date/],
      [() => ({ number: 1, ['long'.repeat(100)]: { last: () => 1 } }), [], /: (long){7}lo…ng(long){7}\.last is a function/],
      [() => ({ number: 1, map: new Map([[new Untold(), () => 1]]) }), [], /map\[an Object\] is a function/],
    ].filter(([, transfer]) => transfer[0] !== undefined || transfer.length === 0)
    const bystanders = Array.from({ length: 2 }, () => pool.submit('nap', { ms: 300 }))
    for (const [input, transfer, pattern] of refused) {
      const given = input()
      const error = await t.rejects(pool.submit('double', given, { transfer }), 'JobRejected', pattern)
      t.assert(error.input === given, 'the input is handed back')
    }
    port1.postMessage('it is still ours')
    const gone = new ArrayBuffer(8)
    structuredClone(gone, { transfer: [gone] })
    await t.rejects(pool.submit('sha', { bytes: gone }), 'JobRejected', /bytes could not be read/)
    await t.rejects(pool.submit('sha', { bytes: gone }, { transfer: [gone] }), 'JobRejected', /bytes could not be read/)
    await t.rejects(pool.submit('double', { number: 1 }, { transfer: [new ArrayBuffer(8)] }), 'JobRejected', /`transfer` lists a buffer that the input does not hold/)
    await t.rejects(pool.submit('double', { number: 1 }, { transfer: [port1] }), 'JobRejected', /`transfer\[0\]` is a MessagePort/)
    const bytes = pattern(70_000, 1)
    t.equal((await pool.submit('sha', { bytes }, { transfer: [bytes, bytes.buffer, bytes] })).len, 70_000, 'what is listed twice')
    await Promise.all(bystanders)
    const { restarts, generations, outcomes } = await pool.stats()
    t.equal([restarts, generations, outcomes.lost], [0, 1, 0])
  }),

  'whatever holds them, bytes and text that would be copied are counted': withPool({ workers: 1 }, async (pool, t) => {
    class Photo {
      #secret = 1
      constructor(bytes) {
        this.bytes = bytes
      }
    }
    const large = () => pattern(100_000, 1)
    const frame = document.body.appendChild(document.createElement('iframe'))
    const foreign = frame.contentWindow.eval('({ bytes: new Uint8Array(100000) })')
    const inputs = [
      ['class', new Photo(large())],
      ['image', { image: new ImageData(200, 200) }],
      ['frame', foreign],
      ['keys', { map: new Map([['k'.repeat(100_000), 1]]) }],
      ['text', { text: new String('t'.repeat(100_000)) }],
      ['shared', { bytes: new Uint8Array(new SharedArrayBuffer(100_000)) }],
    ]
    for (const [what, input] of inputs) {
      const error = await t.rejects(pool.submit('sha', input), 'JobRejected', /holds \d{6} bytes that would be copied.*`transfer`/)
      t.assert(error.input === input, what)
    }
    t.equal((await pool.submit('sha', new Photo(pattern(1000, 1)))).len, 1000)
    t.equal((await pool.submit('sha', foreign, { transfer: [foreign.bytes] })).len, 100_000, 'a buffer of a frame')
    frame.remove()
  }),

  'an input that its type refuses is handed back, with what was handed over': withPool({ workers: 1 }, async (pool, t) => {
    const bytes = pattern(100_000, 5)
    const hash = await t.sha256(bytes.slice())
    const error = await t.rejects(pool.submit('echo', { bytes, label: 5 }, { transfer: [bytes] }), 'JobRejected', /label/)
    t.equal([error.input.label, await t.sha256(error.input.bytes)], [5, hash])
    const small = await bothWays(pool, 'double', () => ({ number: 'three', when: new Date(5), set: new Set([1]), big: -5n }))
    for (const { input } of small) t.equal([input.number, input.when.getTime(), [...input.set], input.big], ['three', 5, [1], -5n])
    const blob = new Blob(['x'])
    const unread = await t.rejects(pool.submit('echo', { bytes: blob, label: 5 }), 'JobRejected', /label/)
    t.equal(await unread.input.bytes.text(), 'x')
  }),

  "a lease's view is an input as it is now": withPool({ workers: 1 }, async (pool, t) => {
    const expected = await t.sha256(pattern(1000, 7))
    for (let round = 0; round < 20; round++) {
      const lease = await pool.submit('lend', { len: 1000, seed: 7 })
      const digests = ['normal', 'high'].map((priority) => pool.submit('sha', { bytes: lease.view }, { priority }))
      lease.release()
      for (const { sha256 } of await Promise.all(digests)) t.equal(sha256, expected)
    }
    const large = await pool.submit('lend', { len: 100_000, seed: 7 })
    await t.rejects(pool.submit('sha', { bytes: large.view }), 'JobRejected', /100000 bytes that would be copied/)
    large.release()
  }),

  'a value means the same whichever way it goes': withPool({ workers: 2 }, async (pool, t) => {
    const large = pattern(1 << 20, 3)
    const counting = () => {
      let reads = 0
      return { get number() { return ++reads } }
    }
    class Backwards extends Array {
      *[Symbol.iterator]() {
        for (let i = this.length; i > 0; i--) yield this[i - 1]
      }
    }
    const proxy = (value) => new Proxy(value, {})
    const cases = [
      ['a Proxy', 'double', () => proxy({ number: 4 }), 8],
      ['a getter, read once', 'double', counting, 2],
      ['a match', 'match', () => /b/.exec('abc'), '1 in abc'],
      ['half of a surrogate pair', 'letter', () => ({ letter: '\uD800' }), 'U+FFFD'],
      ['a short view of a large buffer', 'numbers', () => ({ numbers: large.subarray(0, 3) }), '[3.0, 34.0, 65.0]'],
      ['an array that counts backwards', 'numbers', () => ({ numbers: Backwards.from([1, 2, 3]) }), '[1.0, 2.0, 3.0]'],
      ['a Proxy of an array', 'numbers', () => ({ numbers: proxy([1, 2]) }), '[1.0, 2.0]'],
      ['a set', 'numbers', () => ({ numbers: new Set([2, 1]) }), '[2.0, 1.0]'],
      ['a typed array', 'numbers', () => ({ numbers: new Float32Array([0.5, -1]) }), '[0.5, -1.0]'],
      ['a map', 'double', () => new Map([['number', 4]]), 8],
      ['a boxed number', 'double', () => ({ number: Object(4) }), 8],
    ]
    for (const [what, job, input, expected] of cases) t.equal(await bothWays(pool, job, input), [expected, expected], what)
    const changing = () => {
      const numbers = new Uint8Array(new SharedArrayBuffer(2)).fill(1)
      queueMicrotask(() => numbers.fill(2))
      return { numbers }
    }
    t.equal(await bothWays(pool, 'numbers', changing), ['[1.0, 1.0]', '[1.0, 1.0]'], 'shared memory')
    t.assert(large.byteLength === 1 << 20, 'its buffer is where it was')
  }),

  'a getter of an input may submit a job': withPool({ workers: 1 }, async (pool, t) => {
    for (const options of [{}, { timeout: 60_000 }]) {
      let inner
      const outer = pool.submit('double', { get number() { inner = pool.submit('double', { number: 5 }, options); return 6 } }, options)
      t.equal(await Promise.all([outer, inner]), [12, 10])
    }
  }),

  'an option that is not known or not allowed is refused by the promise': withPool({ workers: 1 }, async (pool, t) => {
    const refused = (options, pattern) => t.rejects(pool.submit('double', { number: 1 }, options), 'OffmainError', pattern)
    await refused({ prioritty: 'high' }, /unknown option `prioritty`; known options: signal, priority/)
    await refused({ priority: 'urgent' }, /the option `priority` is 'urgent'; it must be 'high', 'normal' or 'low'/)
    await refused({ timeout: -1 }, /the option `timeout` is -1/)
    await refused({ timeout: '5' }, /the option `timeout` is '5'/)
    await refused({ signal: {} }, /the option `signal`.*AbortSignal/)
    await refused({ wait: 'yes' }, /the option `wait` is 'yes'/)
    await refused({ transfer: 5 }, /the option `transfer` is 5/)
    await refused(null, /the options are null/)
    await refused(7, /the options are 7/)
    await t.rejects(pool.submit('double', null), 'JobRejected', /input of `double` was refused/)
    await t.rejects(pool.submit(undefined, {}), 'OffmainError', /name is undefined/)
    const error = await pool.submit('double', {}, { priority: 'urgent' }).catch((error) => error)
    t.equal(error.code, 'option')
    await works(pool, t)
  }),

  'a report that cannot be told is counted, and its job is not touched': withPool({ workers: 1 }, async (pool, t) => {
    const job = pool.submit('report_large', { number: 5 })
    const seen = []
    for await (const report of job.progress) seen.push(report)
    t.equal([await job, seen, (await pool.stats()).reportsLost], [5, [1], 1])
  }),
}

function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
