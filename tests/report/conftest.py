"""A browser that opens a page from a file, and notes what it does besides."""

from pathlib import Path

import pytest
from browser import chromium


@pytest.fixture(scope="session")
def browser(driver):
    with chromium(driver) as started:
        yield started


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

    def own(self):
        """What it may load."""
        return {self.path.as_uri()}

    def clean(self):
        """Nothing was fetched but its own files, nothing was said, nothing asked."""
        assert {url.split("#")[0] for url in self.requests} <= self.own()
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
