// How long this page takes from frame to frame, and what chunks cost.

const WINDOW_MS = 10_000
const TEXT_EVERY_MS = 250
/** What the sparkline shows at its top; a frame of a display with 60 Hz is a third of it. */
const TOP_MS = 50
/** Chunks of each way that count. */
const KEPT = 120

/** Measures frames, and draws them. */
export class FrameMeter {
  #frames = []
  #last
  #lastText = 0

  constructor({ sparkline, rate, worst }) {
    Object.assign(this, { rate, worst })
    const density = Math.min(2, devicePixelRatio)
    this.size = { width: sparkline.width, height: sparkline.height }
    sparkline.width *= density
    sparkline.height *= density
    this.context = sparkline.getContext('2d')
    this.context.scale(density, density)
    this.style = getComputedStyle(sparkline)
    requestAnimationFrame((now) => this.#frame(now))
  }

  #frame(now) {
    if (this.#last !== undefined && document.visibilityState === 'visible') this.#frames.push({ at: now, ms: now - this.#last })
    this.#last = now
    while (this.#frames[0]?.at < now - WINDOW_MS) this.#frames.shift()
    if (now - this.#lastText > TEXT_EVERY_MS) this.#write(now)
    requestAnimationFrame((next) => this.#frame(next))
  }

  #write(now) {
    this.#lastText = now
    this.rate.textContent = this.#frames.filter(({ at }) => at > now - 1000).length
    this.worst.textContent = `${Math.max(0, ...this.#frames.map(({ ms }) => ms)).toFixed(1)} ms`
    const { context, size: { width, height }, style: { color, accentColor } } = this
    const y = (ms) => height - 2 - (Math.min(ms, TOP_MS) / TOP_MS) * (height - 6)
    context.clearRect(0, 0, width, height)
    for (const { at, ms } of this.#frames) {
      context.fillStyle = ms > 34 ? accentColor : color
      context.fillRect(width - ((now - at) / WINDOW_MS) * width - 1, y(ms), ms > 34 ? 2 : 1, height - y(ms))
    }
  }
}

/** Keeps what the last chunks of each way have cost. */
export class Costs {
  #kept = new Map()

  add(way, cost) {
    if (!this.#kept.has(way)) this.#kept.set(way, [])
    const kept = this.#kept.get(way)
    kept.push(cost)
    if (kept.length > KEPT) kept.shift()
  }

  /** Medians, in milliseconds; undefined if there were no chunks. */
  of(way) {
    const kept = this.#kept.get(way)
    if (!kept) return undefined
    const median = (key) => kept.map((cost) => cost[key]).sort((a, b) => a - b)[kept.length >> 1]
    return { chunks: kept.length, handOverMs: median('handOverMs'), threadMs: median('threadMs'), drawMs: median('drawMs') }
  }
}
