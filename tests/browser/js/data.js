// What goes in comes out: in the right hands, byte for byte, in order.

import { pattern, withPool } from '../pool.js'

const MB = 1 << 20

export const tests = {
  'a thousand small jobs settle in the right hands': withPool({ workers: 2 }, async (pool, t) => {
    const doubled = await Promise.all(Array.from({ length: 1000 }, (_, number) => pool.submit('double', { number })))
    t.equal(doubled, Array.from({ length: 1000 }, (_, number) => number * 2))
  }),

  '20 MB in and out arrive byte for byte, and the listed buffer is handed over': withPool({ workers: 2 }, async (pool, t) => {
    const bytes = pattern(20 * MB, 7)
    const hash = await t.sha256(bytes.slice())
    const there = await pool.submit('sha', { bytes: bytes.slice() }, {}).catch((error) => error)
    t.equal(there.name, 'JobRejected', 'a large buffer that is not listed')
    t.assert(/up to bytes it holds 20971520 bytes.*list buffers in `transfer`/.test(there.message), there.message)
    await t.rejects(pool.submit('panic', { message: 'x'.repeat(65_537) }), 'JobRejected', /up to message it holds 65537 bytes/)
    const listed = pool.submit('echo', { bytes, label: 'twenty' }, { transfer: [bytes.buffer] })
    t.equal(bytes.byteLength, 0, 'the caller lets go of what it listed')
    const echoed = await listed
    t.equal(echoed.label, 'twenty')
    t.equal(await t.sha256(echoed.bytes), hash, 'hash of what came back')
    const digest = await pool.submit('sha', { bytes: echoed.bytes }, { transfer: [echoed.bytes] })
    t.equal(digest, { sha256: hash, len: 20 * MB }, 'hash that the job made')
  }),

  'a blob goes in without touching the main thread': withPool({ workers: 1 }, async (pool, t) => {
    const bytes = pattern(3 * MB, 1)
    const blob = new Blob([bytes])
    t.equal((await pool.submit('sha', { bytes: blob })).sha256, await t.sha256(bytes))
  }),

  'the body of a response goes in, and one that breaks off or never ends leaves no job hanging': withPool({ workers: 1 }, async (pool, t) => {
    const bytes = pattern(3 * MB, 2)
    t.equal(await pool.submit('sha', { bytes: new Response(bytes) }), { sha256: await t.sha256(bytes), len: 3 * MB })
    const url = new URL('/suite.js', location.href)
    const fetched = await pool.submit('sha', { bytes: await fetch(url) })
    t.equal(fetched.sha256, await t.sha256(await (await fetch(url)).arrayBuffer()))
    const breaking = () => {
      let pulls = 0
      return new Response(new ReadableStream({ pull: (body) => (pulls++ < 2 ? body.enqueue(pattern(1000, 1)) : body.error(new TypeError('cut off'))) }))
    }
    await t.rejects(pool.submit('sha', { bytes: breaking() }), 'JobRejected', /the body of bytes could not be read/)
    const used = new Response('x')
    await used.text()
    await t.rejects(pool.submit('echo', { bytes: used, label: '' }), 'JobRejected', /the body of bytes could not be read/)
    const endless = (options) => pool.submit('sha', { bytes: new Response(new ReadableStream({})) }, options)
    await t.rejects(endless({ timeout: 50 }), 'TimeoutError')
    const cancelled = endless()
    cancelled.cancel()
    await t.rejects(cancelled, 'AbortError')
    const { rejected, timedOut, cancelled: stopped } = (await pool.stats()).outcomes
    t.equal([rejected, timedOut, stopped], [2, 1, 1], 'what is counted')
    const left = endless()
    pool.close()
    await t.rejects(left, 'PoolClosed')
  }),

  'a small buffer that is not listed stays with its caller': withPool({ workers: 1 }, async (pool, t) => {
    const bytes = pattern(1000, 3)
    const echoed = await pool.submit('echo', { bytes, label: '' })
    t.equal(bytes, pattern(1000, 3))
    t.equal(echoed.bytes, bytes)
  }),

  'a blob that cannot be read is refused, and the worker goes on': withPool({ workers: 1 }, async (pool, t) => {
    const file = await vanishedFile(t)
    await t.rejects(pool.submit('sha', { bytes: file }), 'JobRejected', /`sha`.*the blob at `bytes` \(1000 bytes\) could not be read: ./)
    t.equal(await pool.submit('double', { number: 4 }), 8)
  }),

  'bytes that a job makes arrive whole': withPool({ workers: 1 }, async (pool, t) => {
    for (const len of [0, 1, 65_537, 5 * MB]) t.equal(await t.sha256(await pool.submit('make', { len, seed: 9 })), await t.sha256(pattern(len, 9)))
  }),

  'progress arrives in order, and before the outcome': withPool({ workers: 2 }, async (pool, t) => {
    const job = pool.submit('steps', { steps: 20, every_ms: 1 })
    let settled = false
    job.then(() => (settled = true))
    const seen = []
    for await (const step of job.progress) {
      t.assert(!settled, `progress ${step} came after the outcome`)
      seen.push(step)
    }
    t.equal(seen, Array.from({ length: 20 }, (_, step) => step))
    t.equal(await job, 20)
  }),

  'a second reader of a job’s progress is refused, and the first gets everything': withPool({ workers: 1 }, async (pool, t) => {
    const job = pool.submit('steps', { steps: 5, every_ms: 5 })
    const read = async () => {
      const seen = []
      for await (const step of job.progress) seen.push(step)
      return seen
    }
    const first = read()
    const refused = () => t.rejects(read(), 'OffmainError', /progress of this job already has a reader/)
    t.equal((await refused()).code, 'progress')
    t.equal(await first, [0, 1, 2, 3, 4])
    await job
    await refused()
    // As of a job that reports nothing.
    const silent = pool.submit('double', { number: 1 })
    await silent
    for await (const _ of silent.progress) t.assert(false, 'it has reported')
    t.assert(await t.rejects((async () => silent.progress[Symbol.asyncIterator]())(), 'OffmainError'))
  }),

  'of a million reports the newest is kept, and the order': withPool({ workers: 1 }, async (pool, t) => {
    const [plain, async] = [pool.submit('steps', { steps: 1_000_000, every_ms: 0 }), pool.submit('await_thread', { number: 1_000_000 })]
    for (const job of [plain, async]) {
      const seen = []
      for await (const report of job.progress) seen.push(report)
      await job
      t.equal(seen.at(-1), 999_999, 'the newest')
      t.assert(seen.length < 20_000, `${seen.length} reports got through`)
      t.assert(seen.every((report, i) => i === 0 || report > seen[i - 1]), 'out of order')
    }
  }),

  'an async job fetches': withPool({ workers: 1 }, async (pool, t) => {
    const url = new URL('/suite.js', location.href).href
    const job = pool.submit('fetch', { url })
    const reports = []
    for await (const report of job.progress) reports.push(report)
    t.equal(await job, await (await fetch(url)).text())
    t.equal(reports, ['asking'])
  }),

  'an async job is woken by a thread': withPool({ workers: 2 }, async (pool, t) => {
    const numbers = await Promise.all([1, 2, 3, 4, 5].map((number) => pool.submit('await_thread', { number })))
    t.equal(numbers, [2, 3, 4, 5, 6])
  }),

  'two pools on one page keep to themselves': async (t) => {
    await withPool({ workers: 1 }, (one) =>
      withPool({ workers: 1 }, async (two) => {
        await one.submit('visit', {})
        t.equal((await one.submit('visit', {})).visits, 2)
        t.equal((await two.submit('visit', {})).visits, 1)
        one.close()
        t.equal(await two.submit('double', { number: 4 }), 8)
      })(t),
    )(t)
  },
}

/** A file that is there no more. */
async function vanishedFile(t) {
  const folder = await navigator.storage?.getDirectory?.().catch(() => undefined)
  const handle = await folder?.getFileHandle('vanishes', { create: true })
  if (!handle?.createWritable) t.skip('the browser gives pages no files of their own to write')
  const stream = await handle.createWritable()
  await stream.write(new Uint8Array(1000))
  await stream.close()
  const file = await handle.getFile()
  await folder.removeEntry('vanishes')
  return file
}
