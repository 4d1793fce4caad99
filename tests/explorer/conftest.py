"""The browser of the report's tests, for pages that are folders."""

import pytest
from report.conftest import Visit
from report.conftest import browser as browser


class FolderVisit(Visit):
    """A page that may load what lies beside it."""

    def own(self):
        return {
            (self.path.parent / name).as_uri() for name in ("index.html", "data.js", "texts.js")
        }


@pytest.fixture
def visit(browser):
    seen = FolderVisit(browser)
    yield seen
    seen.context.close()


@pytest.fixture
def phone(browser):
    seen = FolderVisit(browser, width=390, has_touch=True, device_scale_factor=3)
    yield seen
    seen.context.close()
