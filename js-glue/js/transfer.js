// What page, coordinator and workers have in common: how buffers go from one to the other, and how modules and workers are loaded.

/** Names the build that this script is part of; the tool writes it. */
export const offmainBuild = '__OFFMAIN_BUILD__'

/** The buffers in these arrays: a transfer list. What is beside a message is a flat array, so nobody looks further. */
export function buffersIn(...arrays) {
  const isBuffer = (item) => item instanceof ArrayBuffer
  return arrays.flatMap((array) => array?.filter(isBuffer) ?? [])
}

/**
 * Compiles a module that is being fetched, as a whole: Firefox 140 never says that one was cut short which it compiles while it comes,
 * and from then on compiles nothing any more. It must be of the build that is named, if one is.
 */
export async function compile(fetching, wanted) {
  const response = await fetching
  if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`)
  const module = await WebAssembly.compile(await response.arrayBuffer())
  const [stamp] = WebAssembly.Module.customSections(module, 'offmain-build')
  if (wanted && (!stamp || new TextDecoder().decode(stamp) !== wanted)) throw new Error('it is of another build than the page; load the page again')
  return module
}

/**
 * Where this realm keeps its policy for trusted types: all packages on a page share it, also a Rust app's and other versions', as a page
 * whose content-security policy lists `trusted-types` allows one policy of a name. So never change what lies there.
 */
const POLICY = Symbol.for('offmain trusted types')

/** Why the policy could not be made. It stays so: a page's content-security policy never becomes more generous. */
let refused

/** The address as the content-security policy may want it. The policy is made with the first worker: no import may fail for it. */
function trusted(url) {
  if (refused !== undefined) return url
  try {
    globalThis[POLICY] ??= globalThis.trustedTypes?.createPolicy('offmain', { createScriptURL: (url) => url })
    return globalThis[POLICY]?.createScriptURL(`${url}`) ?? url
  } catch (error) {
    refused = error.message
    return url
  }
}

/** The browser's own, also where a content-security policy asks for trusted types. Named so, as bundlers look for the name. */
export function Worker(url, options) {
  const address = trusted(url)
  try {
    return new globalThis.Worker(address, options)
  } catch (error) {
    // A list without `offmain` does no harm where trusted types are not required, or where there is a default policy.
    if (refused === undefined || !(error instanceof TypeError)) throw error
    const whose = globalThis.document ? 'of this page' : "that comes with the workers' scripts"
    throw new TypeError(
      `the content-security policy ${whose} requires trusted types and does not allow offmain's: ` +
        `add \`trusted-types offmain\` to it (the browser says: ${refused})`,
    )
  }
}

/** A worker that loads before its owner is there, who then hears what he has missed. */
export class Early {
  #worker
  #missed = []

  constructor(start) {
    try {
      this.#worker = start()
    } catch {
      // The owner tries again, and tells.
      return
    }
    for (const event of ['onmessage', 'onmessageerror', 'onerror']) {
      this.#worker[event] = (what) => {
        what.preventDefault()
        this.#missed.push([event, what])
      }
    }
  }

  /** For its owner, who puts his own handlers in place at once; undefined from the second time on. */
  take() {
    const worker = this.#worker
    this.#worker = undefined
    if (worker) queueMicrotask(() => this.#missed.forEach(([event, what]) => worker[event]?.(what)))
    return worker
  }
}
