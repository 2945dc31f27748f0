// Stands for the file of this name that the tool writes of an app's jobs: the one job of `cargo offmain test`.

export interface Jobs {
  main: { input: { args: string[] }; output: null; error: string; progress: null }
}
