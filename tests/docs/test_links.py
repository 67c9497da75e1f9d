"""Every link and picture of the documentation leads somewhere."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, links, pictures

MOST_BYTES_OF_PICTURES = 4_000_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_resolve(page: Path) -> None:
    broken = []
    for link in links(page):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_list_of_contents_names_every_section(page: Path) -> None:
    before, *sections = re.split(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    listed = set(re.findall(r"\(#([^)]+)\)", before))
    named = {name.lower().replace(" ", "-") for name in sections[::2]}
    assert not listed or named <= listed


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pictures_exist(page: Path) -> None:
    missing = [name for name in pictures(page) if not (page.parent / name).is_file()]
    assert missing == []


def test_every_light_picture_has_its_dark_one_and_all_are_small() -> None:
    files = list((ROOT / "docs" / "pictures").glob("*.png"))
    names = {file.name for file in files}
    assert {name.replace("-light", "-dark") for name in names if "-light" in name} <= names
    assert sum(file.stat().st_size for file in files) < MOST_BYTES_OF_PICTURES


def test_every_picture_says_what_it_shows() -> None:
    silent = [
        f"{page.name}: {line}"
        for page in PAGES
        for line in page.read_text().splitlines()
        if "<img" in line and 'alt="' not in line
    ]
    assert silent == []
