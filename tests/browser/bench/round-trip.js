// One job of 16 bytes while the pool is idle: to a worker and back.

import { echoOnce, timed } from './data.js'
import { PEERS, RAW, echoes } from './ways.js'

const BATCH = 50

export default {
  name: 'round-trip',
  title: 'One small job, there and back',
  how: `16 bytes to an idle worker and back to the main thread, which looks at each of them. A figure is the mean of ${BATCH} trips, one after the other.`,
  rounds: 30,
  charts: { time: { title: 'One job of 16 bytes, pool idle', unit: 'µs', floor: RAW } },

  async open({ cores }) {
    const { rows, ours, close } = await echoes(cores)
    let number = 0
    const ways = rows.map(({ echo, ...row }) => ({
      ...row,
      charts: ['time'],
      measure: async () => ({ time: [1000 * (await timed(BATCH, () => echoOnce(echo, number++)))] }),
    }))
    const goals = [
      { chart: 'time', row: ours[0], against: RAW, most: 1 },
      { chart: 'time', row: ours[0], against: PEERS['wasm-bindgen-rayon'].name, most: 0.5 },
    ]
    return { ways, goals, close }
  },
}
