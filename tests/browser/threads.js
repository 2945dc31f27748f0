// What threads, clocks, waits and channels cost in a pool worker. `cargo xtask threads` calls `measure` in a page and prints it.

import { distribution } from './distribution.js'
import { start } from './pkg/offmain_tests.js'
import { twoWorkers } from './two-workers.js'

const MB20 = 20_000_000
const ROUNDS = 5

/** Rows of { what, unit, values }; every figure in microseconds but where `unit` says otherwise. */
export async function measure() {
  const pool = await start({ workers: 1, memoryMaximum: 2 ** 30 })
  const messages = twoWorkers()
  const rows = new Map()
  const add = (what, values) => rows.set(what, [...(rows.get(what) ?? []), ...values])

  add('spawn and join, warm', (await pool.submit('spawns', { pairs: 10_100 })).slice(100))
  for (let i = 0; i < 20; i++) add('Instant::now', [await pool.submit('looks', { looks: 50_000 })])
  for (const { kind, ms, late } of await pool.submit('waits', { times: 20 })) add(`${kind}, ${ms} ms: late by`, late)

  for (let i = 0; i < ROUNDS; i++) {
    for (const threads of [1, 2, 4]) {
      for (const allocator of ['std', 'dlmalloc, spinning', 'talc, spinning', 'talc, sleeping']) {
        add(`allocation, ${allocator}, ${threads} threads: ns`, await pool.submit('allocations', { allocator, threads, batches: 4 }))
      }
    }
  }

  // Alternating, so that a machine that changes its pace meanwhile changes it for all.
  const hand = (what, input) => async () => add(what, await pool.submit('ping_pong', { bytes: 16, touch: false, batch: 1000, batches: 20, channel: true, ...input }))
  const message = (what, input) => async () => add(what, await messages.ask({ bytes: 16, move: false, batch: 200, batches: 10, ...input }))
  const ways = [
    hand('round trip, raw wait and notify', { channel: false }),
    hand('round trip, 16 B over crossbeam channels', {}),
    message('round trip, 16 B by postMessage', {}),
    hand('round trip, 20 MB Vec over crossbeam channels', { bytes: MB20 }),
    hand('round trip, 20 MB Vec, every page touched twice', { bytes: MB20, touch: true, batch: 20, batches: 10 }),
    message('round trip, 20 MB by postMessage, transferred', { bytes: MB20, move: true, batch: 10 }),
    message('round trip, 20 MB by postMessage, copied', { bytes: MB20, batch: 3, batches: 3 }),
  ]
  for (let i = 0; i < ROUNDS; i++) for (const way of ways) await way()
  pool.close()
  messages.close()
  return { browser: navigator.userAgent, cores: navigator.hardwareConcurrency, rows: [...rows].map(([what, values]) => ({ what, ...distribution(values) })) }
}
