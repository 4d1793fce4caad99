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
def chromium(driver, *flags):
    """Started by the session's one `driver`; Playwright's synchronous one cannot be there twice."""
    path = which("chromium") or which("google-chrome")
    if path is None:
        pytest.fail("no Chromium; install the Debian package chromium, or run: make check")
    started = driver.chromium.launch(executable_path=path, args=[*FLAGS, *flags])
    yield started
    started.close()


def until(page, expression, seconds=10):
    """Waits for a script's value to be true; Playwright's own wait needs a page that allows eval."""
    for _ in range(20 * seconds):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"still not true after {seconds} s: {expression}")
