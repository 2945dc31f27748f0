// Draws a chart of rows as SVG text: a line from the 5th to the 95th percentile, a mark at the median. The page shows it, and so do the documents.

const [WIDTH, LABELS, VALUES, ROW, TOP, BOTTOM] = [800, 300, 90, 26, 34, 26]

const STYLE = `
  .bench { font: 13px system-ui, sans-serif; fill: #1c2330 }
  .bench .title { font-weight: 600 } .bench .soft { fill: #667085; font-size: 11px }
  .bench .grid { stroke: #d7dce5; stroke-width: 1 } .bench .floor { stroke: #98a2b3; stroke-dasharray: 3 3 }
  .bench .peer { stroke: #8894a8; fill: #5b6779 } .bench .raw { stroke: #b3702a; fill: #93561a } .bench .offmain { stroke: #3b6fd8; fill: #1f4fb0 }
  .bench .spread { stroke-width: 8; stroke-linecap: round; opacity: .38 } .bench .median { stroke: none }
  @media (prefers-color-scheme: dark) {
    .bench { fill: #e6eaf2 } .bench .soft { fill: #9aa5b8 } .bench .grid { stroke: #333c4d } .bench .floor { stroke: #6b778c }
    .bench .peer { fill: #b4bfd0 } .bench .raw { fill: #e0a45f } .bench .offmain { fill: #86aef7 }
  }`

/** The SVG of one chart of a suite's facts. */
export function chart({ title, unit, floor, more, rows }) {
  const measured = rows.filter(({ n }) => n > 0)
  const scale = scaleOf(measured)
  const height = TOP + rows.length * ROW + BOTTOM
  const x = (value) => LABELS + scale.at(value) * (WIDTH - LABELS - VALUES)
  const lines = scale.ticks.map((tick) => grid(x(tick), height, number(tick)))
  const reference = measured.find(({ name }) => name === floor)
  if (reference) lines.push(`<line class="floor" x1="${x(reference.median)}" x2="${x(reference.median)}" y1="${TOP - 6}" y2="${height - BOTTOM}"/>`)
  const marks = rows.map((row, index) => mark(row, TOP + index * ROW + ROW / 2, x))
  const words = `${unit}, ${more ? 'more' : 'less'} is better${scale.logarithmic ? '; logarithmic' : ''}`
  return `<svg xmlns="http://www.w3.org/2000/svg" class="bench" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escape(title)}">
<style>${STYLE}</style>
<text class="title" x="0" y="16">${escape(title)}</text><text class="soft" x="${WIDTH}" y="16" text-anchor="end">${escape(words)}</text>
${[...lines, ...marks].join('\n')}
</svg>
`
}

function mark({ name, kind, n, p5, median, p95, missing, failed }, y, x) {
  const label = `<text x="0" y="${y + 4}">${escape(name)}</text>`
  if (!(n > 0)) return `${label}<text class="soft" x="${LABELS}" y="${y + 4}">${escape(shorten(failed ?? missing ?? ''))}</text>`
  return `${label}<g class="${kind}"><line class="spread" x1="${x(p5)}" x2="${x(p95)}" y1="${y}" y2="${y}"/><circle class="median" cx="${x(median)}" cy="${y}" r="5"/></g>
<text x="${WIDTH}" y="${y + 4}" text-anchor="end">${number(median)}</text>`
}

const grid = (x, height, text) =>
  `<line class="grid" x1="${x}" x2="${x}" y1="${TOP - 6}" y2="${height - BOTTOM}"/><text class="soft" x="${x}" y="${height - 8}" text-anchor="middle">${text}</text>`

/** From a value to its place between 0 and 1: logarithmic where rows differ much. */
function scaleOf(rows) {
  const [least, greatest] = [Math.min(...rows.map(({ p5 }) => p5)), Math.max(...rows.map(({ p95 }) => p95))]
  if (rows.length === 0 || !(greatest > 0)) return { ticks: [], at: () => 0, logarithmic: false }
  if (least > 0 && greatest / least > 10) {
    const [from, to] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(greatest))]
    const ticks = Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i))
    return { ticks, at: (value) => (Math.log10(Math.max(value, 10 ** from)) - from) / (to - from), logarithmic: true }
  }
  const step = stepOf(greatest)
  const top = Math.ceil(greatest / step) * step
  return { ticks: Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step), at: (value) => Math.max(0, value) / top, logarithmic: false }
}

/** A round distance of ticks, of which three to six fit. */
function stepOf(greatest) {
  const power = 10 ** Math.floor(Math.log10(greatest / 3))
  return [5, 2, 1].map((factor) => factor * power).find((step) => greatest / step >= 3) ?? power
}

/** Three digits are what a figure of a browser is worth. */
export function number(value) {
  if (value === 0) return '0'
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en').replaceAll(',', ' ')
  return `${Number(value.toPrecision(3))}`
}

const shorten = (text) => (text.length > 70 ? `${text.slice(0, 69)}…` : text)
const escape = (text) => `${text}`.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
