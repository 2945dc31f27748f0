// offmain, with the job module of the tests.

import { start as startPool } from '../../pkg/offmain_tests.js'
import { BEFORE_CANCEL } from '../adapter.js'
import versions from '../versions.js'

export const name = 'offmain'
export const version = versions.offmain

const FAULTS = {
  error: ['half', { number: 1 }],
  panic: ['panic', { message: 'this was not foreseen' }],
  'panic in a thread': ['panic_with_lock', {}],
  trap: ['trap', {}],
  // 4 MiB where the stack has 2.
  'stack overflow': ['dive', { kib: 4096, stack_kib: 0 }],
  endless: ['stubborn', {}],
}

export async function start({ workers }) {
  const pool = await startPool({ workers })
  return {
    echo: async (bytes) => (await pool.submit('echo', { bytes, label: '' })).bytes,
    spin: (ms) => pool.submit('spin', { ms }),
    fault(kind) {
      const job = pool.submit(...FAULTS[kind])
      if (kind === 'endless') setTimeout(() => job.cancel(), BEFORE_CANCEL)
      return job
    },
    close: () => pool.close(),
  }
}
