"""What every page must be, checked by reading it as strictly as no browser would.

``problems(html, url_map)`` returns one sentence a fault. ``PageClient`` asks it about every
HTML answer of every test, so a page that nobody checks does not exist. ``read(html)`` returns
the parsed page for tests that follow links and fill in forms.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect

VOID = frozenset(
    "area base br col embed hr img input link meta source track wbr".split()  # noqa: SIM905
)
# A browser ends the paragraph where one of these begins, so the page is not what was written.
BLOCKS = frozenset(
    "address article aside blockquote details div dl fieldset figure footer form h1 h2 h3 h4 h5"  # noqa: SIM905
    " h6 header hr main nav ol p pre section table ul".split()
)
PARENTS = {
    "li": {"ul", "ol", "menu"},
    "dt": {"dl", "div"},
    "dd": {"dl", "div"},
    "tr": {"table", "thead", "tbody", "tfoot"},
    "td": {"tr"},
    "th": {"tr"},
    "option": {"select", "optgroup", "datalist"},
    "legend": {"fieldset"},
    "summary": {"details"},
}
# Roots of fragments: their parent is in the page that takes them.
ALONE = {"#root", "hx-partial", "template"}
INTERACTIVE = frozenset({"a", "button", "select", "textarea", "summary"})
CONTROLS = frozenset({"input", "select", "textarea"})
SILENT = frozenset({"hidden", "submit", "button", "reset", "image"})
REFERENCES = ("aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "list", "form")
HTMX_METHODS = {f"hx-{name}": name.upper() for name in ("get", "post", "put", "patch", "delete")}
# Ids that a later answer brings into the page: the heading of what is put into the one dialog.
COMES_LATER = frozenset({"dialog-h"})
RELATIVE_TARGETS = ("this", "closest ", "find ", "next", "previous", "body", "document", "none")


@dataclass(eq=False, slots=True)
class Node:
    """An element: its name, attributes, children and text."""

    name: str
    attributes: dict[str, str]
    parent: "Node | None"
    line: int = 0
    children: list["Node | str"] = field(default_factory=list)

    def __str__(self) -> str:
        shown = "".join(f' {k}="{v[:60]}"' for k, v in list(self.attributes.items())[:4])
        return f"<{self.name}{shown}> (line {self.line})"

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")

    def ancestors(self) -> Iterator["Node"]:
        node = self.parent
        while node is not None:
            yield node
            node = node.parent

    def walk(self) -> Iterator["Node"]:
        for child in self.children:
            if isinstance(child, Node):
                yield child
                yield from child.walk()

    def text(self) -> str:
        """Return the text of this element and what is in it, spaces joined."""
        parts = (c if isinstance(c, str) else c.text() for c in self.children)
        return " ".join("".join(parts).split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("#root", {}, None)
        self.at = self.root
        self.faults: list[str] = []
        self.doctype = False

    def handle_decl(self, decl: str) -> None:
        self.doctype = self.doctype or decl.lower() == "doctype html"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open(tag, attrs)
        if tag not in VOID:
            self.at = self.at.children[-1]  # type: ignore[assignment]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = self._open(tag, attrs)
        if tag not in VOID and not any(n.name == "svg" for n in node.ancestors()):
            self.faults.append(f"{node} closes itself, which HTML does not know")

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            self.faults.append(f"</{tag}> on line {self.getpos()[0]} ends what has no end")
        elif self.at.name == tag and self.at.parent is not None:
            self.at = self.at.parent
        else:
            self.faults.append(f"</{tag}> on line {self.getpos()[0]} where {self.at} is open")

    def handle_data(self, data: str) -> None:
        self.at.children.append(data)

    def _open(self, tag: str, attrs: list[tuple[str, str | None]]) -> Node:
        node = Node(tag, {k: v or "" for k, v in attrs}, self.at, self.getpos()[0])
        for name, count in Counter(k for k, _ in attrs).items():
            if count > 1:
                self.faults.append(f"{node} has {name} twice")
        self.at.children.append(node)
        return node


@dataclass(slots=True)
class Parsed:
    """A page that was read: its elements in order and what was wrong in the reading."""

    nodes: list[Node]
    faults: list[str]
    whole: bool

    def all(self, *names: str) -> list[Node]:
        return [node for node in self.nodes if node.name in names]

    def ids(self) -> Counter[str]:
        return Counter(node.get("id") for node in self.nodes if "id" in node.attributes)

    def forms(self) -> list[Node]:
        return self.all("form")


def read(html: str) -> Parsed:
    """Read a page or a fragment."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    if reader.at is not reader.root:
        reader.faults.append(f"{reader.at} is never closed")
    whole = reader.doctype or "<html" in html[:200].lower()
    if whole and not reader.doctype:
        reader.faults.append("the page does not begin with <!doctype html>")
    return Parsed(list(reader.root.walk()), reader.faults, whole)


def problems(html: str, url_map: Map, path: str = "/") -> list[str]:
    """Return what is wrong with a page or a fragment, one sentence a fault.

    :param url_map: the addresses of the application; links, forms and htmx must lead to them.
    :param path: where the page was seen, for relative addresses.
    """
    page = read(html)
    found = list(page.faults)
    for check in (_frame, _ids, _structure, _labels, _names, _strangers, _references):
        found += check(page)
    found += _addresses(page, url_map, path)
    found += _forms(page)
    return found


def _frame(page: Parsed) -> Iterator[str]:
    if not page.whole:
        return
    if not any(node.get("lang") for node in page.all("html")):
        yield "the page does not say its language"
    titles = [node for node in page.all("title") if node.parent and node.parent.name == "head"]
    if len(titles) != 1 or not titles[0].text():
        yield "the page has no title"
    heads = [node.text() for node in page.all("h1")]
    if len(heads) != 1 or not heads[0]:
        yield f"the page has {len(heads)} first headings: {heads}"
    if len(page.all("main")) != 1:
        yield "the page needs one main part"


def _ids(page: Parsed) -> Iterator[str]:
    for name, count in page.ids().items():
        if count > 1:
            yield f"the id {name!r} is there {count} times"
        if not name or re.search(r"\s", name):
            yield f"the id {name!r} is empty or has spaces"


def _structure(page: Parsed) -> Iterator[str]:
    for node in page.nodes:
        parent = node.parent or node
        if node.name in PARENTS and parent.name not in PARENTS[node.name] | ALONE:
            yield f"{node} stands in {parent}"
        if node.name in BLOCKS and any(up.name == "p" for up in node.ancestors()):
            yield f"{node} stands in a paragraph, which ends there"
        if node.name == "form" and any(up.name == "form" for up in node.ancestors()):
            yield f"{node} stands in another form"
        if parent.name in {"ul", "ol"} and node.name not in {"li", "template"}:
            yield f"{node} stands in {parent}"
        if node.name in INTERACTIVE or (node.name == "input" and node.get("type") != "hidden"):
            outer = next((up for up in node.ancestors() if up.name in {"a", "button"}), None)
            if outer is not None:
                yield f"{node} stands in {outer}"


def _labels(page: Parsed) -> Iterator[str]:
    labelled = {node.get("for") for node in page.all("label") if node.text()}
    for node in page.nodes:
        unseen = "hidden" in node.attributes or node.get("type") in SILENT
        if node.name not in CONTROLS or unseen:
            continue
        wrapped = any(up.name == "label" and up.text() for up in node.ancestors())
        named = node.get("aria-label") or node.get("aria-labelledby")
        if not (wrapped or named or (node.get("id") and node.get("id") in labelled)):
            yield f"{node} has no label"


def _names(page: Parsed) -> Iterator[str]:
    for node in page.nodes:
        if node.name in {"button", "a", "summary"} and (node.name != "a" or node.get("href")):
            images = (n.get("alt") or n.get("aria-label") for n in node.walk())
            named = node.get("aria-label") or node.get("aria-labelledby") or node.text()
            if not (named or any(images)):
                yield f"{node} says nothing"
        if node.name == "img" and "alt" not in node.attributes:
            yield f"{node} has no text instead of the picture"


def _strangers(page: Parsed) -> Iterator[str]:
    """Nothing that the content security policy forbids, and nothing that hides behind it."""
    for node in page.nodes:
        if node.name == "script" and not node.get("src"):
            yield f"{node} is an inline script"
        if node.name in {"style", "base", "object", "embed", "applet"}:
            yield f"{node} has no place on a page"
        for name, value in node.attributes.items():
            if name == "style" or name.startswith(("on", "hx-on")):
                yield f"{node} has {name}"
            if name in {"hx-vals", "hx-headers", "hx-vars"} and value.lower().startswith("js"):
                yield f"{node} computes {name}"
            if name == "hx-trigger" and "[" in value:
                yield f"{node} filters its trigger"
            if name in {"href", "src", "action", "formaction"}:
                scheme = re.match(r"[\s\x00-\x20]*([a-z][a-z0-9+.-]*):", value.lower())
                if (
                    scheme
                    and scheme[1] not in {"http", "https", "mailto", "tel"}
                    and not (name == "src" and value.startswith("data:image/"))
                ):
                    yield f"{node} leads to {scheme[1]}:"


def _references(page: Parsed) -> Iterator[str]:
    ids = page.ids()
    for node in page.nodes:
        for name in REFERENCES:
            for one in node.get(name).split():
                if page.whole and one not in ids and one not in COMES_LATER:
                    yield f"{node} names #{one} in {name}, which is not on the page"
        if node.name == "label" and node.get("for") and node.get("for") not in ids:
            yield f"{node} labels nothing"
        href = node.get("href")
        if node.name == "a" and href.startswith("#") and page.whole and href[1:] not in ids:
            yield f"{node} leads nowhere on the page"
        if page.whole:
            yield from _targets(node, ids)


def _targets(node: Node, ids: Counter[str]) -> Iterator[str]:
    named = [node.get("hx-target"), node.get("hx-include"), node.get("hx-indicator")]
    named += [n for k, v in node.attributes.items() if k.startswith("hx-status") for n in _in(v)]
    for target in named:
        if not target or target.startswith(RELATIVE_TARGETS):
            continue
        simple = re.fullmatch(r"#[\w-]+", target)
        if simple and target[1:] not in ids and target[1:] not in COMES_LATER:
            yield f"{node} aims at {target}, which is not on the page"


def _in(status: str) -> list[str]:
    return re.findall(r"target:(\S+)", status)


def _addresses(page: Parsed, url_map: Map, path: str) -> Iterator[str]:
    for node in page.nodes:
        asked = [("GET", node.get("href"))] if node.name in {"a", "link"} else []
        if node.name in {"script", "img"}:
            asked.append(("GET", node.get("src")))
        if node.name == "form":
            asked.append((node.get("method").upper() or "GET", node.get("action")))
        if node.get("formaction"):
            asked.append(("POST", node.get("formaction")))
        asked += [(method, node.get(name)) for name, method in HTMX_METHODS.items()]
        for method, address in asked:
            # A place on this page is looked for among its ids, also where only a post leads.
            if address.startswith("#"):
                continue
            if address and not resolves(url_map, method, address, path):
                yield f"{node} leads to {method} {address}, which no route answers"


def resolves(url_map: Map, method: str, address: str, path: str = "/") -> bool:
    """Tell whether a local address has a route for a method; other hosts are not ours to know."""
    parts = urlsplit(urljoin(f"http://localhost{path}", address))
    if parts.scheme not in {"http", "https"} or parts.hostname != "localhost":
        return True
    try:
        url_map.bind("localhost").match(parts.path, method)
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True


def _forms(page: Parsed) -> Iterator[str]:
    for form in page.forms():
        inside = [node for node in form.walk() if node.name == "input"]
        tokens = [n.get("value") for n in inside if n.get("name") == "csrf_token"]
        if form.get("method").lower() == "post" and not any(tokens):
            yield f"{form} carries no token"
        if form.get("method").lower() != "post" and tokens:
            yield f"{form} would show its token in the address"
        if form.get("method").lower() not in {"", "get", "post", "dialog"}:
            yield f"{form} uses a method no browser knows"
        if any(n.get("type") == "file" for n in inside):
            kinds = (form.get("enctype"), form.get("hx-encoding"))
            if "multipart/form-data" not in kinds:
                yield f"{form} takes a file but sends none"


def fields(form: Node) -> dict[str, str]:
    """Return what a browser would send of a form as it stands, one value a name."""
    sent: dict[str, str] = {}
    for node in form.walk():
        name = node.get("name")
        dormant = any(up.name == "template" for up in node.ancestors())
        if not name or dormant or "disabled" in node.attributes:
            continue
        if node.name == "textarea":
            sent[name] = "".join(c for c in node.children if isinstance(c, str)).removeprefix("\n")
        elif node.name == "select":
            options = [o for o in node.walk() if o.name == "option"]
            chosen = [o for o in options if "selected" in o.attributes] or options[:1]
            for option in chosen:
                sent[name] = option.attributes.get("value", option.text())
        elif node.name == "input" and node.get("type") in {"checkbox", "radio"}:
            if "checked" in node.attributes:
                sent[name] = node.attributes.get("value", "on")
        elif node.name == "input" and node.get("type") not in {"submit", "button", "file", "image"}:
            sent[name] = node.get("value")
    return sent
