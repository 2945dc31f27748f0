// A page that starts workers and asks one for 16 bytes; it tells the page around it when the answer was there.

import { echoOnce } from './data.js'

const query = new URLSearchParams(location.search)

const starts = {
  async offmain(folder, workers) {
    const { start } = await import(`${folder}offmain_tests.js`)
    const pool = await start({ workers })
    return (bytes) => pool.submit('carry', { bytes })
  },

  async peer(folder, workers) {
    const { start } = await import(`${folder}peer.js`)
    const pool = await start({ workers })
    return (bytes) => pool.echo(bytes)
  },

  /** Workers that instantiate offmain's job module on one memory, and nothing else. The first one that is there answers. */
  async raw(folder, workers) {
    const [{ jobModule }, module] = await Promise.all([import(`${folder}module.js`), compiled(`${folder}jobs_bg.wasm`)])
    const memory = new WebAssembly.Memory({ initial: jobModule.initialPages, maximum: Math.min(jobModule.maximumPages, 16_384), shared: true })
    const worker = await Promise.race(Array.from({ length: workers }, () => joined({ folder, module, memory })))
    return (bytes) =>
      new Promise((done) => {
        worker.onmessage = ({ data }) => done(data)
        worker.postMessage(bytes)
      })
  },
}

const compiled = async (address) => WebAssembly.compile(await (await fetch(address)).arrayBuffer())

function joined(order) {
  const worker = new Worker('./start-worker.js', { type: 'module' })
  kept.push(worker)
  return new Promise((done, failed) => {
    worker.onmessage = () => done(worker)
    worker.onerror = ({ message }) => failed(new Error(message))
    worker.postMessage(order)
  })
}
// Without a reference, Firefox may end one.
const kept = []

async function start(who, folder, workers) {
  await echoOnce(await starts[who](folder, workers), 7)
  return performance.now()
}

start(query.get('who'), query.get('folder'), Number(query.get('workers'))).then(
  (ms) => parent.postMessage({ ms }),
  (error) => parent.postMessage({ error: `${error?.message ?? error}` }),
)
