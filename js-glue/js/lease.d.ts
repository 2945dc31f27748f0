// The type of data that a job lends.

/**
 * Data in the pool's memory, lent to this thread without a copy. A lease ends by `release()`, or at the end of a block that declares it with
 * `using`. As a last resort it ends when the collector finds that nobody holds the lease or a view of it.
 *
 * The data does not change during the lease. A lease outlives the job, the cache that the data came from, the pool and the generation. Of
 * ended generations, the last two with leases are kept.
 */
export class Lease {
  private constructor()
  /** Length in bytes. */
  readonly length: number
  /** Whether this is the job's own memory. It is a copy if `leases` or `leaseBytes` was reached. Throws if the lease has ended. */
  readonly shared: boolean
  /**
   * The data, for reading only. Throws if the lease has ended: a `TypeError` with the code `lease`. A view that you keep cannot be taken away:
   * after the end of the lease it shows whatever the pool does with that memory next.
   */
  readonly view: Uint8Array<ArrayBufferLike>
  /**
   * A copy of the data, or of a part as in `slice`. Use it for functions that refuse views of shared memory, such as `crypto`. The copy runs on
   * this thread.
   */
  copy(begin?: number, end?: number): Uint8Array<ArrayBuffer>
  /** A `Blob` of a copy. */
  blob(options?: BlobPropertyBag): Blob
  /** The data as text, decoded from UTF-8. */
  text(): string
  /** An `ImageData` of a copy. The data must be RGBA. */
  imageData(width: number, height?: number): ImageData
  /** Ends the lease: the pool may use the memory for something else. */
  release(): void
  [Symbol.dispose](): void
}
