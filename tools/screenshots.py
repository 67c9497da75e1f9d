"""Make the pictures of the documentation from a running demo.

Start the demo (``make run``) on a fresh database, then run
``.venv/bin/python tools/screenshots.py [ADDRESS]``. Every picture is made at 1440 and at 390
pixels, in light and in dark, and written to ``docs/pictures`` with a palette.
Nothing is decided or changed; only what is read is marked as seen.
"""

from __future__ import annotations

import base64
import os
import shutil
import struct
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "pictures"
PASSWORD: Final = "harbour-lights-42"
SIZES: Final = {1440: 900, 390: 780}
SCHEMES: Final = ("light", "dark")
PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")

# Reduces a picture in the browser: the 96 most frequent colours, every other one to its nearest.
REDUCE: Final = """async data => {
  const blob = await (await fetch('data:image/png;base64,' + data)).blob();
  const image = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(
    context.getImageData(0, 0, image.width, image.height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) || 0) + 1);
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 96).map(([pixel]) => pixel);
  const places = new Map(palette.map((pixel, at) => [pixel, at]));
  const far = (a, b) => Math.abs((a & 255) - (b & 255))
    + Math.abs((a >> 8 & 255) - (b >> 8 & 255)) + Math.abs((a >> 16 & 255) - (b >> 16 & 255));
  for (const pixel of counts.keys()) {
    if (places.has(pixel)) continue;
    let best = 0;
    for (let at = 1; at < palette.length; at++)
      if (far(palette[at], pixel) < far(palette[best], pixel)) best = at;
    places.set(pixel, best);
  }
  let text = '';
  const indices = Uint8Array.from(pixels, pixel => places.get(pixel));
  for (let at = 0; at < indices.length; at += 8192)
    text += String.fromCharCode(...indices.subarray(at, at + 8192));
  return {width: image.width, height: image.height, indices: btoa(text),
    palette: palette.flatMap(p => [p & 255, p >> 8 & 255, p >> 16 & 255])};
}"""


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: whose screen, which page, and what is done there before it is taken."""

    name: str
    who: str
    path: str
    act: Callable[[Page], None] | None = None


def _open_first(page: Page) -> None:
    """Open the first request of a list on its own page."""
    page.goto(str(page.locator(".rq .ti a").first.get_attribute("href")))


def _open_first_with(panel: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        address = str(page.locator(".rq .ti a").first.get_attribute("href"))
        page.goto(f"{address}{'&' if '?' in address else '?'}panel={panel}")
        page.locator(".panel").wait_for()

    return act


def _select_three(page: Page) -> None:
    for number in range(3):
        page.locator(".rq label.hit").nth(number).click()
    if page.locator("#pane").is_visible():
        page.locator("#review").wait_for()
    page.mouse.move(0, 0)


def _follow(selector: str) -> Callable[[Page], None]:
    """Go where the first link that matches leads."""

    def act(page: Page) -> None:
        page.goto(str(page.locator(selector).first.get_attribute("href")))

    return act


def _read_mail(page: Page) -> None:
    page.locator("main td a", has_text="Approve").first.click()
    page.frame_locator("iframe").locator("table").first.wait_for()


def _fill_order(page: Page) -> None:
    page.select_option("#f-customer", index=2)
    page.select_option("#f-department", "cheese")
    page.fill("#f-delivery_date", "2026-12-07")
    page.fill("#f-lines-0-product", "PRD-1002")
    page.fill("#f-lines-0-description", "Gouda, young")
    page.fill("#f-lines-0-quantity", "40")
    page.fill("#f-lines-0-unit_price", "62.50")
    page.evaluate("document.activeElement.blur()")


WAITING: Final = "/records/sales_order?state=waiting_for_approval"
PICTURES: Final = (
    Picture("inbox", "mia", "/inbox"),
    Picture("request", "mia", "/inbox?sort=newest", _open_first),
    Picture("reject", "mia", "/inbox?sort=newest", _open_first_with("reject")),
    Picture("selection", "mia", "/inbox", _select_three),
    Picture("new-order", "rui", "/records/sales_order/new", _fill_order),
    Picture(
        "order", "rui", "/records/sales_order?state=waiting_for_approval", _follow("main tbody a")
    ),
    Picture("my-requests", "rui", "/my-requests"),
    Picture("mail", "mia", "/dev/mail/?to=mia@kestrel.example", _read_mail),
    Picture("workflow", "alma", "/workflows/sales_order_approval"),
    Picture("matrix", "alma", "/matrices/sales_order_amounts"),
    Picture("record-type", "alma", "/record-types/sales_order"),
    Picture("people", "alma", "/admin/users"),
    Picture("deliveries", "otto", "/admin/deliveries"),
    Picture("sla-board", "otto", "/sla?scope=everyone"),
    Picture("receipt", "otto", "/sla?scope=everyone", _follow('main a[href^="/sla/"].muted')),
    Picture("sla-report", "otto", "/sla/report"),
    Picture("calendar", "alma", "/calendars/office_hours"),
    Picture("alerts", "dana", "/alerts?severity=critical"),
    Picture("locks", "dana", "/locks"),
    Picture("property", "dana", "/locks", _follow("main tbody a")),
    Picture("lock-types", "alma", "/lock-types"),
)


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def _png(reduced: dict[str, Any]) -> bytes:
    """Return a PNG with a palette; rows are stored unfiltered, which suits flat surfaces."""
    width, height = int(reduced["width"]), int(reduced["height"])
    indices = base64.b64decode(reduced["indices"])
    rows = b"".join(
        b"\0" + indices[start : start + width] for start in range(0, len(indices), width)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", header), (b"PLTE", bytes(reduced["palette"])))
    end = ((b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in (*parts, *end))


def _signed_in(browser: Browser, address: str, who: str) -> Any:
    """Sign in as a person of the demo and return the cookies."""
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/sign-in")
    page.fill('input[type="email"]', f"{who}@kestrel.example")
    page.fill('input[type="password"]', PASSWORD)
    page.press('input[type="password"]', "Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    state = context.storage_state()
    context.close()
    return state


def _take(context: BrowserContext, picture: Picture, reducer: Page) -> bytes:
    page = context.new_page()
    page.goto(picture.path)
    if picture.act:
        picture.act(page)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(400)
    shot = page.screenshot(animations="disabled", caret="hide")
    page.close()
    return _png(reducer.evaluate(REDUCE, base64.b64encode(shot).decode()))


def main(address: str, only: list[str]) -> int:
    """Make the pictures named in ``only``, or all of them; returns the exit code."""
    program = os.environ.get("WFWEB_CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)))
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = [picture for picture in PICTURES if not only or picture.name in only]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        reducer = browser.new_page()
        people = {who: _signed_in(browser, address, who) for who in {p.who for p in wanted}}
        for width, height in SIZES.items():
            for scheme in SCHEMES:
                for picture in wanted:
                    context = browser.new_context(
                        base_url=address,
                        storage_state=people[picture.who],
                        viewport={"width": width, "height": height},
                        color_scheme="dark" if scheme == "dark" else "light",
                        reduced_motion="reduce",
                        has_touch=width < 600,  # noqa: PLR2004 - a phone
                    )
                    file = FOLDER / f"{picture.name}-{width}-{scheme}.png"
                    file.write_bytes(_take(context, picture, reducer))
                    context.close()
                    print(f"{file.name} {file.stat().st_size // 1024} kB", flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    where = arguments[0] if arguments else "http://127.0.0.1:8000"
    sys.exit(main(where.rstrip("/"), arguments[1:]))
