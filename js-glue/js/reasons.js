// Why something failed, as workers and the loading of files tell it: what an error says after its colon. The tool writes this into the scripts
// that import it; see errors.js for the errors themselves.

/**
 * What an error says, or anything else that was thrown.
 * @param {any} error
 */
export const textOf = (error) => `${error?.message ?? error}`

/**
 * @param {number} status
 * @param {string} text
 */
export const serverAnswers = (status, text) => `the server answers ${status} ${text}`.trimEnd()

/** A file is of another build than the page. */
export const otherBuild = () => 'the server has another build than this page; reload the page'

/**
 * @param {string} policy
 * @param {string} browser
 */
export const noTrustedTypes = (policy, browser) =>
  `the content-security policy ${policy} requires trusted types and does not allow offmain's; add \`trusted-types offmain\` to it ` +
  `(the browser says: ${browser})`

/** An error event without a message. */
export const unknown = () => 'the browser gives no reason'

/** @param {number} ms */
export const notArrived = (ms) => `it did not arrive within ${ms} ms`

/** A message from a worker could not be deserialized. */
export const unreadableFrom = () => 'the browser could not deserialize a message from it'

/** A message to a worker could not be deserialized. */
export const unreadableTo = () => 'the browser could not deserialize a message to it'

/** A message from the page could not be deserialized. */
export const unreadableFromPage = () => 'the browser could not deserialize a message from the page'

/** A worker has ended although nothing told it to. */
export const endedByItself = () => 'it ended without being told to; the browser may have run out of memory, or a job called `close()`'

/** A job has used up its stack. */
export const stackOverflow = () => 'stack overflow; set a larger `stackSize`'

/** @param {string} kind */
export const initTrapped = (kind) => `the job module's \`init\` trapped: ${kind}`

/** @param {number} bytes */
export const noStack = (bytes) => `there is no memory for a stack of ${bytes} bytes; set a larger \`memoryMaximum\` or a smaller \`stackSize\``

/** The input of a job is not read any further. */
export const jobCancelled = () => 'its job was cancelled'
