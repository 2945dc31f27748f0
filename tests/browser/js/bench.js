// The statistics of the benchmarks, on figures whose answers one knows.
import { distribution, ratio } from '../distribution.js'
import { run } from '../bench/run.js'
import { chart } from '../bench/chart.js'

const close = (t, found, wanted, what) => t.assert(Math.abs(found - wanted) < 1e-9, `${what}: ${found}, not ${wanted}`)

/** A suite whose rows take no time: `rows` has a function of the round for each name. */
function suiteOf(rows, goals = []) {
  const order = []
  const way = ([name, figures]) => {
    const measure = async ({ round }) => {
      order.push(name)
      return { time: figures(round) }
    }
    return typeof figures === 'string' ? { name, charts: ['time'], missing: figures } : { name, charts: ['time'], measure }
  }
  const ways = Object.entries(rows).map(way)
  let closed = false
  const suite = {
    name: 'known', title: 'Known', how: '', rounds: 4,
    charts: { time: { title: 'Time', unit: 'ms', floor: 'floor' } },
    open: async () => ({ ways, goals, close: () => (closed = true) }),
  }
  return { suite, order, closed: () => closed }
}

export const tests = {
  async 'a distribution has the median and the quantiles of its figures'(t) {
    const shuffled = Array.from({ length: 101 }, (_, i) => (i * 37) % 101)
    const { n, least, p5, median, p95, greatest } = distribution(shuffled)
    t.equal([n, least, p5, median, p95, greatest], [101, 0, 5, 50, 95, 100], 'of 0 to 100')
    t.equal(distribution([7]).p95, 7, 'of one figure')
  },

  async 'a ratio is taken round by round'(t) {
    // The machine becomes ten times slower half-way: each round still says 2.
    const { n, median } = ratio([[2], [4], [20], [40]], [[1], [2], [10], [20]])
    t.equal([n, median], [4, 2], 'rounds and ratio')
    close(t, ratio([[3, 9, 4]], [[2]]).median, 2, 'of medians of a round')
    t.equal(ratio([[1], undefined, [3]], [undefined, [1], [1]]).n, 1, 'rounds that have both')
    t.equal(ratio([[1], [1]], [[0], [2]]).n, 1, 'rounds whose base is above zero')
    t.equal(ratio([], [[1]]), undefined, 'of nothing')
  },

  async 'rows take turns to and fro after a warm-up, and goals are judged'(t) {
    const goals = [
      { chart: 'time', row: 'twice', against: 'floor', most: 2 },
      { chart: 'time', row: 'twice', against: 'floor', least: 3 },
      { chart: 'time', row: 'twice', most: 5 },
      { chart: 'time', row: 'twice', above: 'floor', most: 2 },
      { chart: 'time', row: 'absent', above: 'floor', most: 1 },
      { chart: 'time', row: 'absent', against: 'floor', most: 1 },
    ]
    const { suite, order, closed } = suiteOf({ floor: (round) => (round === undefined ? 999 : 1 + round), twice: (round) => [2 + 2 * round], absent: 'not built' }, goals)
    const facts = await run(suite, { quick: false })
    t.equal(order.join(' '), ['floor twice', 'floor twice', 'twice floor', 'floor twice', 'twice floor'].join(' '), 'order')
    const [floor, twice, absent] = facts.charts[0].rows
    t.equal([floor.n, floor.greatest, floor.ratio.median], [4, 4, 1], 'the floor, without its warm-up')
    t.equal([twice.median, twice.ratio.p5, twice.ratio.p95], [6, 2, 2], 'the other')
    t.equal(absent.missing, 'not built', 'who is not there')
    t.equal(facts.goals.map(({ met }) => met), [true, false, false, false, null, null], 'goals')
    t.assert(closed(), 'the suite is closed')
    const picture = chart(facts.charts[0])
    t.assert(picture.includes('>twice<') && picture.includes('not built'), picture)
    t.assert(new DOMParser().parseFromString(picture, 'image/svg+xml').querySelector('parsererror') === null, 'the picture is well-formed')
  },

  async 'a row that fails says so, and the others go on'(t) {
    const fails = (round) => {
      if (round === 1) throw new Error('it fell over')
      return 1
    }
    const { suite } = suiteOf({ floor: () => 1, fails })
    const [floor, failed] = (await run(suite, { quick: false })).charts[0].rows
    t.equal([floor.n, failed.n, failed.failed], [4, 1, 'it fell over'], 'rows')
  },
}
