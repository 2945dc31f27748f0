// The form of a value: bytes that say all of it, as a page's inputs travel, and what its jobs give back. `pack` writes one, `unpack` reads one.
// runtime/protocol/src/form.rs reads and writes the form on the other side.

/** Bounds, as in runtime/protocol/src/limits.rs. */
export const INLINE_BYTES = 65_536
export const INPUT_DEPTH = 128
export const VALUES = 1_048_576

export const UNDEFINED = 0, NULL = 1, FALSE = 2, TRUE = 3, BYTE = 4, INT = 5, NUMBER = 6, BIGINT = 7, TEXT = 8, DATE = 9, ARRAY = 10, SET = 11
export const OBJECT = 12, MAP = 13, MATCH = 14, VIEW = 15, ATTACHED = 16, BLOB = 17, SAME = 18, LEASE = 19

/** Kinds of binary data, as the form numbers them. */
export const KINDS = [
  'Uint8Array', 'Uint8ClampedArray', 'Int8Array', 'Uint16Array', 'Int16Array', 'Uint32Array', 'Int32Array', 'Float32Array', 'Float64Array',
  'BigUint64Array', 'BigInt64Array', 'Float16Array', 'DataView', 'ArrayBuffer',
]
export const BUFFER = KINDS.indexOf('ArrayBuffer')

/** Up to this length it is cheaper to go byte by byte. */
export const SHORT = 64
