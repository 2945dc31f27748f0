// What the page's look at an input finds wrong with it, whatever its job.

import { see } from './see.js'

const LEVELS = 128
const NODES = 2 ** 20
const TEXT = 65_536
const [LEAST, MOST] = [-(2n ** 127n), 2n ** 128n]

class TooMany extends Error {}

/** { reasons, reached }: the reasons to refuse the input, each a list of what its text must mention, of which any may be the one that is told; and the objects in it. */
export function look(input, transfer, notes) {
  const look = new Look(transfer, notes)
  try {
    look.visit(input, '', 0)
    if (look.size > TEXT) look.refuse('transfer')
  } catch (error) {
    if (!(error instanceof TooMany)) throw error
    look.refuse()
  }
  look.checkTransfer()
  return look
}

class Look {
  reasons = []
  nodes = 0
  /** Of texts and of data that is copied. */
  size = 0
  /** What was visited, and whether it was refused. */
  #seen = new Map()
  #buffers = new Set()
  reached = new Set()

  constructor(transfer, notes) {
    this.transfer = transfer ?? []
    this.notes = notes
    this.listed = new Set(this.transfer.map((item) => (ArrayBuffer.isView(item) ? item.buffer : item)))
  }

  refuse(...mentions) {
    this.reasons.push(mentions.filter(Boolean))
  }

  visit(value, at, level) {
    if (++this.nodes > NODES) throw new TooMany()
    const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
    if (isObject && this.#seen.has(value)) {
      // The path may be that of either place.
      if (this.#seen.get(value) !== undefined) this.refuse(at, this.#seen.get(value))
      return
    }
    for (let object = value; object; object = this.notes.get(object)?.target) this.reached.add(object)
    const seen = see(value, this.notes)
    if (isObject) this.#seen.set(value, seen.kind === 'refused' ? seen.says : undefined)
    this[seen.kind]?.(seen, at, level)
  }

  refused({ says }, at) {
    this.refuse(at, says)
  }

  text({ value }) {
    this.size += value.length
  }

  bigint({ value }) {
    if (value < LEAST || value >= MOST) this.refuse()
  }

  view({ bytes, buffer, elsewhere }) {
    if (elsewhere) return
    this.#buffers.add(buffer)
    if (!this.listed.has(buffer)) this.size += bytes.length
  }

  /** Whether a container at this level is one too deep. */
  #tooDeep(level) {
    if (level >= LEVELS) this.refuse(String(LEVELS))
    return level >= LEVELS
  }

  list({ items, named, set }, at, level) {
    if (this.#tooDeep(level)) return
    if (items.length > NODES) throw new TooMany()
    for (const item of items) this.#part(item, set ? '' : `[${item.key}]`, level)
    for (const field of named) this.#part(field, field.key, level)
  }

  fields({ fields }, at, level) {
    if (this.#tooDeep(level)) return
    for (const field of fields) {
      this.nodes += Math.ceil(Math.max(0, field.key.length - 16) / 16)
      this.#part(field, /^[A-Za-z_]\w*$/.test(field.key) && field.key.length < 16 ? field.key : '', level)
    }
  }

  #part(part, at, level) {
    if ('error' in part) this.refuse(at, part.says)
    else this.visit(part.value, at, level + 1)
  }

  map({ entries }, at, level) {
    if (this.#tooDeep(level)) return
    for (const [key, value] of entries) {
      this.visit(key, '', level + 1)
      this.visit(value, '', level + 1)
    }
  }

  /** Only buffers that are in the input, and can be moved. */
  checkTransfer() {
    for (const buffer of this.listed) {
      if (!(buffer instanceof ArrayBuffer) || !this.#buffers.has(buffer) || this.notes.get(buffer)?.fixed) this.refuse()
    }
  }
}
