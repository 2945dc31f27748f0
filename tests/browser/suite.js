// The page's end of the browser tests. The harness (xtask) asks `suite.list(groups)` for the tests and calls `suite.run()` for each,
// in a fresh page after a failure; a person opens the page and presses a button.
// A test module is one of js/*.js with `export const tests = { 'the promise it holds': async t => {…} }` and, where 60 s
// are not enough, `export const limits_ms = { 'the promise': 120_000 }`;
// or a wasm-bindgen package that exports `tests(): string[]` and `run(name): Promise<void>`.
import * as helpers from './js/t.js'

const { Skip, within } = helpers

// Written beside this page by the harness: [{ group, module }], addresses relative to this file.
const modules = await (await fetch('./modules.json')).json()
const loaded = new Map()

function load(module) {
  if (!loaded.has(module)) loaded.set(module, open(module))
  return loaded.get(module)
}

async function open(module) {
  const it = await import(new URL(module, import.meta.url).href)
  if (it.tests && typeof it.tests === 'object') {
    return { names: Object.keys(it.tests), limits_ms: it.limits_ms ?? {}, run: (name, t) => it.tests[name](t) }
  }
  if (typeof it.tests === 'function' && typeof it.run === 'function') {
    await it.default()
    return { names: it.tests(), limits_ms: {}, run: name => it.run(name) }
  }
  throw new Error(`${module} exports neither an object \`tests\` nor functions \`tests\` and \`run\``)
}

// Every test of these groups as { group, module, name, limit_ms }, and for a module that does not load { group, module, error }.
async function list(groups) {
  const found = []
  for (const { group, module } of modules.filter(({ group }) => groups.includes(group))) {
    try {
      const { names, limits_ms } = await within(load(module), 30_000, `${module} to load`)
      found.push(...names.map(name => ({ group, module, name, limit_ms: limits_ms[name] })))
    } catch (error) {
      found.push({ group, module, error: describe(error) })
    }
  }
  return found
}

// Runs one test: { outcome: 'passed' | 'failed' | 'skipped', ms, message }.
async function run({ module, name, engine, limit_ms }) {
  const stray = watchStrayErrors()
  const began = performance.now()
  const result = outcome => ({ ms: Math.round(performance.now() - began), message: '', ...outcome })
  try {
    const suite = await load(module)
    await within(suite.run(name, { ...helpers, engine }), limit_ms ?? 60_000, 'the test to end')
    const errors = await stray.stop()
    return errors.length ? result({ outcome: 'failed', message: `passed, but left behind:\n${errors.join('\n')}` }) : result({ outcome: 'passed' })
  } catch (error) {
    const strays = (await stray.stop()).map(text => `\nbeside it: ${text}`).join('')
    const reason = skipReason(error)
    return reason ? result({ outcome: 'skipped', message: reason }) : result({ outcome: 'failed', message: describe(error) + strays })
  }
}

// A test written in Rust cannot throw a Skip, so a message that begins with `skip: ` stands for one.
function skipReason(error) {
  if (error instanceof Skip) return error.message
  return /^skip: (.+)/s.exec(error?.message ?? error)?.[1]
}

function describe(error) {
  if (!(error instanceof Error || error instanceof DOMException)) return String(error)
  const title = `${error.name}: ${error.message}`
  const stack = error.stack ?? ''
  return stack.startsWith(title) ? stack : `${title}\n${stack}`
}

// Errors and rejections that reach nobody's handler belong to the test that runs.
function watchStrayErrors() {
  const errors = []
  let last, seenLast
  const onError = event => errors.push(`uncaught ${describe(event.error ?? event.message)}`)
  const onRejection = event => {
    if (event.promise !== last) return errors.push(`unhandled rejection ${describe(event.reason)}`)
    event.preventDefault()
    seenLast()
  }
  addEventListener('error', onError)
  addEventListener('unhandledrejection', onRejection)
  return {
    async stop() {
      // Unhandled rejections are reported some tasks later, but in order: when our own is, all before it have been.
      await new Promise(resolve => {
        seenLast = resolve
        last = Promise.reject(new Error('the last one'))
      })
      removeEventListener('error', onError)
      removeEventListener('unhandledrejection', onRejection)
      return errors
    },
  }
}

async function runAll() {
  const [place, total] = [document.querySelector('#list'), document.querySelector('#total')]
  place.textContent = ''
  const count = { passed: 0, failed: 0, skipped: 0 }
  for (const test of await list(modules.map(({ group }) => group))) {
    const { outcome, ms, message } = test.error ? { outcome: 'failed', ms: 0, message: test.error } : await run({ ...test, engine: 'this browser' })
    count[outcome]++
    const item = place.appendChild(document.createElement('li'))
    item.className = outcome
    item.textContent = `${test.group}: ${test.name ?? test.module} (${ms} ms)`
    if (message) item.appendChild(document.createElement('pre')).textContent = message
    total.textContent = `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`
  }
}

document.querySelector('#all').onclick = runAll
globalThis.suite = { list, run }
