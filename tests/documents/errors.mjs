// Renders the errors and the reasons of the scripts as JSON, for tests/errors.rs. An export without an example is an error.

import { readFile } from 'node:fs/promises'

/** From its text: to Node, a `.js` of this repository need not be a module. */
const load = async (file) => import(`data:text/javascript,${encodeURIComponent(await readFile(new URL(`../../js-glue/js/${file}`, import.meta.url), 'utf8'))}`)

const [errors, reasons] = await Promise.all(['errors.js', 'reasons.js'].map(load))

/** What errors.js has besides errors. */
const OTHERS = ['JobError', 'NAMES', 'OffmainError', 'Refusal', 'WHOLE', 'asOffmainError', 'jobError', 'messageOf', 'withArticle']

const ERRORS = {
  inputRefused: ['thumbnail', 'photo is a function, which cannot be passed to a job'],
  badName: [undefined],
  noOptions: [7],
  unknownOption: ['prioritty', ['signal', 'priority']],
  badOption: ['priority', 'urgent', "'high', 'normal' or 'low'"],
  progressTaken: [],
  notLoaded: ['facade_bg.wasm', 'the server answers 404 Not Found'],
  leaseEnded: ['it was released'],
  released: [],
  notRead: ['photo.bytes', 'not today'],
  bodyNotRead: ['photo', 'Failed to fetch'],
  notPassable: ['photo.onload', 'a function'],
  bigintTooLarge: ['number'],
  invalidDate: ['taken'],
  noLength: ['list'],
  tooDeep: ['tree[0][0]', 128],
  tooManyValues: ['list[1048575]', 1_048_576],
  tooManyBytes: ['photo', 70_000, 65_536],
  notTransferable: [0, 'a MessagePort'],
  notHeld: [],
  damagedForm: [],
  damaged: [],
}

const REASONS = {
  serverAnswers: [404, 'Not Found'],
  otherBuild: [],
  noTrustedTypes: ['of this page', 'Policy "offmain" disallowed.'],
  unknown: [],
  notArrived: [30_000],
  unreadableFrom: [],
  unreadableTo: [],
  unreadableFromPage: [],
  endedByItself: [],
  stackOverflow: [],
  initTrapped: ['unreachable'],
  noStack: [2_097_152],
  jobCancelled: [],
}

/** The ends of jobs, told in the words that errors.rs has Rust told. */
const END = {
  panicked: ['index out of bounds', 'src/lib.rs:7:5'],
  trapped: ['unreachable'],
  lost: ['its generation ended'],
}

function rendered(module, examples, others = []) {
  const made = Object.keys(module).filter((name) => !others.includes(name))
  const without = made.filter((name) => !(name in examples))
  if (without.length > 0) throw new Error(`without an example in errors.mjs: ${without.join(', ')}`)
  return Object.entries(examples).map(([name, values]) => said(name, module[name](...values)))
}

const said = (name, error) => ({ name, kind: error.name, code: error.code, text: error.message ?? error })

const ends = Object.keys(errors.NAMES).map((code) => {
  const message = errors.NAMES[code] === 'JobRejected' ? 'as Rust tells it' : undefined
  return said(code, errors.jobError(code, 'thumbnail', ...(END[code] ?? [message, undefined]), ...(code === 'failed' ? ['no such photo'] : [])))
})

console.log(JSON.stringify({ ends, errors: rendered(errors, ERRORS, OTHERS), reasons: rendered(reasons, REASONS, ['textOf']) }))
