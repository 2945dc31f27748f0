// What page, coordinator and workers have in common: how buffers go from one to the other, and how modules and workers are loaded.

/** The buffers in these arrays: a transfer list. What is beside a message is a flat array, so nobody looks further. */
export function buffersIn(...arrays) {
  const isBuffer = (item) => item instanceof ArrayBuffer
  return arrays.flatMap((array) => array?.filter(isBuffer) ?? [])
}

/**
 * Compiles a module that is being fetched, as a whole: Firefox 140 never says that one was cut short which it compiles while it comes,
 * and from then on compiles nothing any more.
 */
export async function compile(fetching) {
  const response = await fetching
  if (!response.ok) throw new Error(`the server answers ${response.status} ${response.statusText}`)
  return WebAssembly.compile(await response.arrayBuffer())
}

const { trustedTypes } = globalThis
const policy = trustedTypes?.createPolicy('offmain', { createScriptURL: (url) => url })

/** The browser's own, also where a page's content-security policy asks for trusted types. Named so, as bundlers look for the name. */
export function Worker(url, options) {
  return new globalThis.Worker(policy?.createScriptURL(`${url}`) ?? url, options)
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
