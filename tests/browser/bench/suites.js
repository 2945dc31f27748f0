// All suites, in the order in which they run.

import article from './article.js'
import chunks from './chunks.js'
import hops from './hops.js'
import inputs from './inputs.js'
import parallel from './parallel.js'
import roundTrip from './round-trip.js'
import size from './size.js'
import smooth from './smooth.js'
import start from './start.js'
import throughput from './throughput.js'
import upload from './upload.js'

export const suites = [article, roundTrip, hops, throughput, chunks, upload, inputs, parallel, start, smooth, size]
