// Where frames are shown: by WebGL, which takes views of shared memory as they are, or else as a picture of every second pixel.

/** A screen for frames of this size. */
export const screenFor = (canvas, width, height) => GlScreen.open(canvas, width, height) ?? new FlatScreen(canvas, width, height)

const CORNERS = `
  attribute vec2 corner;
  varying vec2 place;
  void main() {
    place = vec2(corner.x * 0.5 + 0.5, 0.5 - corner.y * 0.5);
    gl_Position = vec4(corner, 0.0, 1.0);
  }`
const PICTURE = `
  precision mediump float;
  uniform sampler2D frame;
  varying vec2 place;
  void main() { gl_FragColor = texture2D(frame, place); }`

class GlScreen {
  kind = 'WebGL'
  /** What a shown frame's checksum is made of: all pixels. */
  step = 1

  static open(canvas, width, height) {
    const gl = canvas.getContext('webgl', { antialias: false, alpha: false })
    return gl && gl.getParameter(gl.MAX_TEXTURE_SIZE) >= Math.max(width, height) ? new GlScreen(canvas, gl, width, height) : undefined
  }

  constructor(canvas, gl, width, height) {
    Object.assign(this, { gl, width, height })
    Object.assign(canvas, { width: width / 2, height: height / 2 })
    gl.viewport(0, 0, canvas.width, canvas.height)
    const program = gl.createProgram()
    for (const [kind, text] of [[gl.VERTEX_SHADER, CORNERS], [gl.FRAGMENT_SHADER, PICTURE]]) {
      const shader = gl.createShader(kind)
      gl.shaderSource(shader, text)
      gl.compileShader(shader)
      gl.attachShader(program, shader)
    }
    gl.linkProgram(program)
    gl.useProgram(program)
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer())
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array([-1, -1, 1, -1, -1, 1, 1, 1]), gl.STATIC_DRAW)
    const corner = gl.getAttribLocation(program, 'corner')
    gl.enableVertexAttribArray(corner)
    gl.vertexAttribPointer(corner, 2, gl.FLOAT, false, 0, 0)
    this.texture = gl.createTexture()
    gl.bindTexture(gl.TEXTURE_2D, this.texture)
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, width, height, 0, gl.RGBA, gl.UNSIGNED_BYTE, null)
    for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, filter, gl.LINEAR)
    for (const wrap of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, wrap, gl.CLAMP_TO_EDGE)
  }

  show(pixels) {
    const { gl, width, height } = this
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels)
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4)
  }

  /** The pixels that are shown, read back. */
  pixels() {
    const { gl, width, height } = this
    const frame = gl.createFramebuffer()
    gl.bindFramebuffer(gl.FRAMEBUFFER, frame)
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.texture, 0)
    const pixels = new Uint8Array(4 * width * height)
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels)
    gl.deleteFramebuffer(frame)
    return pixels
  }
}

class FlatScreen {
  kind = '2D'
  step = 2

  constructor(canvas, width, height) {
    this.width = width
    Object.assign(canvas, { width: width / 2, height: height / 2 })
    this.context = canvas.getContext('2d', { alpha: false })
    this.picture = this.context.createImageData(width / 2, height / 2)
    this.words = new Uint32Array(this.picture.data.buffer)
  }

  /** An ImageData refuses shared memory, so this one is filled: with every second pixel of every second row. */
  show(pixels) {
    const frame = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length / 4)
    const { words, width, picture } = this
    for (let to = 0, row = 0; to < words.length; row += 2 * width) {
      for (let from = row; from < row + width; from += 2) words[to++] = frame[from]
    }
    this.context.putImageData(picture, 0, 0)
  }

  pixels() {
    const { width, height } = this.picture
    return this.context.getImageData(0, 0, width, height).data
  }
}

/** FNV-1a over pixels, each taken as one word. */
export function checksum(pixels) {
  let sum = 0x811c9dc5
  for (const word of new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length / 4)) sum = Math.imul(sum ^ word, 0x01000193)
  return sum >>> 0
}
