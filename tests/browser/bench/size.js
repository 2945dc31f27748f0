// What is loaded for a hello-world: measured by the command, which builds it, and drawn here.

const UNKNOWN = 'only the command can weigh it'

export default {
  name: 'size',
  title: 'What is loaded for a hello-world',
  how:
    'Files as they are served, each compressed by gzip at its best; a kB is 1000 bytes. The Rust app awaits a promise and greets; the other one has its greeting made by a ' +
    'job, and the difference is what offmain adds. Peers have their scripts as published, and in the workers a module with the benchmarks’ jobs, which is more than a hello. Modules by crate are not compressed; inlined code counts for the crate it was inlined into.',
  rounds: 1,
  charts: {
    main: { title: 'Loaded by the main thread, gzip', unit: 'kB' },
    workers: { title: 'Loaded by workers, gzip', unit: 'kB' },
    app: { title: 'A Rust app with and without offmain, gzip', unit: 'kB' },
    facade: { title: 'The facade for JavaScript, by crate', unit: 'kB' },
    jobs: { title: 'The job module, by crate', unit: 'kB' },
    checks: { title: 'The job module, gzip', unit: 'kB' },
  },

  async open() {
    const answer = await fetch('/sizes.json')
    const rows = answer.ok ? await answer.json() : [{ name: 'all', kind: 'offmain', missing: UNKNOWN, figures: Object.fromEntries(Object.keys(this.charts).map((key) => [key, 0])) }]
    const ways = rows.map(({ figures, ...row }) => ({ ...row, charts: Object.keys(figures), measure: async () => figures }))
    const goals = [
      { chart: 'main', row: 'offmain, from JavaScript', most: 35 },
      { chart: 'main', row: 'offmain, added to a Rust app', most: 15 },
    ]
    return { ways, goals }
  },
}
