// A pool, as an app holds it: it submits jobs, tells of them, and ends.

import { Call } from './call.js'
import { asOffmainError } from './errors.js'

/** @typedef {import('./facade.js').Facade} Facade */

/** Workers that run jobs. Its events are `stall`, `threadsleft`, `generationend`, `loadfail` and `restart`. */
export class Pool extends EventTarget {
  #facade
  #ending = new AbortController()

  /** @param {Facade} facade */
  constructor(facade) {
    super()
    this.#facade = facade
  }

  /**
   * Sends a job, at once. What is refused is refused by the promise.
   * @param {string} name
   * @param {unknown} input
   * @param {unknown} [options]
   */
  submit(name, input, options) {
    const call = new Call(this.#facade, name)
    call.submit(input, options, this.#ending.signal)
    return call.job
  }

  /**
   * Has another number of workers from now on: a number, or [least, greatest].
   * @param {unknown} workers
   */
  async resize(workers) {
    try {
      this.#facade.resize(workers)
    } catch (error) {
      throw asOffmainError(error)
    }
  }

  /** What the pool does now and has done so far; undefined once it has ended. */
  stats() {
    return new Promise((tell) => this.#facade.stats(tell))
  }

  /** Takes no more jobs, finishes those there are, then ends. */
  shutdown() {
    const ended = new Promise((tell) => this.#facade.shutdown(tell))
    this.#ending.abort()
    return ended
  }

  /** Ends at once. */
  close() {
    this.#facade.close()
    this.#ending.abort()
  }

  [Symbol.dispose ?? Symbol('dispose')]() {
    this.close()
  }

  [Symbol.asyncDispose ?? Symbol('asyncDispose')]() {
    return this.shutdown()
  }
}
