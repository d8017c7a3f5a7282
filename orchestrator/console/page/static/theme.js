// Before anything is drawn: the theme that this browser chose, if it chose one.
(() => {
  let chosen = null
  try { chosen = localStorage.getItem("theme") } catch { /* no storage here: what the system says */ }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen
})()
