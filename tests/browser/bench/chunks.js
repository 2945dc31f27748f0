// A cache in the pool that hands chunks to the main thread: by a copy, by a move, and by whatever else there is.

import { distribution } from '../distribution.js'
import { MB20, expect, pattern, sumAll, touch } from './data.js'
import { onMainThread } from './machine.js'
import { offmainLanes, rawWorker } from './ways.js'

const CHUNKS = 4
/** So many in a row, or asking for the processor time is what is measured. */
const HAND_OVERS = 20
const MB2 = 2_000_000
const READY = 'raw: transfer of a ready buffer'

export default {
  name: 'chunks',
  title: 'A cache of chunks, handed to the main thread',
  how:
    'A figure is the time from the question to the chunk, of which a byte in every 4 KiB page is read on the main thread; where it says so, all bytes. A ready buffer ' +
    'is moved to the main thread and, outside of the time that counts, back. The last chart has the time until the chunk is there, before a byte is read. Main-thread ' +
    'time is processor time from the question until the chunk is given back; nothing is read. Each turn begins with a pause and chunks that do not count: the row before ' +
    'leaves work to the collector.',
  rounds: 20,
  charts: {
    large: { title: 'Hand-over of 20 MB', unit: 'ms', floor: READY },
    small: { title: 'Hand-over of 2 MB', unit: 'ms', floor: READY },
    read: { title: '20 MB, and all bytes read on the main thread', unit: 'ms', floor: READY },
    main: { title: 'Main-thread time to take a chunk of 20 MB and give it back', unit: 'ms', floor: READY },
    growth: { title: 'Hand-over of 20 MB against one of 2 MB, nothing read', unit: '×' },
  },

  async open() {
    const raw = rawWorker()
    const seeds = Array.from({ length: CHUNKS }, (_, i) => i)
    const lens = [MB20, MB2]
    for (const len of lens) for (const number of seeds) await raw.ask({ order: 'hold', number: idOf(number, len), len, seed: number })
    const [{ pool }, ...others] = await offmainLanes({ workers: 1 })
    for (const { pool } of others) pool.close()
    const sums = new Map(lens.flatMap((len) => seeds.map((number) => [idOf(number, len), sumsOf(pattern(len, number))])))
    const ways = givers(raw, pool).map((way) => ({ ...way, charts: Object.keys(this.charts), measure: () => measure(way, sums) }))
    const close = () => {
      raw.close()
      pool.close()
    }
    return { ways, goals: goalsOf(ways), close }
  },
}

/** Ways to get a chunk: `give` asks for it, and gives its bytes or what has a view of them; `done` is what is owed for it afterwards. */
function givers(raw, pool) {
  const id = ({ number, len }) => idOf(number, len)
  return [
    {
      name: READY,
      kind: 'raw',
      give: (chunk) => raw.ask({ order: 'ready', number: id(chunk) }),
      done: (bytes, chunk) => raw.ask({ order: 'keep', number: id(chunk), bytes }, [bytes.buffer]),
    },
    { name: 'raw: postMessage, copied', kind: 'raw', give: (chunk) => raw.ask({ order: 'copy', number: id(chunk) }) },
    { name: 'raw: copied in the worker, transferred', kind: 'raw', give: (chunk) => raw.ask({ order: 'transfer', number: id(chunk) }) },
    { name: 'offmain: copied in the pool, transferred', kind: 'offmain', give: (chunk) => pool.submit('copied_chunk', chunk) },
    {
      name: 'offmain: lease',
      kind: 'offmain',
      lends: true,
      give: (chunk) => pool.submit('lent_chunk', chunk),
      done: (lease) => lease.release(),
    },
  ]
}

/** For what hands out without a copy. */
const goalsOf = (ways) =>
  ways
    .filter(({ lends }) => lends)
    .flatMap(({ name }) => [
      { chart: 'large', row: name, against: READY, most: 1.5 },
      { chart: 'main', row: name, most: 0.2 },
      { chart: 'growth', row: name, most: 1.2 },
    ])

const idOf = (number, len) => `${number} of ${len}`
const sumsOf = (bytes) => ({ pages: touch(bytes), all: sumAll(bytes) })

/** Takes every chunk once for each figure, and many in a row for what is the mean or the quotient of many. */
async function measure({ give, done = () => {} }, sums) {
  const take = async (len, times, look, sum) => {
    const figures = []
    for (let i = 0; i < times; i++) {
      const chunk = { number: i % CHUNKS, len }
      const start = performance.now()
      const given = await give(chunk)
      if (look) expect(look(given.view ?? given), sums.get(idOf(chunk.number, len))[sum], 'on the main thread')
      figures.push(performance.now() - start)
      await done(given, chunk)
    }
    return figures
  }
  // What the row before has left to the collector is not this one's.
  await new Promise((resolve) => setTimeout(resolve, 300))
  await take(MB20, CHUNKS, touch, 'pages')
  const large = await take(MB20, CHUNKS, touch, 'pages')
  const small = await take(MB2, CHUNKS, touch, 'pages')
  const read = await take(MB20, CHUNKS, sumAll, 'all')
  // Nothing is read, or the worker would have more time to fall asleep between two of the larger ones.
  const { value, ms } = await onMainThread(() => take(MB20, HAND_OVERS))
  const growth = distribution(value).median / distribution(await take(MB2, HAND_OVERS)).median
  return { large, small, read, main: ms === undefined ? [] : ms / HAND_OVERS, growth }
}
