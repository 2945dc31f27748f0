// rayon in a pool worker beside wasm-bindgen-rayon, the same kernels on as many threads. `cargo xtask rayon` calls `measure`.

import { distribution } from './distribution.js'
import { start } from './crates/offmain_crates.js'
import * as peer from './peers/wasm-bindgen-rayon/peer.js'

export async function measure(threads, rounds) {
  const pool = await start({ workers: 1, parallelism: threads })
  const others = await peer.start({ workers: threads })
  const rows = []
  for (const [kernel, size] of [['mandelbrot', 400], ['sort', 1_000_000]]) {
    const times = { offmain: [], peer: [] }
    for (let round = 0; round <= rounds; round++) {
      const [ours, theirs] = [await pool.submit('kernel', { kernel, size }), await others.timed(kernel, size)]
      if (ours.value !== theirs.value) throw new Error(`${kernel}: ${ours.value} here, ${theirs.value} there`)
      // The first round is the warm-up.
      if (round > 0) {
        times.offmain.push(ours.ms)
        times.peer.push(theirs.ms)
      }
    }
    const [ours, theirs] = [distribution(times.offmain), distribution(times.peer)]
    // Above 1, offmain is faster.
    rows.push({ kernel, size, offmain: ours, peer: theirs, ratio: theirs.median / ours.median })
  }
  pool.close()
  others.close()
  const who = `${peer.name} ${peer.version}`
  return { browser: navigator.userAgent, cores: navigator.hardwareConcurrency, peer: who, threads, rows }
}
