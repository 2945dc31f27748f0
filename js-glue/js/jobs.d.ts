// What `jobs.js` has, which the tool makes of the job module and `worker-pool/src/worker.rs`; for the scripts that are written here.

/** What the module exports besides: its stack and its thread-locals. */
export interface Wasm {
  __offmain_stack_limit: WebAssembly.Global
  __offmain_stack_pointer: WebAssembly.Global
  __offmain_tls_base: WebAssembly.Global
  __stack_alloc: WebAssembly.Global
  __wbindgen_thread_destroy(tls?: number, stack?: number, size?: number): void
}

export const offmainBuild: string

export function offmainPrepare(
  parallelism: number,
  threads: number,
  stackSize: number,
  progressSpacing: number,
  leases: number,
  leaseBytes: number,
  stack: number,
): void
export function offmainTakeStack(size: number): number
export function offmainStart(id: number): void
export function offmainIsCancelled(message: Uint8Array): boolean
export function offmainReceive(message: Uint8Array, beside: unknown, read: unknown, unreadable: number, why: string | undefined): boolean
export function offmainReact(id: number): void
export function offmainPoll(): void
export function offmainThread(record: number, tlsBase: number, stackSize: number): void
export function offmainEnd(): void

export default function init(options: { module_or_path: WebAssembly.Module; memory: WebAssembly.Memory; thread_stack_size: number }): Promise<Wasm>
