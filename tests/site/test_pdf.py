"""The book's print: every chart is drawn before it, and a missing page is said in one line."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.site
SCRIPT = Path(__file__).parents[2] / "workflow" / "scripts" / "pdf.py"
# As the book's script does, a chart is drawn when it comes near the window.
PAGE = """<!doctype html><html lang="en"><head><title>A book</title></head><body><h1>First</h1>
<div style="height: 9000px"></div><h2>Second</h2><figure class="study-chart"><b></b></figure>
<script>
new IntersectionObserver((entries, own) => entries.forEach((entry) => {
  if (!entry.isIntersecting) return;
  entry.target.dataset.drawn = 'yes';
  entry.target.innerHTML = '<div style="height: 4000px"></div>';
})).observe(document.querySelector('figure'));
</script></body></html>"""


def printed(*arguments):
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False
    )


def test_all_is_drawn_then_printed_with_outline_and_tags(tmp_path):
    (tmp_path / "page.html").write_text(PAGE)
    done = printed(tmp_path / "page.html", tmp_path / "sub" / "book.pdf")
    assert done.returncode == 0, done.stderr
    assert "1 charts" in done.stdout
    written = (tmp_path / "sub" / "book.pdf").read_bytes()
    assert written.startswith(b"%PDF")
    assert b"/Outlines" in written
    assert b"/StructTreeRoot" in written


def test_a_page_that_is_not_built_is_refused_in_one_line(tmp_path):
    done = printed(tmp_path / "none.html", tmp_path / "book.pdf")
    assert done.returncode == 1
    assert done.stderr.strip() == f"{tmp_path / 'none.html'} is not built; run: make pdf"
