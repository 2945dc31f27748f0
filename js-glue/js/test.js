// The page of `cargo offmain test`: runs one test binary, as the one job of a pool. The binary itself tells the tool what it writes
// and how it exits; the page says only how it died.

import { start } from './app.js'

/** @type {(what: string, text?: string) => Promise<Response>} */
const tell = (what, text = '') => fetch(`/offmain/${what}`, { method: 'POST', body: text })

async function run() {
  const { args, config } = await (await tell('begin')).json()
  const pool = await start(config)
  await pool.submit('main', { args })
}

run().catch((error) => tell('died', `${error?.message ?? error}`))
