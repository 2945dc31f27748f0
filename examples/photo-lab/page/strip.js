// A live strip of what each worker is doing, from the pool's own account.

import { bytes, duration } from './format.js'

const EVERY_MS = 200

export class Strip {
  #rows = new Map()
  #busy = false

  constructor({ list, queued, threads, memory }) {
    Object.assign(this, { list, queued, threads, memory })
  }

  /** Shows this pool from now on. */
  watch(pool) {
    this.pool = pool
    setInterval(() => this.#look(), EVERY_MS)
  }

  async #look() {
    if (this.#busy || document.visibilityState === 'hidden') return
    this.#busy = true
    const stats = await this.pool.stats()
    this.#busy = false
    if (stats) this.#show(stats)
  }

  #show({ workers, queued, threads, memoryBytes }) {
    const seen = new Set(workers.map(({ id, generation }) => `${generation}.${id}`))
    for (const [key, row] of this.#rows) {
      if (!seen.has(key)) {
        row.remove()
        this.#rows.delete(key)
      }
    }
    for (const worker of workers) this.#row(`${worker.generation}.${worker.id}`).show(worker)
    set(this.queued, queued)
    set(this.threads, `${threads.running} + ${threads.warm} warm`)
    set(this.memory, memoryBytes === undefined ? '–' : bytes(memoryBytes))
  }

  #row(key) {
    if (!this.#rows.has(key)) this.#rows.set(key, new Row(this.list))
    return this.#rows.get(key)
  }
}

class Row {
  constructor(list) {
    this.element = list.appendChild(document.createElement('li'))
    this.name = this.element.appendChild(document.createElement('span'))
    this.doing = this.element.appendChild(document.createElement('span'))
    this.time = this.element.appendChild(document.createElement('span'))
  }

  show({ id, state, job, forMs }) {
    if (this.element.dataset.state !== state) this.element.dataset.state = state
    set(this.name, `${id}`)
    set(this.doing, job ?? state)
    set(this.time, state === 'idle' ? '' : duration(forMs))
  }

  remove() {
    this.element.remove()
  }
}

/** Text that is the same is not written again: that would cost a layout. */
function set(element, text) {
  if (element.textContent !== String(text)) element.textContent = text
}
