// Large data from the main thread into a job.

import { MB20, pattern, touch } from './data.js'
import { onMainThread } from './machine.js'
import { offmainLanes, rawWorker } from './ways.js'

const SIZES = { medium: { len: MB20, times: 5 }, huge: { len: 10 * MB20, times: 1 } }
const FLOOR = 'raw: transfer, one copy into shared memory'

export default {
  name: 'upload',
  title: 'Large data into a job',
  how:
    'From the call until the answer that a byte of every 4 KiB page has been read in shared memory. Each figure has a fresh buffer, made outside of the time that ' +
    'counts; a Blob is made once and sent each time, which does not use it up. Main-thread time is processor time from the call to the answer.',
  rounds: 12,
  charts: {
    medium: { title: '20 MB', unit: 'ms', floor: FLOOR },
    'medium-main': { title: 'Main-thread time, 20 MB', unit: 'ms', floor: FLOOR },
    huge: { title: '200 MB', unit: 'ms', floor: FLOOR },
    'huge-main': { title: 'Main-thread time, 200 MB', unit: 'ms', floor: FLOOR },
  },

  async open() {
    const raw = rawWorker()
    const [{ pool }, ...others] = await offmainLanes({ workers: 1 })
    for (const { pool } of others) pool.close()
    const models = Object.entries(SIZES).map(([chart, { len, times }]) => {
      const bytes = pattern(len, 5)
      return { chart, bytes, times, sum: touch(bytes) }
    })
    const senders = [
      { name: FLOOR, kind: 'raw', make: inBuffer, send: (bytes, sum) => raw.ask({ order: 'take', bytes, sum }, [bytes.buffer]) },
      { name: 'offmain: transfer', kind: 'offmain', make: inBuffer, send: (bytes, sum) => pool.submit('take', { bytes, sum }, { transfer: [bytes.buffer] }) },
      { name: 'offmain: Blob', kind: 'offmain', make: oneBlob(), send: (bytes, sum) => pool.submit('take', { bytes, sum }) },
    ]
    const charts = models.flatMap(({ chart }) => [chart, `${chart}-main`])
    const ways = senders.map(({ name, kind, make, send }) => ({ name, kind, charts, measure: () => measure(models, make, send) }))
    const goals = models.flatMap(({ chart }) => [
      { chart, row: 'offmain: transfer', against: FLOOR, most: 1.3 },
      { chart: `${chart}-main`, row: 'offmain: transfer', most: 0.2 },
    ])
    const close = () => {
      raw.close()
      pool.close()
    }
    return { ways, goals, close }
  },
}

/** A copy with a buffer. What `slice` makes has none yet in Firefox, which copies everything once more for whoever asks for it. */
const inBuffer = (bytes) => new Uint8Array(bytes)

/** Sending a Blob does not use it up; and a new one each time is 300 MB a round for the browser to keep until it collects them. */
function oneBlob() {
  const blobs = new Map()
  return (bytes) => blobs.get(bytes) ?? blobs.set(bytes, new Blob([bytes])).get(bytes)
}

async function measure(models, make, send) {
  const figures = {}
  for (const { chart, bytes, times, sum } of models) {
    const fresh = Array.from({ length: times }, () => make(bytes))
    const { value, ms } = await onMainThread(() => all(fresh, (bytes) => send(bytes, sum)))
    Object.assign(figures, { [chart]: value, [`${chart}-main`]: ms === undefined ? [] : ms / times })
  }
  return figures
}

/** One after the other; what each takes. */
async function all(buffers, send) {
  const times = []
  for (const bytes of buffers) {
    const start = performance.now()
    await send(bytes)
    times.push(performance.now() - start)
  }
  return times
}
