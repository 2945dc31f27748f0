// What page, coordinator and workers have in common: how buffers go from one to the other, and how modules and workers are loaded.

import { noTrustedTypes, otherBuild, serverAnswers } from './reasons.js'

/** Names the build that this script is part of; the tool writes it. */
export const offmainBuild = '__OFFMAIN_BUILD__'

/**
 * The buffers in these arrays: a transfer list. What is beside a message is a flat array, so nobody looks further.
 * @param {(unknown[] | undefined)[]} arrays
 */
export function buffersIn(...arrays) {
  return arrays.flatMap((array) => array?.filter((item) => item instanceof ArrayBuffer) ?? [])
}

/**
 * Compiles a module that is being fetched, as a whole: Firefox 140 never says that one was cut short which it compiles while it comes,
 * and from then on compiles nothing any more. It must be of the build that is named, if one is.
 * @param {Promise<Response>} fetching
 * @param {string} [wanted]
 */
export async function compile(fetching, wanted) {
  const response = await fetching
  if (!response.ok) throw new Error(serverAnswers(response.status, response.statusText))
  const module = await WebAssembly.compile(await response.arrayBuffer())
  const [stamp] = WebAssembly.Module.customSections(module, 'offmain-build')
  if (wanted && (!stamp || new TextDecoder().decode(stamp) !== wanted)) throw new Error(otherBuild())
  return module
}

/**
 * Where this realm keeps its policy for trusted types: all packages on a page share it, also a Rust app's and other versions', as a page
 * whose content-security policy lists `trusted-types` allows one policy of a name. So never change what lies there.
 */
const POLICY = Symbol.for('offmain trusted types')

/** @type {any} what not every browser, or not every kind of worker, has */
const realm = globalThis

/**
 * Why the policy could not be made. It stays so: a page's content-security policy never becomes more generous.
 * @type {string | undefined}
 */
let refused

/**
 * The address as the content-security policy may want it. The policy is made with the first worker: no import may fail for it.
 * @param {URL | string} url
 */
function trusted(url) {
  if (refused !== undefined) return url
  try {
    realm[POLICY] ??= realm.trustedTypes?.createPolicy('offmain', { createScriptURL: (/** @type {string} */ url) => url })
    return realm[POLICY]?.createScriptURL(`${url}`) ?? url
  } catch (error) {
    refused = /** @type {Error} */ (error).message
    return url
  }
}

/**
 * The browser's own, also where a content-security policy asks for trusted types. Named so, as bundlers look for the name.
 * @type {typeof globalThis.Worker}
 */
export const Worker = /** @type {any} */ (makeWorker)

/**
 * @param {URL | string} url
 * @param {WorkerOptions} options
 */
function makeWorker(url, options) {
  const address = trusted(url)
  try {
    return new globalThis.Worker(address, options)
  } catch (error) {
    // A list without `offmain` does no harm where trusted types are not required, or where there is a default policy.
    if (refused === undefined || !(error instanceof TypeError)) throw error
    const whose = realm.document ? 'of this page' : "that comes with the workers' scripts"
    throw new TypeError(noTrustedTypes(whose, refused))
  }
}

/** A worker that loads before its owner is there, who then hears what he has missed. */
export class Early {
  /** @type {any} */
  #worker
  /** @type {[string, Event][]} */
  #missed = []

  /** @param {() => globalThis.Worker} start */
  constructor(start) {
    try {
      this.#worker = start()
    } catch {
      // The owner tries again, and tells.
      return
    }
    for (const event of ['onmessage', 'onmessageerror', 'onerror']) {
      this.#worker[event] = (/** @type {Event} */ what) => {
        what.preventDefault()
        this.#missed.push([event, what])
      }
    }
  }

  /**
   * For its owner, who puts his own handlers in place at once; undefined from the second time on.
   * @returns {globalThis.Worker | undefined}
   */
  take() {
    const worker = this.#worker
    this.#worker = undefined
    if (worker) queueMicrotask(() => this.#missed.forEach(([event, what]) => worker[event]?.(what)))
    return worker
  }
}
