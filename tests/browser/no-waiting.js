// Loaded before all else, in a page or in a coordinator: every web call that could hold the thread throws and is noted.
// What WebAssembly itself could do to wait is checked on the built modules.
// `noWaiting.calls` are those of this realm, `noWaiting.others` those of other realms, by name; `noWaiting.ask()` has them answer;
// `noWaiting.provoke()` tries what is replaced in a page and gives the names of what threw.
{
  const channel = new BroadcastChannel('no-waiting')
  const realm = globalThis.document ? 'page' : globalThis.name
  const calls = []
  const others = {}
  const tell = () => channel.postMessage({ realm, calls })
  channel.onmessage = ({ data }) => {
    if (data.realm) others[data.realm] = data.calls
    else tell()
  }
  const provoke = () => {
    const attempts = {
      wait: () => Atomics.wait(),
      request: () => new XMLHttpRequest().open('GET', '/', false),
      alert: () => alert(),
      confirm: () => confirm(),
      prompt: () => prompt(),
      compile: () => new WebAssembly.Module(),
      share: () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }),
    }
    const throws = (attempt) => {
      try {
        attempt()
      } catch {
        return true
      }
    }
    return Object.keys(attempts).filter((name) => throws(attempts[name]))
  }
  globalThis.noWaiting = { calls, others, ask: () => channel.postMessage('who is there?'), provoke }

  const refuse = (call) => {
    calls.push(call)
    tell()
    throw new Error(`${call} was called in the ${realm}, where nothing may wait`)
  }
  const refuseNew = (holder, name, refused = () => true) => {
    const kept = holder[name]
    if (!kept) return
    // A proxy, so that `instanceof` goes on working.
    const construct = (_, args) => (refused(...args) ? refuse(`new ${name}`) : new kept(...args))
    holder[name] = new Proxy(kept, { construct })
  }

  Atomics.wait = () => refuse('Atomics.wait')
  for (const name of ['alert', 'confirm', 'prompt', 'print', 'importScripts']) {
    if (name in globalThis) globalThis[name] = () => refuse(name)
  }
  const { open } = XMLHttpRequest.prototype
  XMLHttpRequest.prototype.open = function (method, url, async = true, ...rest) {
    if (!async) refuse('a synchronous XMLHttpRequest')
    return open.call(this, method, url, async, ...rest)
  }
  refuseNew(globalThis, 'FileReaderSync')
  // Compiled and instantiated at once, a module holds the thread the longer the larger it is.
  refuseNew(WebAssembly, 'Module')
  refuseNew(WebAssembly, 'Instance')
  if (realm === 'page') {
    // The coordinator makes the shared memory; the main thread has none.
    refuseNew(WebAssembly, 'Memory', ({ shared }) => shared)
    refuseNew(globalThis, 'SharedArrayBuffer')
  }
  tell()
}
