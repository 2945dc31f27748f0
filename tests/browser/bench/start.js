// From the load of a page to its first result; and what a worker holds.

import { memory } from './machine.js'
import { PEERS, isBuilt } from './ways.js'

const MORE = 8
/** Until what was closed is gone, and what was started is there. */
const SETTLE_MS = 1000
/** It takes long, and moves little. */
const isRoundOfMemory = (round) => round % 3 === 0

export default {
  name: 'start',
  title: 'From the load of a page to its first result',
  how:
    'A fresh frame loads its scripts and modules, starts as many workers as there are cores, and asks for 16 bytes; the clock runs from the frame’s own start to the ' +
    'answer. Cold: from an address that the browser has never seen, a module with bytes that it has never seen. Cached: what the HTTP cache holds is asked for, and found ' +
    'unchanged. The plain workers instantiate the very module that offmain’s have. Memory is that of all the browser’s processes, ' +
    `the difference between 1 worker and ${1 + MORE}, by worker.`,
  rounds: 10,
  charts: {
    cold: { title: 'First result, cold', unit: 'ms', floor: 'plain workers, same module' },
    cached: { title: 'First result, cached', unit: 'ms', floor: 'plain workers, same module' },
    memory: { title: 'Memory a worker', unit: 'MB', floor: 'plain workers, same module' },
  },

  async open({ cores }) {
    const coldFolders = await freshFolders()
    const cold = async (who) => {
      const folder = coldFolders.shift()
      return folder ? first(who, folder, cores) : []
    }
    const ours = Object.entries({ raw: 'plain workers, same module', offmain: 'offmain' }).map(([who, name]) => ({
      name,
      kind: who,
      charts: ['cold', 'cached', 'memory'],
      measure: async ({ round }) => ({ cold: await cold(who), cached: await first(who, '/pkg/', cores), memory: await aWorker(who, '/pkg/', round) }),
    }))
    const theirs = await Promise.all(
      Object.entries(PEERS).map(async ([peer, { name }]) => ({
        name,
        kind: 'peer',
        charts: ['cached', 'memory'],
        missing: (await isBuilt(peer)) ? undefined : 'not built',
        measure: async ({ round }) => ({ cached: await first('peer', `/peers/${peer}/`, cores), memory: await aWorker('peer', `/peers/${peer}/`, round) }),
      })),
    )
    const goals = ['cold', 'cached'].map((chart) => ({ chart, row: 'offmain', against: 'plain workers, same module', most: 1.25 }))
    return { ways: [...ours, ...theirs], goals }
  },
}

/** Folders that the command has made and that nobody has asked for yet. */
async function freshFolders() {
  const list = await fetch('/cold/list.json')
  return list.ok ? (await list.json()).map((folder) => `/cold/${folder}/`).filter((folder) => !used.has(folder) && used.add(folder)) : []
}
const used = new Set()

/** Milliseconds from the frame's start to its first result. */
async function first(who, folder, workers) {
  const { ms, close } = await load(who, folder, workers)
  close()
  return ms
}

/** Megabytes that a worker more holds, in rounds where that is asked for. */
async function aWorker(who, folder, round) {
  if (!isRoundOfMemory(round)) return []
  const held = []
  for (const workers of [1, 1 + MORE]) {
    await settled()
    const before = await memory()
    if (before === undefined) return []
    const { close } = await load(who, folder, workers)
    await settled()
    held.push((await memory()) - before)
    close()
  }
  return (held[1] - held[0]) / MORE / 1e6
}

const settled = () => new Promise((done) => setTimeout(done, SETTLE_MS))

/** A frame that has had its first result. Its workers end with it. */
function load(who, folder, workers) {
  const frame = document.createElement('iframe')
  frame.title = 'a page that starts'
  frame.style = 'position: fixed; inset: auto 0 0 auto; width: 1px; height: 1px; border: 0; opacity: 0'
  const close = () => frame.remove()
  return new Promise((done, failed) => {
    const hear = ({ source, data }) => {
      if (source !== frame.contentWindow) return
      removeEventListener('message', hear)
      if (data.error === undefined) return done({ ...data, close })
      close()
      failed(new Error(data.error))
    }
    addEventListener('message', hear)
    frame.src = `/bench/start-page.html?${new URLSearchParams({ who, folder, workers })}`
    document.body.append(frame)
  })
}
