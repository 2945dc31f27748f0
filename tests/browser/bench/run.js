// Runs a suite: each way once to warm up, then rounds in which all ways take turns; and says what the figures are.
//
// A suite is { name, title, how, rounds, charts, open }. `charts` has what is measured: key → { title, unit, floor, more }; `floor`
// names the row that ratios refer to, `more` says that more is better. `open` starts what is needed and gives { ways, goals, close }.
// A way is a row of one chart or several: { name, charts, kind, version, measure, giveUp }, or { name, charts, missing } with the reason
// why it cannot run here. `measure({ round })` gives figures by chart, each a number or a list; while it warms up there is no round.
// `giveUp` ends what has failed.
// A goal is { chart, row, against, most } or `least`: a bound on the ratio of two rows; with `above` instead, on the difference of their
// medians; with neither, on the row's own median.

import { distribution, ratio } from '../distribution.js'
import { within } from '../js/t.js'

/** A way that takes longer than this for one turn hangs. */
const TURN_LIMIT_MS = 90_000

/** Runs it; `saw(facts, share)` is called after each round. */
export async function run(suite, setting, saw = () => {}) {
  const { ways, goals = [], close = () => {} } = await suite.open(setting)
  const figures = new Figures(suite, ways, goals)
  const rounds = setting.quick ? Math.min(3, suite.rounds) : suite.rounds
  try {
    for (const way of ways) await figures.take(way, undefined)
    for (let round = 0; round < rounds; round++) {
      // To and fro: none has always the same one before it.
      for (const way of round % 2 === 0 ? ways : ways.toReversed()) await figures.take(way, round)
      saw(figures.facts(), (round + 1) / rounds)
    }
  } finally {
    await close()
  }
  return figures.facts()
}

/** What has been measured, by chart and row. */
class Figures {
  #values = new Map()

  constructor(suite, ways, goals) {
    Object.assign(this, { suite, ways, goals })
  }

  /** Has a way take its turn; without a round it is the warm-up. A way that fails does not run again. */
  async take(way, round) {
    if (way.missing || way.failed) return
    try {
      const measured = await within(way.measure({ round }), TURN_LIMIT_MS, way.name)
      if (round === undefined) return
      for (const [chart, figures] of Object.entries(measured)) this.#rounds(chart, way.name)[round] = [figures].flat()
    } catch (error) {
      way.failed = `${error?.message ?? error}`
      console.error(`${this.suite.name}, ${way.name}:`, error)
      await way.giveUp?.()
    }
  }

  #rounds(chart, row) {
    const key = `${chart}: ${row}`
    if (!this.#values.has(key)) this.#values.set(key, [])
    return this.#values.get(key)
  }

  /** All of it as plain data. */
  facts() {
    const { name, title, how } = this.suite
    return { name, title, how, charts: Object.keys(this.suite.charts).map((key) => this.#chart(key)), goals: this.goals.map((goal) => this.#goal(goal)) }
  }

  #chart(key) {
    const { title, unit, floor, more = false } = this.suite.charts[key]
    const rows = this.ways.filter(({ charts }) => charts.includes(key)).map((way) => this.#row(key, floor, way))
    return { key, title, unit, floor, more, rows }
  }

  #row(chart, floor, { name, kind = 'peer', version, missing, failed }) {
    const rounds = this.#rounds(chart, name)
    const row = { name, kind, version, missing, failed }
    const values = rounds.flat().filter((value) => value !== undefined)
    if (values.length === 0) return { ...row, missing: missing ?? (failed ? undefined : 'not measured') }
    return { ...row, ...distribution(values), ratio: floor && ratio(rounds, this.#rounds(chart, floor)), rounds }
  }

  #goal({ chart, row, against, above, most, least }) {
    const { title, unit } = this.suite.charts[chart]
    const rounds = this.#rounds(chart, row)
    const median = (row) => distribution(this.#rounds(chart, row).flat()).median
    const figure = against ? ratio(rounds, this.#rounds(chart, against))?.median : median(row) - (above ? median(above) : 0)
    const bound = `${most === undefined ? '≥' : '≤'} ${most ?? least}`
    const text = `${title}: ${row} ${against ? `${bound} × ${against}` : above ? `${bound} ${unit} above ${above}` : `${bound} ${unit}`}`
    const known = Number.isFinite(figure)
    return { text, figure: known ? figure : null, unit: against ? '×' : unit, met: known ? (most === undefined ? figure >= least : figure <= most) : null }
  }
}
