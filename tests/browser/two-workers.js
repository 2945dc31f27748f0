// Two workers that hand data to and fro over a MessagePort; the page only asks how long that takes.

/** `ask(order)` gives what `ping.js` measured. */
export function twoWorkers() {
  const { port1, port2 } = new MessageChannel()
  const [one, two] = [port1, port2].map((port, i) => {
    const worker = new Worker(new URL('./ping.js', import.meta.url))
    worker.postMessage({ port, first: i === 0 }, [port])
    return worker
  })
  const ask = (order) =>
    new Promise((done, failed) => {
      one.onmessage = ({ data }) => done(data)
      one.onerror = two.onerror = ({ message }) => failed(new Error(message))
      one.postMessage(order)
    })
  return { ask, close: () => [one, two].forEach((worker) => worker.terminate()) }
}
