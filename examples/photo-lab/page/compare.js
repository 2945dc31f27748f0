// The same work twice, in the pool and on the main thread, and what each does to the animation.

import { duration } from './format.js'
import { processOnMainThread } from './main-thread.js'

export class Comparison {
  #poolWorst = 0
  #poolSince

  constructor({ button, table, poolWorst, poolTime, mainWorst, mainTime }, { lab, meter, status }) {
    Object.assign(this, { button, table, poolWorst, poolTime, mainWorst, mainTime, lab, meter, status })
    button.addEventListener('click', () => this.run())
    lab.addEventListener('added', () => this.#poolStarts())
    lab.addEventListener('over', () => this.#poolEnds())
  }

  /** What the pool did to the animation, and the main thread: the longest frames and the time, in milliseconds. */
  measured = {}

  /** Works on all photographs of the page again, on the main thread. */
  async run() {
    const files = this.lab.photos.filter(({ state }) => state === 'done').map(({ file }) => file)
    if (files.length === 0) return this.status.say('First take some photographs, then compare.')
    this.button.disabled = true
    this.status.say('Working on the main thread. This page will not answer until it is over.')
    await this.meter.settled()
    this.meter.mark()
    const start = performance.now()
    try {
      await processOnMainThread(files, () => {})
      await this.meter.settled()
      this.#show('main', this.meter.worstSinceMark(), performance.now() - start)
      this.status.say('That was the main thread. The table tells the difference.')
    } catch (error) {
      this.status.fail(
        `The main-thread build could not be loaded (${error?.message ?? error}). It is made by \`cargo xtask demo\`; the pool does not need it.`,
      )
    }
    this.button.disabled = false
  }

  #poolStarts() {
    if (this.#poolSince === undefined) {
      this.#poolSince = performance.now()
      this.meter.mark()
    }
  }

  #poolEnds() {
    if (this.lab.photos.some(({ isOver }) => !isOver)) return
    this.#poolWorst = this.meter.worstSinceMark()
    this.#show('pool', this.#poolWorst, performance.now() - this.#poolSince)
    this.#poolSince = undefined
  }

  #show(where, worst_ms, time_ms) {
    this.measured[where] = { worst_ms, time_ms }
    this[`${where}Worst`].textContent = duration(worst_ms)
    this[`${where}Time`].textContent = duration(time_ms)
    this.table.hidden = false
  }
}
