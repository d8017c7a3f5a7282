// What every page does: ask in a dialog, tell what came of it, keep clocks going, say whether the page is live.
(() => {
  "use strict"
  const find = (selector, within = document) => within.querySelector(selector)
  const html = document.documentElement

  // Theme

  document.addEventListener("click", event => {
    const button = event.target.closest("[data-theme-switch]")
    if (!button) return
    const dark = getComputedStyle(html).colorScheme === "dark"
      || (!html.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches)
    html.dataset.theme = dark ? "light" : "dark"
    try { localStorage.setItem("theme", html.dataset.theme) } catch { /* only for this page, then */ }
    document.dispatchEvent(new Event("theme"))
  })
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => document.dispatchEvent(new Event("theme")))

  // Dialog: what is asked comes as a form, and goes when it was taken

  const dialog = () => find("#dialog")
  document.addEventListener("htmx:afterSwap", event => {
    if (event.target.id !== "dialog-body") return
    const box = dialog()
    if (!find("#dialog-body").firstElementChild) return box.close()
    if (!box.open) box.showModal()
    const field = find("[autofocus]", box)
    if (field) field.focus()
  })
  document.addEventListener("click", event => {
    if (event.target.closest("[data-close]") || event.target === dialog()) dialog().close()
    const refused = event.target.closest("button[aria-disabled='true']")
    if (refused) tell({ words: refused.title, bad: true })
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target) || event.target.closest("button")) menu.open = false
    }
  })
  document.addEventListener("keydown", event => {
    if (event.key === "Escape") {
      for (const menu of document.querySelectorAll("details.menu[open]")) { menu.open = false; find("summary", menu).focus() }
    }
    const typing = event.target.closest("input, textarea, select, [contenteditable]")
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const field = find("#find")
      if (field) { event.preventDefault(); field.focus(); field.select() }
    }
  })

  // A button that is switched off says why, and asks nothing.
  document.addEventListener("htmx:beforeRequest", event => {
    if (event.detail.elt.getAttribute("aria-disabled") === "true") event.preventDefault()
  })

  // Telling

  function tell({ words, bad }) {
    if (!words) return
    const toast = document.createElement("div")
    toast.className = bad ? "toast toast-bad" : "toast"
    toast.setAttribute("role", bad ? "alert" : "status")
    toast.textContent = words
    find("#toasts").replaceChildren(toast)
    setTimeout(() => toast.remove(), bad ? 9000 : 6000)
  }
  document.addEventListener("told", event => tell(event.detail))
  document.addEventListener("close-dialog", () => {
    find("#dialog-body").replaceChildren()
    dialog().close()
  })

  document.addEventListener("htmx:configRequest", event => { event.detail.headers.Accept = "text/html" })
  document.addEventListener("htmx:beforeSwap", event => {
    if (event.detail.xhr.status === 401) {
      event.detail.shouldSwap = false
      signIn()
    }
  })
  document.addEventListener("htmx:sendError", () => tell({ words: "The console does not answer; nothing was asked.", bad: true }))

  function signIn() {
    location.assign("/sign-in?ended=1&next=" + encodeURIComponent(location.pathname))
  }

  // In a narrow window the pages' names are wider than their line: the one that is open is seen
  document.addEventListener("DOMContentLoaded", () => find(".nav [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" }))

  // Whoever types which tenants means those: the choice beside it goes along
  document.addEventListener("input", event => {
    const choice = event.target.closest(".whom label")?.querySelector("input[type=radio]")
    if (choice && choice !== event.target && event.target.value) choice.checked = true
  })

  // Live

  function state(name, words) {
    const mark = find("#live")
    if (!mark || mark.dataset.state === name) return
    mark.dataset.state = name
    mark.title = words
    find("span", mark).textContent = name === "live" ? "Live" : name === "away" ? "Away" : "Still"
  }
  document.addEventListener("htmx:sseOpen", () => state("live", "What you see is as it is"))
  document.addEventListener("htmx:sseError", event => {
    state("away", "The console does not answer; what you see is as it was")
    // A stream that is refused stays closed: the session is over, or the plan is gone.
    const source = event.detail.source
    if (source && source.readyState === EventSource.CLOSED) fetch(location.href, { headers: { Accept: "text/html" } })
      .then(answer => { if (answer.status === 401 || answer.redirected) signIn() }, () => {})
  })
  document.addEventListener("htmx:sseBeforeMessage", event => {
    const kind = event.detail.type
    if (kind === "away") { event.preventDefault(); state("away", event.detail.data) }
    else if (kind === "here") { event.preventDefault(); state("live", "What you see is as it is") }
    else if (kind !== "map") {
      state("live", "What you see is as it is")
      held.delete(event.target)
      hold(event)
    }
  })

  // What somebody reads or is about to press does not change under the hand: the newest waits until that is left

  const PATIENCE = 5000
  const held = new Map()
  let hand = { list: null, at: 0 }
  // Long lists that nobody sees at this moment are drawn when they come into sight.
  const unseen = new WeakSet()
  const sight = new IntersectionObserver(entries => {
    for (const one of entries) one.isIntersecting ? unseen.delete(one.target) : unseen.add(one.target)
  }, { rootMargin: "120px" })
  const watchSight = () => document.querySelectorAll("[data-hold='unseen']").forEach(list => sight.observe(list))
  document.addEventListener("DOMContentLoaded", watchSight)
  document.addEventListener("htmx:afterSettle", watchSight)
  const isInHand = list => unseen.has(list) || (hand.list === list && performance.now() - hand.at < PATIENCE)
  for (const kind of ["pointermove", "keydown", "wheel"]) {
    document.addEventListener(kind, event => { hand = { list: event.target.closest("[data-hold]"), at: performance.now() } }, { passive: true })
  }
  function hold(event) {
    if (!isInHand(event.target)) return
    event.preventDefault()
    held.set(event.target, event.detail.data)
  }
  function letGo() {
    for (const [list, html] of held) {
      if (isInHand(list)) continue
      held.delete(list)
      if (list.isConnected) htmx.swap(list, html, { swapStyle: "morph:innerHTML" })
    }
  }
  setInterval(letGo, 250)

  // What a person has opened stays open, whatever the server draws.
  const keepOpen = { beforeAttributeUpdated: (name, element) => !((name === "open" && element.localName === "details") || name === "aria-pressed") }
  Object.assign(Idiomorph.defaults.callbacks, keepOpen)

  // Clocks: `data-since` and `data-until` are moments (ms); the server's clock counts, not this one's

  const skew = Number(html.dataset.now || Date.now()) - Date.now()
  const two = number => String(number).padStart(2, "0")
  function span(seconds) {
    const whole = Math.max(0, Math.round(seconds))
    if (whole < 60) return `${whole}s`
    if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`
    if (whole < 86400) return `${Math.floor(whole / 3600)}h ${two(Math.floor(whole % 3600 / 60))}m`
    return `${Math.floor(whole / 86400)}d ${Math.floor(whole % 86400 / 3600)}h`
  }
  function clocks() {
    const now = Date.now() + skew
    for (const one of document.querySelectorAll("[data-since], [data-until]")) {
      const seconds = one.dataset.since ? (now - one.dataset.since) / 1000 : (one.dataset.until - now) / 1000
      const words = span(seconds)
      if (one.textContent !== words) one.textContent = words
    }
  }
  setInterval(clocks, 1000)
  // Many pieces come at once; clocks are put right once a frame.
  let isDue = false
  document.addEventListener("htmx:afterSwap", () => {
    if (isDue) return
    isDue = true
    requestAnimationFrame(() => { isDue = false; clocks() })
  })
  // A time in the zone of who looks, when somebody points at it: hundreds of them are on a page.
  document.addEventListener("pointerover", event => {
    const time = event.target.closest("time[data-day]")
    if (time) time.title = new Date(time.dateTime).toString()
  })
  document.addEventListener("DOMContentLoaded", clocks)

  // A file chosen for the plan's form goes into its text field, where it can be read and changed

  document.addEventListener("change", event => {
    const input = event.target.closest("[data-file-for]")
    if (!input || !input.files.length) return
    input.files[0].text().then(text => {
      const field = find("#" + input.dataset.fileFor)
      field.value = text
      field.dispatchEvent(new Event("input", { bubbles: true }))
    })
  })
  document.addEventListener("input", event => {
    // What was checked is not what stands there now.
    if (event.target.closest("[data-checked]")) { const told = find("#check"); if (told) told.replaceChildren() }
  })
})()
