// The workers of this page that nobody has ended: to be imported before any is made.

export const workers = new Set()

const { terminate } = Worker.prototype

/** Ends a worker without the knowledge of whoever made it. */
export const end = (worker) => terminate.call(worker)

/** How many are left. A coordinator ends a little after its workers, so this waits for that. */
export async function left() {
  for (let tries = 0; workers.size > 0 && tries < 250; tries++) await new Promise((resolve) => setTimeout(resolve, 100))
  return workers.size
}

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
