"""JupyterLab in a process of its own, and a notebook in it with one cell, in headless Chromium."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

SETTINGS = [
    "--no-browser",
    "--allow-root",
    "--ServerApp.port=0",
    "--ServerApp.ip=127.0.0.1",
    "--IdentityProvider.token=",
    "--ServerApp.open_browser=False",
    "--ServerApp.terminals_enabled=False",
    "--ServerApp.disable_check_xsrf=True",
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
]
SLOW = 120_000  # ms; it takes a few seconds on a machine that does nothing else
PAGE = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


@contextmanager
def jupyterlab(folder: Path):
    """The address of a JupyterLab that serves this folder, with a home of its own in it."""
    home = folder / "home"
    (home / ".jupyter/labconfig").mkdir(parents=True)
    (home / ".jupyter/labconfig/page_config.json").write_text(json.dumps(PAGE))
    said = home / "log"
    with said.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *SETTINGS, f"--ServerApp.root_dir={folder}"],
            cwd=folder,
            stdout=log,
            stderr=log,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")},
                "HOME": str(home),
                "PYTHONPATH": str(Path(__file__).parents[2]),
                "OMP_NUM_THREADS": "1",
            },
        )
    try:
        address = _answering(process, said)
        yield address
        for kernel in _get(f"{address}/api/kernels"):
            _get(f"{address}/api/kernels/{kernel['id']}", "DELETE")
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answering(process, said):
    """The address, once somebody answers there."""
    until = time.monotonic() + SLOW / 1000
    while process.poll() is None and time.monotonic() < until:
        if found := re.search(r"(http://127\.0\.0\.1:\d+)/lab", said.read_text()):
            try:
                _get(f"{found.group(1)}/api/status")
                return found.group(1)
            except OSError:
                pass  # it says so before it listens
        time.sleep(0.1)
    raise AssertionError("JupyterLab did not start:\n" + said.read_text()[-2000:])


def _get(address, method="GET"):
    with urllib.request.urlopen(urllib.request.Request(address, method=method)) as answer:
        return json.loads(answer.read() or "null")


def write_notebook(path: Path, code: str):
    import nbformat

    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(book, path)


def run_cell(page, address, name):
    """Open the notebook anew, run its cell, and wait for the widget."""
    page.goto(f"{address}/doc/tree/{name}?reset", wait_until="load", timeout=SLOW)
    page.locator(".jp-CodeCell .cm-content").first.click(timeout=SLOW)
    # a run before the kernel is there is lost
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=SLOW)
    page.keyboard.press("Shift+Enter")
    return page.wait_for_selector(".da-root[data-turn]", timeout=SLOW)
