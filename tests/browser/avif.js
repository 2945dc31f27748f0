// What two threads gain in photo-lab's AVIF, which rayon encodes. `cargo xtask rayon` calls `measure`.

import { distribution } from './distribution.js'
import { sample } from './photo-lab/page/samples.js'
import { start } from './photo-lab/pkg/photo_lab.js'

export { sample as photo }

export async function measure(name, rounds) {
  const photo = await sample(name)
  const times = [1, 2].map((threads) => ({ threads, ms: [] }))
  for (let round = 0; round <= rounds; round++) {
    for (const { threads, ms } of times) {
      const took = await encode(photo, threads)
      // The first round is the warm-up.
      if (round > 0) ms.push(took)
    }
  }
  return { name, rows: times.map(({ threads, ms }) => ({ threads, ...distribution(ms) })) }
}

/** The time from the report that the PNG is made, which is the last file before, to the one that the AVIF is. */
export async function encode(photo, threads) {
  // A pool that has worked on the photograph knows it.
  const pool = await start({ workers: 1, parallelism: threads })
  try {
    const job = pool.submit('process', { photo })
    const made = {}
    for await (const { stage } of job.progress) made[stage] = performance.now()
    await job
    return made.avif - made.png
  } finally {
    pool.close()
  }
}
