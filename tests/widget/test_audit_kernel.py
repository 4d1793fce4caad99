"""The widget in a real kernel, spoken to as a front end does, and killed."""

import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest
from hostile import HOSTILE
from widget.desks import strings
from widget.test_desk import HIDDEN

pytest.importorskip("anywidget")
from jupyter_client import manager

from difficulty_lib.review import plain

ROOT = Path(__file__).parents[2]
CELL = """
import os, sys
sys.path.insert(0, {tests!r})
import numpy as np, pandas as pd
from hostile import HOSTILE
from difficulty_lib.widget import AuditSession
count = len(HOSTILE)
table = pd.DataFrame({{"text": pd.Series(HOSTILE, dtype=object), "label": (["a", "b"] * count)[:count]}})
table["suspicion_rank"] = range(1, len(table) + 1)
session = AuditSession(
    table, {path!r}, text="text", label="label", who="Ada", every=0, neighbours=2,
    embedding=np.ones((len(table), 2)),
)
print(os.getpid())
session
"""


class FrontEnd:
    """What a browser does with a kernel, by hand."""

    def __init__(self, path):
        self.manager, self.kernel = manager.start_new_kernel(
            kernel_name="python3", env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        self.kernel.execute(CELL.format(tests=str(ROOT / "tests"), path=str(path)))
        self.pid, self.view, self.opened = None, None, {}
        while self.view is None:
            message = self.kernel.get_iopub_msg(timeout=60)
            content = message["content"]
            if message["msg_type"] == "error":
                raise AssertionError("\n".join(content["traceback"]))
            if message["msg_type"] == "stream" and content["text"].strip().isdigit():
                self.pid = int(content["text"])
            if message["msg_type"] == "comm_open":
                self.opened[content["comm_id"]] = content["data"]
            if message["msg_type"] in ("execute_result", "display_data"):
                self.shown = content["data"]
                self.view = self.shown["application/vnd.jupyter.widget-view+json"]["model_id"]

    def tell(self, wait=True, **content):
        """Send what a click sends; the state that comes back."""
        data = {"method": "custom", "content": content}
        message = self.kernel.session.msg("comm_msg", {"comm_id": self.view, "data": data})
        self.kernel.shell_channel.send(message)
        while wait:
            answer = self.kernel.get_iopub_msg(timeout=30)
            if answer["msg_type"] == "comm_msg" and answer["content"]["comm_id"] == self.view:
                return answer["content"]["data"]["content"]
        return None

    def close(self):
        self.kernel.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def begin():
    made = []

    def start(path):
        made.append(FrontEnd(path))
        return made[-1]

    yield start
    for front_end in made:
        front_end.close()


def test_every_payload_is_plain_and_every_answered_decision_survives_kill_9(begin, tmp_path):
    path = tmp_path / "d.db"
    front_end = begin(path)
    assert "text/html" not in front_end.shown
    state = front_end.tell(do="hello")
    answered = []
    for text in HOSTILE:
        assert state["row"]["texts"][0]["parts"] == [{"text": plain(text)}]
        assert not [found for found in strings(state) if HIDDEN.search(found)]
        kind = ("keep", "ambiguous", "skip")[len(answered) % 3]
        turn = state["turn"]
        if len(answered) == len(HOSTILE) - 3:
            break
        state = front_end.tell(do=kind, turn=turn)
        answered.append(kind)
        assert state["note"] == f"{kind}: on disk"
    front_end.tell(do="skip", turn=turn, wait=False)  # this one nobody answers
    time.sleep(0.002)
    os.kill(front_end.pid, signal.SIGKILL)
    while front_end.manager.provisioner.process.poll() is None:
        time.sleep(0.01)  # what it did until its end is to be counted
    with sqlite3.connect(path) as connection:
        found = connection.execute("SELECT decision FROM decisions ORDER BY number").fetchall()
    connection.close()
    assert [kind for (kind,) in found][: len(answered)] == answered
    assert len(found) - len(answered) in (0, 1)
    again = begin(path).tell(do="hello")
    assert again["decided"] == len(found)
