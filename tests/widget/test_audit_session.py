"""The widget itself: what it refuses, what it takes over, and what it leaves."""

import json

import numpy as np
import pandas as pd
import pytest
from hostile import FORMULAS
from refusals import raises_one_line
from review.rows import LABELS, ranked_table
from widget.desks import classes, strings, table_of, tags

pytest.importorskip("anywidget")
from difficulty_lib._errors import ConfigError, DynamicsError
from difficulty_lib.review import restore_table
from difficulty_lib.widget import AuditSession


@pytest.fixture
def open_session(tmp_path):
    """Sessions that are closed at the end."""
    made = []

    def begin(table=None, **settings):
        table = ranked_table() if table is None else table
        settings = {"text": "text", "label": "label", "who": "Ada", **settings}
        made.append(AuditSession(table, settings.pop("path", tmp_path / "d.db"), **settings))
        return made[-1]

    yield begin
    for session in made:
        session.close()


def tell(session, **message):
    """A message as the browser sends it, and the answer."""
    answers = []
    session.send = answers.append
    session._handle_custom_msg(message, [])
    return answers[-1]


def test_nothing_of_the_data_is_in_what_a_notebook_saves(open_session):
    session = open_session(table_of(), run=classes(table_of().index), label_names=LABELS)
    for turn in (1, 2):
        tell(session, do="keep", turn=turn)
    saved = json.dumps([session.get_state(), session._repr_mimebundle_()], default=str)
    assert "text number" not in saved
    assert "so-so" not in saved
    assert repr(session).startswith("AuditSession(12 rows, decisions in ")


def test_a_run_is_found_by_the_index(open_session):
    table = table_of()
    dynamics = classes(table.index)
    session = open_session(table, run=dynamics, label_names=LABELS)
    first = int(table["suspicion_rank"].idxmin())
    losses = dynamics.stream("train", "evaluation").to_frame().set_index("sample_id")["loss"]
    state = tell(session, do="hello")
    assert state["row"]["curve"]["losses"] == pytest.approx(losses.loc[first].tolist())
    assert set(state["row"]["curve"]["labels"]) <= set(LABELS)


def test_words_of_a_tagged_text_are_shaded(open_session):
    table = table_of()
    session = open_session(table, run=tags(table["text"].sort_index()))
    parts = tell(session, do="hello")["row"]["texts"][0]["parts"]
    assert [p["text"] for p in parts if p["level"] is not None] == ["text", "number", "0"]


def test_an_embedding_is_in_the_order_of_the_table(open_session):
    table = table_of()
    angle = np.deg2rad(table["suspicion_rank"].to_numpy() * 5.0)
    embedding = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    session = open_session(table, embedding=embedding, neighbours=3)
    near = tell(session, do="hello")["row"]["neighbours"]
    assert [n["text"] for n in near] == [f"text number {n}" for n in (1, 2, 3)]


def test_classes_that_no_row_has_are_on_offer(open_session):
    table = table_of()
    names = ["never", *LABELS]
    session = open_session(table, run=classes(table.index), label_names=names)
    assert tell(session, do="hello")["labels"] == names
    assert tell(open_session(labels=["x", "y"]), do="hello")["labels"] == ["x", "y"]


def test_running_the_cell_again_goes_on_with_the_same_row(open_session):
    first = open_session()
    tell(first, do="keep", turn=1)
    shown = tell(first, do="hello")["row"]
    second = open_session()
    assert tell(second, do="hello")["row"] == shown
    assert "closed" in tell(first, do="keep", turn=2)["failed"]
    assert tell(second, do="keep", turn=1)["decided"] == 2
    other = open_session(who="Grace")
    assert tell(second, do="keep", turn=2)["decided"] == 3  # another person's stays open
    assert tell(other, do="hello")["decided"] == 3


def test_from_a_file(open_session, tmp_path):
    ranked_table().to_csv(tmp_path / "r.csv", index=False)
    session = open_session(str(tmp_path / "r.csv"), neighbours=0, text=["text"])
    assert tell(session, do="hello")["row"]["neighbours"] == []


def test_export_in_three_kinds(open_session, tmp_path):
    import datasets

    table = table_of(texts=[*FORMULAS[:10], "plain", "text"]).reset_index()
    table = table[~table["text"].str.contains("\r|\x00")].reset_index(drop=True)
    table["suspicion_rank"] = table["suspicion_rank"].rank().astype(int)
    session = open_session(table)
    tell(session, do="relabel", turn=1, label=1)
    tell(session, do="ambiguous", turn=2)
    tell(session, do="keep", turn=3)
    tell(session, do="undo", turn=4)
    written = session.export(tmp_path / "out", table)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(p.name for p in written)
    assert len(written) == 6
    found = pd.read_parquet(tmp_path / "out/corrected.parquet")
    best = table["suspicion_rank"] == 1
    assert found["text"].tolist() == table["text"].tolist()
    assert found.loc[best, "label"].tolist() == [LABELS[1]]
    assert found.loc[~best, "label"].tolist() == table.loc[~best, "label"].tolist()
    csv = pd.read_csv(tmp_path / "out/corrected.csv", dtype=str, keep_default_na=False)
    assert not csv["text"].str.match(r"[\s\"]*[=+\-@\t\r\n]").any()
    assert restore_table(csv)["text"].tolist() == table["text"].tolist()
    folder = datasets.load_from_disk(str(tmp_path / "out/corrected")).to_pandas()
    assert folder["label"].tolist() == found["label"].tolist()
    log = pd.read_parquet(tmp_path / "out/log.parquet")
    assert log["decision"].tolist() == ["relabel", "ambiguous", "keep", "undo"]
    assert log["undone"].tolist() == [False, False, True, False]
    assert set(log["who"]) == {"Ada"}
    assert len(datasets.load_from_disk(str(tmp_path / "out/log"))) == 4


def test_export_of_nothing_decided_and_into_a_taken_folder(open_session, tmp_path):
    session = open_session()
    (tmp_path / "empty").mkdir()
    assert len(session.export(tmp_path / "empty")) == 6
    raises_one_line(lambda: session.export(tmp_path / "empty"), "there already")
    raises_one_line(lambda: session.export(tmp_path / "a" / "b"), "no folder")
    raises_one_line(lambda: session.export(tmp_path / "new", ranked_table(11)), "not the one")
    assert not (tmp_path / "new").exists()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".export")]


def test_what_does_not_fit_is_refused_in_one_line(open_session, tmp_path):
    table = table_of()
    run = classes(table.index)
    raises_one_line(lambda: open_session(ranked_table().drop(columns="suspicion_rank")), "rank")
    raises_one_line(lambda: open_session(text="body"), "no column 'body'")
    raises_one_line(lambda: open_session(tmp_path / "none.csv"), "no such file")
    raises_one_line(lambda: open_session(ranked_table(), run=run), "no column 'sample_id'")
    raises_one_line(lambda: open_session(table, run=run, split="test"), "test", kind=DynamicsError)
    raises_one_line(lambda: open_session(embedding=np.ones((3, 2))), "(3, 2) for 12 rows")
    raises_one_line(lambda: open_session(tokenizer=print), "run=", kind=ConfigError)
    raises_one_line(lambda: open_session(neighbours=-1), "0 or more", kind=ConfigError)
    raises_one_line(lambda: open_session(labels=[]), "one name or more", kind=ConfigError)
    raises_one_line(lambda: open_session(every=1), "every 1", kind=ConfigError)
    assert not (tmp_path / "d.db").exists()
    open_session()
    raises_one_line(lambda: open_session(ranked_table(11)), "other rows")
    long = tags(table["text"].sort_index() + " more")
    raises_one_line(
        lambda: open_session(table, run=long, path=tmp_path / "e.db"), "gold", kind=DynamicsError
    )


def test_a_file_that_goes_away_is_said_and_not_passed_over(open_session, tmp_path):
    session = open_session()
    session.decisions.close()
    answer = tell(session, do="keep", turn=1)
    assert set(answer) == {"failed"}
    assert "session is closed" in answer["failed"]
    assert strings(answer) == [answer["failed"]]
