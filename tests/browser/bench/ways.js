// Whom the suites ask: plain workers, offmain on each of its lanes, and the peers that the command has built.

import { within } from '../js/t.js'
import { start } from '../pkg/offmain_tests.js'

export const RAW = 'postMessage echo'

/** Peers by the name of their folder: what they are called, and the folder of the module they load. */
export const PEERS = {
  comlink: { name: 'Comlink', module: 'plain' },
  'wasm-bindgen-rayon': { name: 'Comlink + wasm-bindgen-rayon', module: 'wasm-bindgen-rayon' },
  workerpool: { name: 'workerpool', module: 'plain' },
  tokio_with_wasm: { name: 'tokio_with_wasm', module: 'tokio_with_wasm' },
  wasmworker: { name: 'wasmworker', module: 'wasmworker' },
}

/** A peer that has not started by then never will. */
const START_LIMIT_MS = 30_000

/** Plain workers that echo, in turn. */
export function rawEcho(workers) {
  const all = Array.from({ length: workers }, () => {
    const worker = new Worker(new URL('./echo.js', import.meta.url))
    const waiting = []
    worker.onmessage = ({ data }) => waiting.shift()(data)
    return { worker, waiting }
  })
  let turn = 0
  return {
    echo(bytes) {
      const { worker, waiting } = all[turn++ % all.length]
      return new Promise((done) => {
        waiting.push(done)
        worker.postMessage(bytes)
      })
    },
    close: () => all.forEach(({ worker }) => worker.terminate()),
  }
}

/** A plain worker that does one order at a time. */
export function rawWorker() {
  const worker = new Worker(new URL('./raw.js', import.meta.url), { type: 'module' })
  return {
    ask: (order, transfer = []) =>
      new Promise((done, failed) => {
        worker.onmessage = ({ data }) => done(data)
        worker.onerror = ({ message }) => failed(new Error(message))
        worker.postMessage(order, transfer)
      }),
    close: () => worker.terminate(),
  }
}

/** A pool for each lane, the default one first: { lane, name, pool }. */
export async function offmainLanes(config) {
  const lanes = []
  for (const [lane, name] of [['auto', 'offmain, shared lane'], ['message', 'offmain, message lane']]) {
    lanes.push({ lane, name, pool: await start({ ...config, lane }) })
  }
  return lanes
}

/** Starts the peers, all if none is named. One that is not built, or does not start here, is { name, missing }. */
export async function peers(config, folders = Object.keys(PEERS)) {
  const all = []
  for (const folder of folders) all.push(await kept(folder, config))
  return all
}

const started = new Map()

/** Peers stay until the page ends, idle: tokio_with_wasm does not start twice. */
function kept(folder, config) {
  const key = `${folder} ${JSON.stringify(config)}`
  if (!started.has(key)) started.set(key, peer(folder, config))
  return started.get(key)
}

/** What hangs is ended, so that it does not disturb the others, and is not asked again in this page. */
function giveUp(folder, peer) {
  for (const key of started.keys()) if (key.startsWith(`${folder} `)) started.set(key, { name: PEERS[folder].name, missing: 'it failed before, in this page' })
  return peer.close()
}

async function peer(folder, config) {
  const { name } = PEERS[folder]
  if (!(await isBuilt(folder))) return { name, missing: 'not built' }
  try {
    const module = await import(`../peers/${folder}/peer.js`)
    const peer = await within(module.start(config), START_LIMIT_MS, 'it to start')
    return { name, version: module.version, peer, giveUp: () => giveUp(folder, peer) }
  } catch (error) {
    return { name, missing: `does not start: ${error?.message ?? error}` }
  }
}

/** Whether the command has built a peer: its script is there in any case. */
export async function isBuilt(folder) {
  const { ok } = await fetch(`/peers/${PEERS[folder].module}/pkg/peer_bg.wasm`, { method: 'HEAD' })
  return ok
}

/** Everyone who echoes 16 bytes: { name, kind, version, missing, echo }, and what ends them. */
export async function echoes(workers) {
  const raw = rawEcho(workers)
  const lanes = await offmainLanes({ workers })
  const others = await peers({ workers })
  const rows = [
    { name: RAW, kind: 'raw', echo: raw.echo },
    ...lanes.map(({ name, pool }) => ({ name, kind: 'offmain', echo: (bytes) => pool.submit('carry', { bytes }) })),
    ...others.map(({ peer, ...row }) => ({ ...row, kind: 'peer', echo: (bytes) => peer.echo(bytes) })),
  ]
  const close = () => {
    raw.close()
    for (const { pool } of lanes) pool.close()
  }
  return { rows, ours: lanes.map(({ name }) => name), close }
}
