// Where a round trip's time goes: asking, the way there, the way back.

import { RAW, offmainLanes } from './ways.js'

const BATCH = 50
const { timeOrigin } = performance
const now = () => timeOrigin + performance.now()

/** A worker that is asked for the time. */
function clock() {
  const worker = new Worker(new URL('./clock.js', import.meta.url))
  let answered
  worker.onmessage = ({ data }) => answered(data)
  const ask = () => {
    worker.postMessage(0)
    return new Promise((resolve) => (answered = resolve))
  }
  return { ask, close: () => worker.terminate() }
}

export default {
  name: 'hops',
  title: 'Where a round trip’s time goes',
  how:
    `A job that says what time it is, one after the other, ${BATCH} a figure. Asking is the time until the call that sends it returns, the way there ends when the ` +
    'job looks at the clock, and the way back when the page has the answer. The clocks of page and worker are the same but for their steps (5 µs in ' +
    'Chromium, 20 µs elsewhere), so a figure is a mean.',
  rounds: 30,
  charts: {
    ask: { title: 'Asking', unit: 'µs', floor: RAW },
    there: { title: 'The way there, asking included', unit: 'µs', floor: RAW },
    back: { title: 'The way back', unit: 'µs', floor: RAW },
  },

  async open() {
    const raw = clock()
    const lanes = await offmainLanes({ workers: 1 })
    const way = (name, kind, ask) => ({ name, kind, charts: ['ask', 'there', 'back'], measure: () => measure(ask) })
    const ways = [way(RAW, 'raw', raw.ask), ...lanes.map(({ name, pool }) => way(name, 'offmain', () => pool.submit('now', {})))]
    const close = () => {
      raw.close()
      for (const { pool } of lanes) pool.close()
    }
    return { ways, goals: [], close }
  },
}

async function measure(ask) {
  const sum = { ask: 0, there: 0, back: 0 }
  for (let turn = 0; turn < BATCH; turn++) {
    const began = now()
    const asking = ask()
    sum.ask += now() - began
    const looked = await asking
    sum.there += looked - began
    sum.back += now() - looked
  }
  return Object.fromEntries(Object.entries(sum).map(([part, ms]) => [part, [(1000 * ms) / BATCH]]))
}
