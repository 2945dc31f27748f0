// A job on its way: how it is sent, how it waits for what it needs before that, and where the facade tells what becomes of it.

import { NAMES, Refusal, asOffmainError, badName, bodyNotRead, damaged, inputRefused, jobError, messageOf } from './errors.js'
import { leasesOf } from './leases.js'
import { readOptions } from './options.js'
import { pack } from './pack.js'
import { Reports } from './progress.js'
import { unpack } from './unpack.js'

/** @typedef {import('./facade.js').Facade} Facade */
/** @typedef {import('./facade.js').LentData} LentData */
/** @typedef {import('./pack.js').Packed} Packed */
/** @typedef {import('./leases.js').Lease} Lease */

/** The longest form that goes in a message, or in the shared lane, and not beside it. */
const SMALL = 1000

/** The longest time that a timer of the browser takes, in milliseconds. */
const LONGEST_TIMER = 0x7fffffff

/**
 * A submitted job: a promise of its output.
 * @extends {Promise<unknown>}
 */
export class Job extends Promise {
  /** @type {Call | undefined} */
  #call

  /**
   * The promise of a call.
   * @param {Call} call
   * @param {(resolve: (value: unknown) => void, reject: (error: unknown) => void) => void} made is told how it is settled
   */
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
    return this.#call?.reports
  }

  /** Asks the job to stop; it then rejects with an AbortError, unless it was done already. */
  cancel() {
    this.#call?.stop?.()
  }
}

/** One job, from its submit to its end. */
export class Call {
  /** @type {Job} */
  job
  /**
   * How it is stopped, as long as it can be.
   * @type {(() => void) | undefined}
   */
  stop
  #facade
  #name
  /** @type {import('./options.js').Options} */
  #options = { wait: false, transfer: [] }
  /**
   * Until it is sent: what a refusal hands back.
   * @type {unknown}
   */
  #input
  /** @type {(() => void) | undefined} */
  #abort
  /** @type {(value: unknown) => void} */
  #resolve = () => {}
  /** @type {(error: unknown) => void} */
  #reject = () => {}
  /** @type {Reports | undefined} */
  #reports
  #over = false

  /**
   * @param {Facade} facade
   * @param {string} name
   */
  constructor(facade, name) {
    this.#facade = facade
    this.#name = name
    this.job = Job.of(this, (resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /**
   * @param {unknown} input
   * @param {unknown} options
   * @param {AbortSignal} ending aborts when the pool takes no more jobs
   */
  submit(input, options, ending) {
    this.#input = input
    try {
      if (typeof this.#name !== 'string') throw badName(this.#name)
      this.#options = readOptions(options)
      const { signal, timeout, transfer } = this.#options
      if (signal?.aborted) return this.over('cancelled')
      const form = pack(input, transfer)
      // Reading the input may have aborted it.
      if (signal?.aborted) return this.over('cancelled')
      if (signal) this.#heed(signal)
      if (form.responses.length === 0) return this.#admit(form, timeout)
      form.bytes = form.bytes.slice()
      whenRead(ending, form, timeout, this, (timeLeft) => this.#admit(form, timeLeft)).catch((error) => this.#refuse(error))
    } catch (error) {
      this.#refuse(error)
    }
  }

  /**
   * Sends it, at once or when there is room.
   * @param {Packed} form
   * @param {number | undefined} timeout
   */
  #admit(form, timeout) {
    if (!this.#options.wait) return this.#send(form, timeout, 0)
    /** @param {number} place */
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

  /**
   * Sends it, from its place in the line of those who wait for room, or from none.
   * @param {Packed} form
   * @param {number | undefined} timeout
   * @param {number} place
   */
  #send({ bytes, held, attachments, moved }, timeout, place) {
    // To look at the input may have run the app's code.
    if (this.#over) return
    const { priority, signal } = this.#options
    const small = bytes.length <= SMALL
    // A buffer of its own, which is handed over.
    const large = small ? [] : [bytes.slice().buffer]
    const beside = small && attachments.length === 0 ? undefined : [...large, ...attachments]
    let stopped = false
    this.stop = () => void (stopped = true)
    const id = this.#facade.submit(this.#name, small ? bytes : undefined, beside, held, priority, timeout, [...moved, ...large], this, place)
    if (id === 0) return
    this.#input = undefined
    if (this.#over) return
    this.stop = () => this.#facade.cancel(id)
    if (stopped || signal?.aborted) this.stop()
  }

  /**
   * The signal's abort stops it from now on.
   * @param {AbortSignal} signal
   */
  #heed(signal) {
    const abort = () => this.stop?.()
    signal.addEventListener('abort', abort, { once: true })
    this.#abort = () => signal.removeEventListener('abort', abort)
  }

  /** Most jobs report nothing. */
  get reports() {
    return (this.#reports ??= this.#over ? Reports.none() : new Reports(this.#facade.progressKept()))
  }

  /**
   * The facade says: the job reports. False if the report makes no sense.
   * @param {Uint8Array | undefined} packed
   * @param {any[]} beside
   * @param {LentData[] | undefined} lent
   */
  progress(packed, beside, lent) {
    const leases = leasesOf(this.#facade, lent)
    try {
      this.reports.push(unpackFrom(packed, beside, leases), leases)
      return true
    } catch {
      return false
    }
  }

  /**
   * The facade says: the job is done, and this is its output.
   * @param {Uint8Array} packed
   * @param {any[]} beside
   * @param {LentData[] | undefined} lent
   */
  answer(packed, beside, lent) {
    this.settle('done', undefined, undefined, packed, beside, lent)
  }

  /**
   * The facade says: the job ended, and how.
   * @param {string} code
   * @param {string} [message]
   * @param {string} [location]
   * @param {Uint8Array} [packed]
   * @param {any[]} [beside]
   * @param {LentData[]} [lent]
   */
  settle(code, message, location, packed, beside, lent) {
    const leases = leasesOf(this.#facade, lent)
    let value = this.#input
    try {
      // An input that is handed back may refer to one object from several places.
      if (packed || beside) value = unpackFrom(packed, beside, leases, NAMES[code] === 'JobRejected')
    } catch {
      // What the pool's memory says is not to be trusted after a wild write.
      ;[code, message] = ['lost', damaged()]
    }
    const { signal } = this.#options
    this.#end()
    if (code === 'done') this.#resolve(value)
    else if (code === 'cancelled' && signal?.aborted) this.#reject(signal.reason)
    else this.#reject(jobError(code, this.#name, message, location, value))
  }

  /**
   * It ended before the facade had it.
   * @param {string} code
   */
  over(code) {
    this.#facade.count(code)
    this.settle(code)
  }

  /** @param {unknown} error */
  #refuse(error) {
    if (this.#over) return
    this.#facade.count('rejected')
    const input = this.#input
    this.#end()
    this.#reject(error instanceof Refusal ? inputRefused(this.#name, error.message, input) : asOffmainError(error))
  }

  /** An app may keep the promise for long, and with it this, but nothing else: all that is dropped here is not asked for any more. */
  #end() {
    this.#abort?.()
    this.#reports?.end()
    this.#over = true
    this.stop = this.#abort = this.#input = undefined
    this.#facade = this.#options = /** @type {any} */ (undefined)
  }
}

/**
 * Sends a job once there is room and those who came before have been served. Until then it may be cancelled and its time runs, and nothing of
 * it has left this thread.
 * @param {Facade} facade
 * @param {number} bytes
 * @param {number | undefined} timeout
 * @param {Call} call
 * @param {(place: number) => void} send
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
  /** @param {string} code */
  const leave = (code) => {
    waits = false
    facade.leaveLine(place)
    call.over(code)
  }
  if (place === 0) return send(0)
  call.stop = () => leave('cancelled')
}

/**
 * Sends a job once the bodies of the responses in its input are there, as blobs: a stream that is transferred goes on passing through this
 * thread, piece by piece. Until then the job may be cancelled and its time runs, and nothing of it has left this thread.
 * @param {AbortSignal} ending
 * @param {Packed} form
 * @param {number | undefined} timeout
 * @param {Call} call
 * @param {(timeLeft: number | undefined) => void} arrived
 */
async function whenRead(ending, form, timeout, call, arrived) {
  const since = performance.now()
  const end = new AbortController()
  /** @param {string} code */
  const over = (code) => () => {
    if (end.signal.aborted) return
    end.abort()
    call.over(code)
  }
  call.stop = over('cancelled')
  ending.addEventListener('abort', over('closed'), { signal: end.signal })
  const limit = timeout !== undefined && timeout <= LONGEST_TIMER ? timeout : undefined
  const timer = limit === undefined ? undefined : setTimeout(over('timedOut'), limit)
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
  arrived(limit === undefined ? timeout : Math.max(1, Math.ceil(limit - (performance.now() - since))))
}

/**
 * Puts a response's body into its place among the attachments.
 * @param {Packed} form
 * @param {{ index: number, path: string }} response
 */
async function readBody(form, { index, path }) {
  try {
    const body = await form.attachments[index].blob()
    form.attachments[index] = body
    form.held += body.size
  } catch (error) {
    throw bodyNotRead(path, messageOf(error))
  }
}

/**
 * The value of a form, which is the first of what is beside if it is large. A lease without a place in it is released.
 * @param {Uint8Array | undefined} packed
 * @param {any[]} [beside]
 * @param {Lease[]} [leases]
 * @param {boolean} [shared]
 */
function unpackFrom(packed, beside = [], leases = [], shared) {
  const [form, attachments] = packed ? [packed, beside] : [new Uint8Array(beside[0]), beside.slice(1)]
  /** @type {(Lease | undefined)[]} */
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
