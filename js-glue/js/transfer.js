// Finds the buffers inside a value, so that they can be moved instead of copied.

const DEPTH = 32

/** Calls `found(buffer, path)` for each ArrayBuffer in plain objects, arrays, maps, sets and typed arrays. */
export function eachBuffer(value, found, path = '', depth = 0) {
  if (typeof value !== 'object' || value === null || depth > DEPTH) return
  if (value instanceof ArrayBuffer) found(value, path)
  else if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found(value.buffer, path)
  } else if (Array.isArray(value) || value instanceof Set) {
    let index = 0
    for (const item of value) eachBuffer(item, found, `${path}[${index++}]`, depth + 1)
  } else if (value instanceof Map) {
    for (const [key, item] of value) eachBuffer(item, found, `${path}[${String(key)}]`, depth + 1)
  } else if (isPlain(value)) {
    for (const key in value) eachBuffer(value[key], found, path ? `${path}.${key}` : key, depth + 1)
  }
}

/** The buffers inside a value, each once: a transfer list. */
export function buffersIn(value) {
  const buffers = new Set()
  eachBuffer(value, (buffer) => buffers.add(buffer))
  return [...buffers]
}

export function isPlain(value) {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
