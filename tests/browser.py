"""The system's Chromium, headless, with nothing going on in the background."""

from contextlib import contextmanager
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


@contextmanager
def chromium(*flags):
    from playwright.sync_api import sync_playwright

    path = which("chromium") or which("google-chrome")
    if path is None:
        pytest.fail("no Chromium; install the Debian package chromium, or run: make check")
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=[*FLAGS, *flags])
        yield started
        started.close()
