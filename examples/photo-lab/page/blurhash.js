// Decodes a blurhash (https://github.com/woltapp/blurhash) onto a small canvas.

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~'

const value = (text) => [...text].reduce((sum, digit) => sum * 83 + DIGITS.indexOf(digit), 0)

const linear = (channel) => (channel <= 10.31475 ? channel / 3294.6 : ((channel / 255 + 0.055) / 1.055) ** 2.4)

const gamma = (light) => Math.round(255 * (light <= 0.0031308 ? light * 12.92 : 1.055 * light ** (1 / 2.4) - 0.055))

const squared = (part) => Math.sign(part) * part * part

function averageColour(code) {
  return [code >> 16, (code >> 8) & 255, code & 255].map(linear)
}

function waveColour(code, strongest) {
  return [Math.floor(code / 361), Math.floor(code / 19) % 19, code % 19].map((part) => squared((part - 9) / 9) * strongest)
}

function waves(hash) {
  const size = value(hash[0])
  const [across, down] = [(size % 9) + 1, Math.floor(size / 9) + 1]
  const strongest = (value(hash[1]) + 1) / 166
  const colours = [averageColour(value(hash.slice(2, 6)))]
  for (let i = 1; i < across * down; i++) colours.push(waveColour(value(hash.slice(4 + i * 2, 6 + i * 2)), strongest))
  return { across, down, colours }
}

/** For each place along an axis of `size` pixels, the height of each wave there. */
const heights = (count, size) =>
  Array.from({ length: size }, (_, at) => Array.from({ length: count }, (_, wave) => Math.cos((Math.PI * at * wave) / size)))

/** Paints the hash over the whole canvas. */
export function paint(hash, canvas) {
  const { width, height } = canvas
  const { across, down, colours } = waves(hash)
  const [columns, rows] = [heights(across, width), heights(down, height)]
  const image = new ImageData(width, height)
  let byte = 0
  for (const row of rows) {
    for (const column of columns) {
      let [red, green, blue] = [0, 0, 0]
      for (let j = 0; j < down; j++) {
        for (let i = 0; i < across; i++) {
          const wave = row[j] * column[i]
          const colour = colours[j * across + i]
          red += colour[0] * wave
          green += colour[1] * wave
          blue += colour[2] * wave
        }
      }
      for (const light of [red, green, blue]) image.data[byte++] = gamma(Math.min(1, Math.max(0, light)))
      image.data[byte++] = 255
    }
  }
  canvas.getContext('2d').putImageData(image, 0, 0)
}
