// How long the page looks at an input, beside the browser's own copy of it.

import { start } from '../pkg/offmain_tests.js'

const [FLOOR, LOOK, SUBMIT] = ['structuredClone', 'offmain: the look', 'offmain: submit']

const INPUTS = {
  records: { title: '1,000 records of 6 fields', batch: 20, make: () => Array.from({ length: 1000 }, (_, i) => record(i)) },
  numbers: { title: '10,000 numbers', batch: 20, make: () => Array.from({ length: 10_000 }, (_, i) => (i % 2 ? i : i / 7)) },
  tree: { title: 'A tree of 100 levels, 500 nodes', batch: 20, make: tree },
  text: { title: '60 KiB of text in 600 strings', batch: 20, make: () => Array.from({ length: 600 }, (_, i) => `${i} `.padEnd(102, 'some words, ')) },
  map: { title: 'A Map of 1,000', batch: 20, make: () => new Map(Array.from({ length: 1000 }, (_, i) => [`key ${i}`, { number: i }])) },
  binary: { title: 'Typed arrays of 60 KiB', batch: 50, make: () => [Uint8Array, Uint16Array, Float32Array, Float64Array].map((Kind) => new Kind(15_360 / Kind.BYTES_PER_ELEMENT).fill(7)) },
}

const record = (i) => ({ id: i, name: `record ${i}`, on: i % 3 === 0, ratio: i / 7, note: null, tag: 'abc' })

function tree() {
  let node
  // An array is a level, too.
  for (let level = 0; level < 100; level += 2) {
    const leaves = Array.from({ length: 9 }, (_, i) => ({ label: `leaf ${i}`, weight: i }))
    node = { label: `level ${level}`, weight: level, children: node ? [...leaves, node] : leaves }
  }
  return node
}

export default {
  name: 'inputs',
  title: 'The look at an input',
  how:
    'The time that the main thread spends on an input before it goes on: the copy that the browser would make of it, the look that offmain takes instead, and the whole ' +
    'of `submit`, which posts the message besides. A figure is the mean of a batch; the rows take turns.',
  rounds: 30,
  charts: Object.fromEntries(Object.entries(INPUTS).map(([key, { title }]) => [key, { title, unit: 'µs', floor: FLOOR }])),

  async open() {
    const { pack } = await import('../glue/pack.js')
    const pool = await start({ workers: 1, lane: 'message' })
    const inputs = Object.entries(INPUTS).map(([key, { batch, make }]) => ({ key, batch, input: make() }))
    const submits = (jobs) => (input) => void jobs.push(pool.submit('value_nothing', { input }))
    const senders = [
      { name: FLOOR, kind: 'raw', turn: () => (input) => structuredClone(input) },
      { name: LOOK, kind: 'offmain', turn: () => (input) => pack(input, []) },
      { name: SUBMIT, kind: 'offmain', turn: submits },
    ]
    const charts = Object.keys(INPUTS)
    const ways = senders.map(({ name, kind, turn }) => ({ name, kind, charts, measure: () => measure(inputs, turn) }))
    const goals = charts.map((chart) => ({ chart, row: LOOK, against: FLOOR, most: 1.5 }))
    return { ways, goals, close: () => pool.close() }
  },
}

/** Microseconds for each input; jobs that were submitted are done before the next. */
async function measure(inputs, turn) {
  const figures = {}
  for (const { key, batch, input } of inputs) {
    const jobs = []
    const work = turn(jobs)
    const begin = performance.now()
    for (let i = 0; i < batch; i++) work(input)
    figures[key] = [(1000 * (performance.now() - begin)) / batch]
    await Promise.all(jobs)
  }
  return figures
}
