// The types of an app's package. `cargo offmain build` puts the app's own jobs and their types after this text.

/** Large binary data. Returned as a `Uint8Array`; given as any of these. Only what `transfer` lists is taken from you. */
export type Binary = Uint8Array | ArrayBuffer | Blob

/** A job's input as a caller may write it: where the job wants bytes, a `Blob` or an `ArrayBuffer` does as well. */
export type Given<T> =
  T extends Uint8Array ? Binary
  : T extends readonly (infer Item)[] ? { [Index in keyof T]: Given<T[Index]> }
  : T extends object ? { [Field in keyof T]: Given<T[Field]> }
  : T

/** How a pool is tuned. Times are in milliseconds, sizes in bytes. */
export interface Config {
  /** Where the package's files are; by default beside this module. */
  base?: string | URL
  /** How many workers, or a range. By default as many as the machine has cores. */
  workers?: number | readonly [min: number, max: number]
  idleTime?: number
  queueJobs?: number
  queueBytes?: number
  stackSize?: number
  memoryMaximum?: number
  threads?: number
  /** For every job that names none itself. */
  timeout?: number
  cancelGrace?: number
  drainTime?: number
  startTime?: number
}

/** How one job is submitted. */
export interface Options {
  /** Its abort cancels the job. */
  signal?: AbortSignal
  priority?: 'high' | 'normal' | 'low'
  /** Milliseconds from now; then the promise is rejected with a `TimeoutError`. */
  timeout?: number
  /** Buffers of the input that are handed over instead of copied. */
  transfer?: readonly ArrayBuffer[]
}

/** One submitted job: a promise of its output, with its progress. */
export interface JobHandle<Output, Progress = never> extends Promise<Output> {
  /** What the job reports; ends when the job does. */
  readonly progress: AsyncIterable<Progress>
  cancel(): void
  [Symbol.dispose](): void
}

/** A pool of workers that run this app's jobs. */
export interface Pool {
  submit<Name extends keyof Jobs>(
    name: Name, input: Given<Jobs[Name]['input']>, options?: Options,
  ): JobHandle<Jobs[Name]['output'], Jobs[Name]['progress']>
  stats(): Promise<Stats>
  /** Lets running jobs finish, then ends every worker. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts a pool. Rejected with a `StartError` that names the cause and the cure. */
export function start(config?: Config): Promise<Pool>

/** A pool at one moment, and what it has done so far. */
export interface Stats {
  workers: { id: number; generation: number; state: 'starting' | 'idle' | 'running' | 'stopping'; job?: string; forMs: number }[]
  threadsRunning: number
  threadsWarm: number
  queued: number
  running: number
  generations: number
  memoryBytes: number
  outcomes: {
    done: number; failed: number; panicked: number; trapped: number; cancelled: number
    timedOut: number; rejected: number; lost: number; closed: number
  }
}

/** Why a job has no output. `AbortError` and `TimeoutError` are `DOMException`s, as elsewhere on the web. */
export class JobError extends Error {
  readonly kind: 'failed' | 'panicked' | 'trapped' | 'rejected' | 'lost' | 'closed'
}

/** The job's own error, in `error`. */
export class JobFailed<E = unknown> extends JobError { readonly error: E }

/** Why a pool did not start. */
export class StartError extends Error { readonly kind: string }
