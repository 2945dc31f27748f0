// The script of pool workers, kept as a blob: the network may go away, or another build take its place.

import { serverAnswers } from './reasons.js'

/**
 * Its `address`, once there is one, and whether it `helps`, which it does not where a policy forbids it.
 * @type {{ address: string | undefined, helps: boolean }}
 */
export const keptScript = { address: undefined, helps: false }

/** @type {Promise<unknown> | undefined} */
let keeping

/**
 * Keeps the script that a worker was loaded from.
 * @param {string} address
 */
export function keepScript(address) {
  keeping ??= kept(address, `(${rebase})(${JSON.stringify(address)})\n`).then(
    (blob) => (keptScript.address = blob),
    // Another worker may be luckier.
    () => (keeping = undefined),
  )
}

/** What a script imports, statically or not, from beside it. */
const IMPORTS = /(\b(?:from|import)\s*\(?\s*)(['"])(\.{1,2}\/[^'"]*)\2/g

/**
 * A blob of a script, whose imports are such blobs too, each once.
 * @param {string} address
 * @param {string} before what the script begins with
 * @param {Map<string, Promise<string>>} blobs
 * @returns {Promise<string>}
 */
async function kept(address, before = '', blobs = new Map()) {
  // As it was loaded, whatever the server has by now.
  const response = await fetch(address, { cache: 'force-cache' })
  if (!response.ok) throw new Error(serverAnswers(response.status, response.statusText))
  const text = await response.text()
  const addresses = [...text.matchAll(IMPORTS)].map(([, , , file]) => new URL(file, address).href)
  for (const address of addresses) if (!blobs.has(address)) blobs.set(address, kept(address, '', blobs))
  const imported = await Promise.all(addresses.map((address) => blobs.get(address)))
  const script = text.replace(IMPORTS, (_, begin, quote) => begin + quote + imported.shift() + quote)
  return URL.createObjectURL(new Blob([before, script], { type: 'text/javascript' }))
}

/**
 * Runs in a kept script, whose own address is no base for others: the addresses that a job asks for mean what they mean elsewhere.
 * @param {string} base
 */
function rebase(base) {
  const { fetch, Request } = globalThis
  const { open } = XMLHttpRequest.prototype
  const absolute = (/** @type {any} */ address) => (typeof address === 'string' ? new URL(address, base).href : address)
  globalThis.fetch = async (address, options) => fetch(absolute(address), options)
  globalThis.Request = class extends Request {
    /**
     * @param {RequestInfo | URL} address
     * @param {RequestInit} [options]
     */
    constructor(address, options) {
      super(absolute(address), options)
    }
  }
  XMLHttpRequest.prototype.open = function (/** @type {string} */ method, /** @type {string | URL} */ address, /** @type {any[]} */ ...more) {
    return /** @type {any} */ (open).call(this, method, absolute(address), ...more)
  }
}
