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

/** How much less `after` is than `before`; negative if it is more. */
export const saved = (before, after) => `${Math.round(100 * (1 - after / before))} %`

/** The same as a sentence's end. */
export const saving = (before, after) => (after <= before ? `${saved(before, after)} smaller` : `${saved(before, after).slice(1)} larger`)
