// What two threads gain in photo-lab's AVIF, which rayon encodes. `cargo xtask rayon` calls `measure`.

import { distribution } from './distribution.js'
import { sample } from './photo-lab/page/samples.js'
import { start } from './photo-lab/pkg/photo_lab.js'

export async function measure(name, rounds) {
  const photo = await sample(name)
  const times = [1, 2].map((threads) => ({ threads, ms: [] }))
  for (let round = 0; round <= rounds; round++) {
    for (const { threads, ms } of times) {
      // A pool that has worked on the photograph knows it.
      const pool = await start({ workers: 1, parallelism: threads })
      const took = await encode(pool, photo).finally(() => pool.close())
      // The first round is the warm-up.
      if (round > 0) ms.push(took)
    }
  }
  return { name, rows: times.map(({ threads, ms }) => ({ threads, ...distribution(ms) })) }
}

/** The time from the report that the PNG is made, which is the last file before, to the one that the AVIF is. */
async function encode(pool, photo) {
  const job = pool.submit('process', { photo })
  const made = {}
  for await (const { stage } of job.progress) made[stage] = performance.now()
  await job
  return made.avif - made.png
}
