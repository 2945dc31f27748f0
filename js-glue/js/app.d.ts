// The types of an app's package. `cargo offmain build` writes the types of the app's own jobs into job-types.d.ts beside this file.

import type { Jobs } from './job-types.js'
import type { Lease } from './lease.js'

// If one of the app's types has the same name as a type below, import it from job-types.js.
export type * from './job-types.js'
export { Lease } from './lease.js'

/** Starts a pool. Resolves when a worker takes jobs; rejects with an `OffmainError`. */
export function start(config?: Config): Promise<Pool>

/** The config of a pool. Times are in milliseconds, sizes in bytes. `start` refuses a value out of range and names the range. */
export interface Config {
  /** The number of workers. With a range, the pool grows under load and shrinks when idle. `'auto'`: one worker per core, 16 at most. */
  workers?: 'auto' | number | readonly [least: number, greatest: number]
  /** How long a worker beyond the least number may be idle before it ends. */
  idleTime?: number
  /** How many jobs may be unsettled, besides one per worker. */
  queueJobs?: number
  /** How many bytes of binary input the unsettled jobs may hold. */
  queueBytes?: number
  /** The stack of each worker and each thread, a multiple of 65536. */
  stackSize?: number
  /** The greatest size of the shared memory. */
  memoryMaximum?: number
  /** How many threads the jobs may have at one time. */
  threads?: number
  /** What `std::thread::available_parallelism` returns in jobs, and so the number of threads of rayon's own pool. Default: the number of cores. */
  parallelism?: number
  /** The time limit of a job without a `timeout` of its own, counted from its submit. */
  timeout?: number
  /** How long a job may run on after its cancel or its time limit; then its worker is killed. */
  cancelGrace?: number
  /** How long running jobs may go on after another job has ended their generation. */
  drainTime?: number
  /** How long the pool may take to start, loading included; later, how long each worker may take. */
  startTime?: number
  /** How long the pool retries to load a file while no worker is available; then it closes. See the event `loadfail`. */
  retryTime?: number
  /** How long a running job may send neither progress nor an outcome before the event `stall`. */
  stallTime?: number
  /** How many progress values wait for a slow reader. The oldest ones are dropped. */
  progressKept?: number
  /** The least time between two progress reports of a job, after a burst of 64. The newest report waits. */
  progressSpacing?: number
  /** How many leases of one generation's memory the app may hold. Beyond it, the data is copied. */
  leases?: number
  /** How many bytes of one generation's memory the app may hold by leases. Beyond it, the data is copied. */
  leaseBytes?: number
  /**
   * How small inputs and outputs travel. `'auto'`: through shared memory, without the coordinator, while nothing speaks against it.
   * `'message'`: always by messages.
   */
  lane?: 'auto' | 'message'
}

/** The events of a pool. The details are in `detail`. */
export interface PoolEvents {
  /** A running job has sent neither progress nor an outcome for `stallTime`. The event repeats after each further `stallTime`. */
  stall: CustomEvent<{ job: string; jobId: number; worker: number; forMs: number }>
  /** A job is over, but threads that it spawned go on: detached threads, or the threads of a pool such as rayon's own. */
  threadsleft: CustomEvent<{ job: string; jobId: number; worker: number; threads: number }>
  /** A generation has ended because of a trap, a kill or a failed start. The next generation takes over. */
  generationend: CustomEvent<{ generation: number; why: string }>
  /**
   * A file for another worker, thread or coordinator could not be loaded: there is no network, or the server has another build by now.
   * Running workers go on. The pool retries with growing pauses: as long as a worker is available, and then for `retryTime`. The event comes
   * with each failed attempt. `tries` counts them, `workers` are the workers that go on.
   */
  loadfail: CustomEvent<{ file: string; why: string; tries: number; workers: number }>
  /** The coordinator has died, and another coordinator has taken its place. */
  restart: CustomEvent<{ why: string }>
}

/** A pool of workers that run this app's jobs. */
export class Pool extends EventTarget {
  private constructor()
  addEventListener<Kind extends keyof PoolEvents>(kind: Kind, listener: (event: PoolEvents[Kind]) => void, options?: AddEventListenerOptions): void
  addEventListener(kind: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void
  /** Sends a job at once. Never throws: if the job is refused, the promise rejects. */
  submit<Name extends keyof Jobs>(
    name: Name,
    input: Given<Jobs[Name]['input']>,
    options?: Options,
  ): Job<Jobs[Name]['output'], Jobs[Name]['progress']>
  /** Changes the number of workers. Surplus workers finish their jobs first. Rejects with an `OffmainError` if the number is out of range. */
  resize(workers: number | readonly [least: number, greatest: number]): Promise<void>
  /** What the pool does now and has done so far; `undefined` once it has ended. */
  stats(): Promise<Stats | undefined>
  /** Takes no more jobs, finishes the present ones, then ends. Resolves when the pool has ended. */
  shutdown(): Promise<void>
  /** Ends at once. Unsettled jobs reject with a `JobError` named `PoolClosed`. */
  close(): void
  [Symbol.dispose](): void
  [Symbol.asyncDispose](): Promise<void>
}

/** The options of one job. */
export interface Options {
  /** Aborting it cancels the job; the promise then rejects with the signal's reason. */
  signal?: AbortSignal
  /** How soon the job gets a worker. Waiting jobs age, so a low priority never starves. */
  priority?: 'high' | 'normal' | 'low'
  /** The time limit in milliseconds from now, whether the job waits or runs. After it, the promise rejects with a `TimeoutError`. */
  timeout?: number
  /** If the queue is full, the job waits for room, first come, first served, instead of being refused. `timeout` counts meanwhile. */
  wait?: boolean
  /**
   * Buffers in the input, or views of them, that are transferred: on this thread they are empty afterwards. A buffer or a view that is not
   * listed is copied, up to 64 KiB in all.
   *
   * In Firefox, `new Uint8Array(n)` and `slice()` may create an array without a buffer; reading its `buffer` then copies the data. For large
   * arrays use `new Uint8Array(new ArrayBuffer(n))`.
   */
  transfer?: readonly (ArrayBuffer | ArrayBufferView<ArrayBuffer>)[]
}

/**
 * A submitted job: a promise of its output. It rejects with a `JobError`, or, as the browser's own functions do, with a `DOMException` named
 * `AbortError` (cancelled) or `TimeoutError` (time limit). Wrong options reject it with an `OffmainError`.
 */
export class Job<Output, Progress = never> extends Promise<Output> {
  private constructor()
  /**
   * What the job reports, for one reader. It ends with the job. For a slow reader, the oldest values are dropped. A second loop over it throws
   * an `OffmainError`.
   */
  readonly progress: AsyncIterable<Progress>
  /** Asks the job to stop. The promise then rejects with an `AbortError`, unless the job is already done. */
  cancel(): void
}

/** A job's input as a caller may write it: where the job takes bytes, a `Blob`, a `Response` or any buffer will do. */
export type Given<T> =
  T extends Uint8Array ? Uint8Array<ArrayBuffer> | ArrayBuffer | Blob | Response
  : T extends Lease ? never
  : T extends object ? { [Field in keyof T]: Given<T[Field]> }
  : T

/**
 * What went wrong, in one word. Match the code, not the text: a code never changes, a text may.
 *
 * The errors `AbortError` and `TimeoutError` are the browser's own, with its own codes; tell them by their `name`. A `TypeError` with the code
 * `lease` means that the lease has ended.
 */
export type ErrorCode = OffmainError['code'] | JobError['code'] | 'lease'

/** How a job ended, if not with its output. `name` tells the kinds apart, `code` also why a job was rejected. */
export class JobError<JobsOwn = unknown> extends Error {
  private constructor()
  readonly name: 'JobFailed' | 'JobPanicked' | 'JobTrapped' | 'JobRejected' | 'JobLost' | 'PoolClosed'
  readonly code:
    | 'failed' // `JobFailed`: the job returned its own error
    | 'panicked' // `JobPanicked`: its worker goes on
    | 'trapped' // `JobTrapped`: its worker died; the pool goes on with a new generation
    | 'queueFull' // `JobRejected`: the queue holds as many jobs as it may
    | 'queueBytes' // `JobRejected`: the queue holds as many bytes as it may
    | 'unknownJob' // `JobRejected`: no job has this name
    | 'badInput' // `JobRejected`: the input cannot be passed, or is not of the job's type
    | 'outputTooLarge' // `JobRejected`: the output or the error holds too much structured data
    | 'badOutput' // `JobRejected`: the output or the error could not be encoded
    | 'lost' // `JobLost`: another job ended its generation, or the coordinator died
    | 'closed' // `PoolClosed`: the pool was closed first
  /** `JobFailed`: the job's own error. */
  readonly error?: JobsOwn
  /** `JobPanicked`: the message of the panic. */
  readonly panic?: string
  /** `JobPanicked`: file, line and column of the panic, if known. */
  readonly location?: string
  /** `JobTrapped`: what the browser says about the trap. */
  readonly trap?: string
  /** `JobRejected`: the input, handed back. */
  readonly input?: unknown
}

/** Why a pool did not start, or a call was wrong. `message` names the cause, then the cure. */
export class OffmainError extends Error {
  private constructor()
  readonly code:
    | 'option' // the name or an option of a job is wrong
    | 'progress' // the progress of the job already has a reader
    | 'config' // a field of the config is unknown or out of range
    | 'notIsolated' // the page is not cross-origin isolated
    | 'unsupported' // the browser is too old
    | 'file' // a file of the pkg folder could not be loaded
    | 'version' // app and pkg folder are built with different versions of offmain
    | 'duplicateJob' // two jobs have the same name
    | 'init' // the job module's `init` failed
    | 'memory' // the browser has no memory for the pool
    | 'slow' // no worker was ready within `startTime`
    | 'worker' // a worker died while it started
}

/** What a pool does at one moment, and what it has done so far. */
export interface Stats {
  /** The workers of all generations that are alive. */
  workers: {
    id: number
    generation: number
    state: 'starting' | 'idle' | 'running' | 'stopping'
    /** The name of the job that it runs. */
    job: string | null
    /** The number of that job. */
    jobId: number | null
    /** How long it has been in this state, in milliseconds. */
    forMs: number
  }[]
  /** Threads of the current generation: the running ones, and the ones that wait for their next closure. */
  threads: { running: number; warm: number }
  /** Jobs that wait for a worker. */
  queued: number
  /** Jobs that run. */
  running: number
  /** Generations that the present coordinator has begun: more than one after a trap or a kill. */
  generations: number
  /** The size of the current generation's shared memory. */
  memoryBytes: number
  /** Messages that were ignored because they made no sense. */
  ignored: number
  /** Progress reports that could not be encoded or decoded. */
  reportsLost: number
  /** Coordinators that have died and were replaced. */
  restarts: number
  /** Outcomes that came through the shared lane. */
  byLane: number
  /** Leases that have not ended, their bytes, and how often data was copied instead because a limit was reached. */
  leases: { lent: number; bytes: number; copied: number }
  /** How many jobs ended in each way. */
  outcomes: {
    done: number
    failed: number
    panicked: number
    trapped: number
    cancelled: number
    timedOut: number
    rejected: number
    lost: number
    closed: number
  }
}
