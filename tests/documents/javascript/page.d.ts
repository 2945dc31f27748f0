// What the page around an example of the book has.

import type { Pool, start as startPool } from './photo.js'

declare global {
  const pool: Pool
  const start: typeof startPool
  const file: File
  const photo: ArrayBuffer
  const gl: WebGL2RenderingContext
  const width: number
  const height: number
  const bar: HTMLProgressElement
  function show(picture: Uint8Array): void
  function offerRetry(error: Error): void
  function explain(error: unknown): void
  function report(error: unknown): void
}
