"""Follow every internal link of a built site, offline: `python links.py FOLDER`.

A link, picture, script or frame must lead to a file inside the folder, and its fragment to an element
of that page. Links to other hosts are not followed: that needs a network, and says nothing about
this build.
"""

import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LEADS = {
    **dict.fromkeys(("a", "link", "area"), "href"),
    **dict.fromkeys(("img", "script", "iframe", "source", "video", "embed"), "src"),
    "object": "data",
}
LISTINGS = "_modules"  # of source code; what is documented under another name has no place there


class Page(HTMLParser):
    """The links of a page, and what can be linked to in it."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect; an empty address is none."""
        given = dict(attrs)
        self.places |= {str(given[key]) for key in ("id", "name") if given.get(key)}
        address = given.get(LEADS.get(tag, ""))
        if address:
            self.links.append(address)
        if tag == "meta" and (given.get("http-equiv") or "").lower() == "refresh":
            self.links += filter(None, (given.get("content") or "").split("url=")[1:])


@cache
def read(path: Path) -> Page:
    """A page, parsed once."""
    page = Page()
    page.feed(path.read_text("utf8"))
    return page


def wrong(path: Path, address: str, root: Path) -> str:
    """Why a link of a page leads nowhere; "" if it leads somewhere, or to another host."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return ""
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if parts.path.startswith("/") or not target.is_relative_to(root):
        return "leads out of the book"
    if target.is_dir():
        target = target / "index.html"
    if not target.exists():
        return "no such file"
    fragment = unquote(parts.fragment)
    # A text fragment, or a script's own, is no element's name.
    listing = LISTINGS in path.relative_to(root).parts
    if (
        fragment
        and target.suffix == ".html"
        and not listing
        and not fragment.startswith((":~:", "/"))
    ):
        return "" if fragment in read(target).places else "no such place in that page"
    return ""


def check(folder: Path) -> tuple[int, list[str]]:
    """How many links were followed, and a line for each that leads nowhere."""
    root = folder.resolve()
    pages = [p for p in sorted(root.rglob("*.html")) if "_static" not in p.relative_to(root).parts]
    if not pages:
        return 0, [f"{folder}: no pages; run: make study"]
    links = [(page, address) for page in pages for address in dict.fromkeys(read(page).links)]
    found = [(page, address, wrong(page, address, root)) for page, address in links]
    broken = [f"{p.relative_to(root)}: {address}: {why}" for p, address, why in found if why]
    return len(links), broken


if __name__ == "__main__":
    followed, broken = check(Path(sys.argv[1]))
    print("\n".join(broken) or f"{followed:,} internal links and files, all there")
    sys.exit(bool(broken))
