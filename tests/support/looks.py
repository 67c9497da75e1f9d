"""Looking at a page by rules: what axe finds, and whether anything is wider than the page."""

from pathlib import Path

from playwright.sync_api import Page

AXE = (Path(__file__).parent.parent / "vendor" / "axe-4.14.1.min.js").read_text(encoding="utf-8")
RUN_AXE = """rules => axe.run(document, {resultTypes: ['violations'],
    ...(rules && {runOnly: rules})}).then(result => result.violations.map(
    found => found.id + " " + found.nodes.map(node => node.html.slice(0, 160)).join(" | ")))"""
# What stands further right than the page is wide, unless a scrolling region holds it.
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"
# What depends on size and colours; the structure of a page is the same in all of them.
LOOKS = ["color-contrast", "target-size", "scrollable-region-focusable", "link-in-text-block"]
SIZES = {"wide": (1440, 900), "phone": (390, 844)}


def axe(page: Page, rules: list[str] | None = None) -> list[str]:
    """Return what axe finds on the page as it is, by all rules or by some."""
    page.evaluate(AXE)
    return list(page.evaluate(RUN_AXE, rules))


def faults(page: Page, name: str) -> list[str]:
    """Return what is wrong on a desk and on a phone, light and dark; at 320 px only the width."""
    page.evaluate(AXE)
    found = []
    for width, height in (*SIZES.values(), (320, 700)):
        page.set_viewport_size({"width": width, "height": height})
        if page.evaluate(TOO_WIDE):
            found.append(f"{name} scrolls sideways at {width}")
        for scheme in ("light", "dark") if width > 320 else ():
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
            rules = None if (width, scheme) == (1440, "light") else LOOKS
            found += [f"{name} {width} {scheme}: {one}" for one in page.evaluate(RUN_AXE, rules)]
    return found
