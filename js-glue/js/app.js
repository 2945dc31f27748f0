// What a page imports: starts a pool and submits jobs to it. All that is large or slow happens elsewhere.

import * as glue from './facade.js'
import { Refusal } from './classes.js'
import { leasesOf } from './lease.js'
import { pack } from './pack.js'
import { Early, Worker, compile, offmainBuild } from './transfer.js'
import { unpack } from './unpack.js'

export { Lease } from './lease.js'

const { Facade, Settings } = glue

/** The longest form that goes in a message, or in the shared lane, and not beside it. */
const SMALL = 1000

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
      const error = await new Promise((started) => (facade = new Facade(coordinator, settings, offmainBuild, tell, started)))
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
  const module = await compile(fetch(new URL('./facade_bg.wasm', import.meta.url)), offmainBuild)
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

/** Workers that run jobs. Its events are `stall`, `threadsleft`, `generationend`, `loadfail` and `restart`. */
export class Pool extends EventTarget {
  #facade
  #ending = new AbortController()

  constructor(facade) {
    super()
    this.#facade = facade
  }

  /** Sends a job, at once. What is refused is refused by the promise. */
  submit(name, input, options) {
    const call = new Call(this.#facade, name)
    call.submit(input, options, this.#ending.signal)
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

/** As one would write it, in an error. */
function textOf(value) {
  try {
    return typeof value === 'string' ? `'${value}'` : String(value)
  } catch {
    return `an ${typeof value}`
  }
}

/** What `options` may say. */
const OPTIONS = ['signal', 'priority', 'timeout', 'wait', 'transfer']

/** The options of a job, each looked at once. */
function read(options = {}) {
  const wrong = (text) => new OffmainError('option', text)
  if (typeof options !== 'object' || options === null) throw wrong(`the options are ${textOf(options)}; they must be an object`)
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name))
  if (unknown !== undefined) throw wrong(`unknown option \`${unknown}\`; known options: ${OPTIONS.join(', ')}`)
  const { signal, priority, timeout, wait = false, transfer = [] } = options
  const allow = (name, value, allowed, fits) => {
    if (!fits) throw wrong(`the option \`${name}\` is ${textOf(value)}; it must be ${allowed}`)
  }
  allow('signal', signal, 'an AbortSignal', signal == null || signal instanceof AbortSignal)
  allow('priority', priority, "'high', 'normal' or 'low'", priority == null || ['high', 'normal', 'low'].includes(priority))
  allow('timeout', timeout, `a whole number of milliseconds from 1 to ${LONGEST}`, timeout == null || (Number.isInteger(timeout) && timeout >= 1 && timeout <= LONGEST))
  allow('wait', wait, 'true or false', typeof wait === 'boolean')
  allow('transfer', transfer, 'a list', typeof transfer?.[Symbol.iterator] === 'function' && typeof transfer !== 'string')
  return { signal, priority, timeout, wait, transfer: [...transfer] }
}

/** The longest time limit in milliseconds, as in runtime/protocol/src/limits.rs. */
const LONGEST = 2_000_000_000

/** A job on its way: how it is sent, and where the facade tells what becomes of it. */
class Call {
  job
  /** How it is stopped, as long as it can be. */
  stop
  #facade
  #name
  #options
  /** Until it is sent: what a refusal hands back. */
  #input
  #abort
  #resolve
  #reject
  #reports
  #over = false

  constructor(facade, name) {
    this.#facade = facade
    this.#name = name
    this.job = Job.of(this, (resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  submit(input, options, ending) {
    this.#input = input
    try {
      if (typeof this.#name !== 'string') throw new OffmainError('option', `the job's name is ${textOf(this.#name)}; it must be a string`)
      this.#options = read(options)
      const { signal, timeout, transfer } = this.#options
      if (signal?.aborted) return this.over('cancelled')
      const form = pack(input, transfer)
      // Reading the input may have aborted it.
      if (signal?.aborted) return this.over('cancelled')
      if (signal) this.#heed(signal)
      if (form.responses.length === 0) return this.#admit(form, timeout)
      form.bytes = form.bytes.slice()
      whenRead(this.#facade, ending, form, timeout, this, (timeLeft) => this.#admit(form, timeLeft)).catch((error) => this.#refuse(error))
    } catch (error) {
      this.#refuse(error)
    }
  }

  /** Sends it, at once or when there is room. */
  #admit(form, timeout) {
    if (!this.#options.wait) return this.#send(form, timeout, 0)
    const free = (place) => {
      try {
        this.#send(form, timeout, place)
      } catch (error) {
        this.#refuse(error)
      }
    }
    // The next job's form takes its place.
    form.bytes = form.bytes.slice()
    whenFree(this.#facade, form.held, timeout, this, free)
  }

  /** Sends it, from its place in the line of those who wait for room, or from none. */
  #send({ bytes, held, attachments, moved }, timeout, place) {
    // To look at the input may have run the app's code.
    if (this.#over) return
    const { priority, signal } = this.#options
    const small = bytes.length <= SMALL
    // A buffer of its own, which is handed over.
    const large = small ? [] : [bytes.slice().buffer]
    const beside = small && attachments.length === 0 ? undefined : [...large, ...attachments]
    let stopped = false
    this.stop = () => (stopped = true)
    const id = this.#facade.submit(this.#name, small ? bytes : undefined, beside, held, priority, timeout, [...moved, ...large], this, place)
    if (id === 0) return
    this.#input = undefined
    if (this.#over) return
    this.stop = () => this.#facade.cancel(id)
    if (stopped || signal?.aborted) this.stop()
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

  /** The facade says: the job reports. False if the report makes no sense. */
  progress(packed, beside, lent) {
    const leases = leasesOf(this.#facade, lent)
    try {
      this.reports.push(unpackFrom(packed, beside, leases), leases)
      return true
    } catch {
      return false
    }
  }

  /** The facade says: the job is done, and this is its output. */
  answer(packed, beside, lent) {
    this.settle('done', undefined, undefined, packed, beside, lent)
  }

  /** The facade says: the job ended, somehow. */
  settle(kind, message, location, packed, beside, lent) {
    const leases = leasesOf(this.#facade, lent)
    let value = this.#input
    try {
      if (packed || beside) value = unpackFrom(packed, beside, leases, kind === 'rejected')
    } catch {
      // What the pool's memory says is not to be trusted after a wild write.
      ;[kind, message] = ['lost', 'its reply made no sense']
    }
    const signal = this.#options?.signal
    this.#end()
    if (kind === 'done') this.#resolve(value)
    else this.#reject(errorOf(kind, this.#name, { message, location }, value, signal))
  }

  /** It ended before the facade had it. */
  over(kind) {
    this.#facade.count(kind)
    this.settle(kind)
  }

  #refuse(error) {
    if (this.#over) return
    this.#facade.count('rejected')
    const input = this.#input
    this.#end()
    if (!(error instanceof Refusal)) return this.#reject(asOffmainError(error))
    this.#reject(new JobError('JobRejected', `the input of \`${this.#name}\` was refused: ${error.message}`, { input }))
  }

  /** An app may keep the promise for long, and with it this, but nothing else. */
  #end() {
    this.#abort?.()
    this.#reports?.end()
    this.#over = true
    this.stop = this.#abort = this.#facade = this.#options = this.#input = undefined
  }
}

/**
 * Sends a job once there is room and those who came before have been served. Until then it may be cancelled and its time runs, and nothing of
 * it has left this thread.
 */
function whenFree(facade, bytes, timeout, call, send) {
  let waits = true
  const place = facade.queueUp(bytes, timeout, (timedOut) => {
    if (timedOut) leave('timedOut')
    // Not at once: this is called from inside the facade.
    else queueMicrotask(come)
  })
  const come = () => {
    if (!waits || !facade.isTurn(place)) return
    waits = false
    send(place)
    // In case it was not even sent.
    facade.leaveLine(place)
  }
  const leave = (kind) => {
    waits = false
    facade.leaveLine(place)
    call.over(kind)
  }
  if (place === 0) return send(0)
  call.stop = () => leave('cancelled')
}

/**
 * Sends a job once the bodies of the responses in its input are there, as blobs: a stream that is transferred goes on passing through this
 * thread, piece by piece. Until then the job may be cancelled and its time runs, and nothing of it has left this thread.
 */
async function whenRead(facade, ending, form, timeout, call, arrived) {
  const since = performance.now()
  const end = new AbortController()
  const over = (kind) => () => {
    if (end.signal.aborted) return
    end.abort()
    call.over(kind)
  }
  call.stop = over('cancelled')
  ending.addEventListener('abort', over('closed'), { signal: end.signal })
  const timer = timeout > 0 && timeout <= 0x7fffffff ? setTimeout(over('timedOut'), timeout) : undefined
  try {
    await Promise.all(form.responses.map((response) => readBody(form, response)))
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
  arrived(timer === undefined ? timeout : Math.max(1, Math.ceil(timeout - (performance.now() - since))))
}

/** Puts a response's body into its place among the attachments. */
async function readBody(form, { index, path }) {
  try {
    const body = await form.attachments[index].blob()
    form.attachments[index] = body
    form.held += body.size
  } catch (error) {
    throw new Refusal(`the body of ${path === 'it' ? 'the response' : path} could not be read: ${error?.message ?? error}`)
  }
}

/** The value of a form, which is the first of what is beside if it is large. A lease without a place in it is released. */
function unpackFrom(packed, beside, leases, shared) {
  const [form, attachments] = packed ? [packed, beside] : [new Uint8Array(beside[0]), beside.slice(1)]
  const left = [...leases]
  try {
    return unpack(form, attachments, left, shared)
  } catch (error) {
    left.push(...leases)
    throw error
  } finally {
    for (const lease of left) lease?.release()
  }
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
  #read = false

  constructor(kept) {
    this.#kept = kept
  }

  /** Those of a job that has reported nothing. */
  static none() {
    const reports = new Reports(0)
    reports.end()
    return reports
  }

  push(value, leases) {
    // The app will never see a dropped value, so it cannot release what that has on loan.
    if (this.#values.length === this.#kept) for (const lease of this.#values.shift().leases) lease.release()
    this.#values.push({ value, leases })
    this.#wake?.()
  }

  end() {
    this.#over = true
    this.#wake?.()
  }

  [Symbol.asyncIterator]() {
    if (this.#read) {
      const cure = 'read it once, and pass on what it says to whoever else wants to know'
      throw new OffmainError('progress', `the progress of this job has a reader already: ${cure}`)
    }
    this.#read = true
    return this.#each()
  }

  async *#each() {
    for (;;) {
      while (this.#values.length > 0) yield this.#values.shift().value
      if (this.#over) return
      await new Promise((wake) => (this.#wake = wake))
    }
  }
}
