// Random jobs, cancels, resizes and faults, and a count of how each ended. `cargo xtask soak` asks for `open`, then `run` for so
// many jobs at a time, then `close`, and looks from time to time whether it is done.

import { start } from './mortal/offmain_tests.js'
import { noise, sleep } from './js/t.js'
// A page's only workers are its coordinators.
import { left, workers as coordinators } from './workers.js'
import { collect } from './collect.js'
import { draw } from './values/values.js'

const WORKERS = 2
const config = { workers: WORKERS, cancelGrace: 200, drainTime: 3000, memoryMaximum: 2 ** 28, queueJobs: 16 }

// Jobs in flight at one time. More than the queue takes, so that some wait.
const IN_FLIGHT = 24

const LARGEST = 20_000_000

// What a job may end as beside what it is meant to: its neighbour's fault may have ended its generation, its worker or the coordinator,
// or have left it no memory.
const lost = ({ name }) => name === 'JobLost'
const ended = ({ name, message }) => name === 'JobTrapped' && /without being told to/.test(message)
const starved = ({ name, message }) => name === 'JobTrapped' || (name === 'JobPanicked' && /no memory/.test(message))

// Each kind of fault: what to submit, with which options, and how it may end.
const fault = (kind, ends, options = {}) => ({ name: 'fault', input: { kind }, options, ends })
const endless = (kind) => fault(kind, ['TimeoutError'], { timeout: 100 })
const FAULTS = {
  panic: { name: 'panic', input: { message: 'soak' }, ends: ['JobPanicked'] },
  'panic in a thread': { name: 'panic_in_thread', input: { message: 'soak' }, ends: ['done'] },
  'panic in a scope': { name: 'panic_with_lock', input: {}, ends: ['JobPanicked'] },
  'panic in a drop': fault('panic in a drop', ['JobPanicked']),
  'payload that panics': fault('payload that panics', ['JobPanicked']),
  'panic in a detached thread': fault('panic in a detached thread', ['done']),
  trap: { name: 'trap', input: {}, ends: ['JobTrapped'] },
  'stack overflow': { name: 'overflow', input: {}, ends: ['JobTrapped'] },
  'out of bounds': fault('out of bounds', ['JobTrapped']),
  'too much memory at once': fault('too much memory at once', ['JobPanicked', 'JobTrapped']),
  'too much memory, little by little': fault('too much memory, little by little', ['JobPanicked', 'JobTrapped']),
  park: endless('park'),
  lock: endless('lock'),
  'scope that blocks': endless('scope that blocks'),
  stuck: { name: 'stuck', input: {}, options: { timeout: 100 }, ends: ['TimeoutError'] },
  // Their loops compute on in WebKitGTK, which does not end a worker that does not come back to its event loop.
  'thread that loops': { ...endless('thread that loops'), not: 'webkit' },
  stubborn: { name: 'stubborn', input: {}, options: { timeout: 100 }, ends: ['TimeoutError'], not: 'webkit' },
  'killed inside the allocator': { ...endless('allocates for ever'), not: 'webkit' },
  'killed while it receives': endless('receives for ever'),
  'a flood of progress': { name: 'steps', input: { steps: 20_000, every_ms: 0 }, ends: ['done'] },
  'input that does not decode': { name: 'double', input: { number: 'seven' }, ends: ['JobRejected'] },
  'unknown job': { name: 'nonsense', input: {}, ends: ['JobRejected'] },
  'garbled messages': { act: () => coordinators.forEach(garble) },
  'worker ends unbidden': { act: () => coordinators.forEach((worker) => worker.postMessage('end a worker')) },
  'coordinator crashes': { act: () => coordinators.forEach((worker) => worker.postMessage('crash')) },
}

/** Says what makes no sense, to a coordinator and in its name. */
function garble(worker) {
  for (const what of [null, 7, 'garbage', [], [1, 2], [new Uint8Array([255, 255, 255, 255])], { file: 1 }]) {
    worker.postMessage(what)
    worker.dispatchEvent(new MessageEvent('message', { data: what }))
  }
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function random(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

let pool
let next
// The random values: what they begin with, and how many were drawn.
const values = { seed: 0, drawn: 0 }
let share
let kinds
let faulted
// Jobs that take all the memory: how many there were, and how many there are.
const shortages = { begun: 0, open: 0 }
// Jobs without an outcome.
let unsettled = 0
const wrong = []
const outcomes = {}
const faults = {}
// What ended generations.
const deaths = {}

const count = (counts, key) => (counts[key] = (counts[key] ?? 0) + 1)
const below = (limit) => Math.floor(next() * limit)

/** The page does it by itself: in Firefox no worker starts while a driver's script waits. */
globalThis.soak = (what, ...args) => {
  globalThis.soaked = undefined
  const work = { open, run, calm, close, bare }[what]
  setTimeout(() => work(...args).then((value) => (globalThis.soaked = { value }), (error) => (globalThis.soaked = { error: `${error}` })))
}

/** `faulty` of a hundred jobs are hit by a fault, of the kind `only` if one is named. */
async function open(seed, faulty, engine, only) {
  next = random(seed)
  Object.assign(values, { seed, drawn: 0 })
  share = faulty / 100
  kinds = Object.keys(FAULTS).filter((kind) => FAULTS[kind].not !== engine && (only === null || kind === only))
  if (kinds.length === 0) throw new Error(`there is no fault \`${only}\` here; there are: ${Object.keys(FAULTS).join(', ')}`)
  faulted = 0
  pool = await start(config)
  pool.addEventListener('generationend', ({ detail: { why } }) => {
    // At the end of a round few are left.
    const killed = unsettled > IN_FLIGHT / 2 ? 'kill under load' : 'kill'
    count(deaths, why.endsWith('was killed') ? killed : why.includes('trapped') ? 'trap' : why)
  })
  return navigator.userAgent
}

/** Submits so many jobs, and gives the outcomes there have been when all have ended. */
async function run(jobs) {
  let left = jobs
  const worker = async () => {
    while (left-- > 0) await one()
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return { outcomes, deaths }
}

/** A generation that is as the first one was, and no garbage: what is held now is held for good. */
async function calm() {
  const { memoryBytes } = await stats()
  // The memory of a generation never shrinks; where there are faults, generations come and go, and another one begins here.
  if (share > 0) await settle('calm', pool.submit('trap', {}, { wait: true }), ['JobTrapped'])
  await idle()
  await clear()
  return { memoryBytes, jobs: share > 0 ? 1 : 0 }
}

async function clear() {
  for (let times = 0; times < 3; times++) {
    coordinators.forEach((worker) => worker.postMessage('collect'))
    await collect()
    await sleep(100)
  }
}

let parent

/** Instead of all this: plain workers, started and terminated by another one. */
async function bare(workers, module) {
  parent ??= new Worker('./bare.js', { type: 'module' })
  await new Promise((done, failed) => {
    parent.onmessage = done
    parent.onerror = ({ message }) => failed(new Error(message))
    parent.postMessage({ workers, module })
  })
  await clear()
}

/** So many workers as at first, and all of them idle. */
async function idle() {
  await pool.resize(WORKERS)
  for (let tries = 0; tries < 500; tries++) {
    const { workers } = await stats()
    if (workers.length === WORKERS && workers.every(({ state }) => state === 'idle')) break
    await sleep(20)
  }
  return stats()
}

async function stats() {
  const stats = await pool.stats()
  if (!stats) throw new Error('the pool has ended: too many coordinators in a row died?')
  return stats
}

/** The pool must be what it was at first: so many workers, nothing else, and as many outcomes as there were jobs. */
async function close() {
  const end = await idle()
  pool.close()
  return { stats: end, outcomes, faults, deaths, wrong: wrong.slice(0, 20), workers: WORKERS, coordinators: await left() }
}

async function one() {
  if (below(200) === 0) await pool.resize(1 + below(4))
  const kind = next() < share ? kinds[faulted++ % kinds.length] : undefined
  const priority = ['high', 'normal', 'low'][below(3)]
  if (kind) {
    count(faults, kind)
    const { act, name, input, options, ends } = FAULTS[kind]
    if (!act) return settle(kind, pool.submit(name, input, { wait: true, priority, ...options }), ends)
    act()
  }
  const choice = below(100)
  if (choice < 15) return anyValue(priority)
  if (choice < 50) {
    const number = below(1e6)
    return settle('double', pool.submit('double', { number }, { wait: true, priority }), ['done'], (value) => value === 2 * number)
  }
  if (choice < 72) return echo(priority)
  if (choice < 80) return lend(priority)
  if (choice < 88) return steps(priority)
  if (choice < 94) {
    const job = pool.submit('nap', { ms: 60_000 }, { wait: true, priority })
    setTimeout(() => job.cancel(), below(40))
    return settle('cancelled', job, ['AbortError'])
  }
  return settle('timed out', pool.submit('nap', { ms: 60_000 }, { wait: true, priority, timeout: 1 + below(40) }), ['TimeoutError'])
}

const source = noise(2 * LARGEST, 7)

/** Bytes there and back: mostly few, some of all sizes. */
function echo(priority) {
  const length = below(400) === 0 ? below(LARGEST + 1) : Math.floor(2 ** (next() * 17)) - 1
  const begin = below(LARGEST)
  const bytes = source.slice(begin, begin + length)
  const job = pool.submit('echo', { bytes, label: '' }, { wait: true, priority, transfer: [bytes] })
  return settle('echo', job, ['done'], (value) => same(value.bytes, source.subarray(begin, begin + length)))
}

/** A random value, whose end the oracle knows. */
function anyValue(priority) {
  const { made, right } = drawn()
  const job = pool.submit(made.job, made.input, { wait: true, priority, transfer: made.transfer })
  const ends = right.unclear ? ['done', 'JobRejected'] : ['done' in right ? 'done' : 'JobRejected']
  return settle(`value ${values.drawn - 1} of seed ${values.seed} (${made.text.slice(0, 200)})`, job, ends, (value) => right.unclear || value === right.done)
}

/** The next one for which there is room beside what the other jobs hold. */
function drawn() {
  for (;;) {
    const value = draw(values.seed, values.drawn++, {})
    if (!/\d{6} /.test(value.made.text)) return value
  }
}

/** A lease is held for a while, whatever happens meanwhile, and is then still what its job has made. */
async function lend(priority) {
  const [len, seed, ms] = [Math.floor(2 ** (next() * 20)), below(256), below(100)]
  const job = pool.submit('lend', { len, seed }, { wait: true, priority })
  await settle('lend', job, ['done'], (lease) => lease.length === len)
  const lease = await job.catch(() => undefined)
  if (!lease) return
  await sleep(ms)
  try {
    const { view } = lease
    if (view.some((byte, i) => byte !== ((i * 31 + seed) & 255))) wrong.push(`lend: after ${ms} ms it is not what it was`)
  } catch (error) {
    if (!/its generation has ended/.test(error.message)) wrong.push(`lend: ${error.message}`)
  }
  lease.release()
}

function same(actual, expected) {
  if (actual.length !== expected.length) return false
  return actual.every((byte, index) => byte === expected[index])
}

/** Progress comes in order, and before the outcome. */
async function steps(priority) {
  const job = pool.submit('steps', { steps: 5, every_ms: 1 }, { wait: true, priority })
  const reports = []
  const reading = (async () => {
    for await (const report of job.progress) reports.push(report)
  })()
  await settle('steps', job, ['done'])
  await reading
  if (reports.some((report, index) => index > 0 && report <= reports[index - 1])) wrong.push(`steps: ${reports}`)
}

async function settle(what, job, ends, check = () => true) {
  const calm = shortages.open === 0
  const { begun } = shortages
  const takesAll = what.startsWith('too much memory')
  if (takesAll) {
    shortages.begun += 1
    shortages.open += 1
  }
  unsettled += 1
  const [end, value] = await job.then((value) => ['done', value], (error) => [error.name, error])
  unsettled -= 1
  if (takesAll) shortages.open -= 1
  count(outcomes, end)
  const short = !calm || shortages.begun > begun
  if (!ends.includes(end) && !lost(value) && !ended(value) && !(short && starved(value))) wrong.push(`${what} ended as ${end}: ${value?.message ?? JSON.stringify(value)}`)
  else if (end === 'done' && !check(value)) wrong.push(`${what}: its result is wrong`)
}
