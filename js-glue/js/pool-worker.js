// A pool worker, or a thread that a job spawned: joins the shared memory and runs what it is told.

import { initTrapped, jobCancelled, noStack, stackOverflow, textOf, unreadableTo } from './reasons.js'

/** Names the build that this script is part of; the tool writes it. */
const BUILD = '__OFFMAIN_BUILD__'

// No static imports: of one that fails in a worker, Firefox often says nothing at all.
const loading = Promise.all([
  loaded('jobs.js', import('./jobs.js')),
  loaded('transfer.js', import('./transfer.js')),
])
// Nobody joins the memory before the coordinator has seen that all is of its build.
loading.then(
  ([jobs, transfer]) => {
    const builds = {
      'pool-worker.js': BUILD,
      'jobs.js': jobs.offmainBuild,
      'transfer.js': transfer.offmainBuild,
    }
    postMessage({ builds, address: location.href })
  },
  (failure) => postMessage(failure),
)
/** @type {typeof import('./jobs.js')} */
let jobs
/** @type {typeof import('./transfer.js')} */
let transfer
/** @type {import('./jobs.js').Wasm} */
let wasm

/**
 * Names the file that could not be loaded.
 * @template T
 * @param {string} file
 * @param {Promise<T>} loading
 * @returns {Promise<T>}
 */
function loaded(file, loading) {
  return loading.catch((error) => {
    throw { file, why: textOf(error) }
  })
}

/** @type {any} where the job module looks for what it imports */
const imports = globalThis
const { timeOrigin } = performance
/** When `performance` began to count here, by the pool's clock. */
let origin = timeOrigin
imports.offmainNow = () => origin + performance.now()
// `message` is a view of the shared memory, which must not leave it.
imports.offmainPost = (/** @type {Uint8Array} */ message, /** @type {any} */ beside, /** @type {any} */ leases) =>
  postMessage([message.slice(), beside, leases], transfer.buffersIn(beside, leases))
// The coordinator passes it on.
imports.offmainRing = () => postMessage('ring')
imports.offmainPollSoon = () => queueMicrotask(() => guard(jobs.offmainPoll))
imports.offmainRandom = (/** @type {Uint8Array} */ bytes) => bytes.set(crypto.getRandomValues(new Uint8Array(bytes.length)))
imports.offmainPrint = (/** @type {number} */ stream, /** @type {string} */ thread, /** @type {string} */ job, /** @type {string} */ lines) => {
  const whose = `[${thread || self.name}${job && `, ${job}`}]`
  const print = stream === 2 ? 'error' : 'log'
  for (const line of lines.split('\n')) console[print](`${whose} ${line}`)
}

/**
 * Whatever escapes the module is a trap: panics are caught inside.
 * @template T
 * @param {() => T} work
 * @param {(kind: string) => string} [inWords]
 */
function guard(work, inWords = (kind) => kind) {
  try {
    return work()
  } catch (error) {
    onmessage = null
    // The stack checks leave a sign.
    const overflow = wasm.__offmain_stack_limit.value === -1
    postMessage({ trap: inWords(overflow ? stackOverflow() : textOf(error)) })
  }
}

/** How often to ask for the time at most, and how close to it is close enough, in milliseconds. */
const ASKS = 5
const CLOSE = 1

/**
 * Has this worker go by the pool's clock, which is the coordinator's. In WebKit `timeOrigin` is made of two clocks when it is asked for,
 * so that it is ahead of that of older workers by as long as the machine has slept since, or by as much as somebody has set its clock.
 * What the coordinator answers was the time after the question and before the answer. Within these bounds `timeOrigin` knows better.
 */
async function agreeOnClock() {
  let [least, most] = [-Infinity, Infinity]
  for (let asks = 0; asks < ASKS && most - least > CLOSE; asks++) {
    const asked = performance.now()
    const time = await askForTime()
    least = Math.max(least, time - performance.now())
    most = Math.min(most, time - asked)
  }
  origin = Math.min(Math.max(timeOrigin, least), most)
}

/** @type {() => Promise<number>} */
const askForTime = () =>
  new Promise((told) => {
    // Whatever else comes before this worker is ready, it need not hear.
    onmessage = ({ data }) => {
      if (typeof data !== 'number') return
      onmessage = null
      told(data)
    }
    postMessage('time')
  })

/**
 * The first worker of a memory begins on the module's own small stack, where the bindings leave it: it takes one of its own.
 * @type {{ stack: number, size: number, modules: number } | undefined}
 */
let ownStack
/** @param {number} size */
function takeStack(size) {
  const stack = jobs.offmainTakeStack(size)
  if (stack === 0) throw new Error(noStack(size))
  ownStack = { stack, size, modules: wasm.__offmain_stack_pointer.value }
  wasm.__offmain_stack_pointer.value = stack + size
  return stack
}

/** Runs the destructors of thread-locals, gives stack and thread-locals back, and ends. */
function end() {
  // The job crate's own code, which may trap.
  const done = guard(() => {
    jobs.offmainEnd()
    return true
  })
  if (!done) return
  // Nothing of the module runs here any more.
  wasm.__offmain_stack_limit.value = 0
  if (ownStack) {
    wasm.__offmain_stack_pointer.value = ownStack.modules
    wasm.__wbindgen_thread_destroy(wasm.__offmain_tls_base.value, ownStack.stack, ownStack.size)
  } else {
    wasm.__wbindgen_thread_destroy()
  }
  postMessage({ ended: 'ended' })
  close()
}

/**
 * What is beside a message, with its blobs read, here where nobody waits for it. Fails with the place of one and why it could not be read.
 * @param {unknown[]} beside
 */
const readBlobs = (beside) =>
  Promise.all(
    beside.map(async (item, index) => {
      try {
        return item instanceof Blob ? await item.arrayBuffer() : item
      } catch (error) {
        throw { index, why: textOf(error) }
      }
    }),
  )

/** Time between two looks whether a job is still wanted whose input is being read, in milliseconds. */
const LOOK = 50

/**
 * What comes of `reading`, or an error as soon as the job is cancelled: if disk or page are slow, that is no job's fault.
 * @param {Uint8Array} message
 * @param {Promise<unknown[]>} reading
 */
async function unlessCancelled(message, reading) {
  /** @type {number | undefined} */
  let looks
  const cancelled = new Promise((_, failed) => {
    looks = setInterval(() => guard(() => jobs.offmainIsCancelled(message)) && failed({ index: 0, why: jobCancelled() }), LOOK)
  })
  try {
    return await Promise.race([reading, cancelled])
  } finally {
    clearInterval(looks)
  }
}

/**
 * Takes a lock that this worker never gives back: whoever is granted it next knows that nothing here writes to the memory any more.
 * @type {(lock: string) => Promise<void>}
 */
const holdForEver = (lock) =>
  new Promise((held) => {
    const never = () => {
      held()
      return new Promise(() => {})
    }
    if (navigator.locks) navigator.locks.request(lock, never).catch(held)
    else held()
  })

/** @param {any} order see `Member` in coordinator.js */
async function join({ module, memory, stackSize, threads, parallelism, progressSpacing, leases, leaseBytes, role, id, record, lock }) {
  try {
    ;[[jobs, transfer]] = await Promise.all([loading, holdForEver(lock), agreeOnClock()])
    wasm = await loaded('jobs_bg.wasm', jobs.default({ module_or_path: module, memory, thread_stack_size: stackSize }))
  } catch (failure) {
    return postMessage(failure)
  }
  const prepared = guard(() => {
    wasm.__offmain_stack_limit.value = wasm.__stack_alloc.value || takeStack(stackSize)
    jobs.offmainPrepare(parallelism, threads, stackSize, progressSpacing, leases, leaseBytes, wasm.__offmain_stack_limit.value)
    return true
  })
  if (!prepared) return
  if (role === 'thread') {
    return guard(() => {
      jobs.offmainThread(record, wasm.__offmain_tls_base.value, stackSize)
      end()
    })
  }
  /** @type {(message: Uint8Array, beside: unknown, read: unknown, unreadable?: { index: number, why: string }) => void} */
  const receive = (message, beside, read, unreadable) => {
    if (guard(() => jobs.offmainReceive(message, beside, read, unreadable?.index ?? 0, unreadable?.why))) end()
  }
  onmessage = ({ data: [message, beside] }) => {
    if (!beside?.some((/** @type {unknown} */ item) => item instanceof Blob)) return receive(message, beside, beside)
    const reading = unlessCancelled(message, readBlobs(beside))
    /** @param {{ index: number, why: string }} unreadable */
    const unread = (unreadable) => receive(message, beside, undefined, unreadable)
    reading.then((read) => receive(message, beside, read), unread)
  }
  if (role === 'reactor') guard(() => jobs.offmainReact(id))
  else guard(() => jobs.offmainStart(id), initTrapped)
}

onmessageerror = () => postMessage({ trap: unreadableTo() })
onmessage = ({ data }) => {
  // A reactor may be woken before it is there; it looks by itself once it is.
  onmessage = null
  join(data)
}
