/** What a list of figures says: the benchmarks of this folder print it. */
export function distribution(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  return { n: sorted.length, least: sorted[0], p5: at(0.05), median: at(0.5), p95: at(0.95), p99: at(0.99), greatest: sorted.at(-1) }
}
