// What every browser test may use; the same functions come as the argument `t`, with `t.engine` beside them.

// Thrown by `skip`: the engine cannot do what the test is about.
export class Skip extends Error {}

// Ends the test as a printed skip.
export function skip(reason) {
  throw new Skip(reason)
}

export function assert(condition, message = 'the condition does not hold') {
  if (!condition) throw new Error(message)
}

// Deep equality of plain data: primitives, arrays, plain objects, typed arrays.
export function equal(actual, expected, message = 'not equal') {
  const difference = differ(actual, expected, '')
  if (difference) throw new Error(`${message}: ${difference}`)
}

// Waits until `promise` rejects and returns the error, whose name must be `name` and whose message must match `pattern`.
export async function rejects(promise, name, pattern) {
  let value
  try {
    value = await promise
  } catch (error) {
    if (error?.name !== name || (pattern && !pattern.test(error.message))) {
      throw new Error(`rejected with ${error?.name}: ${error?.message}; expected ${name}${pattern ? ` matching ${pattern}` : ''}`, { cause: error })
    }
    return error
  }
  throw new Error(`resolved to ${show(value)}; expected a rejection with ${name}`)
}

export const sleep = ms => new Promise(resolve => setTimeout(resolve, ms))

// `promise`, or a rejection that says what was waited for when `ms` pass first.
export async function within(promise, ms, what = 'the promise') {
  let timer
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms} ms in vain for ${what}`)), ms)
  })
  try {
    return await Promise.race([promise, limit])
  } finally {
    clearTimeout(timer)
  }
}

// Asks `condition` every 10 ms until it is true.
export async function until(condition, ms = 10_000, what = String(condition)) {
  const end = performance.now() + ms
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms in vain for ${typeof what === 'function' ? what() : what}`)
    await sleep(10)
  }
}

// SHA-256 in hex of an ArrayBuffer, a typed array or a Blob.
export async function sha256(data) {
  const bytes = data instanceof Blob ? await data.arrayBuffer() : data
  const digest = await crypto.subtle.digest('SHA-256', bytes)
  return Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0')).join('')
}

// `length` bytes that look random and are the same for the same seed (xorshift32).
export function noise(length, seed = 1) {
  const words = new Uint32Array(Math.ceil(length / 4))
  let x = seed >>> 0 || 1
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    words[i] = x
  }
  return new Uint8Array(words.buffer, 0, length)
}

function differ(actual, expected, path) {
  const here = path || 'value'
  if (Object.is(actual, expected)) return null
  if (typeof actual !== 'object' || typeof expected !== 'object' || !actual || !expected) {
    return `${here} is ${show(actual)}, expected ${show(expected)}`
  }
  if (Object.getPrototypeOf(actual)?.constructor?.name !== Object.getPrototypeOf(expected)?.constructor?.name) {
    return `${here} is a ${actual.constructor?.name}, expected a ${expected.constructor?.name}`
  }
  const list = Array.isArray(actual) || ArrayBuffer.isView(actual)
  if (list && actual.length !== expected.length) return `${here} has ${actual.length} items, expected ${expected.length}`
  const keys = list ? actual.keys() : new Set([...Object.keys(actual), ...Object.keys(expected)])
  for (const key of keys) {
    const difference = differ(actual[key], expected[key], `${path}.${key}`)
    if (difference) return difference
  }
  return null
}

function show(value) {
  if (typeof value === 'bigint') return `${value}n`
  try {
    return JSON.stringify(value)?.slice(0, 300) ?? String(value)
  } catch {
    return String(value)
  }
}
