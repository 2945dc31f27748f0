// The page: a section for each suite, drawn live while it runs. `?run=article,size` runs suites by itself, with `&quick` quickly; the command
// opens it so, and reads `bench`.

import { chart, number } from './chart.js'
import { run } from './run.js'
import { suites } from './suites.js'

const query = new URLSearchParams(location.search)
// WebKitGTK may not say how many there are; the command knows.
const cores = Number(query.get('cores') ?? navigator.hardwareConcurrency)
const browser = /(Chrome|Firefox|Version)\/[\d.]+/.exec(navigator.userAgent)?.[0].replace('/', ' ') ?? navigator.userAgent

globalThis.bench = { browser, cores, results: [], error: undefined }

const at = (selector, where = document) => where.querySelector(selector)
const buttons = () => document.querySelectorAll('button')

class Section {
  constructor(suite) {
    this.suite = suite
    this.element = at('#suite').content.cloneNode(true).firstElementChild
    this.element.id = suite.name
    at('h2', this.element).textContent = suite.title
    at('.how', this.element).textContent = suite.how
    const button = at('button', this.element)
    button.setAttribute('aria-label', `Run: ${suite.title}`)
    button.addEventListener('click', () => alone([this]))
    at('#suites').append(this.element)
  }

  /** Runs the suite and gives its facts, each chart with its picture. */
  async run(setting) {
    const bar = at('progress', this.element)
    Object.assign(bar, { hidden: false, value: 0 })
    this.say('starting …')
    try {
      const facts = await run(this.suite, setting, (facts, share) => {
        bar.value = share
        this.say(`${Math.round(share * 100)} %`)
        this.draw(facts)
      })
      this.draw(facts)
      this.say('')
      return { ...facts, charts: facts.charts.map((it) => ({ ...it, svg: chart(it) })) }
    } catch (error) {
      this.say(`${error?.stack ?? error}`, true)
      throw error
    } finally {
      bar.hidden = true
    }
  }

  say(text, failed = false) {
    const state = at('.state', this.element)
    state.textContent = text
    state.classList.toggle('failed', failed)
  }

  draw({ charts, goals }) {
    at('.charts', this.element).innerHTML = charts.map(chart).join('')
    at('.goals', this.element).replaceChildren(...goals.map(goalItem))
  }
}

function goalItem({ text, figure, unit, met }) {
  const item = document.createElement('li')
  item.className = met === null ? 'open' : met ? 'met' : 'missed'
  item.textContent = `${text}: ${figure === null ? 'not measured' : `${number(figure)} ${unit}`}`
  return item
}

/** One run at a time: two would disturb each other. */
async function alone(sections, quick = at('#quick').checked) {
  for (const button of buttons()) button.disabled = true
  try {
    for (const section of sections) bench.results.push(await section.run({ cores, quick }))
  } catch (error) {
    bench.error = `${error?.message ?? error}\n${error?.stack ?? ''}`
  } finally {
    for (const button of buttons()) button.disabled = false
  }
}

at('#environment').textContent = `${browser}; ${cores} cores; ${crossOriginIsolated ? 'shared memory' : 'NOT cross-origin isolated: pools do not start'}.`
const sections = suites.map((suite) => new Section(suite))
at('#all').addEventListener('click', () => alone(sections))
if (query.has('run')) {
  const names = query.get('run').split(',')
  alone(sections.filter(({ suite }) => names.includes(suite.name)), query.has('quick'))
}
