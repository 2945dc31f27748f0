// Starts so many plain workers, two at a time, that answer once and are terminated: as a coordinator does, and nothing else.

import { collect } from './collect.js'

const one = () =>
  new Promise((done) => {
    const worker = new Worker('./bench/echo.js', { type: 'module' })
    worker.onmessage = () => done(worker.terminate())
    worker.postMessage('there?')
  })

onmessage = async ({ data }) => {
  if (data === 'collect') return collect()
  for (let left = data; left > 0; left -= 2) await Promise.all([one(), one()])
  postMessage('done')
}
