// One of two workers that hand data to and fro over a MessagePort. The first one measures: microseconds a round trip, by the
// mean of each batch.

onmessage = ({ data: { port, first } }) => {
  if (!first) {
    port.onmessage = ({ data: [data, move] }) => port.postMessage([data, move], move ? [data.buffer] : [])
    return
  }
  onmessage = async ({ data: { bytes, move, batch, batches } }) => {
    let data = new Uint8Array(bytes).fill(7)
    const round = () =>
      new Promise((done) => {
        port.onmessage = (event) => {
          data = event.data[0]
          done()
        }
        port.postMessage([data, move], move ? [data.buffer] : [])
      })
    await round()
    const times = []
    for (let i = 0; i < batches; i++) {
      const start = performance.now()
      for (let i = 0; i < batch; i++) await round()
      times.push(((performance.now() - start) * 1000) / batch)
    }
    postMessage(times)
  }
}
