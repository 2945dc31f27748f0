// Photographs that come with the page, and files that are broken on purpose.

/** Addresses that a bundler can see. */
const SAMPLES = {
  'astronaut.png': new URL('../photos/astronaut.png', import.meta.url),
  'chelsea.png': new URL('../photos/chelsea.png', import.meta.url),
  'coffee.png': new URL('../photos/coffee.png', import.meta.url),
  'hubble_deep_field.jpg': new URL('../photos/hubble_deep_field.jpg', import.meta.url),
  'retina.jpg': new URL('../photos/retina.jpg', import.meta.url),
  'rocket.jpg': new URL('../photos/rocket.jpg', import.meta.url),
  'truncated.jpg': new URL('../photos/truncated.jpg', import.meta.url),
}

/** The one that is enlarged: it has detail everywhere. */
export const LARGE_SOURCE = 'hubble_deep_field.jpg'

export async function sample(name) {
  const reply = await fetch(SAMPLES[name])
  if (!reply.ok) throw new Error(`the sample ${name} could not be loaded: the server says ${reply.status}`)
  return new File([await reply.blob()], name)
}

export const samples = () => Promise.all(Object.keys(SAMPLES).map(sample))

/** One file for each way to be broken. */
export async function brokenFiles() {
  return [
    await sample('truncated.jpg'),
    new File([], 'empty.jpg'),
    new File(['Dear diary, today I took no photographs.'], 'text.png'),
    new File([hugeHeader(60_000, 60_000)], 'bomb.png'),
  ]
}

/** The first chunk of a PNG that claims so many pixels. */
function hugeHeader(width, height) {
  const file = new DataView(new ArrayBuffer(33))
  const words = [0x89504e47, 0x0d0a1a0a, 13, 0x49484452, width, height]
  words.forEach((word, i) => file.setUint32(i * 4, word))
  file.setUint32(24, 0x08060000)
  file.setUint32(29, crc32(new Uint8Array(file.buffer, 12, 17)))
  return file.buffer
}

function crc32(data) {
  let crc = ~0
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1))
  }
  return ~crc >>> 0
}
