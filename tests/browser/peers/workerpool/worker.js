// A worker of workerpool's: says which functions of its module there are, once it has loaded.

import '../npm/workerpool.js'
import init, { echo, fault, spin } from '../plain/pkg/peer.js'

await init()
globalThis.workerpool.worker({ echo, fault, spin })
