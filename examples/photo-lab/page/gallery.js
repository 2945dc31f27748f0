// The cards of the photographs.

import { paint } from './blurhash.js'
import { bytes, duration, saving } from './format.js'

/** What was finished last, as the person is told. */
const STAGES = {
  '': 'waiting',
  enlarging: 'enlarging',
  decoded: 'making sizes',
  resized: 'writing thumbnails',
  thumbnail: 'writing thumbnails',
  jpeg: 'writing the PNG',
  png: 'writing the AVIF',
  avif: 'finishing',
}

export class Gallery {
  #cards = new Map()

  constructor({ list, template, empty }, lab) {
    Object.assign(this, { list, template, empty, lab })
    lab.addEventListener('added', ({ detail }) => this.#add(detail))
    lab.addEventListener('changed', ({ detail }) => this.#cards.get(detail)?.update())
    lab.addEventListener('over', ({ detail }) => this.#cards.get(detail)?.update())
    lab.addEventListener('cleared', () => this.#drop())
  }

  #add(photo) {
    const element = this.template.content.firstElementChild.cloneNode(true)
    this.list.append(element)
    this.#cards.set(photo, new Card(element, photo))
    this.empty.hidden = true
  }

  #drop() {
    for (const [photo, card] of this.#cards) {
      if (this.lab.photos.includes(photo)) continue
      card.element.remove()
      this.#cards.delete(photo)
    }
    this.empty.hidden = this.#cards.size > 0
  }
}

class Card {
  #previewed = false
  #over = false

  constructor(element, photo) {
    Object.assign(this, { element, photo })
    const find = (selector) => element.querySelector(selector)
    Object.assign(this, { blur: find('canvas'), image: find('img'), fault: find('.fault'), facts: find('.facts') })
    Object.assign(this, { bar: find('progress'), palette: find('.palette'), downloads: find('.downloads'), cancel: find('.cancel') })
    find('h3').textContent = photo.name
    element.dataset.name = photo.name
    this.bar.setAttribute('aria-label', `Progress of ${photo.name}`)
    this.cancel.setAttribute('aria-label', `Cancel ${photo.name}`)
    this.cancel.addEventListener('click', () => photo.cancel())
    this.update()
  }

  update() {
    const { photo } = this
    this.element.dataset.state = photo.state
    this.bar.value = photo.fraction
    if (photo.preview && !this.#previewed) this.#showPreview(photo.preview)
    if (!photo.isOver) this.facts.textContent = `${photo.bytesIn ? `${bytes(photo.bytesIn)} · ` : ''}${STAGES[photo.stage]}`
    else if (!this.#over) this.#finish()
  }

  #showPreview({ blurhash }) {
    this.#previewed = true
    paint(blurhash, this.blur)
    this.blur.hidden = false
  }

  #finish() {
    this.#over = true
    this.bar.hidden = true
    this.cancel.hidden = true
    if (this.photo.state === 'done') this.#showOutput()
    else this.#showFault()
  }

  #showFault() {
    this.fault.textContent = this.photo.fault
    this.fault.hidden = false
    this.blur.hidden = true
    this.facts.textContent = [this.photo.bytesIn ? bytes(this.photo.bytesIn) : 'empty', this.photo.state === 'failed' ? 'broken' : 'cancelled'].join(' · ')
  }

  #showOutput() {
    const { photo } = this
    const { width, height, avif, palette, fromCache, tookMs } = photo.output
    const widest = Math.max(...photo.output.thumbnails.map((thumbnail) => thumbnail.width))
    this.image.addEventListener('load', () => this.image.classList.add('there'), { once: true })
    this.image.src = photo.url(`thumbnail${widest}`)
    this.image.alt = photo.name
    this.image.hidden = false
    const time = fromCache > 1 && tookMs < 50 ? 'from the cache' : duration(tookMs)
    this.facts.replaceChildren(
      `${width} × ${height} · ${time}`,
      document.createElement('br'),
      `${bytes(photo.bytesIn)} → ${bytes(avif.byteLength)}, `,
      Object.assign(document.createElement('b'), { textContent: saving(photo.bytesIn, avif.byteLength) }),
    )
    this.palette.replaceChildren(...palette.map(swatch))
    this.#showDownloads()
  }

  #showDownloads() {
    const base = this.photo.name.replace(/\.\w+$/, '')
    const links = Object.entries(this.photo.files()).map(([name, file]) => {
      const link = document.createElement('a')
      const ending = file.mime.split('/')[1].replace('jpeg', 'jpg')
      link.download = `${base}${name.startsWith('thumbnail') ? `-${name.slice(9)}` : ''}.${ending}`
      link.textContent = name.startsWith('thumbnail') ? name.slice(9) : name.toUpperCase()
      link.title = `${link.download}, ${bytes(file.bytes.byteLength)}`
      link.setAttribute('aria-label', `Download ${link.title}`)
      // The address is made at the click: a link needs one to be in the tab order.
      link.href = '#'
      link.addEventListener('click', () => (link.href = this.photo.url(name)))
      return link
    })
    this.downloads.replaceChildren(...links)
    this.downloads.hidden = false
  }
}

function swatch(colour) {
  const item = document.createElement('li')
  item.style.backgroundColor = colour
  item.title = colour
  item.append(Object.assign(document.createElement('span'), { className: 'visually-hidden', textContent: colour }))
  return item
}
