// Many small jobs, many of them in flight.

import { echoOnce } from './data.js'
import { onMainThread } from './machine.js'
import { PEERS, RAW, echoes } from './ways.js'

const IN_FLIGHT = 1000

export default {
  name: 'throughput',
  title: 'Many small jobs',
  how:
    '10 000 jobs of 16 bytes, 1000 of them in flight, on as many workers as there are cores; each answer is compared with its question. Main-thread time is ' +
    'the processor time of the thread that runs the page, asking and answering included, divided by the number of jobs.',
  rounds: 12,
  charts: {
    rate: { title: 'Jobs a second, 1000 in flight', unit: 'jobs/s', floor: RAW, more: true },
    main: { title: 'Main-thread time a job', unit: 'µs', floor: RAW },
  },

  async open({ cores, quick }) {
    const jobs = quick ? 2000 : 10_000
    const { rows, ours, close } = await echoes(cores)
    const ways = rows.map(({ echo, ...row }) => ({ ...row, ...hanging(row), charts: ['rate', 'main'], measure: () => measure(echo, jobs) }))
    const goals = [
      { chart: 'rate', row: ours[0], against: PEERS.comlink.name, least: 5 },
      { chart: 'rate', row: ours[0], against: PEERS.workerpool.name, least: 3 },
      { chart: 'main', row: ours[0], against: RAW, most: 0.5 },
    ]
    return { ways, goals, close }
  },
}

/** A row that would take the whole page with it, so that nothing could be measured. */
function hanging({ name }) {
  const hangs = name === PEERS.tokio_with_wasm.name && !navigator.userAgent.includes('Chrome')
  return hangs ? { missing: `has the page hang with ${IN_FLIGHT} in flight` } : {}
}

async function measure(echo, jobs) {
  const { value: seconds, ms } = await onMainThread(() => flight(echo, jobs))
  return { rate: jobs / seconds, main: ms === undefined ? [] : (ms * 1000) / jobs }
}

/** Has all jobs done, and gives the seconds that took. */
async function flight(echo, jobs) {
  const start = performance.now()
  let next = 0
  const line = async () => {
    while (next < jobs) await echoOnce(echo, next++)
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, line))
  return (performance.now() - start) / 1000
}
