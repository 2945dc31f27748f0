// What only the command can tell of the machine; undefined in a page that was opened without it.

import { distribution } from '../distribution.js'

const ask = async (path, question) => {
  const answer = await fetch(path, { method: 'POST', body: JSON.stringify(question) })
  return answer.ok ? answer.json() : undefined
}

/** Bytes of memory of all the browser's processes; what several share counts once. */
export const memory = () => ask('/memory')

/** A kernel as a native program: its value and the milliseconds it took. */
export const native = (kernel, size, threads) => ask('/native', [kernel, size, threads].map(String))

let self
/** What it costs the main thread to ask, in milliseconds. */
let asking

/** Processor time that this page's main thread has used so far, in milliseconds. */
async function mainThread() {
  self ??= await findSelf()
  const found = self && (await ask('/main-threads')).find(([pid]) => pid === self)
  return found && found[1] / 1e6
}

/** The process whose main thread computes when this one does. */
async function findSelf() {
  const before = await ask('/main-threads')
  if (!before?.length) return undefined
  const used = new Map(before)
  for (const end = performance.now() + 50; performance.now() < end; );
  const grown = (await ask('/main-threads')).map(([pid, ns]) => ({ pid, ns: ns - (used.get(pid) ?? 0) }))
  return grown.reduce((busiest, one) => (one.ns > busiest.ns ? one : busiest)).pid
}

/** What `work` gives, and the milliseconds of the main thread that it takes. */
export async function onMainThread(work) {
  asking ??= await costOfAsking()
  const before = await mainThread()
  const value = await work()
  const after = await mainThread()
  return { value, ms: before === undefined ? undefined : Math.max(0, after - before - asking) }
}

async function costOfAsking() {
  const costs = []
  for (let i = 0; i < 31; i++) {
    const before = await mainThread()
    costs.push((await mainThread()) - before)
  }
  return distribution(costs.slice(10)).median
}
