// What `runtime.js` has, which the tool makes of `runtime/src/shell.rs`; for the scripts that are written here.

/** What `coordinator.js` lends to the coordinator, which calls it by these names. */
export class Coordinator {
  constructor(host: object)
  receive(message: unknown): void
  receiveFrom(id: number, message: unknown): void
  workerDied(id: number, kind: string): void
  loaded(id: number): void
  notLoaded(id: number, file: string, why: string): void
  workerGone(id: number, generation: number): void
  tick(): void
}

export const offmainBuild: string

export default function init(options: { module_or_path: Promise<WebAssembly.Module> | WebAssembly.Module }): Promise<unknown>
