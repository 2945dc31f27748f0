// What TypeScript knows of the data that a job lends.

/**
 * Data in the pool's memory, lent to this thread without a copy. It ends by `release()`, at the end of a block that says
 * `using`, or, as a last resort, when nobody holds it or a view of it any more.
 *
 * While it is lent it does not change. It outlives the job, the cache it came from, the pool and its generation; of
 * generations that have ended, the last two whose data is on loan are kept.
 */
export class Lease {
  private constructor()
  /** Length in bytes. */
  readonly length: number
  /** Whether it is read where the job has it; it was copied if `leases` or `leaseBytes` was reached. */
  readonly shared: boolean
  /**
   * The data itself, to be read only. Throws when the lease has ended. A view that was kept until then cannot be taken
   * away: whoever reads it later reads whatever the pool has there by then.
   */
  readonly view: Uint8Array<ArrayBufferLike>
  /** A copy, for what refuses views of shared memory (`crypto`, for example); of a part, as by `slice`. It runs on this thread. */
  copy(begin?: number, end?: number): Uint8Array<ArrayBuffer>
  /** A `Blob` of a copy. */
  blob(options?: BlobPropertyBag): Blob
  /** The text that the data is, as UTF-8. */
  text(): string
  /** An `ImageData` of a copy; the data is RGBA. */
  imageData(width: number, height?: number): ImageData
  /** Ends the lease: the pool may use the memory for something else. */
  release(): void
  [Symbol.dispose](): void
}
