// Looks into values: for the buffers that can be moved instead of copied, and for what would be copied all the same.

/** How deep values are searched. */
export const DEPTH = 32

/** Calls `found(leaf, path)` for each string, Blob, Response and ArrayBuffer in plain objects, arrays, maps, sets and typed arrays. */
export function eachLeaf(value, found, path = '', depth = 0) {
  if (typeof value === 'string') return found(value, path)
  if (typeof value !== 'object' || value === null || depth > DEPTH) return
  if (value instanceof ArrayBuffer || value instanceof Blob || value instanceof Response) found(value, path)
  else if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found(value.buffer, path)
  } else if (Array.isArray(value) || value instanceof Set) {
    let index = 0
    for (const item of value) eachLeaf(item, found, `${path}[${index++}]`, depth + 1)
  } else if (value instanceof Map) {
    for (const [key, item] of value) eachLeaf(item, found, `${path}[${String(key)}]`, depth + 1)
  } else if (isPlain(value)) {
    for (const key in value) eachLeaf(value[key], found, path ? `${path}.${key}` : key, depth + 1)
  }
}

/** The buffers inside values, each once: a transfer list. */
export function buffersIn(...values) {
  const buffers = new Set()
  for (const value of values) eachLeaf(value, (leaf) => leaf instanceof ArrayBuffer && buffers.add(leaf))
  return [...buffers]
}

/** Whether a value is a `Kind`, or has one in its arrays and plain objects. */
export function holds(value, Kind) {
  if (value instanceof Kind) return true
  if (Array.isArray(value)) return value.some((item) => holds(item, Kind))
  return typeof value === 'object' && value !== null && isPlain(value) && Object.values(value).some((item) => holds(item, Kind))
}

/** The value, with what `read(item, path)` gives in place of each `Kind` in its arrays and plain objects. */
export async function replaceEach(value, Kind, read, path = '') {
  if (value instanceof Kind) return read(value, path)
  if (Array.isArray(value)) return Promise.all(value.map((item, index) => replaceEach(item, Kind, read, `${path}[${index}]`)))
  if (typeof value === 'object' && value !== null && isPlain(value)) {
    const replace = async ([key, item]) => [key, await replaceEach(item, Kind, read, path ? `${path}.${key}` : key)]
    return Object.fromEntries(await Promise.all(Object.entries(value).map(replace)))
  }
  return value
}

export function isPlain(value) {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
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
