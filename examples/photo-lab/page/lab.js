// The photographs and what becomes of them: submits jobs, keeps results, tells who listens. Knows no page.

import { explain, isCancelled } from './faults.js'

/** One photograph on its way. */
class Photo {
  state = 'waiting' // then 'working', and at last 'done', 'failed' or 'cancelled'
  stage = ''
  fraction = 0
  #urls = new Map()
  #cancelled = false

  constructor(id, name, bytesIn) {
    Object.assign(this, { id, name, bytesIn })
    this.submitted = performance.now()
  }

  get isOver() {
    return ['done', 'failed', 'cancelled'].includes(this.state)
  }

  /** Runs one job of this photograph, which is the one that a cancel stops. */
  run(job) {
    this.job = job
    if (this.#cancelled) job.cancel()
    return job
  }

  cancel() {
    this.#cancelled = true
    this.job?.cancel()
  }

  /** The files that were made, by name. */
  files() {
    if (this.state !== 'done') return {}
    const { avif, png, jpeg, thumbnails } = this.output
    const small = thumbnails.map(({ width, mime, file }) => [`thumbnail${width}`, { bytes: file, mime }])
    return {
      avif: { bytes: avif, mime: 'image/avif' },
      png: { bytes: png, mime: 'image/png' },
      jpeg: { bytes: jpeg, mime: 'image/jpeg' },
      ...Object.fromEntries(small),
    }
  }

  /** An address for one of the files; made when it is asked for, as a large Blob is a copy on this thread. */
  url(name) {
    if (!this.#urls.has(name)) {
      const { bytes, mime } = this.files()[name]
      this.#urls.set(name, URL.createObjectURL(new Blob([bytes], { type: mime })))
    }
    return this.#urls.get(name)
  }

  forget() {
    for (const url of this.#urls.values()) URL.revokeObjectURL(url)
  }
}

/** Photographs, in the order in which they came. Sends `added`, `changed`, `over` and `cleared`. */
export class Lab extends EventTarget {
  photos = []
  #nextId = 1

  constructor(pool) {
    super()
    this.pool = pool
  }

  /** Works on a file; resolves with the photograph when it is over. */
  add(file) {
    const photo = this.#begin(file.name, file.size)
    return this.#finish(photo, () => this.#process(photo, file))
  }

  /** Makes a large photograph out of a file and works on that. */
  addEnlarged(file, megapixels) {
    const photo = this.#begin(`${file.name.replace(/\.\w+$/, '')}-${megapixels}-megapixels.jpg`, 0)
    return this.#finish(photo, async () => {
      photo.stage = 'enlarging'
      const { jpeg } = await photo.run(this.pool.submit('enlarge', { photo: file, megapixels }))
      photo.bytesIn = jpeg.byteLength
      await this.#process(photo, new File([jpeg], photo.name, { type: 'image/jpeg' }))
    })
  }

  cancelAll() {
    for (const photo of this.photos.filter(({ isOver }) => !isOver)) photo.cancel()
  }

  /** Forgets those that are over. */
  clear() {
    for (const photo of this.photos.filter(({ isOver }) => isOver)) photo.forget()
    this.photos = this.photos.filter(({ isOver }) => !isOver)
    this.#tell('cleared')
  }

  /** Resolves when nothing waits or works. */
  async whenIdle() {
    while (this.photos.some(({ isOver }) => !isOver)) await Promise.all(this.photos.map(({ over }) => over))
  }

  #begin(name, bytesIn) {
    const photo = new Photo(this.#nextId++, name, bytesIn)
    this.photos.push(photo)
    this.#tell('added', photo)
    return photo
  }

  #finish(photo, work) {
    photo.over = work()
      .then(
        () => (photo.state = 'done'),
        (error) => {
          photo.state = isCancelled(error) ? 'cancelled' : 'failed'
          photo.error = error
          photo.fault = explain(error)
        },
      )
      .then(() => {
        photo.ms = photo.output?.tookMs ?? performance.now() - photo.submitted
        this.#tell('over', photo)
        return photo
      })
    return photo.over
  }

  async #process(photo, file) {
    photo.file = file
    const job = photo.run(this.pool.submit('process', { photo: file }))
    const reading = this.#follow(photo, job)
    photo.output = await job
    await reading
  }

  async #follow(photo, job) {
    for await (const { stage, fraction, preview } of job.progress) {
      photo.state = 'working'
      Object.assign(photo, { stage, fraction })
      photo.preview ??= preview
      this.#tell('changed', photo)
    }
  }

  #tell(what, photo) {
    this.dispatchEvent(new CustomEvent(what, { detail: photo }))
  }
}
