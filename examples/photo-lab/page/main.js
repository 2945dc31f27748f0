// photo-lab's page: starts the pool and ties its parts together.

import { start } from '../pkg/photo_lab.js'
import { Comparison } from './compare.js'
import { Gallery } from './gallery.js'
import { Lab } from './lab.js'
import { Meter } from './meter.js'
import { LARGE_SOURCE, brokenFiles, sample, samples } from './samples.js'
import { Status } from './status.js'
import { Strip } from './strip.js'

const LARGE_MEGAPIXELS = 12

const at = (id) => document.getElementById(id)

const status = new Status({
  line: at('status'),
  alarm: at('alarm'),
  totalIn: at('total-in'),
  totalOut: at('total-out'),
  totalSaved: at('total-saved'),
})
const meter = new Meter({
  reel: at('reel'),
  sparkline: at('sparkline'),
  worst: at('worst-frame'),
  rate: at('frame-rate'),
  pause: at('pause-meter'),
})

/** As many workers as cores, or as the address says: `?workers=3`. */
function wantedWorkers() {
  const asked = Number(new URLSearchParams(location.search).get('workers'))
  const most = Math.max(8, navigator.hardwareConcurrency)
  return { most, count: asked >= 1 && asked <= most ? asked : Math.min(most, navigator.hardwareConcurrency) }
}

async function open() {
  const { most, count } = wantedWorkers()
  // Each photograph has three threads, a cancelled one too until its encoder notices, and rayon has one for each core.
  const pool = await start({ workers: count, threads: 256 })
  const lab = new Lab(pool)
  new Gallery({ list: at('gallery'), template: at('card'), empty: at('empty') }, lab)
  new Strip({ list: at('strip'), queued: at('queued'), threads: at('threads'), memory: at('memory') }).watch(pool)
  status.follow(lab)
  const comparison = new Comparison(
    {
      button: at('run-main'),
      table: at('comparison'),
      poolWorst: at('pool-worst'),
      poolTime: at('pool-time'),
      mainWorst: at('main-worst'),
      mainTime: at('main-time'),
    },
    { lab, meter, status },
  )
  const actions = {
    addFiles: (files) => Promise.all([...files].map((file) => lab.add(file))),
    addSamples: async ({ large = false } = {}) => {
      const files = await samples()
      const photos = files.map((file) => lab.add(file))
      if (large) photos.push(lab.addEnlarged(await sample(LARGE_SOURCE), LARGE_MEGAPIXELS))
      return Promise.all(photos)
    },
    addLarge: async () => lab.addEnlarged(await sample(LARGE_SOURCE), LARGE_MEGAPIXELS),
    addBroken: async () => actions.addFiles(await brokenFiles()),
    cancelAll: () => lab.cancelAll(),
    clear: () => lab.clear(),
  }
  connectIntake(actions)
  connectSlider(pool, count, most)
  connectButtons(lab, actions)
  status.say(`Ready, with ${count} ${count === 1 ? 'worker' : 'workers'}.`)
  return { pool, lab, comparison, actions }
}

/** Whatever goes wrong in an action is told, not thrown away. */
const telling = (action) => () => Promise.resolve(action()).catch((error) => status.fail(error.message))

function connectButtons(lab, actions) {
  const buttons = {
    samples: actions.addSamples,
    large: actions.addLarge,
    broken: actions.addBroken,
    'cancel-all': actions.cancelAll,
    clear: actions.clear,
  }
  for (const [id, action] of Object.entries(buttons)) at(id).addEventListener('click', telling(action))
  for (const id of ['samples', 'large', 'broken', 'run-main']) at(id).disabled = false
  const count = () => {
    at('cancel-all').disabled = lab.photos.every(({ isOver }) => isOver)
    at('clear').disabled = !lab.photos.some(({ isOver }) => isOver)
  }
  for (const what of ['added', 'over', 'cleared']) lab.addEventListener(what, count)
}

function connectIntake({ addFiles }) {
  at('files').addEventListener('change', ({ target }) => {
    addFiles([...target.files])
    target.value = ''
  })
  const dragging = (is) => (event) => {
    event.preventDefault()
    at('drop').classList.toggle('over', is)
  }
  document.addEventListener('dragover', dragging(true))
  document.addEventListener('dragleave', dragging(false))
  document.addEventListener('drop', (event) => {
    dragging(false)(event)
    addFiles(event.dataTransfer.files)
  })
}

function connectSlider(pool, count, most) {
  const slider = at('workers')
  Object.assign(slider, { max: most, value: count, disabled: false })
  at('workers-count').value = count
  slider.addEventListener('input', () => (at('workers-count').value = slider.value))
  slider.addEventListener('change', telling(() => pool.resize(Number(slider.value))))
}

function results(lab) {
  return lab.photos.map((photo) => ({
    name: photo.name,
    outcome: photo.state,
    bytesIn: photo.bytesIn,
    bytesOut: photo.output?.avif.byteLength,
    ms: photo.ms,
    error: photo.fault,
    reason: photo.error && `${photo.error.name}: ${photo.error.message}`,
    fromCache: photo.output?.fromCache,
    outputs: Object.fromEntries(Object.keys(photo.files()).map((name) => [name, photo.url(name)])),
  }))
}

// For tests and for the curious at the console.
const photoLab = { meter }
window.photoLab = photoLab
photoLab.ready = open().then(
  ({ pool, lab, comparison, actions }) => {
    const whenIdle = () => lab.whenIdle()
    Object.assign(photoLab, actions, { pool, lab, comparison, whenIdle, results: () => results(lab) })
  },
  (error) => {
    status.fail(`The pool did not start. ${error.message}`)
    throw error
  },
)
