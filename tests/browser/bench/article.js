// The table of the article that gave the hybrid up, and the row it lacks.

import { MB20, expect, pattern, timed, touch } from './data.js'
import { offmainLanes, rawWorker } from './ways.js'
import { twoWorkers } from '../two-workers.js'

const SIZES = { small: { bytes: 16, factor: 1000, batch: 50 }, large: { bytes: MB20, factor: 1, batch: 4 } }
const FLOOR = 'postMessage, main ↔ worker'

export default {
  name: 'article',
  title: 'The article’s table',
  how:
    'Round trips. A byte of every 4 KiB page is read on arrival, on both sides. For 16 bytes a figure is the mean of 50 trips, for 20 MB of 4, or of 1 where ' +
    'they are copied. Of a channel there is no row from the main thread, which never waits; its way is the last row, from the facade by the coordinator to a job and back.',
  rounds: 20,
  charts: {
    small: { title: '16 bytes there and back', unit: 'µs', floor: FLOOR },
    large: { title: '20 MB there and back', unit: 'ms', floor: FLOOR },
  },

  async open() {
    const raw = rawWorker()
    const between = twoWorkers()
    const lanes = await offmainLanes({ workers: 1 })
    const ways = []
    for (const [chart, size] of Object.entries(SIZES)) {
      const way = (name, kind, measure) => ways.push({ name, kind, charts: [chart], measure: async () => ({ [chart]: await measure(size) }) })
      way(FLOOR, 'raw', carrier(raw, false))
      way('transfer, main ↔ worker', 'raw', carrier(raw, true))
      way('postMessage, worker ↔ worker', 'raw', pinger(between, false))
      way('transfer, worker ↔ worker', 'raw', pinger(between, true))
      way('channel, worker ↔ worker', 'offmain', channel(lanes[0].pool))
      for (const { lane, pool } of lanes) way(`facade → pool → facade, ${lane} lane`, 'offmain', hybrid(pool))
    }
    const against = 'postMessage, worker ↔ worker'
    const goals = Object.keys(SIZES).map((chart) => ({ chart, row: 'channel, worker ↔ worker', against, most: 0.2 }))
    const close = () => {
      raw.close()
      between.close()
      for (const { pool } of lanes) pool.close()
    }
    return { ways, goals, close }
  },
}

/** From the main thread to a worker and back. */
const carrier = (raw, move) => async ({ bytes: len, factor, batch }) => {
  let bytes = pattern(len, 3)
  const sum = touch(bytes)
  const trip = async () => {
    bytes = await raw.ask({ order: 'carry', bytes, sum, move }, move ? [bytes.buffer] : [])
    expect(touch(bytes), sum, 'back on the main thread')
  }
  return factor * (await timed(move || len < MB20 ? batch : 1, trip))
}

/** From a worker to another and back. Microseconds are what `ping.js` gives. */
const pinger = (between, move) => async ({ bytes, factor, batch }) =>
  (await between.ask({ bytes, move, touch: true, batch: move || bytes < MB20 ? batch : 1, batches: 1 })).map((micros) => (micros * factor) / 1000)

const channel = (pool) => async ({ bytes, factor, batch }) => {
  const micros = await pool.submit('ping_pong', { bytes, touch: true, batch: batch * 10, batches: 1, channel: true })
  return micros.map((micros) => (micros * factor) / 1000)
}

/** From the main thread to a job, which has the bytes in shared memory, and back. */
const hybrid = (pool) => async ({ bytes: len, factor, batch }) => {
  let bytes = pattern(len, 3)
  const sum = touch(bytes)
  const trip = async () => {
    bytes = await pool.submit('carry', { bytes, sum }, { transfer: [bytes.buffer] })
    expect(touch(bytes), sum, 'back on the main thread')
  }
  return factor * (await timed(batch, trip))
}
