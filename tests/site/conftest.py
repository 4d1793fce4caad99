import functools
import http.server
import re
import threading
from pathlib import Path

import pytest
from browser import chromium

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="session")
def site():
    if not (SITE / "index.html").exists():
        pytest.fail(f"{SITE} is not built; run: make study")
    return SITE


@pytest.fixture(scope="session")
def server(site):
    handler = functools.partial(Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_address[1]}"
        served.shutdown()


@pytest.fixture(scope="session")
def browser(driver):
    with chromium(driver, "--allow-file-access-from-files") as started:
        yield started


class Visit:
    """A page that remembers what it asked other hosts for, and what went wrong in it."""

    def __init__(self, browser, width=1280):
        self.page = browser.new_page(viewport={"width": width, "height": 900})
        self.elsewhere, self.errors = [], []
        self.page.on("request", self._request)
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _request(self, request):
        if not request.url.startswith(("http://127.0.0.1", "file:", "data:", "blob:")):
            self.elsewhere.append(request.url)

    def open(self, url):
        self.page.goto(url, wait_until="load")
        if re.search(r"(/html|:\d+)/index\.html$", url):  # it leads on to the title page
            self.page.wait_for_url("**/intro.html", wait_until="load")
        for figure in self.page.query_selector_all("figure.study-chart"):
            figure.scroll_into_view_if_needed()
            self.page.wait_for_timeout(100)
        self.page.wait_for_function(
            "[...document.querySelectorAll('figure.study-chart')].every(f => f.dataset.drawn)"
        )
        return self.page


@pytest.fixture
def visit(browser):
    seen = Visit(browser)
    yield seen
    seen.page.close()


@pytest.fixture
def phone(browser):
    seen = Visit(browser, width=390)
    yield seen
    seen.page.close()


@pytest.fixture(scope="session")
def strict(driver):
    """A browser as people have it: a page from a file may not read another one."""
    with chromium(driver) as started:
        yield started


@pytest.fixture
def reader(strict):
    seen = Visit(strict, width=1200)
    yield seen
    seen.page.close()
