// Random binary data: buffers of all kinds, views of parts of them, blobs, responses.

const NAMES = ['Uint8Array', 'Uint8Array', 'Uint8ClampedArray', 'Int8Array', 'Int16Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float32Array', 'Float64Array']
NAMES.push('BigInt64Array', 'BigUint64Array', 'Float16Array', 'DataView')

/** Views of these are bytes for whoever does not say what he wants. */
export const BYTES = ['Uint8Array', 'Uint8ClampedArray', 'Int8Array', 'DataView']

export class Binary {
  /** `realm` is a window whose kinds are used at times. */
  constructor(random, notes, realm, say) {
    Object.assign(this, { random, notes, realm, say })
    /** The buffers that could be listed in `transfer`. */
    this.buffers = []
  }

  bytes(length) {
    const seed = this.random.below(2 ** 31)
    return Uint8Array.from({ length }, (_, i) => Math.imul(i + seed, 0x9e3779b1) >>> 11)
  }

  /** A buffer of at least `least` bytes: { buffer, resize } with `resize` where it can. */
  buffer(least) {
    const { random } = this
    const room = random.chance(0.05) ? 2 ** 20 : random.chance(0.3) ? random.below(200) : 0
    const kind = random.weighted({ plain: 10, resizable: 2, shared: 2, growable: 1, memory: 0.5, 'shared memory': 0.3 })
    // Views that go on to the end are of whole items.
    const size = kind === 'resizable' || kind === 'growable' ? (least + room + 7) & ~7 : least + room
    const made = this.#made(kind, size)
    if (made.buffer instanceof ArrayBuffer && kind !== 'memory') this.buffers.push(made.buffer)
    new Uint8Array(made.buffer).set(this.bytes(Math.min(size, 4096)))
    this.say(`${made.kind} of ${made.buffer.byteLength} B`)
    return made
  }

  #made(kind, size) {
    const plain = { kind: 'buffer', buffer: new ArrayBuffer(size) }
    if (kind === 'resizable' && ArrayBuffer.prototype.resize) return { kind, buffer: new ArrayBuffer(size, { maxByteLength: size + 64 }) }
    const shared = typeof SharedArrayBuffer !== 'undefined'
    if (kind === 'shared' && shared) return { kind, buffer: new SharedArrayBuffer(size) }
    if (kind === 'growable' && shared && SharedArrayBuffer.prototype.grow) return { kind, buffer: new SharedArrayBuffer(size, { maxByteLength: size + 64 }) }
    if (kind === 'memory' && size < 65_536) return this.#fixed({ kind, buffer: new WebAssembly.Memory({ initial: 1 }).buffer })
    if (kind === 'shared memory' && shared && size < 65_536) return { kind, buffer: new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true }).buffer }
    return plain
  }

  /** A memory's buffer cannot be moved. */
  #fixed(made) {
    this.notes.set(made.buffer, { fixed: true })
    return made
  }

  /** A view of one of these kinds. */
  view(names = NAMES, length = this.#length()) {
    const { random } = this
    const name = random.pick(names.filter((name) => globalThis[name]))
    const Kind = (random.chance(0.05) && this.realm?.[name]) || globalThis[name]
    const width = Kind.BYTES_PER_ELEMENT ?? 1
    const offset = random.chance(0.3) ? width * random.below(9) : 0
    const { kind, buffer } = this.buffer(offset + width * length)
    // Without a length it goes on to the end, and with it.
    const tracking = (kind === 'resizable' || kind === 'growable') && buffer.byteLength < 4096 && random.chance(0.5)
    const value = tracking ? new Kind(buffer, offset) : new Kind(buffer, offset, length)
    if (tracking && random.chance(0.5)) {
      if (kind === 'growable') buffer.grow(buffer.byteLength + 8)
      else buffer.resize(random.chance(0.5) ? buffer.byteLength + 8 : offset)
    }
    this.say(`${name} from ${offset}${tracking ? ' on' : `, ${length} items`}`)
    return value
  }

  #length() {
    return this.random.chance(0.05) ? this.random.below(500) : this.random.below(20)
  }

  /** What bytes are taken from. */
  bytesLike() {
    const kind = this.random.weighted({ view: 8, any: 2, buffer: 3, blob: 2, response: 1 })
    if (kind === 'view') return this.view(BYTES)
    if (kind === 'any') return this.view()
    return this[kind === 'buffer' ? 'wholeBuffer' : kind]()
  }

  wholeBuffer() {
    return this.buffer(this.#length()).buffer
  }

  blob() {
    const bytes = this.bytes(this.#length())
    const file = this.random.chance(0.4) && typeof File !== 'undefined'
    const blob = file ? new File([bytes], 'file') : new Blob([bytes], { type: 'text/plain' })
    this.notes.set(blob, { body: bytes })
    this.say(file ? 'File' : 'Blob')
    return blob
  }

  response() {
    const bytes = this.bytes(this.#length())
    const response = new Response(bytes)
    this.notes.set(response, { body: bytes })
    this.say('Response')
    return response
  }

  /** A view or buffer whose data is no more, or a body that was read. */
  lost() {
    const { random } = this
    const kind = random.pick(['detached view', 'detached buffer', 'out of bounds', 'read response'])
    this.say(kind)
    if (kind === 'read response') {
      const response = new Response('x')
      response.text()
      return this.#lost(response)
    }
    if (kind === 'out of bounds' && ArrayBuffer.prototype.resize) {
      const buffer = new ArrayBuffer(16, { maxByteLength: 32 })
      const Kind = random.pick([Uint8Array, Float64Array, DataView])
      const value = random.chance(0.5) ? new Kind(buffer, 8) : new Kind(buffer, 8, 1)
      buffer.resize(4)
      return this.#lost(value)
    }
    const buffer = new ArrayBuffer(16)
    const value = kind === 'detached buffer' ? buffer : new (random.pick([Uint8Array, Int16Array, DataView]))(buffer)
    structuredClone(buffer, { transfer: [buffer] })
    return this.#lost(value)
  }

  #lost(value) {
    this.notes.set(value, { lost: true })
    return value
  }
}
