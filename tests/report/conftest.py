"""A browser that opens a page from a file, and notes what it does besides."""

from pathlib import Path
from shutil import which

import pytest

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    path = which("chromium") or which("google-chrome")
    if path is None:
        pytest.fail("no Chromium; install the Debian package chromium, or run: make check")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield started
        started.close()


class Visit:
    """A page that remembers what it asked for, and what went wrong in it."""

    def __init__(self, browser, width=1200, **settings):
        self.context = browser.new_context(
            viewport={"width": width, "height": 800}, accept_downloads=True, **settings
        )
        self.page = self.context.new_page()
        self.requests, self.errors, self.dialogs = [], [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.errors.append(message.text))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.dialogs.append(dialog.type), dialog.accept()))

    def open(self, path: Path):
        self.path = path
        self.page.goto(path.as_uri(), wait_until="load")
        return self.page

    def clean(self):
        """Nothing was fetched but the file, nothing was said, nothing asked."""
        assert [url for url in self.requests if url != self.path.as_uri()] == []
        assert self.errors == []
        assert self.dialogs == []


@pytest.fixture
def visit(browser):
    seen = Visit(browser)
    yield seen
    seen.context.close()


@pytest.fixture
def phone(browser):
    seen = Visit(browser, width=390, has_touch=True)
    yield seen
    seen.context.close()
