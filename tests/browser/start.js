// Starts a pool from a folder whose files may be wrong, and tells how that ended.
// `?face=js` or `?face=rust`; `folder=/pkg/`; `startTime=2000`; without a face, nothing starts by itself.

import { end, left, workers } from './workers.js'

const query = new URLSearchParams(location.search)
const startTime = Number(query.get('startTime') ?? 10_000)

globalThis.violations = []
addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => violations.push(`${violatedDirective}: ${blockedURI}`))

const faces = {
  async js(folder) {
    const { start } = await import(new URL(`${folder}offmain_tests.js`, location.href))
    const pool = await start({ workers: 1, startTime })
    try {
      return await pool.submit('double', { number: 21 })
    } finally {
      pool.close()
    }
  },

  async rust(folder) {
    const app = await import(new URL('./app/app.js', location.href))
    await app.default()
    return app.start(folder, startTime)
  },
}

async function trial() {
  const face = faces[query.get('face')]
  const since = performance.now()
  const outcome = await face(query.get('folder')).then(
    (value) => ({ value }),
    ({ name, code, message }) => ({ name, code, message }),
  )
  const took = { ms: performance.now() - since, workersLeft: await left() }
  // A failed start spoils nothing: the same page starts another pool.
  const next = query.has('alone') ? undefined : await face('/pkg/').catch((error) => `${error}`)
  return { ...outcome, ...took, next }
}

globalThis.startOnce = (face, folder) => faces[face](folder).catch(({ name, message }) => ({ name, message }))

// A pool that stays, and jobs for it.
let pool
globalThis.keep = async (folder, config) => {
  const { start } = await import(new URL(`${folder}offmain_tests.js`, location.href))
  pool = await start(config)
  fails.length = 0
  pool.addEventListener('loadfail', ({ detail }) => fails.push(detail))
}
// What could not be loaded.
globalThis.fails = []
globalThis.until = async (seen) => {
  while (!(await seen())) await new Promise((resolve) => setTimeout(resolve, 10))
}
globalThis.submit = (name, input = {}, options) => pool.submit(name, input, options).catch(({ name, message }) => ({ name, message }))
globalThis.stats = () => pool.stats()
globalThis.closePool = () => pool.close()
// Ends the coordinator without the facade's knowledge, or says something to it.
globalThis.endCoordinator = () => workers.forEach(end)
// As the browser tells of a coordinator that is gone, at once.
globalThis.breakCoordinator = () => [...workers].forEach((worker) => worker.dispatchEvent(new ErrorEvent('error', { message: 'as it was told' })))
globalThis.tellCoordinator = (what) => workers.forEach((worker) => worker.postMessage(what))
globalThis.tellFacade = (data) => workers.forEach((worker) => worker.dispatchEvent(new MessageEvent('message', { data })))
// More bytes than the facade's memory can ever hold: its own code panics. They are a memory's, as these take no room before they are touched.
globalThis.breakFacade = () => tellFacade([new Uint8Array(new WebAssembly.Memory({ initial: 2 ** 15 }).buffer), undefined])

globalThis.trial = query.has('face') ? trial() : undefined
