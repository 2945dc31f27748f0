// The film: a pool whose jobs hand out frames, in one of three ways.

import { start } from '../pkg/chunk_cache.js'

/** How a frame gets to this thread. Each gives its pixels, says what it cost, and lets go of them when they have been used. */
const WAYS = {
  async lease(pool, number) {
    const lease = await pool.submit('lend_frame', { number })
    const began = performance.now()
    return { pixels: lease.view, ownMs: performance.now() - began, done: () => lease.release() }
  },

  async transfer(pool, number) {
    const pixels = await pool.submit('send_frame', { number })
    return { pixels, ownMs: 0, done() {} }
  },

  async copy(pool, number) {
    const lease = await pool.submit('lend_frame', { number })
    const began = performance.now()
    const pixels = lease.copy()
    lease.release()
    return { pixels, ownMs: performance.now() - began, done() {} }
  },
}

export class Film {
  static async open(workers) {
    const film = new Film()
    film.pool = await start({ workers })
    return Object.assign(film, await film.pool.submit('describe', {}))
  }

  /** Hands out a frame: its pixels, how long that took, and how much of it this thread was at work. */
  async frame(number, way) {
    const began = performance.now()
    const taking = WAYS[way](this.pool, number)
    const sentMs = performance.now() - began
    const { pixels, ownMs, done } = await taking
    return { pixels, done, handOverMs: performance.now() - began, threadMs: sentMs + ownMs }
  }

  /** Decodes all frames, so that the cache has them. */
  async warm(tell) {
    let there = 0
    const all = Array.from({ length: this.frames }, async (_, number) => {
      const { done } = await this.frame(number, 'lease')
      done()
      tell(++there)
    })
    await Promise.all(all)
  }
}
