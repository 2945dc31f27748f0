// The main thread while workers are saturated: by offmain, by each peer, by nothing but spinning, and without workers.

import '../meter.js'
import { echoOnce } from './data.js'
import { offmainLanes, peers } from './ways.js'

const SPINNING = 'as many plain spinning workers'
const IN_FLIGHT_A_WORKER = 2
/** A job in four only carries 16 bytes; the others compute for so many milliseconds. */
const MIX_MS = [0, 2, 5, 12]

export default {
  name: 'smooth',
  title: 'The main thread while all workers are busy',
  how:
    'For 10 s a round, twice as many jobs are in flight as there are workers: a quarter carries 16 bytes there and back, the others compute for 2, 5 and 12 ms. Meanwhile ' +
    'a timer of 5 ms tells how late it fires, and each frame how long after the one before it comes. With as many workers as cores, the main thread has to share one: ' +
    'what plain workers that spin do to it is the floor. Jobs done tell that the workers were at work.',
  rounds: 3,
  charts: {
    late: { title: 'Event-loop delay, p99.9', unit: 'ms', floor: SPINNING },
    worst: { title: 'Event-loop delay, the worst of a round', unit: 'ms', floor: SPINNING },
    frames: { title: 'Between frames, p99', unit: 'ms', floor: SPINNING },
    done: { title: 'Jobs done', unit: 'jobs/s', more: true },
  },

  async open({ cores, quick }) {
    const lanes = await offmainLanes({ workers: cores })
    const others = await peers({ workers: cores })
    const lasts_ms = quick ? 1500 : 10_000
    const ours = lanes.map(({ name, pool }) => ({
      name,
      kind: 'offmain',
      jobs: { echo: (bytes) => pool.submit('carry', { bytes }), spin: (ms) => pool.submit('spin', { ms }) },
    }))
    const theirs = others.map(({ peer, ...row }) => ({ ...row, kind: 'peer', jobs: peer }))
    const mixed = [...ours, ...theirs].map(({ jobs, ...row }) => ({ ...row, work: (end) => mix(jobs, cores, end) }))
    const rows = [
      { name: 'idle', kind: 'raw', jobless: true, work: idle },
      { name: SPINNING, kind: 'raw', jobless: true, work: (end) => spinning(cores, end) },
      ...mixed,
      { name: 'the same mix on the main thread', kind: 'raw', work: mixHere },
    ]
    const ways = rows.map(({ work, jobless, ...row }) => ({
      ...row,
      charts: ['late', 'worst', 'frames', ...(jobless ? [] : ['done'])],
      measure: ({ round }) => held(work, round === undefined ? 1000 : lasts_ms),
    }))
    const goals = ours.map(({ name }) => ({ chart: 'late', row: name, above: SPINNING, most: 2 }))
    return { ways, goals, close: () => lanes.forEach(({ pool }) => pool.close()) }
  },
}

/** How the main thread fares while `work` goes on, which gives the number of jobs it did. */
async function held(work, lasts_ms) {
  startMeter()
  const start = performance.now()
  const done = await work(start + lasts_ms)
  const seconds = (performance.now() - start) / 1000
  const { delay, frames } = takeMeter()
  // Until what was terminated is gone, which takes Chromium two seconds.
  await pause(2500)
  const figures = { late: delay.p999, worst: delay.max, frames: frames?.p99 ?? [] }
  return done === undefined ? figures : { ...figures, done: done / seconds }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms))
const idle = (end) => pause(end - performance.now())

async function spinning(count, end) {
  const workers = Array.from({ length: count }, () => new Worker(new URL('../spin.js', import.meta.url)))
  await idle(end)
  for (const worker of workers) worker.terminate()
}

/** Keeps all workers at work until the end. */
async function mix({ echo, spin }, workers, end) {
  let next = 0
  const line = async () => {
    while (performance.now() < end) {
      const number = next++
      const ms = MIX_MS[number % MIX_MS.length]
      await (ms === 0 ? echoOnce(echo, number) : spin(ms))
    }
  }
  await Promise.all(Array.from({ length: workers * IN_FLIGHT_A_WORKER }, line))
  return next
}

async function mixHere(end) {
  let next = 0
  for (; performance.now() < end; next++) {
    for (const until = performance.now() + MIX_MS[next % MIX_MS.length]; performance.now() < until; );
    // Lets everything else have its turn.
    await pause(0)
  }
  return next
}
