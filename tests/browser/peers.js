// One peer, one fault: what the caller sees, and whether the pool goes on. `cargo xtask peers` asks for `load`, `strike`, then `next`.

// First of all, so that it knows every worker.
import { end, workers } from './workers.js'
import { sleep } from './js/t.js'

const WORKERS = 2

/** After so long, a promise counts as one that stays pending, in milliseconds. */
const PATIENCE = 5000

/** How long a job runs before its worker ends. */
const BEFORE_END = 300

// The worker that was sent something last, and so the one that has the job.
let addressed

globalThis.Worker = class extends Worker {
  // wasm-bindgen has classic workers of its own that wait for it, where there is no `Atomics.waitAsync`. They run no jobs.
  #helps

  constructor(url, options) {
    super(url, options)
    this.#helps = options?.type !== 'module'
  }

  postMessage(...args) {
    if (!this.#helps) addressed = this
    super.postMessage(...args)
  }
}

/** The page does it by itself: in Firefox no worker starts while a driver's script waits. */
globalThis.trial = (what, ...args) => {
  globalThis.tried = undefined
  const work = { load, strike, next }[what]
  setTimeout(() => work(...args).then((value) => (globalThis.tried = { value }), (error) => (globalThis.tried = { error: `${error}` })))
}

let peer
let pool

/** Of a copy from which files can be taken away. */
async function load(folder) {
  peer = await import(`/tried/peers/${folder}/peer.js`)
  return { name: peer.name, version: peer.version, browser: navigator.userAgent }
}

async function begin() {
  pool = await peer.start({ workers: WORKERS })
}

/** What the caller of a faulty job sees; or, where a worker's file is missing, who starts the pool. */
async function strike(fault) {
  const started = await seen(begin())
  if (fault === 'file missing') return started
  if (started.sees !== 'result') return { sees: 'no start', text: started.text }
  const before = await others()
  if (before.next !== 'works') return { sees: 'no start', text: `an ordinary job ${before.next}: ${before.text}` }
  if (fault !== 'worker ends') return seen(pool.fault(fault))
  // Were the wrong worker to end, this would be seen to give a result.
  const job = seen(pool.spin(PATIENCE / 2))
  await sleep(BEFORE_END)
  if (peer.name === 'offmain') workers.forEach((coordinator) => coordinator.postMessage('end a worker'))
  else end(addressed)
  return job
}

/** What becomes of ordinary jobs after it; the file that was missing is there again. */
async function next(fault) {
  if (fault === 'file missing') {
    const started = await seen(begin())
    if (started.sees !== 'result') return { next: started.sees === 'error' ? 'fails' : 'hangs', text: started.text }
  }
  return others()
}

/** As many ordinary jobs as there are workers, at once. */
async function others() {
  const ends = await Promise.all(Array.from({ length: WORKERS }, (_, number) => seen(echo(number))))
  const [works, hangs] = ['result', 'nothing'].map((what) => ends.filter(({ sees }) => sees === what).length)
  const text = ends.find(({ sees }) => sees === 'error')?.text ?? ''
  if (works === WORKERS) return { next: 'works', text }
  if (works > 0) return { next: `${works} of ${WORKERS} works`, text }
  return { next: hangs > 0 ? 'hangs' : 'fails', text }
}

async function echo(number) {
  const bytes = Uint8Array.from({ length: 16 }, (_, index) => index + number)
  const sent = [...bytes]
  const received = await pool.echo(bytes)
  if (!(received instanceof Uint8Array) || `${[...received]}` !== `${sent}`) throw new Error(`other bytes came back: ${received}`)
}

function seen(promise) {
  const told = promise.then(
    (value) => ({ sees: 'result', text: value === undefined || value === null ? '' : `${value}` }),
    (error) => ({ sees: error?.name === 'NotApplicable' ? 'not applicable' : 'error', text: words(error) }),
  )
  return Promise.race([told, sleep(PATIENCE).then(() => ({ sees: 'nothing', text: '' }))])
}

const words = (error) => (error instanceof Error || error?.message ? `${error.name}: ${error.message}` : `${error}`)
