// What a job reports, as its caller reads it.

import { progressTaken } from './errors.js'

/** @typedef {{ release(): void }} Releasable */

/** A job's progress, for one reader. If that reader is slow, the oldest values are dropped. */
export class Reports {
  /** @type {{ value: unknown, leases: Releasable[] }[]} */
  #values = []
  #over = false
  /** @type {undefined | ((nothing?: unknown) => void)} */
  #wake
  #kept
  #read = false

  /** @param {number} kept how many values wait for a slow reader */
  constructor(kept) {
    this.#kept = kept
  }

  /** Those of a job that has reported nothing. */
  static none() {
    const reports = new Reports(0)
    reports.end()
    return reports
  }

  /**
   * @param {unknown} value
   * @param {Releasable[]} leases the leases in it
   */
  push(value, leases) {
    // The app will never see a dropped value, so it cannot release the leases in it.
    if (this.#values.length === this.#kept) for (const lease of this.#values.shift()?.leases ?? []) lease.release()
    this.#values.push({ value, leases })
    this.#wake?.()
  }

  end() {
    this.#over = true
    this.#wake?.()
  }

  [Symbol.asyncIterator]() {
    if (this.#read) throw progressTaken()
    this.#read = true
    return this.#each()
  }

  async *#each() {
    for (;;) {
      while (this.#values.length > 0) yield this.#values.shift()?.value
      if (this.#over) return
      await new Promise((wake) => (this.#wake = wake))
    }
  }
}
