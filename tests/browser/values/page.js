// The page of `cargo xtask values`, which asks for `open`, then `run` for so many values at a time, then `close`.

import { start } from '../pkg/offmain_tests.js'
import { Trial } from './values.js'

let trial

const works = {
  async open(seed) {
    trial = await Trial.open(start, seed)
    return navigator.userAgent
  },
  run: (first, count) => trial.run(first, count),
  close: () => trial.close(),
}

/** The page does it by itself: in Firefox no worker starts while a driver's script waits. */
globalThis.values = (what, ...args) => {
  globalThis.told = undefined
  const work = async () => works[what](...args)
  setTimeout(() => work().then((value) => (globalThis.told = { value }), (error) => (globalThis.told = { error: textOf(error) })))
}

/** What was thrown may be of any kind, too. */
function textOf(error) {
  try {
    return `${error}\n${error?.stack}`
  } catch {
    return `something that has no text: a ${typeof error}`
  }
}
