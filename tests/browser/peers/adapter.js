// What the peers have in common. Each has a `peer.js` with `name`, `version` and `start({ workers })`, which gives
//   echo(bytes)      one small job: bytes there and back
//   spin(ms)         a job that keeps a worker computing for so long
//   fault(kind)      a job that fails: 'error', 'panic', 'panic in a thread', 'trap', 'stack overflow', or 'endless', which it is
//                    then cancelled for, by whatever means the peer has; rejects with `NotApplicable` where it cannot be had
//   mandelbrot({ width, height, iterations })   the steps of all points, where the peer computes one job in parallel
//   close()          ends everything

/** How long an endless job runs before it is cancelled, in milliseconds. */
export const BEFORE_CANCEL = 300

/** The peer has nothing that could fail in this way. */
export class NotApplicable extends Error {
  name = 'NotApplicable'
}

/** A job of one thread alone has no other whose panic could matter. */
export const noThreads = () => Promise.reject(new NotApplicable('not applicable: a job has no threads'))

/** Gives the items one after the other, again and again. */
export function inTurn(items) {
  let turn = 0
  return () => items[turn++ % items.length]
}

/** The workers that the module at `url` makes from now on, where it hands none of them out: known by the call's stack. */
export function workersMadeBy(url) {
  const made = new Set()
  globalThis.Worker = class extends globalThis.Worker {
    constructor(...args) {
      super(...args)
      if (new Error().stack.includes(url)) made.add(this)
    }
  }
  return made
}
