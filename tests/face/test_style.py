"""Style sheets: contrast of every pair of colours in both themes, size, direction."""

import gzip
import re

import pytest

from tests.face.environment import STATIC

CSS = sorted((STATIC / "css").glob("*.css"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
CSS_BUDGET_BYTES = 12_000
# A page-only script that counts clocks down came on top of the first 8,000.
SCRIPT_BUDGET_BYTES = 9_000
TEXT, LARGE = 4.5, 3.0
LEVELS = ("green", "yellow", "orange", "red", "breached")

PAIRS: list[tuple[str, str, float]] = [
    *[
        (ink, ground, TEXT)
        for ink in ("ink", "ink-2", "ink-3")
        for ground in ("canvas", "surface", "surface-2")
    ],
    *[("accent", ground, TEXT) for ground in ("canvas", "surface", "surface-2")],
    *[
        ("ink", ground, TEXT)
        for ground in ("accent-tint", "danger-tint", "ok-tint", "agent-tint", "sunken")
    ],
    ("ink-2", "accent-tint", TEXT),
    ("accent", "accent-tint", TEXT),
    ("ink-3", "accent-tint", TEXT),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-hover", TEXT),
    ("accent-ink", "accent-tint", TEXT),
    ("accent-ink", "surface", TEXT),
    ("on-danger", "danger", TEXT),
    ("on-danger", "danger-hover", TEXT),
    ("danger", "surface", TEXT),
    ("danger", "canvas", TEXT),
    ("danger-ink", "danger-tint", TEXT),
    ("ok-ink", "ok-tint", TEXT),
    ("ok-ink", "surface", TEXT),
    ("warn-ink", "warn-tint", TEXT),
    ("agent-ink", "agent-tint", TEXT),
    ("on-invert", "invert", TEXT),
    ("add-fg", "add-bg", TEXT),
    ("del-fg", "del-bg", TEXT),
    ("ink", "selection", TEXT),
    *[(f"sla-{level}-fg", f"sla-{level}-bg", TEXT) for level in LEVELS],
    ("line-strong", "surface", LARGE),
    ("line-strong", "canvas", LARGE),
    *[("focus", ground, LARGE) for ground in ("canvas", "surface", "surface-2", "accent-tint")],
    ("accent", "sunken", LARGE),
    ("sla-green-line", "surface", LARGE),
]


def tokens() -> dict[str, tuple[str, str]]:
    """Return each colour token's value in light and in dark."""
    text = (STATIC / "css/tokens.css").read_text()
    found = re.findall(r"--([\w-]+):\s*light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", text)
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2 for ``#rrggbb``."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2, 1 to 21."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_contrast_formula_knows_black_on_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("fore", "ground", "least"), PAIRS)
def test_colours_are_readable(fore: str, ground: str, least: float, theme: int) -> None:
    values = tokens()
    assert contrast(values[fore][theme], values[ground][theme]) >= least


def test_sla_levels_keep_their_order_without_any_colour() -> None:
    values = tokens()
    light = [luminance(values[f"sla-{level}-bg"][0]) for level in LEVELS]
    dark = [luminance(values[f"sla-{level}-bg"][1]) for level in LEVELS]
    assert light == sorted(light, reverse=True)
    assert dark == sorted(dark)


def test_all_styles_and_scripts_stay_small() -> None:
    styles = gzip.compress(b"".join(path.read_bytes() for path in CSS), 9)
    scripts = gzip.compress(b"".join(path.read_bytes() for path in SCRIPTS), 9)
    assert len(styles) < CSS_BUDGET_BYTES
    assert len(scripts) < SCRIPT_BUDGET_BYTES


@pytest.mark.parametrize("path", CSS, ids=lambda path: path.name)
def test_styles_follow_the_direction_of_the_language(path: object) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)  # type: ignore[attr-defined]
    physical = re.findall(
        r"[{;]\s*((?:margin|padding|border)-(?:left|right)\b|left\s*:|right\s*:|"
        r"text-align\s*:\s*(?:left|right)|float\s*:)",
        text,
    )
    assert physical == []


@pytest.mark.parametrize("path", CSS, ids=lambda path: path.name)
def test_colours_come_from_tokens_only(path: object) -> None:
    if path.name in {"tokens.css", "print.css", "dev-mail.css"}:  # type: ignore[attr-defined]
        return
    text = path.read_text()  # type: ignore[attr-defined]
    shadows = re.sub(r"(?:box-shadow|::backdrop)[^;}]*", "", text)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{}]*\{)", shadows) == []


def test_every_token_that_is_used_exists() -> None:
    everything = "".join(path.read_text() for path in CSS)
    defined = set(re.findall(r"(--[\w-]+)\s*:", everything))
    used = set(re.findall(r"var\((--[\w-]+)", everything))
    assert used - defined == set()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_build_nothing_from_strings(path: object) -> None:
    text = path.read_text()  # type: ignore[attr-defined]
    assert (
        re.findall(
            r"\beval\(|new Function|innerHTML\s*=|outerHTML\s*=|document\.write|insertAdjacentHTML",
            text,
        )
        == []
    )
