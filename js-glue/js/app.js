// What a page imports: starts a pool and submits jobs to it. All that is large or slow happens elsewhere.

import * as glue from './facade.js'
import { heldBytes, pack, unpack } from './lane.js'
import { leasesOf, placeLeases } from './lease.js'
import { Early, Worker, compile, eachLeaf, replaceEach } from './transfer.js'

export { Lease } from './lease.js'

const { Facade, Settings, inlineBytes } = glue

/** Why a pool did not start, or refused a value; `code` says it in a word, `message` names cause and cure. */
export class OffmainError extends Error {
  constructor(code, message) {
    super(message)
    this.name = 'OffmainError'
    this.code = code
  }
}

/** How a job ended, if not with its output. `name` tells the kinds apart. */
export class JobError extends Error {
  constructor(name, message, fields) {
    super(message)
    this.name = name
    Object.assign(this, fields)
  }
}

let loading

/** Starts a pool; resolves when a worker takes jobs. */
export async function start(config = {}) {
  loading ??= load().catch((error) => {
    loading = undefined
    throw notLoaded('facade_bg.wasm', error)
  })
  // It loads while the facade does.
  const first = new Early(startCoordinator)
  try {
    await loading
    return await raised(async () => {
      const settings = new Settings(config)
      let pool
      const tell = (kind, detail) => queueMicrotask(() => pool?.dispatchEvent(new CustomEvent(kind, { detail })))
      const coordinator = () => first.take() ?? startCoordinator()
      let facade
      const error = await new Promise((started) => (facade = new Facade(coordinator, settings, tell, started)))
      if (error) throw error
      return (pool = new Pool(facade))
    })
  } finally {
    // Where something was wrong before the facade wanted one.
    first.take()?.terminate()
  }
}

/** The bindings do not load the module themselves: what they would bring along for that is more than this. */
async function load() {
  const module = await compile(fetch(new URL('./facade_bg.wasm', import.meta.url)))
  const { exports } = await WebAssembly.instantiate(module, { './facade_bg.js': glue })
  glue.__wbg_set_wasm(exports)
  exports.__wbindgen_start()
}

const startCoordinator = () => new Worker(new URL('./coordinator.js', import.meta.url), { type: 'module', name: 'offmain coordinator' })

/** What the facade says of a file, where the facade itself is missing. */
function notLoaded(file, error) {
  const cure =
    "is the pkg folder of `cargo offmain build` complete and served from one place, and does the page's content-security policy, " +
    "if any, allow it (`script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'`)?"
  return new OffmainError('file', `${file} could not be loaded: ${error?.message ?? error}; ${cure}`)
}

/** Errors of the facade come as plain objects. */
async function raised(work) {
  try {
    return await work()
  } catch (error) {
    throw asOffmainError(error)
  }
}

function asOffmainError(error) {
  // The browser's own errors have numbers for codes.
  return typeof error?.code === 'string' && !(error instanceof Error) ? new OffmainError(error.code, error.message) : error
}

/** Workers that run jobs. Its events are `stall`, `threadsleft`, `generationend` and `restart`. */
export class Pool extends EventTarget {
  #facade
  #ending = new AbortController()

  constructor(facade) {
    super()
    this.#facade = facade
  }

  /** Sends a job, at once. What is refused is refused by the promise. */
  submit(name, input, options = {}) {
    const call = new Call(this.#facade, name, options)
    call.submit(input, this.#ending.signal)
    return call.job
  }

  /** Has another number of workers from now on: a number, or [least, greatest]. */
  resize(workers) {
    return raised(() => this.#facade.resize(workers))
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

/** A submitted job: a promise of its output. */
export class Job extends Promise {
  #call

  /** The promise of a call; `made` is told how it is settled. */
  static of(call, made) {
    const job = new Job(made)
    job.#call = call
    return job
  }

  static get [Symbol.species]() {
    return Promise
  }

  /** What the job reports, for one reader. */
  get progress() {
    return this.#call.reports
  }

  /** Asks the job to stop; it then rejects with an AbortError, unless it was done already. */
  cancel() {
    this.#call?.stop?.()
  }
}

/** A job on its way: how it is sent, and where the facade tells what becomes of it. */
class Call {
  job
  /** How it is stopped, as long as it can be. */
  stop
  #facade
  #name
  #options
  #moved = []
  #abort
  #resolve
  #reject
  #reports
  #over = false

  constructor(facade, name, options) {
    this.#facade = facade
    this.#name = name
    this.#options = options
    this.job = Job.of(this, (resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  submit(input, ending) {
    const { signal, timeout, transfer } = this.#options
    if (signal?.aborted) return this.over('cancelled')
    try {
      if (transfer) this.#moved = transfer.map((item) => (ArrayBuffer.isView(item) ? item.buffer : item))
      const packed = this.#pack(input, timeout)
      const { bytes, responses } = packed ? { bytes: heldBytes(), responses: 0 } : check(this.#name, input, this.#moved)
      if (signal) this.#heed(signal)
      if (responses === 0) return this.#admit(input, bytes, timeout, packed)
      const arrived = (read, timeLeft) => this.#admit(read, check(this.#name, read, this.#moved).bytes, timeLeft)
      whenRead(this.#facade, ending, this.#name, input, timeout, this, arrived).catch((error) => this.#refuse(error))
    } catch (error) {
      this.#refuse(error)
    }
  }

  /** Sends it, at once or when there is room. */
  #admit(input, bytes, timeout, packed) {
    if (!this.#options.wait || this.#facade.hasRoom(bytes) !== false) return this.#send(input, bytes, timeout, packed)
    const free = () => this.#send(input, bytes, timeout, this.#pack(input, timeout))
    whenFree(this.#facade, bytes, this, free).catch((error) => this.#refuse(error))
  }

  #send(input, bytes, timeout, packed) {
    const id = this.#facade.submit(this.#name, input, packed, bytes, this.#options.priority, timeout, this.#moved, this)
    if (id !== 0) this.stop = () => this.#facade.cancel(id)
  }

  /** The binary form of what the shared lane may carry, valid until the next call. */
  #pack(input, timeout) {
    const ordinary = this.#moved.length === 0 && timeout == null && (this.#options.priority ?? 'normal') === 'normal'
    if (!ordinary || !this.#facade.hasLane()) return undefined
    try {
      return pack(input)
    } catch {
      // At a buffer that was moved before; sending it will throw, too.
      return undefined
    }
  }

  /** The signal's abort stops it from now on. */
  #heed(signal) {
    const abort = () => this.stop?.()
    signal.addEventListener('abort', abort, { once: true })
    this.#abort = () => signal.removeEventListener('abort', abort)
  }

  /** Most jobs report nothing. */
  get reports() {
    return (this.#reports ??= this.#over ? Reports.none() : new Reports(this.#facade.progressKept()))
  }

  /** The facade says: the job reports. */
  progress(value, lent) {
    this.reports.push(value, leasesOf(this.#facade, lent))
  }

  /** The facade says: the job is done, and this is the binary form of its output. */
  answer(packed, lent) {
    const leases = leasesOf(this.#facade, lent)
    let value
    try {
      value = placeLeases(unpack(packed), leases)
    } catch {
      for (const lease of leases) lease.release()
      // What the pool's memory says is not to be trusted after a wild write.
      return this.settle('lost', { message: 'its reply made no sense' })
    }
    this.#end()
    this.#resolve(value)
  }

  /** For the facade: the value of a binary form. */
  unpack(packed) {
    return unpack(packed)
  }

  /** The facade says: the job ended, somehow. */
  settle(kind, details, marked, lent) {
    const value = placeLeases(marked, leasesOf(this.#facade, lent))
    const { signal } = this.#options
    this.#end()
    if (kind === 'done') this.#resolve(value)
    else this.#reject(errorOf(kind, this.#name, details, value, signal))
  }

  /** It ended before the facade had it. */
  over(kind) {
    this.#facade.count(kind)
    this.settle(kind, {})
  }

  #refuse(error) {
    if (this.#over) return
    this.#facade.count('rejected')
    this.#end()
    this.#reject(asOffmainError(error))
  }

  /** An app may keep the promise for long, and with it this, but nothing else. */
  #end() {
    this.#abort?.()
    this.#reports?.end()
    this.#over = true
    this.stop = this.#abort = this.#facade = this.#options = this.#moved = undefined
  }
}

/** Sends a job once there is room. Until then it may be cancelled, and nothing of it has left this thread. */
async function whenFree(facade, bytes, call, send) {
  let [waits, offered] = [true, false]
  call.stop = () => {
    waits = false
    call.over('cancelled')
  }
  try {
    while (waits && facade.hasRoom(bytes) === false) {
      // What was offered has been taken by somebody who did not wait.
      if (offered) facade.offerRoom()
      await new Promise((tell) => facade.room(bytes, tell))
      offered = true
    }
    if (waits) send()
  } finally {
    facade.offerRoom()
  }
}

/**
 * Sends a job once the bodies of the responses in its input are there, as blobs: a stream that is transferred goes on passing through this
 * thread, piece by piece. Until then the job may be cancelled and its time runs, and nothing of it has left this thread.
 */
async function whenRead(facade, ending, name, input, timeout, call, arrived) {
  const since = performance.now()
  const end = new AbortController()
  const over = (kind) => () => {
    if (end.signal.aborted) return
    end.abort()
    call.over(kind)
  }
  call.stop = over('cancelled')
  ending.addEventListener('abort', over('closed'), { signal: end.signal })
  // What is no time limit is for the facade to refuse.
  const timer = timeout > 0 && timeout <= 0x7fffffff ? setTimeout(over('timedOut'), timeout) : undefined
  let read
  try {
    read = await replaceEach(input, Response, (response, path) =>
      response.blob().catch((error) => {
        const message = `the input of \`${name}\` was refused: the body of ${path || 'the response'} could not be read: ${error?.message ?? error}`
        throw new JobError('JobRejected', message, { input })
      }),
    )
  } catch (error) {
    if (!end.signal.aborted) {
      end.abort()
      throw error
    }
  } finally {
    clearTimeout(timer)
  }
  if (end.signal.aborted) return
  end.abort()
  arrived(read, timer === undefined ? timeout : Math.max(1, Math.ceil(timeout - (performance.now() - since))))
}

/** Counts an input's binary data, and refuses what would be copied on this thread: the browser copies what is not moved. */
function check(name, input, transfer) {
  const limit = inlineBytes()
  const moved = new Set(transfer)
  let [bytes, copied, responses] = [0, 0, 0]
  eachLeaf(input, (leaf, path) => {
    if (typeof leaf === 'string') copied += leaf.length
    else if (leaf instanceof Response) responses++
    else {
      bytes += leaf.byteLength ?? leaf.size
      if (leaf instanceof ArrayBuffer && !moved.has(leaf)) copied += leaf.byteLength
    }
    if (copied <= limit) return
    const message =
      `the input of \`${name}\` was refused: with ${path || 'it'} it holds ${copied} bytes that would be copied, and more than ${limit} would hold up ` +
      'the main thread; list buffers in `transfer` (they are empty here then), or pass a Blob'
    throw new JobError('JobRejected', message, { input })
  })
  return { bytes, responses }
}

function errorOf(kind, name, { message, location }, value, signal) {
  switch (kind) {
    case 'failed':
      return new JobError('JobFailed', `the job \`${name}\` failed: ${inWords(value)}`, { error: value })
    case 'panicked':
      return new JobError('JobPanicked', `the job \`${name}\` panicked${location ? ` at ${location}` : ''}: ${message}`, { panic: message, location })
    case 'trapped':
      return new JobError('JobTrapped', `the worker of the job \`${name}\` died: ${message}`, { trap: message })
    case 'cancelled':
      return signal?.aborted ? signal.reason : new DOMException(`the job \`${name}\` was cancelled`, 'AbortError')
    case 'timedOut':
      return new DOMException(`the job \`${name}\` exceeded its time limit`, 'TimeoutError')
    case 'rejected':
      return new JobError('JobRejected', message, { input: value })
    case 'lost':
      return new JobError('JobLost', `the job \`${name}\` was lost: ${message}`, {})
    default:
      return new JobError('PoolClosed', `the pool was closed before the job \`${name}\` ended${message ? `: ${message}` : ''}`, {})
  }
}

function inWords(value) {
  try {
    return typeof value === 'string' ? value : JSON.stringify(value)
  } catch {
    // A big integer has no JSON.
    return String(value)
  }
}

/** A job's progress, for one reader; of one who is slow, the oldest values are dropped. */
class Reports {
  #values = []
  #over = false
  #wake
  #kept

  constructor(kept) {
    this.#kept = kept
  }

  /** Those of a job that has reported nothing. */
  static none() {
    const reports = new Reports(0)
    reports.end()
    return reports
  }

  push(marked, leases) {
    // The app will never see a dropped value, so it cannot release what that has on loan.
    if (this.#values.length === this.#kept) for (const lease of this.#values.shift().leases) lease.release()
    this.#values.push({ value: placeLeases(marked, leases), leases })
    this.#wake?.()
  }

  end() {
    this.#over = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      while (this.#values.length > 0) yield this.#values.shift().value
      if (this.#over) return
      await new Promise((wake) => (this.#wake = wake))
    }
  }
}
