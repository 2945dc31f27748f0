// Every error that a page sees: its kind, its code, its text. What comes from Rust has its text from there; what workers and the loading of
// files tell is in reasons.js. tests/documents/errors.md shows all of them.

/** Why a pool did not start, or refused a value. `code` says it in a word, `message` names the cause, then the cure. */
export class OffmainError extends Error {
  /**
   * @param {string} code one of `ErrorCode` in app.d.ts
   * @param {string} message
   */
  constructor(code, message) {
    super(message)
    this.name = 'OffmainError'
    this.code = code
  }
}

/**
 * Errors of the facade come as plain objects. The browser's own errors have numbers for codes.
 * @param {any} error
 */
export const asOffmainError = (error) =>
  typeof error?.code === 'string' && !(error instanceof Error) ? new OffmainError(error.code, error.message) : error

/**
 * How a job may end without an output: the name of the error, by its code.
 * @type {Record<string, string>}
 */
export const NAMES = {
  failed: 'JobFailed',
  panicked: 'JobPanicked',
  trapped: 'JobTrapped',
  cancelled: 'AbortError',
  timedOut: 'TimeoutError',
  queueFull: 'JobRejected',
  queueBytes: 'JobRejected',
  unknownJob: 'JobRejected',
  badInput: 'JobRejected',
  outputTooLarge: 'JobRejected',
  badOutput: 'JobRejected',
  lost: 'JobLost',
  closed: 'PoolClosed',
}

/** How a job ended, if not with its output. `name` tells the kinds apart, `code` tells more of them. */
export class JobError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {object} [fields]
   */
  constructor(code, message, fields) {
    super(message)
    this.name = NAMES[code]
    this.code = code
    Object.assign(this, fields)
  }
}

/**
 * The error of a job that has ended, by code. `message` and `location` are what is told of it, `value` is the job's own error or its input.
 * @param {string} code
 * @param {string} job
 * @param {string} [message]
 * @param {string} [location]
 * @param {unknown} [value]
 */
export function jobError(code, job, message = '', location, value) {
  switch (code) {
    case 'failed':
      return new JobError(code, `the job \`${job}\` failed: ${inWords(value)}`, { error: value })
    case 'panicked':
      return new JobError(code, `the job \`${job}\` panicked${location ? ` at ${location}` : ''}: ${message}`, { panic: message, location })
    case 'trapped':
      return new JobError(code, `the worker of the job \`${job}\` died: ${message}`, { trap: message })
    // The browser's own errors, with its own codes, as an abort of the caller's signal gives them.
    case 'cancelled':
      return new DOMException(`the job \`${job}\` was cancelled`, NAMES[code])
    case 'timedOut':
      return new DOMException(`the job \`${job}\` exceeded its time limit`, NAMES[code])
    case 'lost':
      return new JobError(code, `the job \`${job}\` was lost: ${message}`)
    case 'closed':
      return new JobError(code, `the pool was closed before the job \`${job}\` ended${message ? `: ${message}` : ''}`)
    default:
      return new JobError(code, message, { input: value })
  }
}

/**
 * The page itself refuses an input.
 * @param {string} job
 * @param {string} why
 * @param {unknown} input
 */
export const inputRefused = (job, why, input) => jobError('badInput', job, `the input of \`${job}\` was refused: ${why}`, undefined, input)

/** @param {unknown} name */
export const badName = (name) => wrongOption(`the job's name is ${textOf(name)}; it must be a string`)

/** @param {unknown} options */
export const noOptions = (options) => wrongOption(`the options are ${textOf(options)}; they must be an object`)

/**
 * @param {string} name
 * @param {string[]} known
 */
export const unknownOption = (name, known) => wrongOption(`unknown option \`${name}\`; known options: ${known.join(', ')}`)

/**
 * @param {string} name
 * @param {unknown} value
 * @param {string} allowed
 */
export const badOption = (name, value, allowed) => wrongOption(`the option \`${name}\` is ${textOf(value)}; it must be ${allowed}`)

/** @param {string} text */
function wrongOption(text) {
  return new OffmainError('option', text)
}

/** A second loop over a job's progress. */
export const progressTaken = () =>
  new OffmainError('progress', 'the progress of this job already has a reader; read it once and pass the values on')

/**
 * What the facade says of a file, where the facade itself is missing.
 * @param {string} file
 * @param {string} why
 */
export function notLoaded(file, why) {
  const cure =
    "check that the pkg folder of `cargo offmain build` is complete and served from one place, and that the page's content-security policy, " +
    "if it has one, allows the file (`script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'`)"
  return new OffmainError('file', `${file} could not be loaded: ${why}; ${cure}`)
}

/**
 * The data of a lease was asked for after its end.
 * @param {string} why
 */
export const leaseEnded = (why) => Object.assign(new TypeError(`this lease has ended: ${why}`), { code: 'lease' })

/** Why a lease has ended that the app has given back. */
export const released = () => 'it was released'

/** Why an input is refused; nothing of it has left this thread. */
export class Refusal extends Error {}

/**
 * @param {string} path
 * @param {string} why
 */
export const notRead = (path, why) => new Refusal(`${path} could not be read: ${why}`)

/**
 * @param {string} path
 * @param {string} why
 */
export const bodyNotRead = (path, why) => notRead(`the body of ${path === WHOLE ? 'the response' : path}`, why)

/**
 * @param {string} path
 * @param {string} what
 */
export const notPassable = (path, what) => new Refusal(`${path} is ${what}, which cannot be passed to a job`)

/** @param {string} path */
export const bigintTooLarge = (path) => new Refusal(`${path} is a bigint of more than 128 bits`)

/** @param {string} path */
export const invalidDate = (path) => new Refusal(`${path} is an invalid date`)

/** @param {string} path */
export const noLength = (path) => new Refusal(`${path} is an array without a valid length`)

/**
 * @param {string} path
 * @param {number} limit
 */
export const tooDeep = (path, limit) => new Refusal(`it is nested more deeply than ${limit} levels, at ${path}`)

/**
 * @param {string} path
 * @param {number} limit
 */
export const tooManyValues = (path, limit) =>
  new Refusal(`${upTo(path)} holds more than ${limit} values; pass many numbers as a typed array, or pass a Blob`)

/**
 * @param {string} path
 * @param {number} bytes
 * @param {number} limit
 */
export const tooManyBytes = (path, bytes, limit) =>
  new Refusal(
    `${upTo(path)} holds ${bytes} bytes that would be copied, and copying more than ${limit} would hold up the main thread; ` +
      'list buffers in `transfer` (they are empty on this thread afterwards), or pass a Blob',
  )

/**
 * @param {number} index
 * @param {string} what
 */
export const notTransferable = (index, what) => new Refusal(`\`transfer[${index}]\` is ${what}; only buffers and views of them can be transferred`)

/** A buffer of the transfer list is nowhere in the input. */
export const notHeld = () => new Refusal('`transfer` lists a buffer that the input does not hold')

/** How an error names the whole of an input. */
export const WHOLE = 'it'

/**
 * An input as far as it was read.
 * @param {string} path
 */
const upTo = (path) => (path === WHOLE ? 'it' : `up to ${path} it`)

/** A result of a job is not what a worker wrote. Nobody sees this one. */
export const damagedForm = () => new Error('a form is damaged')

/** Why a job is lost whose result is damaged. */
export const damaged = () => 'its result arrived damaged'

/**
 * What an error or anything else that was thrown says.
 * @param {unknown} error
 */
export function messageOf(error) {
  try {
    return `${/** @type {any} */ (error)?.message ?? error}`
  } catch {
    return `${withArticle(typeof error)} without a message`
  }
}

/** @param {string} name */
export const withArticle = (name) => `${/^([AEIOUaeio]|un)/.test(name) ? 'an' : 'a'} ${name}`

/**
 * A value as one would write it.
 * @param {unknown} value
 */
function textOf(value) {
  try {
    return typeof value === 'string' ? `'${value}'` : String(value)
  } catch {
    return withArticle(typeof value)
  }
}

/**
 * A job's own error.
 * @param {unknown} value
 */
function inWords(value) {
  try {
    return typeof value === 'string' ? value : JSON.stringify(value)
  } catch {
    // A big integer has no JSON.
    return String(value)
  }
}
