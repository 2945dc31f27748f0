// What a value means does not depend on how its job travels, and whatever is passed, each job has its one outcome.

import { start } from '../pkg/offmain_tests.js'
import { Trial } from '../values/values.js'

const SEED = 18
const VALUES = 2000

export const limits_ms = { '2,000 random values mean the same by every way, and nobody else is lost': 300_000 }

export const tests = {
  '2,000 random values mean the same by every way, and nobody else is lost': async (t) => {
    const trial = await Trial.open(start, SEED)
    await trial.run(0, VALUES)
    const { counts, differences, different } = await trial.close()
    const lines = differences.slice(0, 5).map((difference) => JSON.stringify(difference, null, 1))
    t.assert(different === 0, `${different} differences (cargo xtask values --engine ${t.engine} --seed ${SEED} --only INDEX):\n${lines.join('\n')}`)
    t.assert(counts.done > VALUES && counts.rejected > VALUES / 2, `what became of them: ${JSON.stringify(counts)}`)
    t.assert(counts.byLane > 0, 'none went by the lane')
  },
}
