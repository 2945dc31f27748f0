// Data that a job lends: a view of the pool's memory, until it is released.

import { leaseEnded, released } from './errors.js'

/** @typedef {import('./facade.js').Facade} Facade */
/** @typedef {import('./facade.js').LentData} LentData */

/** Gives back what nobody released, once nobody holds its buffer any more: no lease, and no view of it either. */
const forgotten = new FinalizationRegistry((giveBack) => giveBack())

// Made out here, so that they hold nothing but what they are given.
/** @type {(facade: Facade, id: number) => () => void} */
const giverBack = (facade, id) => () => facade.giveBack(id)
/** @type {(weak: WeakRef<Lease>, end: (lease: Lease | undefined, why: string) => void) => (why: string) => void} */
const ender = (weak, end) => (why) => end(weak.deref(), why)

/** Data in the pool's memory, lent without a copy. */
export class Lease {
  #length
  /** @type {{ buffer: ArrayBufferLike, address: number } | undefined} */
  #place
  #why = ''
  /** @type {(() => void) | undefined} */
  #giveBack

  /**
   * @param {Facade} facade
   * @param {LentData} lent
   */
  constructor(facade, [id, length, buffer, address]) {
    this.#length = length
    if (buffer === undefined) {
      this.#why = `${address}`
      return
    }
    this.#place = { buffer, address: Number(address) }
    // A copy has no number: nobody wants it back.
    if (id === 0) return
    this.#giveBack = giverBack(facade, id)
    forgotten.register(buffer, this.#giveBack, this)
    facade.holdLease(id, ender(new WeakRef(this), Lease.#end))
  }

  /**
   * @param {Lease | undefined} lease
   * @param {string} why
   */
  static #end(lease, why) {
    if (!lease || !lease.#place) return
    lease.#place = undefined
    lease.#why = why
    forgotten.unregister(lease)
  }

  /** Length in bytes. */
  get length() {
    return this.#length
  }

  /** Whether it is read where the job has it; it was copied if `leases` or `leaseBytes` was reached. */
  get shared() {
    return !(this.#open().buffer instanceof ArrayBuffer)
  }

  /** The data itself. Throws when the lease has ended. */
  get view() {
    const { buffer, address } = this.#open()
    return new Uint8Array(buffer, address, this.#length)
  }

  #open() {
    if (!this.#place) throw leaseEnded(this.#why)
    return this.#place
  }

  /**
   * A copy, for what refuses views of shared memory; of a part, as by `slice`.
   * @param {number} [begin]
   * @param {number} [end]
   */
  copy(begin, end) {
    // What `slice` makes has no buffer yet in Firefox, which would copy everything once more for whoever asks for it.
    return new Uint8Array(this.view.subarray(begin, end))
  }

  /**
   * A Blob of a copy.
   * @param {BlobPropertyBag} [options]
   */
  blob(options) {
    return new Blob([this.copy()], options)
  }

  /** The text that the data is, as UTF-8. */
  text() {
    return new TextDecoder().decode(this.copy())
  }

  /**
   * An ImageData of a copy; the data is RGBA.
   * @param {number} width
   * @param {number} [height]
   */
  imageData(width, height) {
    return new ImageData(new Uint8ClampedArray(this.copy().buffer), width, height)
  }

  /** Ends the lease: the pool may use the memory for something else. */
  release() {
    if (!this.#place) return
    Lease.#end(this, released())
    this.#giveBack?.()
  }

  [Symbol.dispose ?? Symbol('dispose')]() {
    this.release()
  }
}

/**
 * The leases that came with a message.
 * @type {(facade: Facade, lent?: LentData[]) => Lease[]}
 */
export const leasesOf = (facade, lent = []) => lent.map((one) => new Lease(facade, one))
