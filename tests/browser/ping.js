// One of two workers that hand data to and fro over a MessagePort. The first one measures: microseconds a round trip, by the
// mean of each batch. With `touch`, each of them reads a byte of every page on arrival.

const read = (bytes) => {
  let sum = 0
  for (let i = 0; i < bytes.length; i += 4096) sum += bytes[i]
  return sum
}

onmessage = ({ data: { port, first } }) => {
  if (!first) {
    port.onmessage = ({ data: [data, move, touch] }) => port.postMessage([data, touch && read(data)], move ? [data.buffer] : [])
    return
  }
  onmessage = async ({ data: { bytes, move, touch = false, batch, batches } }) => {
    let data = new Uint8Array(bytes).fill(7)
    const sum = read(data)
    const round = () =>
      new Promise((done) => {
        port.onmessage = (event) => {
          data = event.data[0]
          if (touch && (event.data[1] !== sum || read(data) !== sum)) throw new Error('the bytes did not arrive')
          done()
        }
        port.postMessage([data, move, touch], move ? [data.buffer] : [])
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
