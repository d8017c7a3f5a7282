// The map of a plan: one cell a tenant, drawn on a canvas a strip. A change draws the cells that changed and no others.
(() => {
  "use strict"
  // Cells get smaller with their number, so that 5,000 fit a screen and 20 can be hit with a finger.
  const PITCHES = [[120, 20], [400, 16], [1200, 13], [3000, 11], [8000, 9], [20000, 7], [50000, 5]]

  let codes = []
  let strips = []
  let colours = {}
  // By its letter, what the page says of each state: how the style sheet calls it, its words, whether it is a failure.
  let states = {}
  let shown = null
  const costs = []

  const root = () => document.querySelector("#map-card")

  function positionsOf(text) {
    const found = []
    for (const part of text.split(" ")) {
      if (!part) continue
      const [first, last] = part.split("-").map(Number)
      for (let at = first; at <= (last ?? first); at++) found.push(at)
    }
    return found
  }

  // All are put there before any is asked, so that the styles of the page are reckoned once.
  function readColours() {
    const probes = Object.values(states).map(state => Object.assign(document.createElement("i"), { className: "st-" + state.name }))
    document.body.append(...probes)
    colours = { ink: getComputedStyle(document.body).color, card: getComputedStyle(root()).backgroundColor }
    Object.keys(states).forEach((code, at) => { colours[code] = getComputedStyle(probes[at]).color })
    probes.forEach(probe => probe.remove())
  }

  // One mark a state, by shape first: dot, arrow, bars, square, cross, dash, arrow back, ring, crossed square.
  function mark(pen, code, x, y, size) {
    const s = size
    pen.fillStyle = pen.strokeStyle = colours[code] || colours["?"]
    pen.lineWidth = Math.max(1.25, s / 6)
    pen.lineCap = "butt"
    const box = (left, top, wide, high) => pen.fillRect(x + left * s, y + top * s, wide * s, high * s)
    const path = (...points) => {
      pen.beginPath()
      points.forEach(([px, py], at) => at ? pen.lineTo(x + px * s, y + py * s) : pen.moveTo(x + px * s, y + py * s))
    }
    switch (code) {
      case "p": pen.beginPath(); pen.arc(x + s / 2, y + s / 2, Math.max(1, s * 0.17), 0, 7); pen.fill(); break
      case "r": path([0.12, 0.02], [0.98, 0.5], [0.12, 0.98]); pen.closePath(); pen.fill(); break
      case "b": path([0.88, 0.02], [0.02, 0.5], [0.88, 0.98]); pen.closePath(); pen.fill(); break
      case "h": box(0.12, 0.05, 0.28, 0.9); box(0.6, 0.05, 0.28, 0.9); break
      case "c": pen.beginPath(); pen.roundRect(x + 0.06 * s, y + 0.06 * s, 0.88 * s, 0.88 * s, s * 0.16); pen.fill(); break
      case "f": path([0.1, 0.1], [0.9, 0.9]); pen.lineWidth = Math.max(1.6, s / 4.2); pen.stroke(); path([0.9, 0.1], [0.1, 0.9]); pen.stroke(); break
      case "x": box(0.08, 0.4, 0.84, 0.2); break
      case "k": pen.strokeRect(x + 0.14 * s, y + 0.14 * s, 0.72 * s, 0.72 * s); break
      case "u":
        box(0, 0, 1, 1)
        pen.strokeStyle = colours.card
        path([0.25, 0.25], [0.75, 0.75]); pen.stroke(); path([0.75, 0.25], [0.25, 0.75]); pen.stroke(); break
      default: path([0.5, 0.05], [0.95, 0.5], [0.5, 0.95], [0.05, 0.5]); pen.closePath(); pen.stroke()
    }
  }

  class StripMap {
    constructor(element) {
      this.element = element
      this.canvas = element.querySelector("canvas")
      this.positions = positionsOf(element.dataset.positions)
      this.placeOf = new Map(this.positions.map((position, place) => [position, place]))
      this.at = -1
    }

    size(wide) {
      const many = Math.max(codes.length, 1)
      let pitch = (PITCHES.find(([most]) => many <= most) || [0, 4])[1]
      if (wide < 500) pitch = Math.max(4, pitch - (pitch > 12 ? 3 : 2))
      this.pitch = pitch
      this.across = Math.max(1, Math.floor(wide / pitch))
      const high = Math.max(1, Math.ceil(this.positions.length / this.across)) * pitch
      this.ratio = Math.min(3, window.devicePixelRatio || 1)
      this.element.style.height = high + "px"
      this.canvas.width = Math.round(wide * this.ratio)
      this.canvas.height = Math.round(high * this.ratio)
      this.draw()
    }

    draw() {
      const pen = this.canvas.getContext("2d")
      pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0)
      pen.clearRect(0, 0, this.canvas.width, this.canvas.height)
      for (let place = 0; place < this.positions.length; place++) this.cell(pen, place, false)
    }

    cell(pen, place, clear = true) {
      const p = this.pitch, x = (place % this.across) * p, y = Math.floor(place / this.across) * p
      const gap = p >= 9 ? 2 : 1
      if (clear) pen.clearRect(x, y, p, p)
      const code = codes[this.positions[place]]
      pen.globalAlpha = shown && !shown.has(code) ? 0.14 : 1
      mark(pen, code, x + gap / 2, y + gap / 2, p - gap)
      pen.globalAlpha = 1
      if (place === this.at) {
        pen.lineWidth = 1.5
        pen.strokeStyle = colours.ink
        pen.strokeRect(x + 0.75, y + 0.75, p - 1.5, p - 1.5)
      }
    }

    redraw(place) {
      if (place < 0) return
      const pen = this.canvas.getContext("2d")
      pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0)
      this.cell(pen, place)
    }

    placeAt(event) {
      const box = this.canvas.getBoundingClientRect()
      const column = Math.floor((event.clientX - box.left) / this.pitch)
      const place = Math.floor((event.clientY - box.top) / this.pitch) * this.across + column
      return column >= 0 && column < this.across && place < this.positions.length ? place : -1
    }

    choose(place, aloud) {
      if (place === this.at) return
      const before = this.at
      this.at = place
      this.redraw(before)
      this.redraw(place)
      if (place >= 0) inspect(this.positions[place], aloud)
    }
  }

  // The line under the map: which tenant the cell is, asked of the server, a moment after the last move

  let timer = 0
  let asked = -1
  function inspect(position, aloud) {
    const card = root()
    const line = card.querySelector(".inspector")
    line.setAttribute("aria-live", aloud ? "polite" : "off")
    asked = position
    clearTimeout(timer)
    timer = setTimeout(() => {
      fetch(`${card.dataset.plan}/cells/${position}`, { headers: { Accept: "text/html" } })
        .then(answer => answer.ok ? answer.text() : "")
        .then(text => {
          // It is a piece of our own, escaped by the server.
          if (asked === position && text) line.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes)
        }, () => {})
    }, aloud ? 120 : 60)
  }

  function open(strip) {
    if (strip.at >= 0) location.assign(`${root().dataset.plan}/tasks/${strip.positions[strip.at]}`)
  }

  const stripOf = target => strips.find(strip => strip.element === target.closest(".map"))

  document.addEventListener("mousemove", event => {
    const strip = event.target.localName === "canvas" && stripOf(event.target)
    if (strip) strip.choose(strip.placeAt(event), false)
  })
  document.addEventListener("click", event => {
    const strip = event.target.localName === "canvas" && stripOf(event.target)
    if (strip) { strip.choose(strip.placeAt(event), false); open(strip) }
    const state = event.target.closest("[data-show]")
    if (state) show(state)
  })
  document.addEventListener("keydown", event => {
    const strip = event.target.classList && event.target.classList.contains("map") && stripOf(event.target)
    if (!strip) return
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: strip.across, ArrowUp: -strip.across, Home: -1e9, End: 1e9, PageDown: strip.across * 5, PageUp: -strip.across * 5 }
    if (event.key in steps) {
      event.preventDefault()
      const from = strip.at < 0 ? (steps[event.key] > 0 ? -1 : 0) : strip.at
      strip.choose(Math.min(strip.positions.length - 1, Math.max(0, strip.at < 0 ? 0 : from + steps[event.key])), true)
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault()
      open(strip)
    } else if (event.key === "n") {
      // The next one that failed.
      const bad = place => states[codes[strip.positions[place]]]?.bad
      for (let step = 1; step <= strip.positions.length; step++) {
        const place = (strip.at + step) % strip.positions.length
        if (bad(place)) { strip.choose(place, true); break }
      }
    }
  })

  // A state of the legend: those cells stand out, the others fade
  function show(button) {
    const on = button.getAttribute("aria-pressed") !== "true"
    for (const one of document.querySelectorAll("[data-show]")) one.setAttribute("aria-pressed", String(on && one === button))
    shown = on ? new Set(button.dataset.show) : null
    strips.forEach(strip => strip.draw())
  }

  function change(told) {
    const began = performance.now()
    let drawn = 0
    if (told.all) {
      codes = [...told.all]
      strips.forEach(strip => strip.draw())
      drawn = codes.length
    } else {
      for (const [code, positions] of Object.entries(told)) {
        for (const position of positions) {
          codes[position] = code
          for (const strip of strips) {
            const place = strip.placeOf.get(position)
            if (place !== undefined) { strip.redraw(place); drawn++ }
          }
          rows(position, code)
        }
      }
    }
    costs.push({ ms: performance.now() - began, cells: drawn })
    if (costs.length > 500) costs.shift()
  }

  // Rows of the table that show such a task: its state at least is kept as it is
  function rows(position, code) {
    const row = document.getElementById("task-" + position)
    const state = row && row.querySelector(".st")
    if (!state || state.classList.contains("st-" + states[code].name)) return
    state.className = "st st-" + states[code].name
    state.querySelector("use").setAttribute("href", "#i-" + states[code].name)
    state.querySelector("span").textContent = states[code].words
    // Where it stood is not where it stands.
    row.querySelector(".where").replaceChildren()
  }

  document.addEventListener("htmx:sseBeforeMessage", event => {
    if (event.detail.type !== "map") return
    event.preventDefault()
    change(JSON.parse(event.detail.data))
  })

  // Every width is read before any height is set: one layout, however many strips.
  function sizeAll() {
    const widths = strips.map(strip => strip.element.clientWidth)
    strips.forEach((strip, at) => strip.size(widths[at]))
  }

  function begin() {
    const card = root()
    if (!card) return
    codes = [...card.dataset.cells]
    states = JSON.parse(card.dataset.states)
    readColours()
    strips = [...card.querySelectorAll(".map")].map(element => new StripMap(element))
    sizeAll()
  }

  let wide = innerWidth
  addEventListener("resize", () => {
    if (innerWidth !== wide) { wide = innerWidth; requestAnimationFrame(sizeAll) }
  })
  document.addEventListener("theme", () => { readColours(); strips.forEach(strip => strip.draw()) })
  // For tests and the curious: what a change cost, and what the map shows.
  window.changeoverMap = { costs, codes: () => codes.join(""), strips: () => strips }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin); else begin()
})()
