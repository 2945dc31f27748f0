// What TypeScript knows of an app's package. The app's own jobs are in job-types.d.ts, written beside this by `cargo offmain build`.

import type { Jobs } from './job-types.js'
import type { Lease } from './lease.js'

// A type of the app's that has the name of one below is to be imported from job-types.js.
export type * from './job-types.js'
export { Lease } from './lease.js'

/** Starts a pool; resolves when a worker takes jobs. Rejects with an `OffmainError`. */
export function start(config?: Config): Promise<Pool>

/** How a pool is tuned. Times are in milliseconds, sizes in bytes. A value out of range is an error that names the range. */
export interface Config {
  /** How many workers; a range grows under load and shrinks when idle. `'auto'`: as many as the machine has cores. */
  workers?: 'auto' | number | readonly [least: number, greatest: number]
  /** How long a worker above the least number may idle. */
  idleTime?: number
  /** How many jobs may wait. */
  queueJobs?: number
  /** How many bytes of binary input unsettled jobs may hold. */
  queueBytes?: number
  /** Stack of each worker and thread: a multiple of 65536. */
  stackSize?: number
  /** How large the shared memory may grow. */
  memoryMaximum?: number
  /** How many threads jobs may have started at one time. */
  threads?: number
  /** What `std::thread::available_parallelism` says in the pool, and so how many threads rayon's own pool has; the machine's cores if unset. */
  parallelism?: number
  /** Time limit of a job that names none, from its submit on. */
  timeout?: number
  /** How long a job has to notice that it was cancelled, before its worker is killed. */
  cancelGrace?: number
  /** How long running jobs have to finish after another one has broken their generation. */
  drainTime?: number
  /** How long the pool may take to start, with the loading of its files, and later each worker. */
  startTime?: number
  /** How long the pool goes on trying to load a file while nothing works any more, before it closes. See the event `loadfail`. */
  retryTime?: number
  /** How long a running job may give no sign before the pool's event `stall` tells of it. */
  stallTime?: number
  /** How many progress values are kept for a reader who is slow. */
  progressKept?: number
  /** How far apart a job's progress reports are sent, after a burst; the newest is kept meanwhile. */
  progressSpacing?: number
  /** How many leases of one generation the app may hold; what is lent beyond it is copied. */
  leases?: number
  /** How many bytes of one generation's memory may be lent; what is lent beyond it is copied. */
  leaseBytes?: number
  /**
   * How small inputs and outputs travel: `'auto'` through shared memory, past the coordinator, while nothing else is to be done;
   * `'message'` always by messages.
   */
  lane?: 'auto' | 'message'
}

/** What a pool tells of, as events; each has its details in `detail`. */
export interface PoolEvents {
  /** A running job has given no sign for `stallTime`, neither progress nor an outcome. Told again after each further such time. */
  stall: CustomEvent<{ job: string; jobId: number; worker: number; forMs: number }>
  /** A job is over, and threads that it spawned go on: detached ones, or those of a thread pool such as rayon's own. */
  threadsleft: CustomEvent<{ job: string; jobId: number; worker: number; threads: number }>
  /** A generation has ended, by a trap, a kill or a start that failed; the next one takes over. */
  generationend: CustomEvent<{ generation: number; why: string }>
  /**
   * A file that a further worker, thread or coordinator needs could not be loaded: there is no network, or the pkg folder holds another
   * build by now. What works goes on. The file is tried again, with growing pauses: as long as anything works, and then for `retryTime`.
   * Told at each try that fails.
   */
  loadfail: CustomEvent<{ file: string; why: string; tries: number; workers: number }>
  /** The coordinator has died, and another one has taken its place. */
  restart: CustomEvent<{ why: string }>
}

/** Workers that run this app's jobs. */
export class Pool extends EventTarget {
  private constructor()
  addEventListener<Kind extends keyof PoolEvents>(kind: Kind, listener: (event: PoolEvents[Kind]) => void, options?: AddEventListenerOptions): void
  addEventListener(kind: string, listener: EventListenerOrEventListenerObject | null, options?: boolean | AddEventListenerOptions): void
  /** Sends a job, at once. What is refused is refused by the promise. */
  submit<Name extends keyof Jobs>(
    name: Name,
    input: Given<Jobs[Name]['input']>,
    options?: Options,
  ): Job<Jobs[Name]['output'], Jobs[Name]['progress']>
  /** Has another number of workers from now on. */
  resize(workers: number | readonly [least: number, greatest: number]): Promise<void>
  /** What the pool does now and has done so far; undefined once it has ended. */
  stats(): Promise<Stats | undefined>
  /** Takes no more jobs, finishes those there are, then ends. */
  shutdown(): Promise<void>
  /** Ends at once. */
  close(): void
  [Symbol.dispose](): void
  [Symbol.asyncDispose](): Promise<void>
}

/** How one job is submitted. */
export interface Options {
  /** Its abort cancels the job, and is what the promise rejects with. */
  signal?: AbortSignal
  priority?: 'high' | 'normal' | 'low'
  /** Milliseconds from now; then the promise rejects with a `TimeoutError`. */
  timeout?: number
  /** Where the queue is full, wait until there is room, first come, first served, instead of being refused. `timeout` counts meanwhile. */
  wait?: boolean
  /**
   * Buffers that the input holds, or views of them, which are handed over and empty from then on. Of a view that is not listed, the part
   * that it shows is copied, up to 64 KiB in all.
   * Firefox copies an array that was made by its length, or by `slice`, when its `buffer` is first asked for: make large ones over one.
   */
  transfer?: readonly (ArrayBuffer | ArrayBufferView<ArrayBuffer>)[]
}

/** A submitted job: a promise of its output. Rejects with a `JobError`, or with an `AbortError` or a `TimeoutError`. */
export class Job<Output, Progress = never> extends Promise<Output> {
  private constructor()
  /**
   * What the job reports, for one reader; ends when the job does. Of a reader who is slow, the oldest values are dropped. A second loop over
   * it throws an `OffmainError`.
   */
  readonly progress: AsyncIterable<Progress>
  /** Asks the job to stop; it then rejects with an `AbortError`, unless it was done already. */
  cancel(): void
}

/** A job's input as a caller may write it: for bytes, a `Blob`, a `Response` or any buffer does. */
export type Given<T> =
  T extends Uint8Array ? Uint8Array<ArrayBuffer> | ArrayBuffer | Blob | Response
  : T extends Lease ? never
  : T extends object ? { [Field in keyof T]: Given<T[Field]> }
  : T

/** How a job ended, if not with its output. `name` tells the kinds apart. */
export class JobError<JobsOwn = unknown> extends Error {
  private constructor()
  readonly name: 'JobFailed' | 'JobPanicked' | 'JobTrapped' | 'JobRejected' | 'JobLost' | 'PoolClosed'
  /** `JobFailed`: the job's own error. */
  readonly error?: JobsOwn
  /** `JobPanicked`: the message of the panic, and where it was. */
  readonly panic?: string
  readonly location?: string
  /** `JobTrapped`: what the browser says. */
  readonly trap?: string
  /** `JobRejected`: the input, back again. */
  readonly input?: unknown
}

/** Why a pool did not start, or refused a value; `code` says it in a word, `message` names cause and cure. */
export class OffmainError extends Error {
  private constructor()
  readonly code:
    'option' | 'progress' | 'config' | 'notIsolated' | 'unsupported' | 'file' | 'version' | 'duplicateJob' | 'init' | 'memory' | 'slow' | 'worker'
}

/** A pool at one moment, and what it has done so far. */
export interface Stats {
  /** The workers of all generations alive. */
  workers: {
    id: number
    generation: number
    state: 'starting' | 'idle' | 'running' | 'stopping'
    /** The name and the number of the job it runs. */
    job: string | null
    jobId: number | null
    /** Since when it does so, in milliseconds. */
    forMs: number
  }[]
  /** Threads of the current generation: those that run, and those that wait for their next closure. */
  threads: { running: number; warm: number }
  queued: number
  running: number
  /** Generations the present coordinator has begun: more than one after a trap or a kill. */
  generations: number
  /** Shared memory of the current generation. */
  memoryBytes: number
  /** Messages that made no sense. */
  ignored: number
  /** Progress reports that could not be encoded or decoded. */
  reportsLost: number
  /** Coordinators that died and were replaced. */
  restarts: number
  /** Outcomes that came by the shared lane. */
  byLane: number
  /** Leases that have not ended, their bytes, and how many so far were copied instead, as a bound was reached. */
  leases: { lent: number; bytes: number; copied: number }
  /** How many jobs ended in which way. */
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
