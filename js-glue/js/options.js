// How one job is submitted: its options, each looked at once.

import { badOption, noOptions, unknownOption } from './errors.js'

/** The longest time limit in milliseconds, as in runtime/protocol/src/limits.rs. */
const LONGEST = 2_000_000_000

/** The options there are. */
const OPTIONS = ['signal', 'priority', 'timeout', 'wait', 'transfer']

const PRIORITIES = ['high', 'normal', 'low']

/**
 * @typedef {object} Options
 * @property {AbortSignal} [signal]
 * @property {string} [priority]
 * @property {number} [timeout]
 * @property {boolean} wait
 * @property {unknown[]} transfer
 */

/**
 * The options of a job. Throws what is wrong with them.
 * @param {any} options what the app passes
 * @returns {Options}
 */
export function readOptions(options = {}) {
  if (typeof options !== 'object' || options === null) throw noOptions(options)
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name))
  if (unknown !== undefined) throw unknownOption(unknown, OPTIONS)
  const { signal, priority, timeout, wait = false, transfer = [] } = options
  /** @type {(name: string, value: unknown, allowed: string, fits: boolean) => void} */
  const allow = (name, value, allowed, fits) => {
    if (!fits) throw badOption(name, value, allowed)
  }
  allow('signal', signal, 'an AbortSignal', signal == null || signal instanceof AbortSignal)
  allow('priority', priority, "'high', 'normal' or 'low'", priority == null || PRIORITIES.includes(priority))
  allow('timeout', timeout, `a whole number of milliseconds from 1 to ${LONGEST}`, timeout == null || isTime(timeout))
  allow('wait', wait, 'true or false', typeof wait === 'boolean')
  allow('transfer', transfer, 'a list', typeof transfer?.[Symbol.iterator] === 'function' && typeof transfer !== 'string')
  return { signal, priority: priority ?? undefined, timeout: timeout ?? undefined, wait, transfer: [...transfer] }
}

/** @param {number} timeout */
const isTime = (timeout) => Number.isInteger(timeout) && timeout >= 1 && timeout <= LONGEST
