// The workers of this page that nobody has ended: to be imported before any is made.

export const workers = new Set()

const { terminate } = Worker.prototype

/** Ends a worker without the knowledge of whoever made it. */
export const end = (worker) => terminate.call(worker)

globalThis.Worker = class extends Worker {
  constructor(...args) {
    super(...args)
    workers.add(this)
  }

  terminate() {
    workers.delete(this)
    super.terminate()
  }
}
