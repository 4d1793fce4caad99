"""Put a built book beside earlier ones: `python editions.py BOOK SITE VERSION`.

The site has one folder per version, `versions.json` that lists them newest first, and a page to
choose one. A version that is there stays as it was, unless the same version is published again.
"""

import argparse
import html
import json
import re
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

LATEST = "latest"  # the main branch's; all others are tags
PDF = "difficulty-in-language-data.pdf"
NAME = re.compile(r"latest|v?\d+(\.\d+)*([.-]?[a-z]+\.?\d*)?")
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Difficulty in language data: editions</title>
<style>
body {{ font: 1.1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }}
</style>
</head>
<body>
<main>
<h1>Difficulty in language data</h1>
<p>Every published edition of the book stays readable:</p>
<ul>
{items}
</ul>
</main>
</body>
</html>
"""


def order(version: str) -> tuple[bool, list[int], bool, str]:
    """Sorts the main branch's last, then releases by their numbers, a release after its candidates."""
    numbers = [int(n) for n in re.match(r"v?([\d.]*)", version)[1].split(".") if n]  # type: ignore[index]
    return version == LATEST, numbers, not re.search(r"\d[.-]?[a-z]", version), version


def listed(site: Path) -> list[dict[str, str]]:
    """The versions that the site has, newest first."""
    path = site / "versions.json"
    return json.loads(path.read_text("utf8")) if path.exists() else []


def item(site: Path, entry: dict[str, str]) -> str:
    """A version's line, with its PDF where one was printed."""
    name = html.escape(entry["version"])
    printed = ""
    if (site / entry["version"] / PDF).exists():
        printed = f' (<a href="{name}/{PDF}" aria-label="{name} as PDF">PDF</a>)'
    return f'<li><a href="{html.escape(entry["url"])}">{name}</a>, {entry["date"]}{printed}</li>'


def publish(book: Path, site: Path, version: str) -> list[dict[str, str]]:
    """Copy a built book into the site under its version's name, and list it.

    Raises:
        SystemExit: one line, if the name is none of a version, or the book is not built.
    """
    if not NAME.fullmatch(version):
        sys.exit(f"version '{version}': expected latest, or a release such as v0.1.0")
    if not (book / "index.html").exists():
        sys.exit(f"{book}: no index.html; run: make study")
    site.mkdir(parents=True, exist_ok=True)
    new = site / f".new-{version}"
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(book, new)
    shutil.rmtree(site / version, ignore_errors=True)
    new.rename(site / version)
    others = [entry for entry in listed(site) if entry["version"] != version]
    date = datetime.now(UTC).strftime("%Y-%m-%d")
    entry = {"version": version, "date": date, "url": f"{version}/index.html"}
    versions = sorted([*others, entry], key=lambda e: order(e["version"]), reverse=True)
    (site / "versions.json").write_text(json.dumps(versions, indent=1) + "\n", encoding="utf8")
    items = "\n".join(item(site, entry) for entry in versions)
    (site / "index.html").write_text(PAGE.format(items=items), encoding="utf8")
    (site / ".nojekyll").touch()  # or GitHub leaves out the folders whose names begin with _
    return versions


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("book", type=Path)
    parser.add_argument("site", type=Path)
    parser.add_argument("version")
    given = parser.parse_args()
    for found in publish(given.book, given.site, given.version):
        print(found["version"], found["date"])
