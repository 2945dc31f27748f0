// chunk-cache's page: starts the pool, follows the slider, tells what each frame cost.

import { Film } from './film.js'
import { Costs, FrameMeter } from './meter.js'
import { checksum, screenFor } from './screen.js'

const at = (id) => document.getElementById(id)
const ways = ['lease', 'transfer', 'copy']

new FrameMeter({ sparkline: at('sparkline'), rate: at('frame-rate'), worst: at('worst-frame') })

/** Shows the frame that is wanted, as soon as the one before is there. */
class Player {
  shown = 0
  #costs = new Costs()
  #wanted = 0
  #playing = false
  #busy

  constructor(film, screen) {
    Object.assign(this, { film, screen })
  }

  get way() {
    return document.querySelector('[name=way]:checked').value
  }

  set way(way) {
    document.querySelector(`[name=way][value=${way}]`).checked = true
  }

  costs(way) {
    return this.#costs.of(way)
  }

  /** Hands out a frame and draws it. */
  async show(number, way = this.way) {
    const { pixels, done, handOverMs, threadMs } = await this.film.frame(number, way)
    const began = performance.now()
    this.screen.show(pixels)
    done()
    this.#costs.add(way, { handOverMs, threadMs, drawMs: performance.now() - began })
    this.shown++
  }

  /** Wants a frame, and forgets what was wanted before and has not been begun. */
  want(number) {
    this.#wanted = number
    this.#busy ??= this.#follow().finally(() => (this.#busy = undefined))
    return this.#busy
  }

  async #follow() {
    for (let number; number !== this.#wanted; ) {
      number = this.#wanted
      await this.show(number)
    }
  }

  /** Plays, or pauses; one frame of the film for each of the page, if it gets there in time. */
  play(playing = !this.#playing) {
    this.#playing = playing
    at('play').setAttribute('aria-pressed', playing)
    at('play').textContent = playing ? 'Pause' : 'Play'
    if (playing) requestAnimationFrame(() => this.#next())
  }

  #next() {
    if (!this.#playing) return
    // One that is still on its way is waited for, not overtaken.
    if (!this.#busy) select((Number(at('frame').value) + 1) % this.film.frames)
    requestAnimationFrame(() => this.#next())
  }
}

let player

/** Has the slider at a frame, and wants it. */
function select(number) {
  at('frame').value = number
  at('number').value = `${number + 1} / ${player.film.frames}`
  return player.want(number).catch(fail)
}

function fail(error) {
  at('alarm').hidden = false
  at('alarm').textContent = error.message
  player?.play(false)
}

async function write() {
  for (const way of ways) {
    const costs = player.costs(way)
    if (!costs) continue
    const cells = at(`cost-${way}`).querySelectorAll('td')
    for (const [i, ms] of [costs.handOverMs, costs.threadMs, costs.drawMs].entries()) cells[i].textContent = ms.toFixed(2)
    at(`cost-${way}`).classList.toggle('chosen', way === player.way)
  }
  const { memoryBytes, leases } = await player.film.pool.stats()
  at('memory').textContent = `${(memoryBytes / 2 ** 20).toFixed(0)} MB`
  at('lent').textContent = leases.lent
  at('shown').textContent = player.shown
}

function connect() {
  at('frame').max = player.film.frames - 1
  at('frame').addEventListener('input', () => select(Number(at('frame').value)))
  at('play').addEventListener('click', () => player.play())
  addEventListener('keydown', (event) => {
    // What is focused may have a meaning of its own for a key.
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const way = ways[Number(event.key) - 1]
    if (way) player.way = way
    else if (event.key === ' ' && event.target.tagName !== 'BUTTON') player.play()
    else if (['ArrowLeft', 'ArrowRight'].includes(event.key) && event.target.tagName !== 'INPUT') {
      const { frames } = player.film
      select((Number(at('frame').value) + (event.key === 'ArrowRight' ? 1 : frames - 1)) % frames)
    } else return
    event.preventDefault()
  })
  for (const id of ['play', 'frame', 'ways']) at(id).disabled = false
}

async function open() {
  const workers = Number(new URLSearchParams(location.search).get('workers')) || Math.min(4, navigator.hardwareConcurrency)
  const film = await Film.open(workers)
  player = new Player(film, screenFor(at('screen'), film.width, film.height))
  await film.warm((there) => (at('status').textContent = `Decoding: ${there} of ${film.frames} frames are in the cache.`))
  connect()
  await select(0)
  setInterval(() => write().catch(fail), 500)
  at('status').textContent = `Ready: ${film.frames} frames of ${film.width} × ${film.height} are in the cache, shown by ${player.screen.kind}.`
}

// For tests and for the curious at the console.
window.chunkCache = {
  select,
  /** The checksum of what is shown. */
  shown: () => checksum(player.screen.pixels()),
  /** The checksum of what should be, which a job decodes anew. */
  expected: (number) => player.film.pool.submit('checksum', { number, step: player.screen.step }),
}
chunkCache.ready = open().then(
  () => void Object.assign(chunkCache, { player, pool: player.film.pool }),
  (error) => {
    at('status').textContent = ''
    fail(error)
    throw error
  },
)
