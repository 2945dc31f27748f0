// What is said as text: a line for everybody and for screen readers, totals, and what went wrong at the start.

import { bytes, saved } from './format.js'

/** Screen readers read every change: not more often than this. */
const EVERY_MS = 1000

export class Status {
  #timer

  constructor({ line, alarm, totalIn, totalOut, totalSaved }) {
    Object.assign(this, { line, alarm, totalIn, totalOut, totalSaved })
  }

  say(text) {
    this.line.textContent = text
  }

  fail(text) {
    this.alarm.textContent = text
    this.alarm.hidden = false
    this.line.textContent = ''
  }

  follow(lab) {
    for (const what of ['added', 'over', 'cleared']) {
      lab.addEventListener(what, () => (this.#timer ??= setTimeout(() => this.#count(lab), EVERY_MS)))
    }
  }

  #count(lab) {
    this.#timer = undefined
    const { photos } = lab
    const done = photos.filter(({ state }) => state === 'done')
    const broken = photos.filter(({ state }) => state === 'failed').map(({ name }) => name)
    const cancelled = photos.filter(({ state }) => state === 'cancelled').length
    const parts = [`${done.length} of ${photos.length} photographs done`]
    if (broken.length) parts.push(`broken: ${broken.join(', ')}`)
    if (cancelled) parts.push(`${cancelled} cancelled`)
    this.say(photos.length ? `${parts.join('; ')}.` : 'Ready.')
    const sum = (size) => done.reduce((total, photo) => total + size(photo), 0)
    const [before, after] = [sum(({ bytesIn }) => bytesIn), sum(({ output }) => output.avif.byteLength)]
    this.totalIn.textContent = done.length ? bytes(before) : '–'
    this.totalOut.textContent = done.length ? bytes(after) : '–'
    this.totalSaved.textContent = done.length ? saved(before, after) : '–'
  }
}
