"""A person at the console's page: a real browser that keeps what went wrong, and what moved under the eyes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Browser, ConsoleMessage, Page, expect

ROOT: Final = Path(__file__).parents[2]
AXE: Final = ROOT / "build" / "axe-core" / "axe.min.js"
"""``make test-browser`` fetches it."""

Theme = Literal["dark", "light"]

_WATCH_SHIFTS: Final = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    const place = box => [box.x, box.y, box.width, box.height].map(one => one.toFixed(1)).join(" ");
    const what = entry.sources.map(one => {
      const node = one.node && one.node.nodeType === 3 ? one.node.parentElement : one.node;
      const name = node && (node.id || node.className || node.localName);
      return `${name} from ${place(one.previousRect)} to ${place(one.currentRect)}`;
    });
    window.shifts.push({ value: entry.value, what });
  }
}).observe({ type: "layout-shift", buffered: true });
"""
_SERIOUS: Final = ("serious", "critical")


class Visitor:
    """One person. ``page`` is playwright's; ``leave`` says what was wrong."""

    def __init__(
        self, browser: Browser, url: str, *, width: int = 1280, height: int = 900, theme: Theme = "light"
    ) -> None:
        self._url = url
        self._context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=theme, base_url=url, reduced_motion="reduce"
        )
        self._context.add_init_script(_WATCH_SHIFTS)
        self.page: Page = self._context.new_page()
        self.page.set_default_timeout(20_000)
        self.errors: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def sign_in(self, token: str) -> None:
        """By the form."""
        self.page.goto("/sign-in")
        self.page.get_by_label("Token").fill(token)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", name="Plans")).to_be_visible()

    def ask(self, button: str, *, reason: str = "", says: str = "", within: Any = None) -> None:
        """Presses a button, reads what its dialog says, gives a reason, and does it."""
        (within or self.page).get_by_role("button", name=button, exact=True).first.click()
        dialog = self.page.get_by_role("dialog")
        expect(dialog).to_be_visible()
        expect(dialog).to_contain_text(says)
        if reason:
            dialog.get_by_label("Reason").fill(reason)
        dialog.locator("button.primary").click()
        expect(dialog).to_be_hidden()

    def shifts(self) -> list[dict[str, Any]]:
        """What moved without an input of its own since the page was loaded."""
        found: list[dict[str, Any]] = self.page.evaluate("window.shifts")
        return found

    def not_accessible(self) -> list[str]:
        """What axe-core calls serious, or critical, of the page as it stands."""
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found["violations"]
            if one["impact"] in _SERIOUS
            for node in one["nodes"]
        ]

    def leave(self) -> None:
        """Closes the browser's window."""
        self._context.close()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.text} {message.location}")
