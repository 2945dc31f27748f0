// How long the main thread takes from frame to frame: an animation to look at, a sparkline, and the worst of ten seconds.

const WINDOW_MS = 10_000
const TEXT_EVERY_MS = 250
/** What the sparkline shows at its top; a frame of a display with 60 Hz is a third of it. */
const TOP_MS = 50

export class Meter {
  #frames = []
  #last
  #lastText = 0
  #paused = false
  #worstSinceMark = 0

  constructor({ reel, sparkline, worst, rate, pause }) {
    this.reel = surface(reel)
    this.sparkline = surface(sparkline)
    this.worst = worst
    this.rate = rate
    pause.addEventListener('click', () => {
      this.#paused = !this.#paused
      pause.setAttribute('aria-pressed', this.#paused)
    })
    requestAnimationFrame((now) => this.#frame(now))
  }

  /** The frames of the last ten seconds: when each ended, and how long it took. */
  frames() {
    return this.#frames.map((frame) => ({ ...frame }))
  }

  /** The longest of them, in milliseconds. */
  worstFrame() {
    return this.#frames.reduce((worst, { ms }) => Math.max(worst, ms), 0)
  }

  /** Starts to look for the longest frame anew. */
  mark() {
    this.#worstSinceMark = 0
  }

  /** The longest frame since the mark. */
  worstSinceMark() {
    return this.#worstSinceMark
  }

  /** Resolves after the next two frames, when the first of them has been measured. */
  settled() {
    return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  }

  #frame(now) {
    if (this.#last !== undefined && document.visibilityState === 'visible') this.#add(now, now - this.#last)
    this.#last = now
    if (!this.#paused) drawReel(this.reel, now)
    drawSparkline(this.sparkline, this.#frames, now)
    if (now - this.#lastText > TEXT_EVERY_MS) this.#write(now)
    requestAnimationFrame((next) => this.#frame(next))
  }

  #add(at, ms) {
    this.#frames.push({ at, ms })
    this.#worstSinceMark = Math.max(this.#worstSinceMark, ms)
    while (this.#frames[0].at < at - WINDOW_MS) this.#frames.shift()
  }

  #write(now) {
    this.#lastText = now
    this.worst.textContent = `${this.worstFrame().toFixed(1)} ms`
    this.rate.textContent = this.#frames.filter(({ at }) => at > now - 1000).length
  }
}

/** A canvas's context at the density of the display; its colours are the canvas's own `color` and `accent-color`. */
function surface(canvas) {
  const { width, height } = canvas
  const density = Math.min(2, devicePixelRatio)
  canvas.width = width * density
  canvas.height = height * density
  const context = canvas.getContext('2d')
  context.scale(density, density)
  const surface = { context, width, height }
  const readColours = () => {
    const { color, accentColor } = getComputedStyle(canvas)
    Object.assign(surface, { ink: color, accent: accentColor })
  }
  readColours()
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', readColours)
  return surface
}

/** A film that runs past a lamp: the eye sees at once when it jerks. */
function drawReel({ context, width, height, ink, accent }, now) {
  context.clearRect(0, 0, width, height)
  const step = 44
  const shift = (now / 8) % step
  context.fillStyle = ink
  context.globalAlpha = 0.14
  for (let x = -step + shift; x < width; x += step) {
    context.fillRect(x + 4, 22, step - 8, height - 44)
    for (let hole = 0; hole < step; hole += 11) {
      context.fillRect(x + hole + 3, 8, 6, 6)
      context.fillRect(x + hole + 3, height - 14, 6, 6)
    }
  }
  context.globalAlpha = 1
  context.fillStyle = accent
  context.beginPath()
  context.arc(width / 2 + Math.sin(now / 500) * (width / 2 - 18), height / 2, 9, 0, Math.PI * 2)
  context.fill()
}

function drawSparkline({ context, width, height, ink, accent }, frames, now) {
  context.clearRect(0, 0, width, height)
  const y = (ms) => height - 2 - (Math.min(ms, TOP_MS) / TOP_MS) * (height - 6)
  context.fillStyle = ink
  context.globalAlpha = 0.25
  context.fillRect(0, y(1000 / 60), width, 1)
  context.globalAlpha = 1
  for (const { at, ms } of frames) {
    const x = width - ((now - at) / WINDOW_MS) * width
    const late = ms > 34
    context.fillStyle = late ? accent : ink
    context.fillRect(x - (late ? 2 : 1), y(ms), late ? 2 : 1, height - y(ms))
  }
}
