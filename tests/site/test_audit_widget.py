"""The audit widget in headless Chromium: in JupyterLab, and its front end with every payload."""

import os
import signal
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hostile import HOSTILE
from review.rows import LABELS, ranked_table
from widget.desks import classes, desk_of, table_of, tags
from widget.lab import SLOW, jupyterlab, run_cell, write_notebook

from difficulty_lib.review import Decisions, plain
from difficulty_lib.widget import AuditSession
from difficulty_lib.widget._evidence import Evidence
from difficulty_lib.widget._neighbours import Neighbours
from difficulty_lib.widget._rows import rows_of, sample_ids
from difficulty_lib.widget._shading import Shading

pytestmark = pytest.mark.site
CELL = """
import os
from difficulty_lib.widget import AuditSession
with open("pid", "w") as file:
    file.write(str(os.getpid()))
session = AuditSession("rows.parquet", "d.db", text="text", label="label", who="Ada")
session
"""
ALLOWED = {
    *("DIV", "P", "SPAN", "BDI", "BUTTON", "KBD", "INPUT", "PROGRESS", "DETAILS", "SUMMARY"),
    *("OL", "LI", "SECTION", "H4", "TABLE", "TR", "TD", "FIGURE", "FIGCAPTION"),
    *("svg", "line", "polyline", "circle", "text"),
}
# The front end as anywidget starts it, but for the wire: `ask` is a desk's `handle`.
MOUNT = """
async ([code, css]) => {
  const style = document.createElement('style');
  style.textContent = css;
  document.head.append(style);
  const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  const listeners = new Set();
  const model = {
    on: (name, f) => listeners.add(f),
    off: (name, f) => listeners.delete(f),
    send: (message) => window.ask(message).then((state) => state && listeners.forEach((f) => f(state))),
  };
  const el = document.createElement('div');
  document.body.append(el);
  window.unmount = (await import(url)).default.render({ model, el });
}
"""


@pytest.fixture
def mount(visit, tmp_path):
    """A page with the front end, on a desk."""

    def begin(desk):
        visit.dialogs = []
        visit.page.on("dialog", lambda d: (visit.dialogs.append(d.message), d.dismiss()))
        visit.page.goto("about:blank")
        visit.page.expose_function("ask", desk if callable(desk) else desk.handle)
        visit.page.evaluate(MOUNT, [AuditSession._esm, AuditSession._css])
        return visit.page

    return begin


def until(page, turn):
    page.wait_for_selector(f".da-root[data-turn='{turn}'][aria-busy='false']", timeout=SLOW)


def inert(visit):
    """Only elements that the front end makes, none with an address or a handler; nothing ran."""
    found = visit.page.evaluate(
        """() => [...document.querySelectorAll('.da-root *')].map(e =>
             [e.tagName, [...e.attributes].map(a => a.name)])"""
    )
    for tag, attributes in found:
        assert tag in ALLOWED
        assert not [a for a in attributes if a.startswith("on") or a in ("href", "src", "style")]
    assert visit.dialogs == visit.elsewhere == visit.errors == []


def test_every_payload_is_inert_in_the_front_end(visit, mount, tmp_path):
    """As text, shaded text, label, neighbour, model's label and name: seen as it is, never run."""
    texts = [text for text in HOSTILE if plain(text).strip() and not _half(text)]
    table = ranked_table(texts=texts)
    table.index = pd.Index(range(len(table)), name="sample_id")
    table["label"] = [texts[-1 - n % 20].strip() for n in range(len(table))]
    table["predicted"] = texts[::-1]
    rows, _ = rows_of(table, ["text"], "label", None)
    ids = sample_ids(rows, None)
    near = Neighbours(np.ones((len(rows), 2)), rows)
    desk = desk_of(
        tmp_path / "d.db",
        table,
        who="<img src=x onerror=alert(1)>",
        every=0,
        ids=ids,
        evidence=Evidence(classes(ids).stream("train", "training"), ids, texts[-3:]),
        shading=Shading(tags(table["text"]), table["text"], None),
        shaded="text",
        neighbours=lambda: near,
        k=100,
    )
    page = mount(desk)
    for turn, text in enumerate(texts, start=1):
        until(page, turn)
        state = desk.state()["row"]
        assert page.locator(".da-text").first.text_content() == plain(text)
        assert page.locator(".da-given bdi").text_content() == state["given"]
        if turn in (1, 30, 60):
            seen = page.locator(".da-near td:last-child").all_text_contents()
            assert seen == [near["text"] for near in state["neighbours"]]
            assert len(seen) == len(texts) - 1
        inert(visit)
        page.keyboard.press("k") if turn > 1 else page.get_by_role("button", name="keep").click()
    page.locator("summary").click()
    assert "<img src=x onerror=alert(1)>" in page.locator(".da-recent").text_content()
    inert(visit)


def _half(text):
    return any(0xD800 <= ord(c) <= 0xDFFF for c in text)


def test_keys_buttons_and_what_they_do_not_do(visit, mount, tmp_path):
    desk = desk_of(tmp_path / "d.db", every=0)
    page = mount(desk)
    until(page, 1)
    page.locator(".da-root").focus()
    for key in ("Control+k", "x", "1", "Enter", "Alt+s"):  # 1 is the label that the row has
        page.keyboard.press(key)
    page.keyboard.press("2")
    until(page, 2)
    page.keyboard.press("a")
    until(page, 3)
    page.keyboard.press("u")
    until(page, 4)
    page.keyboard.press("S")
    until(page, 5)
    page.keyboard.press("r")  # the first label on offer
    page.keyboard.press("Enter")
    until(page, 6)
    page.get_by_role("button", name="good").click()
    until(page, 7)
    assert desk.decisions.active()["decision"].tolist() == ["relabel", "skip", *["relabel"] * 2]
    assert desk.decisions.active()["label"].tolist()[2:] == [LABELS[0], LABELS[1]]
    page.evaluate("document.querySelector('.da-button').click();"
                  "document.querySelector('.da-button').click()")  # fmt: skip
    until(page, 8)
    assert len(desk.decisions.active()) == 5
    assert page.locator(".da-status").text_content() == "keep: on disk"
    inert(visit)


def test_a_label_is_found_by_its_beginning_or_typed(visit, mount, tmp_path):
    labels = tuple(f"name {n}" for n in range(30)) + LABELS
    desk = desk_of(tmp_path / "d.db", every=0, labels=labels)
    page = mount(desk)
    until(page, 1)
    page.locator(".da-root").focus()
    page.keyboard.press("r")
    page.keyboard.type("name 2")
    assert page.locator("[data-label]:visible").count() == 1  # an exact name
    page.keyboard.type("7")
    page.keyboard.press("Enter")
    until(page, 2)
    assert desk.decisions.active()["label"].tolist() == ["name 27"]
    page.keyboard.press("r")
    page.keyboard.type("name")
    page.keyboard.press("Enter")
    assert "30 labels begin so" in page.locator(".da-status").text_content()
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    until(page, 3)
    inert(visit)


def test_a_kernel_that_does_not_answer_is_said(visit, mount, tmp_path):
    desk = desk_of(tmp_path / "d.db")
    page = mount(lambda message: desk.handle(message) if message["do"] == "hello" else None)
    until(page, 1)
    page.locator(".da-root").focus()
    page.keyboard.press("k")
    page.keyboard.press("s")
    page.wait_for_selector(".da-failed", timeout=8000)
    assert "has not answered" in page.locator(".da-status").text_content()
    assert page.locator(".da-button:enabled").count() == 0
    inert(visit)


def test_jupyterlab_with_keys_and_buttons_loses_nothing_to_kill_9(visit, tmp_path):
    """A notebook is run, rows decided, the kernel killed, and the notebook opened again."""
    table = table_of(texts=[f"{text} {n}" for n, text in enumerate(HOSTILE[-12:])])
    table.to_parquet(tmp_path / "rows.parquet", index=False)
    write_notebook(tmp_path / "audit.ipynb", CELL)
    page = visit.page
    visit.dialogs = []
    page.on("dialog", lambda d: (visit.dialogs.append((d.type, d.message)), d.accept()))
    expected = ["keep", "relabel", "ambiguous", "skip"]
    with jupyterlab(tmp_path) as address:
        run_cell(page, address, "audit.ipynb")
        page.locator(".da-root").focus()
        page.keyboard.press("k")
        until(page, 2)
        page.keyboard.press("3" if table_label(table, 2) != LABELS[2] else "1")
        until(page, 3)
        page.get_by_role("button", name="ambiguous").click()
        until(page, 4)
        page.keyboard.press("s")
        until(page, 5)
        assert page.locator(".da-status").text_content() == "skip: on disk"
        assert page.locator(".jp-Notebook .jp-Cell").count() == 2  # no key was the notebook's
        os.kill(int(Path(tmp_path / "pid").read_text()), signal.SIGKILL)
        with sqlite3.connect(tmp_path / "d.db") as connection:
            made = connection.execute("SELECT decision FROM decisions ORDER BY number").fetchall()
        connection.close()
        assert [kind for (kind,) in made] == expected
        run_cell(page, address, "audit.ipynb")
        assert page.locator(".da-count").text_content() == "4 of 12 decided"
        page.locator("summary").click()
        recent = page.locator(".da-recent li").all_text_contents()
        assert [line.split(": ")[1].split(" ")[0] for line in recent] == expected[::-1]
        page.locator(".da-root").focus()
        page.keyboard.press("k")
        until(page, 2)
    with Decisions(tmp_path / "d.db") as kept:
        assert kept.active()["decision"].tolist() == [*expected, "keep"]
    assert visit.elsewhere == []
    assert {kind for kind, _ in visit.dialogs} <= {"beforeunload"}  # the notebook's own question


def table_label(table, rank):
    return table.loc[table["suspicion_rank"] == rank, "label"].item()
