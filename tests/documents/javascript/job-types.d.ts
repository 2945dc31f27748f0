// The jobs of the book's examples, as `cargo offmain build` would write them.

export interface Jobs {
  thumbnail: { input: { photo: Uint8Array; width: number }; output: Uint8Array; error: string; progress: number }
  frame: { input: { number: number }; output: import('./lease.js').Lease; error: string; progress: null }
  greet: { input: { name: string }; output: string; error: string; progress: null }
  countPrimes: { input: { below: number }; output: number; error: string; progress: number }
}
