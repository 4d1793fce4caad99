"""What lies before the reviewer, and what keys and buttons do to the file."""

import json
import re
import sqlite3

import numpy as np
import pandas as pd
import pytest
from hostile import HOSTILE
from refusals import raises_one_line
from review.rows import LABELS, ranked_table
from widget.desks import EPOCHS, classes, desk_of, strings, table_of, tags

from difficulty_lib._errors import DynamicsError
from difficulty_lib.analysis import token_difficulty
from difficulty_lib.review import Decisions, plain
from difficulty_lib.scores import token_table
from difficulty_lib.widget._desk import Desk
from difficulty_lib.widget._evidence import Evidence, stream_of
from difficulty_lib.widget._neighbours import Neighbours, tfidf
from difficulty_lib.widget._rows import rows_of, sample_ids
from difficulty_lib.widget._shading import Shading

HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "d.db"


def on_disk(path):
    """The entries as another program reads them."""
    with sqlite3.connect(path) as connection:
        found = connection.execute(
            "SELECT row, decision, label, how, who FROM decisions ORDER BY number"
        ).fetchall()
    connection.close()
    return found


# --- deciding ----------------------------------------------------------------------------------


def test_each_decision_is_on_disk_before_the_next_row(path):
    desk = desk_of(path)
    keys = desk.rows.keys
    said = [("keep", None), ("relabel", 2), ("ambiguous", None), ("skip", None)]
    for number, (do, label) in enumerate(said):
        state = desk.handle({"do": do, "turn": number + 1, "label": label})
        row, decision, new, _, who = on_disk(path)[-1]
        assert (row, decision, who) == (keys[number], do, "Ada")
        assert new == (LABELS[2] if do == "relabel" else None)
        assert state["note"].endswith(": on disk")
        assert (state["turn"], state["decided"]) == (number + 2, number + 1)
    assert state["row"]["check"]
    assert state["recent"][0]["made"] == "skip"


def test_a_second_click_decides_nothing(path):
    desk = desk_of(path)
    desk.handle({"do": "keep", "turn": 1})
    before = desk.state()
    for turn in (1, 0, None, "2", 3, [2]):
        state = desk.handle({"do": "skip", "turn": turn})
        assert "the row before" in state["note"]
        assert state["row"] == before["row"]
    assert len(on_disk(path)) == 1


@pytest.mark.parametrize(
    "message",
    [
        {"do": "drop table", "turn": 1},
        {"do": "relabel", "turn": 1},
        {"do": "relabel", "turn": 1, "label": 3},
        {"do": "relabel", "turn": 1, "label": -1},
        {"do": "relabel", "turn": 1, "label": True},
        {"do": "relabel", "turn": 1, "label": "good"},
        {"do": "relabel", "turn": 1, "label": 0},  # the label that it has
        {"do": "undo", "turn": 1},
        {"do": ["keep"], "turn": 1},
        {},
        None,
        "keep",
    ],
)
def test_nonsense_changes_nothing_and_says_why(path, message):
    desk = desk_of(path)
    state = desk.handle(message)
    assert state["note"]
    assert state["turn"] == 1
    assert on_disk(path) == []


def test_undo_brings_the_row_back(path):
    desk = desk_of(path)
    first = desk.state()["row"]
    desk.handle({"do": "relabel", "turn": 1, "label": 1})
    state = desk.handle({"do": "undo", "turn": 2})
    assert state["note"] == f"undone: relabel to {LABELS[1]}"
    assert (state["row"], state["decided"], state["turn"]) == (first, 0, 3)


def test_to_the_end_and_back(path):
    desk = desk_of(path)
    for turn in range(1, 13):
        state = desk.handle({"do": "keep", "turn": turn})
    assert state["row"] is None
    assert "every row was looked at" in state["left"]
    assert "every row" in desk.handle({"do": "keep", "turn": 13})["note"]
    assert desk.handle({"do": "undo", "turn": 13})["row"] is not None
    assert sorted({row for row, *_ in on_disk(path)}) == sorted(desk.rows.keys)


def test_two_sessions_see_each_other_and_overwrite_nothing(path):
    ada, grace = desk_of(path, every=0), desk_of(path, who="Grace", every=0)
    assert ada.state()["row"]["why"] == "rank 1"
    assert grace.state()["row"]["why"] == "rank 2"  # the first is before Ada
    grace.handle({"do": "ambiguous", "turn": 1})
    # as when Ada's row was passed over for too long
    grace.decisions.record(ada._shown, "keep")
    state = ada.handle({"do": "relabel", "turn": 1, "label": 1})
    assert state["note"] == "Grace has decided about this row: keep; that decision stays"
    assert state["turn"] == 2
    assert [entry["here"] for entry in state["recent"]] == [False, False]
    assert state["people"] == ["Grace 2"]
    assert [entry[1] for entry in on_disk(path)] == ["ambiguous", "keep"]


def test_another_session_goes_on_where_the_first_stopped(path):
    first = desk_of(path)
    for turn in (1, 2):
        first.handle({"do": "keep", "turn": turn})
    shown = first.state()["row"]
    first.decisions.close()
    second = desk_of(path)
    assert second.state()["row"] == shown
    assert second.state()["decided"] == 2


def test_many_labels_are_typed(path):
    table = ranked_table(70).assign(label=[f"label {n}" for n in range(70)])
    desk = desk_of(path, table)
    state = desk.state()
    assert state["typed"]
    assert state["labels"] == []
    for wrong in (1, "", "  ", None):
        assert desk.handle({"do": "relabel", "turn": 1, "label": wrong})["turn"] == 1
    desk.handle({"do": "relabel", "turn": 1, "label": " new one "})
    assert on_disk(path)[0][1:3] == ("relabel", "new one")


# --- what is shown -----------------------------------------------------------------------------


def test_curves_are_those_of_the_run(path):
    table = table_of()
    dynamics = classes(table.index)
    rows, _ = rows_of(table, ["text"], "label", None)
    ids = sample_ids(rows, None)
    stream = dynamics.stream("train", "evaluation")
    desk = desk_of(path, table, ids=ids, evidence=Evidence(stream, ids, LABELS), every=0)
    frame = stream.to_frame().set_index(["sample_id", "epoch"])
    for turn, sample in enumerate(table.sort_values("suspicion_rank").index, start=1):
        row = desk.state()["row"]
        own, curve = frame.loc[sample], row["curve"]
        assert row["texts"][0]["parts"] == [{"text": table.at[sample, "text"]}]
        assert curve["epochs"] == [1, 2, 3]
        assert curve["losses"] == pytest.approx(own["loss"].tolist())
        assert curve["typical"] == pytest.approx(frame["loss"].groupby("epoch").median().tolist())
        assert curve["labels"] == [LABELS[p] for p in own["predicted"]]
        assert curve["right"] == (own["predicted"] == own["label"]).tolist()
        desk.handle({"do": "keep", "turn": turn})


def test_a_check_shows_nothing_that_a_model_says(path):
    table = table_of()
    rows, _ = rows_of(table, ["text"], "label", None)
    ids = sample_ids(rows, None)
    evidence = Evidence(classes(table.index).stream("train", "training"), ids, LABELS)
    desk = desk_of(
        path,
        table,
        every=2,
        ids=ids,
        evidence=evidence,
        neighbours=lambda: Neighbours(None, rows),
    )
    row = desk.state()["row"]
    assert all(row[name] for name in ("facts", "curve", "neighbours"))
    row = desk.handle({"do": "keep", "turn": 1})["row"]
    assert row["check"]
    assert not any(row[name] for name in ("facts", "curve", "neighbours"))


def test_words_are_shaded_by_their_action_score(path):
    table = table_of(texts=[f"word{'s' * n} of row {n}\t<b>" for n in range(12)])
    texts = table["text"].sort_index()
    stream = tags(texts)
    shading = Shading(stream, texts, None)
    expected = token_table(stream, ["action_score"])["action_score"]
    found = token_difficulty(stream, texts)
    top = np.quantile(expected, 0.98)
    for sample in texts.index:
        parts = shading.of(sample)
        assert "".join(part["text"] for part in parts) == plain(texts[sample])
        shaded = [part for part in parts if part["level"] is not None]
        words = [w for w in texts[sample].split(" ") if w]
        assert [part["text"] for part in shaded] == [plain(word) for word in words]
        scores = found.table.loc[sample, "action_score"]
        levels = [int(8 * np.sqrt(min(score / top, 0.999))) for score in scores]
        assert [part["level"] for part in shaded] == levels
        assert all(len(part["said"].split(",")) == EPOCHS for part in shaded)


def test_the_label_is_shaded_where_the_tokens_are_of_it(path):
    table = table_of()
    rows, _ = rows_of(table, ["text"], "label", None)
    ids = sample_ids(rows, None)
    labels = pd.Series(rows.table["label"].tolist(), index=ids).sort_index()
    shading = Shading(tags(labels), labels, None)
    row = desk_of(path, table, ids=ids, shading=shading, shaded="label").state()["row"]
    assert [part["text"] for part in row["given_parts"]] == [row["given"]]
    assert row["texts"][0]["parts"] == [{"text": "text number 0"}]


def test_a_row_that_cannot_be_shaded_is_shown_all_the_same(path):
    table = table_of()
    rows, _ = rows_of(table, ["text"], "label", None)
    ids = sample_ids(rows, None)
    texts = table["text"].sort_index()
    shading = Shading(tags(texts), texts.replace("text number 1", "other"), None)
    desk = desk_of(path, table, ids=ids, shading=shading, shaded="text", every=0)
    row = desk.handle({"do": "keep", "turn": 1})["row"]
    assert row["texts"][0]["parts"] == [{"text": "text number 1"}]
    assert row["facts"][-1].startswith(f"not shaded: sample {ids[1]}: 3 gold labels for 1 words")


@pytest.mark.parametrize("sparse", [False, True])
def test_neighbours_are_the_nearest_by_cosine(sparse):
    from scipy import sparse as matrices

    rng = np.random.default_rng(0)
    table = table_of(30)
    rows, _ = rows_of(table, ["text"], "label", None)
    embedding = np.abs(rng.normal(size=(30, 6))) * rng.exponential(1, (30, 1))
    found = Neighbours(matrices.csr_matrix(embedding) if sparse else embedding, rows)
    for place in range(30):
        one = embedding[place]
        alike = embedding @ one / np.linalg.norm(embedding, axis=1) / np.linalg.norm(one)
        alike[place] = -1
        near = found.of(place, 4)
        assert [n for n, _ in near] == np.argsort(-alike)[:4].tolist()
        assert [a for _, a in near] == pytest.approx(np.sort(alike)[::-1][:4], abs=1e-5)


def test_neighbours_by_words():
    texts = ["a red apple", "red apples", "one apple, red!", "nothing else", "...", "?!"]
    rows, _ = rows_of(ranked_table(texts=texts), ["text"], "label", None)
    found = Neighbours(None, rows)
    assert [n for n, _ in found.of(0, 5)] == [2, 1]
    assert found.of(3, 5) == []
    assert tfidf(rows).shape[0] == 6


def test_every_text_is_plain_wherever_it_stands(path):
    """Texts, labels, names of columns and of people: no control, no mark, no half pair leaves."""
    table = ranked_table(len(HOSTILE))
    table["text"] = pd.Series(HOSTILE, dtype=object)  # half a pair, too
    table["label"] = [f"{n % 5} {HOSTILE[40 + n % 5]}" for n in range(len(table))]
    table["predicted"] = pd.Series(HOSTILE[::-1], dtype=object)
    table.index = pd.Index(range(len(table)), name="sample_id")
    column = "te\x1b[2Jxt\u202e<b>"
    rows, _ = rows_of(table.rename(columns={"text": column}), [column], "label", None)
    ids = sample_ids(rows, None)
    evidence = Evidence(classes(ids).stream("train", "training"), ids, HOSTILE[:3])
    kept = Decisions(path, rows, who="Ada\x1b[31m\u202e<script>", every=0)
    near = Neighbours(np.ones((len(rows), 2)), rows)
    assert tfidf(rows).shape[0] == len(rows)
    desk = Desk(rows, kept, rows.labels, ids=ids, evidence=evidence, neighbours=lambda: near, k=100)
    for turn, text in enumerate(HOSTILE, start=1):
        state = desk.state()
        assert state["row"]["texts"][0]["parts"] == [{"text": plain(text)}]
        assert len(state["row"]["neighbours"]) == len(HOSTILE) - 1
        assert not [found for found in strings(state) if HIDDEN.search(found)]
        json.dumps(state, ensure_ascii=False).encode("utf8")
        other = (state["row"]["given_number"] + 1) % len(state["labels"])
        desk.handle({"do": "relabel", "turn": turn, "label": other})
    assert len(on_disk(path)) == len(HOSTILE)


def test_a_very_long_text_is_cut(path):
    desk = desk_of(path, ranked_table(texts=["x" * 30_000, "y"]))
    assert desk.state()["row"]["texts"][0]["parts"][0]["text"].endswith(
        "x … 10,000 characters more"
    )


# --- one line ----------------------------------------------------------------------------------


def test_runs_that_do_not_fit():
    table = table_of()
    dynamics = classes(table.index)
    assert stream_of(dynamics, "train", None)[0].stream == "evaluation"
    assert stream_of(dynamics, "train", "training")[0].stream == "training"
    assert stream_of(dynamics.stream("other"), "train", None)[0].split == "other"
    raises_one_line(lambda: stream_of(dynamics, "test", None), "test", kind=DynamicsError)
    raises_one_line(lambda: stream_of(table, "train", None), "DataFrame", "expected a Run")
    ids = np.append(table.index.to_numpy(), 5)
    stream = dynamics.stream("train", "training")
    raises_one_line(lambda: Evidence(stream, ids), "no sample 5", "1 of 13 rows")


def test_ids_that_do_not_fit():
    def ids(table, column=None):
        return sample_ids(rows_of(table, ["text"], "label", None)[0], column)

    table = ranked_table()
    raises_one_line(lambda: ids(table), "no column 'sample_id'")
    raises_one_line(lambda: ids(table, "text"), "column 'text'", "no sample id")
    raises_one_line(lambda: ids(table.assign(sample_id=1)), "1 is there twice")
    raises_one_line(lambda: ids(table.assign(sample_id=0.5)), "whole numbers")
    assert ids(table.assign(row=range(12)), "row").tolist() == list(range(12))


def test_embeddings_that_do_not_fit():
    rows, _ = rows_of(ranked_table(), ["text"], "label", None)
    raises_one_line(lambda: Neighbours(np.ones((11, 2)), rows), "(11, 2) for 12 rows")
    raises_one_line(lambda: Neighbours(np.full((12, 2), np.nan), rows), "not finite")
