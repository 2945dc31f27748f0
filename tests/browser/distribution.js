// What lists of figures say: the benchmarks of this folder show it.

/** A list's count, least, greatest, median and quantiles. */
export function distribution(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return { n: sorted.length, least: sorted[0], p5: at(0.05), median: at(0.5), p95: at(0.95), p99: at(0.99), greatest: sorted.at(-1) }
}

/**
 * How many times as large one row is as another: round by round, so that a machine that changes its pace changes it for both.
 * A row is a list of rounds, each a list of figures. Undefined where no round has figures of both.
 */
export function ratio(row, other) {
  const median = (values) => distribution(values).median
  const rounds = row.flatMap((values, round) => {
    const base = other[round]?.length ? median(other[round]) : 0
    // What took no time that could be measured is no measure.
    return values?.length && base > 0 ? [median(values) / base] : []
  })
  return rounds.length > 0 ? distribution(rounds) : undefined
}
