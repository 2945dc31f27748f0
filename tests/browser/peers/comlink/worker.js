// A worker of Comlink's: shows the page its module's functions.

import { expose } from '../npm/comlink.mjs'
import init, { echo, fault, spin } from '../plain/pkg/peer.js'

const start = async () => void (await init())

expose({ start, echo, fault, spin })
