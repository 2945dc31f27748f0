// The coordinator's worker: lends the web to runtime.js, which decides. It never waits.

import { keepScript, keptScript } from './kept.js'
import { endedByItself, notArrived, otherBuild, textOf, unknown, unreadableFrom, unreadableFromPage } from './reasons.js'

const PAGE = 65536

/** Names the build that this script is part of; the tool writes it. */
const BUILD = '__OFFMAIN_BUILD__'

/** @type {import('./runtime.js').Coordinator | undefined} */
let coordinator
/** @type {number | undefined} */
let timer
/** @type {object | undefined} */
let settings
/** Time for a worker's script to load, in milliseconds. */
let loadTime = 0
/** @type {WebAssembly.Module | undefined} the job module, once it is compiled */
let jobs
/** @type {Map<Worker, { loaded?: boolean, lock?: string }>} all workers that were not ended: whether they have loaded, and their lock */
const workers = new Map()
/** @type {((nothing?: unknown) => void) | undefined} once this worker is to end: tells that no other is left */
let noneLeft
/** @type {Promise<unknown> | undefined} when all have really ended */
let ended

// Each worker holds a lock of its own for as long as it lives. It is granted to somebody else only when that worker has really ended,
// which Chromium lets take two seconds after `terminate`.
const pool = crypto.randomUUID()
/** @param {number} id */
const lockOf = (id) => `offmain ${pool} ${id}`

const hostWith = (jobModule, { buffersIn, Worker }, firstWorker) => ({
  now: () => performance.now(),
  configure(threads, parallelism, progressSpacing, leases, leaseBytes, startTime) {
    settings = { threads, parallelism, progressSpacing, leases, leaseBytes }
    loadTime = startTime
  },
  openMemory(maximum) {
    const pages = Math.min(jobModule.maximumPages, Math.floor(maximum / PAGE))
    return new WebAssembly.Memory({ initial: jobModule.initialPages, maximum: pages, shared: true })
  },
  memoryBytes(memory) {
    memory.grow(0) // a buffer seen before another thread grew the memory stays short
    return memory.buffer.byteLength
  },
  bufferOf,
  startWorker(id, role, name, memory, stackSize, record) {
    const order = { memory, stackSize, ...settings, role, id, record, lock: lockOf(id) }
    const member = new Member(order, (address) => startPoolWorker(Worker, name, address))
    member.load(role === 'worker' ? firstWorker.take() : undefined)
    return member
  },
  endWorker: (member) => member.end(),
  awaitEnd(id, generation) {
    // Where there are no locks for this page, the core's time limit does it.
    navigator.locks?.request(lockOf(id), () => guard(() => coordinator.workerGone(id, generation))).catch(() => {})
  },
  // Who has not joined the memory yet hears nothing: a reactor looks by itself what it is to do once it is there.
  send: ({ worker, joined }, message, beside) => joined && worker.postMessage([message, beside], buffersIn(beside)),
  reply: (message, beside, leases) => postMessage([message, beside, leases], buffersIn(beside, leases)),
  store: (memory, address, value) => Atomics.store(wordAt(memory, address), 0, value),
  load: (memory, address) => Atomics.load(wordAt(memory, address), 0),
  ring,
  setTimer(ms) {
    clearTimeout(timer)
    timer = setTimeout(() => guard(() => coordinator.tick()), ms)
  },
})

/** A memory's buffer, as far as `end` at least: one seen before another thread grew the memory stays short. */
function bufferOf(memory, end) {
  if (memory.buffer.byteLength < end) memory.grow(0)
  return memory.buffer
}

/** The word at an address, as an array of one. The address is not divided: of those above 2 GiB `>> 2` makes negative ones. */
const wordAt = (memory, address) => new Uint32Array(bufferOf(memory, address + 4), address, 1)

/** The clock of all workers, in milliseconds since the Unix epoch; see `agreeOnClock` in `pool-worker.js`. */
const { timeOrigin } = performance
const poolNow = () => timeOrigin + performance.now()

/** What the one who spawned a thread reads in its record; see `worker-pool/src/platform/start.rs`. */
const [JOINS, MISSING] = [1, 2]

/** Pauses between two tries to load a reactor's script, in milliseconds: the first, and the longest. */
const [PAUSE, LONGEST_PAUSE] = [100, 5000]

/** A pool worker or a thread. Its script is loaded first; only then it joins the memory, by an order that it has not had before. */
class Member {
  worker
  joined = false
  #order
  #start
  #timer
  #heard = false
  #over = false
  /** Whether the script is the kept one. */
  #kept
  #address
  /** @type {[string, string] | undefined} the script that could not be loaded from its address, and why */
  #missing
  #tries = 0

  /** `start` starts a worker with the script of an address, or the usual one. */
  constructor(order, start) {
    this.#order = order
    this.#start = start
  }

  /** Loads the script, if it is not loading `early`: from its address, or as it was kept once that has helped. */
  load(early, kept = keptScript.helps) {
    this.#kept = Boolean(kept && !early)
    try {
      this.worker = early ?? this.#start(this.#kept ? keptScript.address : undefined)
    } catch (error) {
      // Not at once: the coordinator is in the middle of something.
      this.#timer = setTimeout(() => guard(() => this.#fail('pool-worker.js', textOf(error))))
      return
    }
    const { worker } = this
    workers.get(worker).lock = this.#order.lock
    worker.onmessage = ({ data }) => {
      if (data === 'ring') ring()
      else if (data === 'time') worker.postMessage(poolNow())
      else guard(() => this.#hear(data))
    }
    worker.onerror = (event) => {
      event.preventDefault()
      const where = event.filename ? ` (${event.filename}:${event.lineno})` : ''
      const why = event.message ? `${event.message}${where}` : unknown()
      guard(() => {
        if (!this.joined) this.#fail('pool-worker.js', why)
        else this.#tell(this.#heard ? { trap: why } : { file: 'pool-worker.js', why })
      })
    }
    worker.onmessageerror = () => {
      const why = unreadableFrom()
      guard(() => (this.joined ? this.#tell({ trap: why }) : this.#fail('pool-worker.js', why)))
    }
    this.#limit()
  }

  /** A script that never comes. The kept one has the second half of the time; of a pool worker the core watches over the whole. */
  #limit() {
    const { role } = this.#order
    const limit = keptScript.address ? loadTime / 2 : loadTime
    if (role === 'worker' && (!keptScript.address || this.#kept)) return
    this.#timer = setTimeout(() => guard(() => this.#fail('pool-worker.js', notArrived(limit))), limit)
  }

  #hear(data) {
    if (this.joined) {
      const first = !this.#heard
      if (first) watch(this.worker, this.#order.id)
      this.#heard = true
      this.#tell(data)
      // Not before, so that nothing starts later for it.
      if (first && !this.#kept) keepScript(this.#address)
      return
    }
    const file = fileOfAnotherBuild(data?.builds)
    if (data?.file) this.#fail(data.file, data.why)
    else if (file) this.#fail(file, otherBuild())
    else {
      this.#address = data.address
      // The first ones load their scripts while the module is compiled.
      if (jobs) this.#join()
      else compiling.then(() => guard(() => this.#over || this.#join()), () => {})
    }
  }

  #tell(data) {
    coordinator.receiveFrom(this.#order.id, data)
  }

  #join() {
    clearTimeout(this.#timer)
    this.joined = true
    if (this.#kept) keptScript.helps = true
    this.worker.postMessage({ ...this.#order, module: jobs })
    this.#answer(JOINS)
    coordinator.loaded(this.#order.id)
  }

  /** The script could not be loaded, and nothing has touched the memory. */
  #fail(file, why) {
    if (this.#over) return
    this.#letGo()
    this.#missing ??= [file, why]
    if (keptScript.address && !this.#kept) return this.load(undefined, true)
    // The page's policy forbids such scripts, which it is not to be asked again.
    if (this.#kept && !keptScript.helps) keptScript.address = undefined
    const [id, missing] = [this.#order.id, this.#missing]
    this.#missing = undefined
    if (this.#order.role === 'reactor') {
      const again = () => guard(() => this.load())
      this.#timer = setTimeout(again, Math.min(PAUSE * 2 ** this.#tries++, LONGEST_PAUSE))
    }
    this.#answer(MISSING)
    coordinator.notLoaded(id, ...missing)
  }

  /** Tells the one who spawned this thread, and waits for that. */
  #answer(what) {
    const { role, memory, record } = this.#order
    if (role !== 'thread') return
    const word = new Int32Array(bufferOf(memory, record + 4), record, 1)
    Atomics.store(word, 0, what)
    Atomics.notify(word, 0)
  }

  #letGo() {
    clearTimeout(this.#timer)
    if (this.worker) endWorker(this.worker)
    this.worker = undefined
  }

  end() {
    this.#over = true
    this.#letGo()
  }
}

/** The first of a worker's files that is not of this build. An older script does not tell. */
const fileOfAnotherBuild = (builds = { 'pool-worker.js': undefined }) => Object.keys(builds).find((file) => builds[file] !== BUILD)

function startPoolWorker(Worker, name, address) {
  const options = { type: 'module', name }
  const worker = address ? new Worker(address, options) : new Worker(new URL('./pool-worker.js', import.meta.url), { type: 'module', name })
  const state = {}
  workers.set(worker, state)
  const loaded = () => {
    state.loaded = true
    if (ended) endWorker(worker)
  }
  worker.addEventListener('message', loaded, { once: true })
  worker.addEventListener('error', loaded, { once: true })
  return worker
}

function endWorker(worker) {
  worker.onmessage = worker.onerror = worker.onmessageerror = null
  worker.terminate()
  if (workers.delete(worker) && workers.size === 0) noneLeft?.()
}

/** The one that every pool has: it loads before the pool's size is known. Named as the core will name it. */
const FIRST_WORKER = 'offmain worker 1'

/** Rings the facade: replies are in the shared lane, or it has closed. */
const ring = () => postMessage('ring')

/** The last message of a worker that ended may come after its lock, by so many milliseconds at most. */
const LAST_MESSAGE = 500

/** Sees a worker end that nobody told to: by the browser, for want of memory, or by a job that calls `close()`. No event tells of it. */
function watch(worker, id) {
  const unbidden = () => worker.onmessage && guard(() => coordinator.receiveFrom(id, { trap: endedByItself() }))
  // It has its lock by its first message.
  navigator.locks?.request(lockOf(id), () => void setTimeout(unbidden, LAST_MESSAGE)).catch(() => {})
}

/** What the browser still does for a worker that was ended, beyond giving back its lock, takes less, in milliseconds. */
const LAST_STEPS = 1000

/**
 * Ends all workers, and whatever else there would be to do. The facade ends this one when it is told that they really have: else Chromium
 * keeps some of them for ever, and this one with them. One that still loads ends when it has, for the same reason.
 */
function end() {
  if (ended) return ended
  const locks = [...workers.values()].map(({ lock }) => lock && navigator.locks?.request(lock, () => {}))
  ended = new Promise((none) => (noneLeft = none))
    .then(() => Promise.allSettled(locks))
    .then(() => new Promise((last) => setTimeout(last, LAST_STEPS)))
  coordinator = undefined
  clearTimeout(timer)
  if (workers.size === 0) noneLeft()
  for (const [worker, { loaded }] of workers) if (loaded) endWorker(worker)
  return ended
}

/** A fault of the coordinator itself ends it; the facade settles what is pending. */
function guard(work) {
  if (ended) return
  try {
    work()
  } catch (error) {
    crash(error)
  }
}

function crash(error) {
  // Only Chromium's stack begins with the message.
  const stack = error?.stack ?? ''
  fail({ crashed: stack.includes(error?.message) ? stack : `${error}\n${stack}` })
}

// Of an error event of this worker, the facade takes it that its script could not be loaded.
onerror = /** @type {any} */ ((message, file, line, column, error) => {
  crash(error ?? `${message} (${file}:${line})`)
  return true
})

/** Names the file that could not be loaded. */
function loaded(file, loading) {
  return loading.catch((error) => {
    throw { file, why: textOf(error) }
  })
}

/** The same of a script that is of another build. */
async function ofThisBuild(file, loading) {
  const module = await loaded(file, loading)
  if (module.offmainBuild !== BUILD) throw { file, why: otherBuild() }
  return module
}

// So that the facade takes no coordinator of another build for its own.
postMessage({ build: BUILD })

const transfer = ofThisBuild('transfer.js', import('./transfer.js'))

/** Compiles a module whose fetch has begun already. */
const compiled = async (file, fetching) => {
  // Told below, and not as nobody's meanwhile.
  fetching.catch(() => {})
  const { compile } = await transfer
  return loaded(file, compile(fetching, BUILD))
}

async function loadRuntime() {
  const [runtime, module_or_path] = await Promise.all([
    ofThisBuild('runtime.js', import('./runtime.js')),
    compiled('runtime_bg.wasm', fetch(new URL('./runtime_bg.wasm', import.meta.url))),
  ])
  const instantiated = runtime.default({ module_or_path })
  // The first failure counts: this one, and not that of the file.
  instantiated.catch((error) => error instanceof RangeError && fail({ memory: error.message }))
  await loaded('runtime_bg.wasm', instantiated)
  return runtime
}

// A message that cannot be read, for want of memory, may have been anybody's outcome.
onmessageerror = () => guard(() => {
  throw new Error(unreadableFromPage())
})

const early = []
/** Messages that the facade held back while there was no coordinator, and that have not come yet. */
let held = 0
const receive = (data) => (coordinator && held === 0 ? guard(() => coordinator.receive(data)) : early.push(data))
const receiveEarly = () => early.splice(0).forEach(receive)

/** What was held back comes before what is said now. */
function receiveHeld({ port, count }) {
  held = count
  port.onmessageerror = onmessageerror
  port.onmessage = ({ data }) => {
    guard(() => coordinator.receive(data))
    if (--held === 0) receiveEarly()
  }
}

onmessage = ({ data }) => {
  if (data instanceof MessagePort) end().then(() => data.postMessage('ended'))
  else if (data?.port instanceof MessagePort) receiveHeld(data)
  else if (!ended) receive(data)
}

function fail(failure) {
  if (ended) return
  postMessage(failure)
  end()
}

// No static imports: of one that fails in a worker, Firefox often says nothing at all. And no top-level await: a bundler may
// make a classic script of this.
const compiling = compiled('jobs_bg.wasm', fetch(new URL('./jobs_bg.wasm', import.meta.url))).then((module) => (jobs = module))
compiling.catch(fail)
const firstWorker = transfer.then(({ Early, Worker }) => ended || new Early(() => startPoolWorker(Worker, FIRST_WORKER)))
Promise.all([ofThisBuild('module.js', import('./module.js')), transfer, firstWorker, loadRuntime()]).then(
  ([{ jobModule }, transfer, firstWorker, { Coordinator }]) =>
    guard(() => {
      coordinator = new Coordinator(hostWith(jobModule, transfer, firstWorker))
      receiveEarly()
    }),
  fail,
)
