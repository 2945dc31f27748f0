// Figures as people read them.

const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 })

export function bytes(count) {
  if (count < 1000) return `${count} B`
  const [size, unit] = count < 1e6 ? [count / 1e3, 'kB'] : count < 1e9 ? [count / 1e6, 'MB'] : [count / 1e9, 'GB']
  return `${number.format(size)} ${unit}`
}

export function duration(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${number.format(ms / 1000)} s`
}

/** How much smaller `after` is, as a sentence's end. */
export function saving(before, after) {
  const percent = Math.round(100 * (1 - after / before))
  return percent >= 0 ? `${percent} % smaller` : `${-percent} % larger`
}
