// Put into a page by the tasks, or loaded by it: how long its main thread is ever held between `startMeter()` and `takeMeter()`, by a
// timer that should fire every few milliseconds, by the times between frames, and, where the engine tells (Chromium), by its long tasks.
// A timer leaves the thread free in between; a loop of messages would itself take a core.
// On `window`: in Firefox the global of a driver's script is a sandbox that ends with it.
window.startMeter = () => {
  const TICK_MS = 5
  const late = []
  const frames = []
  const longTasks = []
  let running = true

  let lastTick = performance.now()
  function tick() {
    const now = performance.now()
    late.push(Math.max(0, now - lastTick - TICK_MS))
    lastTick = now
    if (running) setTimeout(tick, TICK_MS)
  }
  setTimeout(tick, TICK_MS)

  let lastFrame
  function frame(now) {
    if (lastFrame !== undefined) frames.push(now - lastFrame)
    lastFrame = now
    if (running) requestAnimationFrame(frame)
  }
  requestAnimationFrame(frame)

  const tellsLongTasks = PerformanceObserver.supportedEntryTypes.includes('longtask')
  const observer = new PerformanceObserver(list => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
  if (tellsLongTasks) observer.observe({ type: 'longtask' })

  const round = ms => Math.round(ms * 100) / 100
  function spread(values) {
    if (!values.length) return null
    const sorted = values.toSorted((a, b) => a - b)
    const at = share => round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))])
    return { count: sorted.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: round(sorted.at(-1)) }
  }

  // Ends the measurement: event-loop delay and frame times in milliseconds; `longTasks` is null where the engine does not tell.
  window.takeMeter = () => {
    running = false
    observer.disconnect()
    return { delay: spread(late), frames: spread(frames), longTasks: tellsLongTasks ? longTasks.map(round) : null }
  }
}
