"""Print the book, built as one page, into a PDF: `python pdf.py PAGE FILE`.

Every chart is drawn first, in the light colours that paper has.
"""

import sys
from pathlib import Path
from shutil import which

from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
SECONDS = 300
DRAWN = "[...document.querySelectorAll('figure.study-chart')].every(f => f.dataset.drawn)"
# The whole text, and nothing to click.
READY = """
document.documentElement.dataset.theme = 'light';
for (const cell of document.querySelectorAll('details')) cell.open = false;
"""
STYLE = """
.bd-sidebar-primary, .bd-sidebar-secondary, .bd-header, .bd-header-article, .prev-next-footer,
.bd-footer, .bd-footer-content, details.hide, .headerlink, .vega-embed summary,
.skip-link { display: none !important; }
.bd-main, .bd-content, .bd-article-container { max-width: none !important; padding: 0 !important; }
figure, tr { break-inside: avoid; }
.toctree-wrapper > section { break-before: page; }
h1, h2, h3 { break-after: avoid; }
table.study-table { display: table !important; width: 100% !important; font-size: 0.55rem !important; }
table.study-table td, table.study-table th {
  min-width: 0 !important; white-space: normal !important; overflow-wrap: break-word !important;
  padding: 0.15rem 0.25rem !important;
}
pre { white-space: pre-wrap !important; overflow-wrap: anywhere; }
"""


def main(page_path: Path, target: Path) -> None:
    """Draw all charts, print, and say how many there were."""
    path = which("chromium") or which("google-chrome")
    if path is None:
        sys.exit("Chromium is needed; run: make chromium")
    if not page_path.exists():
        sys.exit(f"{page_path} is not built; run: make pdf")
    target.parent.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        flags = [*FLAGS, "--allow-file-access-from-files"]
        browser = driver.chromium.launch(executable_path=path, args=flags)
        page = browser.new_page(viewport={"width": 1000, "height": 1400}, color_scheme="light")
        page.set_default_timeout(1000 * SECONDS)
        page.goto(page_path.resolve().as_uri(), wait_until="load")
        page.evaluate(READY)
        page.add_style_tag(content=STYLE)
        for figure in page.query_selector_all("figure.study-chart"):
            figure.scroll_into_view_if_needed()
            page.wait_for_timeout(50)
        page.wait_for_function(DRAWN)
        charts = page.evaluate("document.querySelectorAll('figure.study-chart').length")
        page.pdf(
            path=str(target),
            format="A4",
            margin={"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"},
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template='<div style="font-size:8px;width:100%;text-align:center">'
            '<span class="pageNumber"></span></div>',
            outline=True,
            tagged=True,
        )
        browser.close()
    print(f"{target}: {charts} charts, {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
