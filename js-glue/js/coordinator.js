// The coordinator's worker: lends the web to runtime.js, which decides. It never waits.

const PAGE = 65536
let coordinator
let timer
let settings
/** The job module, once it is compiled. */
let jobs
/** All workers that were not ended: whether they have `loaded`, and the name of their `lock`. */
const workers = new Map()
/** Once this worker is to end: what tells that no other is left, and the promise that all have really ended. */
let noneLeft
let ended

// Each worker holds a lock of its own for as long as it lives. It is granted to somebody else only when that worker has really ended,
// which Chromium lets take two seconds after `terminate`.
const pool = crypto.randomUUID()
const lockOf = (id) => `offmain ${pool} ${id}`

const hostWith = (jobModule, { buffersIn, Worker }, firstWorker) => ({
  now: () => performance.now(),
  configure: (threads, parallelism, progressSpacing, leases, leaseBytes) =>
    (settings = { threads, parallelism, progressSpacing, leases, leaseBytes }),
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
    const worker = (role === 'worker' && firstWorker.take()) || startPoolWorker(Worker, name)
    const lock = lockOf(id)
    workers.get(worker).lock = lock
    let heard = false
    worker.onmessage = ({ data }) => {
      if (data === 'loaded') return
      if (data === 'ring') return ring()
      if (data === 'time') return worker.postMessage(poolNow())
      if (!heard) watch(worker, id)
      heard = true
      guard(() => coordinator.receiveFrom(id, data))
    }
    worker.onerror = (event) => {
      event.preventDefault()
      const where = event.filename ? ` (${event.filename}:${event.lineno})` : ''
      const why = event.message ? `${event.message}${where}` : 'the browser does not say why'
      guard(() => coordinator.receiveFrom(id, heard ? { trap: why } : { file: 'pool-worker.js', why }))
    }
    worker.onmessageerror = () => guard(() => coordinator.receiveFrom(id, { trap: 'a message of its could not be read' }))
    const order = { memory, stackSize, ...settings, role, id, record, lock }
    const join = () => worker.postMessage({ ...order, module: jobs })
    // At once, if it can be: a reactor may be woken next. The first ones load their scripts while the module is compiled.
    if (jobs) join()
    else compiling.then(() => guard(join), () => {})
    return worker
  },
  endWorker,
  awaitEnd(id, generation) {
    // Where there are no locks for this page, the core's time limit does it.
    navigator.locks?.request(lockOf(id), () => guard(() => coordinator.workerGone(id, generation))).catch(() => {})
  },
  send: (worker, message, beside) => worker.postMessage([message, beside], buffersIn(beside)),
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

function startPoolWorker(Worker, name) {
  const worker = new Worker(new URL('./pool-worker.js', import.meta.url), { type: 'module', name })
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
  const unbidden = () => worker.onmessage && guard(() => coordinator.receiveFrom(id, { trap: 'it ended, and nobody had told it to' }))
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
onerror = (message, file, line, column, error) => {
  crash(error ?? `${message} (${file}:${line})`)
  return true
}

/** Names the file that could not be loaded. */
function loaded(file, loading) {
  return loading.catch((error) => {
    throw { file, why: `${error?.message ?? error}` }
  })
}

const transfer = loaded('transfer.js', import('./transfer.js'))

/** Compiles a module whose fetch has begun already. */
const compiled = async (file, fetching) => {
  // Told below, and not as nobody's meanwhile.
  fetching.catch(() => {})
  const { compile } = await transfer
  return loaded(file, compile(fetching))
}

async function loadRuntime() {
  const [runtime, module_or_path] = await Promise.all([
    loaded('runtime.js', import('./runtime.js')),
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
  throw new Error('a message of the app could not be read')
})

const early = []
const receive = (data) => (coordinator ? guard(() => coordinator.receive(data)) : early.push(data))
onmessage = ({ data }) => {
  if (data instanceof MessagePort) end().then(() => data.postMessage('ended'))
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
Promise.all([loaded('module.js', import('./module.js')), transfer, firstWorker, loadRuntime()]).then(
  ([{ jobModule }, transfer, firstWorker, { Coordinator }]) =>
    guard(() => {
      coordinator = new Coordinator(hostWith(jobModule, transfer, firstWorker))
      early.splice(0).forEach(receive)
    }),
  fail,
)
