// What is loaded for a hello-world: measured by the command, which builds it, and drawn here.

/** What `sizes.rs` builds, and the kernels that each runs. */
const BUILDS = { 'as built': 'whole', 'without stack checks': 'no-checks', 'without handlers of panics': 'no-handlers' }
const SIZES = { mandelbrot: 400, sort: 1_000_000, avif: 512 }
const UNKNOWN = 'only the command can weigh it'

export default {
  name: 'size',
  title: 'What is loaded for a hello-world',
  how:
    'Files as they are served, each compressed by gzip at its best; a kB is 1000 bytes. The Rust app awaits a promise and greets; the other one has its greeting made by a ' +
    'job, and the difference is what offmain adds. Peers have their scripts as published, and in the workers a module with the benchmarks’ jobs, which is more than a hello. Modules by crate are not compressed; inlined code counts for the crate it was inlined into. ' +
    'What stack checks and unwinding cost is told by the same compiler’s output, bound without the checks, or with what each `try` protects in its place and without what only handlers call; std and optimiser still know of unwinding, so a build with panic=abort would save more. The kernels run on one thread in turns, timed in the job.',
  rounds: 12,
  charts: {
    main: { title: 'Loaded by the main thread, gzip', unit: 'kB' },
    workers: { title: 'Loaded by workers, gzip', unit: 'kB' },
    app: { title: 'A Rust app with and without offmain, gzip', unit: 'kB' },
    facade: { title: 'The facade for JavaScript, by crate', unit: 'kB' },
    jobs: { title: 'The job module, by crate', unit: 'kB' },
    checks: { title: 'The job module, gzip', unit: 'kB' },
    crates: { title: 'A job module of published crates', unit: 'kB' },
    mandelbrot: { title: 'Mandelbrot', unit: 'ms', floor: 'as built' },
    sort: { title: 'Sort of a million numbers', unit: 'ms', floor: 'as built' },
    avif: { title: 'AVIF encode', unit: 'ms', floor: 'as built' },
  },

  async open() {
    const answer = await fetch('/sizes.json')
    const rows = answer.ok ? await answer.json() : [{ name: 'all', kind: 'offmain', missing: UNKNOWN, figures: Object.fromEntries(Object.keys(this.charts).map((key) => [key, 0])) }]
    const ways = rows.map(({ figures, ...row }) => ({ ...row, charts: Object.keys(figures), measure: async ({ round }) => (round === 0 ? { ...figures } : {}) }))
    const goals = [
      { chart: 'main', row: 'offmain, from JavaScript', most: 35 },
      { chart: 'main', row: 'offmain, added to a Rust app', most: 15 },
    ]
    const pools = await timed(ways)
    return { ways, goals, close: () => pools.forEach((pool) => pool.close()) }
  },
}

/** Has the rows of the builds measure time, too; gives their pools. */
async function timed(ways) {
  const pools = []
  for (const [name, folder] of Object.entries(BUILDS)) {
    const module = await import(`../cost/${folder}/offmain_crates.js`).catch(() => undefined)
    const way = ways.find((way) => way.name === name)
    if (!module || !way) continue
    const pool = await module.start({ workers: 1, parallelism: 1 })
    const weigh = way.measure
    pools.push(pool)
    way.charts.push(...Object.keys(SIZES))
    way.measure = async (turn) => {
      const figures = await weigh(turn)
      for (const [kernel, size] of Object.entries(SIZES)) figures[kernel] = (await pool.submit('kernel', { kernel, size })).ms
      return figures
    }
  }
  return pools
}
