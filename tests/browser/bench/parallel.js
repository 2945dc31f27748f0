// One picture on all cores: by many jobs, by rayon in a job, by wasm-bindgen-rayon, and natively.

import { native } from './machine.js'
import { peers } from './ways.js'

const SIZES = { mandelbrot: 600, sort: 1_000_000 }
const BANDS = 24
const PHOTO = 'retina.jpg'

export default {
  name: 'parallel',
  title: 'One picture on all cores',
  how:
    `The Mandelbrot set, ${SIZES.mandelbrot} by ${SIZES.mandelbrot} points of up to 1000 steps each: as ${BANDS} jobs, or as one whose iterator rayon spreads over threads; ` +
    'and a sort of a million numbers, by rayon. The clock runs in the page, from question to answer; natively, in a program that the command runs in the same rounds. ' +
    `All have the same code, and their answers are compared. The AVIF is that of photo-lab’s largest sample, ${PHOTO}, in every third round.`,
  rounds: 12,
  charts: {
    mandelbrot: { title: 'Mandelbrot', unit: 'pictures/s', floor: 'native rayon, all cores', more: true },
    sort: { title: 'Sort of a million numbers', unit: 'sorts/s', floor: 'native rayon, all cores', more: true },
    avif: { title: 'AVIF encode', unit: 'pictures/s', floor: 'offmain + rayon, 1 thread', more: true },
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
        { name: `offmain jobs, ${label}`, kind: 'offmain', charts: ['mandelbrot'], measure: () => inPage({ mandelbrot: () => picture(jobs) }) },
        { name: `offmain + rayon, ${label}`, kind: 'offmain', ...allKernels(async (kernel, size) => (await rayon.submit('kernel', { kernel, size })).value) },
        { ...other, name: `wasm-bindgen-rayon, ${label}`, kind: 'peer', ...allKernels(async (kernel, size) => (await peer.timed(kernel, size)).value) },
        { name: `native rayon, ${label}`, kind: 'raw', charts: Object.keys(SIZES), measure: () => natively(threads) },
        await avif(`offmain + rayon, ${label}`, threads),
        ...['wasm-bindgen-rayon', 'native rayon'].map((who) => ({ name: `${who}, ${label}`, charts: ['avif'], missing: 'not built: it has no AVIF encoder yet' })),
      )
    }
    const against = 'wasm-bindgen-rayon, all cores'
    const goals = [
      ...Object.keys(SIZES).map((chart) => ({ chart, row: 'offmain + rayon, all cores', against, least: 0.95 })),
      { chart: 'mandelbrot', row: 'offmain jobs, all cores', against, least: 0.95 },
      ...['jobs', '+ rayon'].map((who) => ({ chart: 'mandelbrot', row: `offmain ${who}, all cores`, against: `offmain ${who}, 1 thread`, least: 0.9 * cores })),
      { chart: 'avif', row: 'offmain + rayon, all cores', against: 'offmain + rayon, 1 thread', least: 0.9 * cores },
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

const allKernels = (ask) => ({
  charts: Object.keys(SIZES),
  measure: () => inPage(Object.fromEntries(Object.entries(SIZES).map(([kernel, size]) => [kernel, () => ask(kernel, size)]))),
})

/** How many a second, by kernel. */
async function inPage(asks) {
  const figures = {}
  for (const [kernel, ask] of Object.entries(asks)) {
    const start = performance.now()
    const value = await ask()
    figures[kernel] = 1000 / (performance.now() - start)
    same(kernel, value)
  }
  return figures
}

async function natively(threads) {
  const figures = {}
  for (const [kernel, size] of Object.entries(SIZES)) {
    const answer = await native(kernel, size, threads)
    if (!answer) continue
    figures[kernel] = 1000 / answer.ms
    same(kernel, answer.value)
  }
  return figures
}

/** Photo-lab takes a while; it need not be in every round. */
async function avif(name, threads) {
  const module = await import('../avif.js').catch(() => undefined)
  const way = { name, kind: 'offmain', charts: ['avif'] }
  if (!module) return { ...way, missing: 'photo-lab is not built' }
  const photo = await module.photo(PHOTO)
  return { ...way, measure: async ({ round }) => (round % 3 === 0 ? { avif: 1000 / (await module.encode(photo, threads)) } : {}) }
}

const values = new Map()
function same(kernel, value) {
  if (!values.has(kernel)) values.set(kernel, value)
  if (values.get(kernel) !== value) throw new Error(`${kernel}: ${value} here, ${values.get(kernel)} elsewhere`)
}
