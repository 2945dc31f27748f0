// What `facade.js` has, which the tool makes of `main-facade/src/javascript.rs`; for the scripts that are written here.

import type { Call } from './call.js'

/** A lease as the facade tells it: where the data is, or why the lease has ended. Number 0 is a copy. */
export type LentData = [id: number, length: number, buffer: ArrayBufferLike | undefined, address: number | string]

export class Settings {
  constructor(config: unknown)
}

export class Facade {
  constructor(
    coordinator: () => Worker,
    settings: Settings,
    build: string,
    tell: (kind: string, detail: unknown) => void,
    started: (error: unknown) => void,
  )
  submit(
    name: string,
    packed: Uint8Array | undefined,
    beside: unknown[] | undefined,
    bytes: number,
    priority: string | undefined,
    timeout: number | undefined,
    transfer: ArrayBuffer[],
    call: Call,
    place: number,
  ): number
  progressKept(): number
  count(code: string): void
  queueUp(bytes: number, timeout: number | undefined, tell: (timedOut: boolean) => void): number
  isTurn(place: number): boolean
  leaveLine(place: number): void
  cancel(job: number): void
  resize(workers: unknown): void
  stats(tell: (stats: unknown) => void): void
  shutdown(tell: (nothing: unknown) => void): void
  close(): void
  holdLease(id: number, over: (why: string) => void): void
  giveBack(id: number): void
}

export function __wbg_set_wasm(exports: WebAssembly.Exports): void
