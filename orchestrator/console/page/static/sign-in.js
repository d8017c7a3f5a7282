// A one-time link has its code behind the #, which browsers send nowhere: it is put into the form, and the form is sent.
{
  function take() {
    const code = location.hash.slice(1)
    if (!code.startsWith("chg-link-")) return
    history.replaceState(null, "", location.pathname)
    const form = document.querySelector('form[action="/sign-in"]')
    form.elements.link.value = code
    form.submit()
  }
  // A link that is opened where this page is open already loads nothing.
  addEventListener("hashchange", take)
  take()
}
