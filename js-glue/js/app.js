// What a page imports: starts a pool. All that is large or slow happens elsewhere. The tool writes the scripts that this imports into it, but
// for those that it makes and those that workers load, too.

import * as glue from './facade.js'
import { asOffmainError, messageOf, notLoaded } from './errors.js'
import { Pool } from './pool.js'
import { Early, Worker, compile, offmainBuild } from './transfer.js'

export { JobError, OffmainError } from './errors.js'
export { Job } from './call.js'
export { Lease } from './leases.js'
export { Pool } from './pool.js'

const { Facade, Settings } = glue

/** @type {Promise<void> | undefined} */
let loading

/**
 * Starts a pool; resolves when a worker takes jobs.
 * @param {unknown} config
 */
export async function start(config = {}) {
  loading ??= load().catch((error) => {
    loading = undefined
    throw notLoaded('facade_bg.wasm', messageOf(error))
  })
  // It loads while the facade does.
  const first = new Early(startCoordinator)
  try {
    await loading
    const settings = new Settings(config)
    /** @type {Pool | undefined} */
    let pool
    /** @type {(kind: string, detail: unknown) => void} */
    const tell = (kind, detail) => queueMicrotask(() => pool?.dispatchEvent(new CustomEvent(kind, { detail })))
    const coordinator = () => first.take() ?? startCoordinator()
    pool = await new Promise((resolve, reject) => {
      const facade = new Facade(coordinator, settings, offmainBuild, tell, (error) => (error ? reject(error) : resolve(new Pool(facade))))
    })
    return pool
  } catch (error) {
    throw asOffmainError(error)
  } finally {
    // Where something was wrong before the facade wanted one.
    first.take()?.terminate()
  }
}

/** The bindings do not load the module themselves: what they would bring along for that is more than this. */
async function load() {
  const module = await compile(fetch(new URL('./facade_bg.wasm', import.meta.url)), offmainBuild)
  const { exports } = await WebAssembly.instantiate(module, { './facade_bg.js': glue })
  glue.__wbg_set_wasm(exports)
  const begin = /** @type {() => void} */ (exports.__wbindgen_start)
  begin()
}

const startCoordinator = () => new Worker(new URL('./coordinator.js', import.meta.url), { type: 'module', name: 'offmain coordinator' })
