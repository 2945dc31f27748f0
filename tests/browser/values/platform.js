// Objects of the language and of the browser that no job is passed: each refused, by the name of its kind. What a browser lacks is left out.

const tiny = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])

export const OPAQUE = {
  Promise: () => Promise.resolve(1),
  'Promise of a subclass': () => (class Later extends Promise {}).resolve(1),
  WeakMap: () => new WeakMap(),
  WeakSet: () => new WeakSet(),
  WeakRef: () => new WeakRef({}),
  Generator: () => (function* () {})(),
  AsyncGenerator: () => (async function* () {})(),
  'Array Iterator': () => [1, 2][Symbol.iterator](),
  'Map Iterator': () => new Map([[1, 2]]).entries(),
  'String Iterator': () => 'ab'[Symbol.iterator](),
  RegExp: () => /a+/g,
  MessagePort: () => new MessageChannel().port1,
  OffscreenCanvas: () => new OffscreenCanvas(2, 2),
  ImageBitmap: () => {
    const canvas = new OffscreenCanvas(2, 2)
    canvas.getContext('2d')
    return canvas.transferToImageBitmap()
  },
  ReadableStream: () => new ReadableStream(),
  WritableStream: () => new WritableStream(),
  TransformStream: () => new TransformStream(),
  HTMLDivElement: () => document.createElement('div'),
  Text: () => document.createTextNode('a'),
  Window: () => window,
  URL: () => new URL('https://example.org/'),
  URLSearchParams: () => new URLSearchParams('a=b'),
  Headers: () => new Headers({ a: 'b' }),
  FormData: () => new FormData(),
  AbortSignal: () => new AbortController().signal,
  Event: () => new Event('a'),
  Request: () => new Request('https://example.org/'),
  'WebAssembly.Module': () => new WebAssembly.Module(tiny),
  'WebAssembly.Memory': () => new WebAssembly.Memory({ initial: 1 }),
}

for (const [kind, make] of Object.entries(OPAQUE)) {
  try {
    make()
  } catch {
    delete OPAQUE[kind]
  }
}

/** A list of files, which nobody can make but by way of a drag. */
export function fileList(files) {
  try {
    const transfer = new DataTransfer()
    for (const file of files) transfer.items.add(file)
    return transfer.files.length === files.length ? transfer.files : undefined
  } catch {
    return undefined
  }
}

/** A page within the page: another realm with its own kinds. */
export function otherRealm() {
  if (typeof document === 'undefined') return undefined
  const frame = document.createElement('iframe')
  frame.hidden = true
  document.body.append(frame)
  return frame.contentWindow
}
