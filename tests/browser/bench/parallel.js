// One picture on all cores: by many jobs, by rayon in a job, by wasm-bindgen-rayon, and natively.

import { native } from './machine.js'
import { peers } from './ways.js'

const SIZES = { mandelbrot: 600, sort: 1_000_000, avif: 512 }
const BANDS = 24
const PHOTO = 'retina.jpg'
/** A tile for each thread makes another file. */
const BY_THREADS = ['avif']

export default {
  name: 'parallel',
  title: 'One picture on all cores',
  how:
    `The Mandelbrot set, ${SIZES.mandelbrot} by ${SIZES.mandelbrot} points of up to 1000 steps each: as ${BANDS} jobs, or as one whose iterator rayon spreads over threads; ` +
    `a sort of a million numbers, and the AVIF of a made-up picture, ${SIZES.avif} by ${SIZES.avif}, by rayon. ` +
    'The clock runs in the page, from question to answer; natively, in a program that the command runs in the same rounds. ' +
    `All have the same code, and their answers are compared. The photograph’s AVIF is that of photo-lab’s largest sample, ${PHOTO}, in every third round.`,
  rounds: 12,
  charts: {
    mandelbrot: { title: 'Mandelbrot', unit: 'pictures/s', floor: 'native rayon, all cores', more: true },
    sort: { title: 'Sort of a million numbers', unit: 'sorts/s', floor: 'native rayon, all cores', more: true },
    avif: { title: 'AVIF encode', unit: 'pictures/s', floor: 'native rayon, all cores', more: true },
    photo: { title: 'AVIF of a photograph', unit: 'pictures/s', floor: 'photo-lab, 1 thread', more: true },
  },

  async open({ cores }) {
    const { start } = await import('../crates/offmain_crates.js')
    const [ways, pools] = [[], []]
    for (const [label, threads] of [['1 thread', 1], ['all cores', cores]]) {
      const jobs = await start({ workers: threads })
      const rayon = await start({ workers: 1, parallelism: threads })
      const [{ peer, ...other }] = await peers({ workers: threads }, ['wasm-bindgen-rayon'])
      pools.push(jobs, rayon)
      ways.push(
        { name: `offmain jobs, ${label}`, kind: 'offmain', charts: ['mandelbrot'], measure: () => inPage(threads, { mandelbrot: () => picture(jobs) }) },
        { name: `offmain + rayon, ${label}`, kind: 'offmain', ...allKernels(threads, async (kernel, size) => (await rayon.submit('kernel', { kernel, size })).value) },
        { ...other, name: `wasm-bindgen-rayon, ${label}`, kind: 'peer', ...allKernels(threads, async (kernel, size) => (await peer.timed(kernel, size)).value) },
        { name: `native rayon, ${label}`, kind: 'raw', charts: Object.keys(SIZES), measure: () => natively(threads) },
        await photograph(`photo-lab, ${label}`, threads),
      )
    }
    const against = 'wasm-bindgen-rayon, all cores'
    const goals = [
      ...Object.keys(SIZES).map((chart) => ({ chart, row: 'offmain + rayon, all cores', against, least: 0.95 })),
      { chart: 'mandelbrot', row: 'offmain jobs, all cores', against, least: 0.95 },
      ...['jobs', '+ rayon'].map((who) => ({ chart: 'mandelbrot', row: `offmain ${who}, all cores`, against: `offmain ${who}, 1 thread`, least: 0.9 * cores })),
      { chart: 'avif', row: 'offmain + rayon, all cores', against: 'offmain + rayon, 1 thread', least: 0.9 * cores },
      { chart: 'photo', row: 'photo-lab, all cores', against: 'photo-lab, 1 thread', least: 0.9 * cores },
    ]
    return { ways, goals, close: () => pools.forEach((pool) => pool.close()) }
  },
}

/** The picture by as many jobs as there are bands, all in flight. */
async function picture(pool) {
  const band = (_, first) => pool.submit('band', { size: SIZES.mandelbrot, first, step: BANDS })
  const steps = await Promise.all(Array.from({ length: BANDS }, band))
  return `${steps.reduce((sum, steps) => sum + steps, 0)}`
}

const allKernels = (threads, ask) => ({
  charts: Object.keys(SIZES),
  measure: () => inPage(threads, Object.fromEntries(Object.entries(SIZES).map(([kernel, size]) => [kernel, () => ask(kernel, size)]))),
})

/** How many a second, by kernel. */
async function inPage(threads, asks) {
  const figures = {}
  for (const [kernel, ask] of Object.entries(asks)) {
    const start = performance.now()
    const value = await ask()
    figures[kernel] = 1000 / (performance.now() - start)
    same(kernel, threads, value)
  }
  return figures
}

async function natively(threads) {
  const figures = {}
  for (const [kernel, size] of Object.entries(SIZES)) {
    const answer = await native(kernel, size, threads)
    if (!answer) continue
    figures[kernel] = 1000 / answer.ms
    same(kernel, threads, answer.value)
  }
  return figures
}

/** Photo-lab takes a while; it need not be in every round. */
async function photograph(name, threads) {
  const module = await import('../avif.js').catch(() => undefined)
  const way = { name, kind: 'offmain', charts: ['photo'] }
  if (!module) return { ...way, missing: 'photo-lab is not built' }
  const photo = await module.photo(PHOTO)
  return { ...way, measure: async ({ round }) => (round % 3 === 0 ? { photo: 1000 / (await module.encode(photo, threads)) } : {}) }
}

const values = new Map()
function same(kernel, threads, value) {
  const question = BY_THREADS.includes(kernel) ? `${kernel} on ${threads}` : kernel
  if (!values.has(question)) values.set(question, value)
  if (values.get(question) !== value) throw new Error(`${question}: ${value} here, ${values.get(question)} elsewhere`)
}
