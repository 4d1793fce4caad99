"""Dynamics of tokens: what follows from what is stored, kept, reduced to samples, and refused."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cleanlab.token_classification.rank import (
    _softmin_sentence_score,
    get_label_quality_scores,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from difficulty_lib import Dynamics, score_table
from difficulty_lib._errors import ConfigError, DynamicsError
from difficulty_lib.dynamics import REDUCTIONS, Ragged, TokenDynamics, write_part, write_samples
from difficulty_lib.dynamics._reductions import REDUCED
from difficulty_lib.dynamics._tokens import TOKEN_COLUMNS
from difficulty_lib.scores import SCORES, token_table

LENGTHS = (3, 1, 7, 2, 4)
IDS = (41, 7, 19, 30, 8)
EPOCHS, CLASSES = 3, 5


class Sequences:
    """Logits of every token, and everything that follows from them, one at a time."""

    def __init__(self, seed=0, lengths=LENGTHS, epochs=EPOCHS, classes=CLASSES):
        rng = np.random.default_rng(seed)
        self.lengths, self.epochs = lengths, epochs
        self.gold = [rng.integers(0, classes, n) for n in lengths]
        self.logits = [[3 * rng.normal(size=(n, classes)) for n in lengths] for _ in range(epochs)]

    def token(self, epoch, sample, position):
        z = self.logits[epoch][sample][position]
        y = int(self.gold[sample][position])
        p = np.exp(z) / np.exp(z).sum()
        ordered = np.sort(z)
        return {
            "loss": -np.log(p[y]),
            "entropy": -(p * np.log(p)).sum(),
            "top1": ordered[-1],
            "top2": ordered[-2],
            "gold_logit": z[y],
            "predicted": int(z.argmax()),
            "margin": z[y] - np.delete(z, y).max(),
            "gold_probability": p[y],
            "max_probability": p.max(),
            "correct": float(z.argmax() == y),
        }

    def column(self, name):
        """[epoch][sample][position]"""
        return [
            [[self.token(e, s, i)[name] for i in range(n)] for s, n in enumerate(self.lengths)]
            for e in range(self.epochs)
        ]

    def tokens(self):
        return TokenDynamics.from_rows(
            self.gold, **{name: self.column(name) for name in TOKEN_COLUMNS}
        )

    def dynamics(self, ids=IDS, **settings):
        return Dynamics.from_arrays(list(ids), tokens=self.tokens(), **settings)


@pytest.fixture(scope="module")
def sequences():
    return Sequences()


@pytest.fixture(scope="module")
def stream(sequences):
    return sequences.dynamics().stream()


def of_sample(stream, name, sample_id):
    """[epoch][position]"""
    place = stream.ids.tolist().index(sample_id)
    start, stop = stream.tokens.offsets[place : place + 2]
    return stream.tokens.matrix(name)[:, start:stop].tolist()


def assert_same_tokens(left, right):
    np.testing.assert_array_equal(left.offsets, right.offsets)
    np.testing.assert_array_equal(left.gold, right.gold)
    assert left.gold.dtype == right.gold.dtype == np.int32
    for name, dtype in TOKEN_COLUMNS.items():
        np.testing.assert_array_equal(left.columns[name], right.columns[name])
        assert left.columns[name].dtype == right.columns[name].dtype == dtype


# What is stored, and what follows from it


@pytest.mark.parametrize(
    "name", [*TOKEN_COLUMNS, "margin", "gold_probability", "max_probability", "correct"]
)
def test_every_column_of_every_token_follows_its_sample_id(sequences, stream, name):
    for sample, sample_id in enumerate(IDS):
        found = of_sample(stream, name, sample_id)
        wanted = [epoch[sample] for epoch in sequences.column(name)]
        np.testing.assert_allclose(found, wanted, rtol=2e-5, atol=2e-6)


def test_positions_count_within_a_sample(stream):
    wanted = [place for i in stream.ids for place in range(LENGTHS[IDS.index(i)])]
    assert stream.tokens.positions.tolist() == wanted


def test_an_epoch_is_taken_by_its_place_from_either_end(stream):
    tokens = stream.tokens
    for place in range(tokens.epochs):
        for row in (place, place - tokens.epochs):
            taken = tokens.epoch(row).columns["loss"]
            np.testing.assert_array_equal(taken, tokens.columns["loss"][[place]])
    for row in (tokens.epochs, -tokens.epochs - 1):
        with pytest.raises(DynamicsError, match=f"no epoch at place {row}"):
            tokens.epoch(row)


def test_an_unknown_column_is_named(stream):
    with pytest.raises(DynamicsError, match=r"no 'vocabulary'; there are loss, entropy"):
        stream.tokens.matrix("vocabulary")


def test_epochs_are_sorted_with_their_tokens(sequences):
    turned = sequences.dynamics(epochs=[3, 1, 2]).stream()
    assert turned.epochs.tolist() == [1, 2, 3]
    wanted = [sequences.column("loss")[e][2] for e in (1, 2, 0)]
    np.testing.assert_allclose(of_sample(turned, "loss", IDS[2]), wanted, rtol=1e-6)


def test_take_keeps_the_tokens_of_the_chosen(stream):
    some = stream.take(np.array([41, 8]))
    assert some.ids.tolist() == [8, 41]
    for sample_id in (8, 41):
        assert of_sample(some, "loss", sample_id) == of_sample(stream, "loss", sample_id)
    assert len(some.tokens.gold) == LENGTHS[IDS.index(8)] + LENGTHS[IDS.index(41)]


# Kept on disk and in tables


def test_saved_and_loaded_they_are_the_same_to_the_bit(stream, tmp_path):
    Dynamics({("train", "evaluation"): stream}).save(tmp_path)
    again = Dynamics.load(tmp_path).stream()
    assert_same_tokens(again.tokens, stream.tokens)
    assert again.columns == {}
    assert again.reduction is None


def test_a_reduced_stream_is_saved_as_it_was_recorded(stream, tmp_path):
    Dynamics({("train", "evaluation"): stream.reduce("max")}).save(tmp_path)
    again = Dynamics.load(tmp_path).stream()
    assert again.columns == {}
    assert_same_tokens(again.tokens, stream.tokens)


def test_to_frame_and_from_frame(stream):
    made = Dynamics({("train", "evaluation"): stream})
    frame = made.to_frame()
    assert len(frame) == EPOCHS * len(IDS)
    row = frame[(frame["sample_id"] == 19) & (frame["epoch"] == 2)].iloc[0]
    assert row["token_loss"].tolist() == of_sample(stream, "loss", 19)[1]
    again = Dynamics.from_frame(frame.sample(frac=1, random_state=0)).stream()
    assert_same_tokens(again.tokens, stream.tokens)


def test_gold_tokens_that_change_are_refused(stream):
    frame = Dynamics({("train", "evaluation"): stream}).to_frame()
    place = frame.index[(frame["sample_id"] == 30) & (frame["epoch"] == 2)][0]
    frame.at[place, "token_gold"] = frame.at[place, "token_gold"] + 1
    with pytest.raises(DynamicsError, match=r"gold tokens of sample 30 change"):
        Dynamics.from_frame(frame)


def recorded(folder, sequences, epoch, samples, rank=0, note=None, **other):
    """One rank's file of one epoch, of these samples."""
    columns = {"sample_id": np.array([IDS[s] for s in samples])}
    columns["token_gold"] = Ragged.from_rows([sequences.gold[s] for s in samples], np.int32)
    for name, dtype in TOKEN_COLUMNS.items():
        rows = [sequences.column(name)[epoch - 1][s] for s in samples]
        columns[f"token_{name}"] = Ragged.from_rows(rows, dtype)
    return write_part(folder, "train", "training", epoch, columns | other, rank, **(note or {}))


def test_shares_of_ranks_that_change_are_put_together(sequences, stream, tmp_path):
    write_samples(tmp_path, "train", np.array(sorted(IDS)), None)
    for epoch, shares in enumerate([[[0, 3], [4, 1, 2]], [[1, 2], [3, 0, 4]], [[4, 0], [1, 2, 3]]]):
        for rank, samples in enumerate(shares):
            recorded(tmp_path, sequences, epoch + 1, samples, rank)
    assert_same_tokens(Dynamics.load(tmp_path).stream().tokens, stream.tokens)


def test_copies_that_pad_a_ranks_last_batch_are_left_out(sequences, stream, tmp_path):
    for epoch in (1, 2, 3):
        recorded(tmp_path, sequences, epoch, [0, 1, 2])
        last = {"last_batch": np.array([IDS[4], IDS[1]])}
        recorded(tmp_path, sequences, epoch, [3, 4, 1], rank=1, note=last)
    write_samples(tmp_path, "train", np.array(sorted(IDS)), None)
    assert_same_tokens(Dynamics.load(tmp_path).stream().tokens, stream.tokens)


def test_gold_tokens_are_stored_once(sequences, tmp_path):
    parts = [recorded(tmp_path, sequences, epoch, range(5)) for epoch in (1, 2, 3)]
    kept = [pq.ParquetFile(part).read()["token_gold"].null_count for part in parts]
    assert kept == [0, 5, 5]


def test_floats_are_split_into_byte_planes_and_compressed(sequences, tmp_path):
    group = pq.ParquetFile(recorded(tmp_path, sequences, 1, range(5))).metadata.row_group(0)
    chunks = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
    for name, dtype in TOKEN_COLUMNS.items():
        chunk = chunks[f"token_{name}.list.element"]
        assert ("BYTE_STREAM_SPLIT" in chunk.encodings) == (dtype.kind == "f")
        assert chunk.compression == "ZSTD"


def test_columns_of_the_sample_lie_beside_those_of_its_tokens(sequences, tmp_path):
    norms = np.arange(5, dtype=np.float32)
    for epoch in (1, 2):
        recorded(tmp_path, sequences, epoch, range(5), gradient_norm=norms * epoch)
    stream = Dynamics.load(tmp_path).stream()
    wanted = [[epoch * IDS.index(i) for i in sorted(IDS)] for epoch in (1, 2)]
    assert stream.matrix("gradient_norm").tolist() == wanted
    assert stream.reduce("max").matrix("gradient_norm").tolist() == wanted
    np.testing.assert_allclose(stream.matrix("loss"), stream.reduce("mean").matrix("loss"))


def test_chosen_columns_bring_their_tokens(stream, tmp_path):
    Dynamics({("train", "evaluation"): stream}).save(tmp_path)
    some = Dynamics.load(tmp_path, columns=["loss"]).stream()
    np.testing.assert_array_equal(some.matrix("loss"), stream.matrix("loss"))


def rewritten(part, change):
    """One recorded file, with its table changed."""
    with pq.ParquetFile(part) as file:
        table = file.read()
    pq.write_table(change(table), part)


def test_a_token_lost_from_an_epoch_is_named(sequences, tmp_path):
    recorded(tmp_path, sequences, 1, range(5))
    part = recorded(tmp_path, sequences, 2, range(5))

    def shorten(table):
        lists = table["token_entropy"].to_pylist()
        lists[table["sample_id"].to_pylist().index(19)].pop()
        place = table.column_names.index("token_entropy")
        return table.set_column(place, "token_entropy", pa.array(lists, pa.list_(pa.float32())))

    rewritten(part, shorten)
    with pytest.raises(DynamicsError, match=r"epoch 2.*sample 19 has 6 tokens.*expected 7"):
        Dynamics.load(tmp_path)


def test_a_missing_token_column_is_named(sequences, tmp_path):
    part = recorded(tmp_path, sequences, 1, range(5))
    rewritten(part, lambda table: table.drop_columns("token_top2"))
    with pytest.raises(DynamicsError, match=r"epoch 1.*no column 'token_top2'"):
        Dynamics.load(tmp_path)


def test_missing_gold_tokens_are_named(sequences, tmp_path):
    part = recorded(tmp_path, sequences, 1, range(5))

    def forget(table):
        place = table.column_names.index("token_gold")
        lists = table["token_gold"].to_pylist()
        lists[0] = None
        return table.set_column(place, "token_gold", pa.array(lists, pa.list_(pa.int32())))

    rewritten(part, forget)
    with pytest.raises(DynamicsError, match=r"gold tokens of 1 samples are missing.*\[7\]"):
        Dynamics.load(tmp_path)


def test_a_token_that_is_no_number_is_named(sequences):
    tokens = sequences.tokens()
    tokens.columns["loss"][1, 5] = np.nan  # the second of the third sample's
    with pytest.raises(
        DynamicsError, match=r"'loss' is not finite at epoch 2, sample 19, posi.* 1"
    ):
        Dynamics.from_arrays(IDS, tokens=tokens)


def test_tokens_of_another_number_of_samples_are_refused(sequences):
    with pytest.raises(DynamicsError, match=r"tokens of 3 epochs and 5 samples; expected 3 and 4"):
        Dynamics.from_arrays(IDS[:4], tokens=sequences.tokens())


def test_rows_that_disagree_with_the_gold_tokens_are_refused():
    columns = {name: [[[1.0], [2.0]]] for name in TOKEN_COLUMNS}
    with pytest.raises(DynamicsError, match=r"sample number 1 has 1 tokens; expected 2"):
        TokenDynamics.from_rows([[3], [4, 5]], **columns)


# Reductions


def reference(name, losses):
    """The reduction of one sample's losses, as its formula reads."""
    losses = np.array(losses, dtype=np.float64)
    if name == "mean":
        return losses.sum() / len(losses)
    if name == "sum":
        return sum(losses)
    if name == "max":
        return sorted(losses)[-1]
    if name == "softmin":
        return sum(losses * np.exp(losses)) / sum(np.exp(losses))
    assert name == "top_k_mean"
    worst = sorted(losses)[::-1][:3]
    return sum(worst) / len(worst)


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_equal_their_formulas_one_sample_at_a_time(sequences, stream, name):
    reduced = stream.reduce(name)
    assert reduced.reduction == name
    assert set(reduced.columns) == set(REDUCED)
    for place, sample_id in enumerate(stream.ids):
        sample = IDS.index(sample_id)
        for epoch in range(EPOCHS):
            token = [sequences.token(epoch, sample, i) for i in range(LENGTHS[sample])]
            wanted = {
                "loss": reference(name, [t["loss"] for t in token]),
                "margin": -reference(name, [-t["margin"] for t in token]),
                "entropy": reference(name, [t["entropy"] for t in token]),
                "max_probability": np.exp(
                    -reference(name, [-np.log(t["max_probability"]) for t in token])
                ),
                "correct": float(all(t["correct"] for t in token)),
            }
            wanted["gold_probability"] = np.exp(-wanted["loss"])
            for column, value in wanted.items():
                found = reduced.matrix(column)[epoch, place]
                assert found == pytest.approx(value, rel=2e-5, abs=2e-6), column


def test_some_sequence_is_right_and_some_is_not():
    """Else the comparison of `correct` above would be of constants."""
    made = Sequences(seed=1, lengths=(1, 1, 2, 1, 3)).dynamics().stream()
    assert set(made.matrix("correct").ravel()) == {0.0, 1.0}


def probabilities(stream):
    """[sample][position] of the first epoch's gold probabilities."""
    return [of_sample(stream, "gold_probability", i)[0] for i in stream.ids]


def test_max_ranks_and_values_as_cleanlabs_minimum(sequences, stream):
    labels = [list(map(int, sequences.gold[IDS.index(i)])) for i in stream.ids]
    logits = [sequences.logits[0][IDS.index(i)] for i in stream.ids]
    scores, _ = get_label_quality_scores(
        labels, [np.exp(z) / np.exp(z).sum(1)[:, None] for z in logits]
    )
    found = stream.reduce("max").matrix("gold_probability")[0]
    np.testing.assert_allclose(found, scores, rtol=1e-5)


@pytest.mark.parametrize("temperature", [0.05, 1.0, 7.0])
def test_softmin_of_probabilities_equals_cleanlabs(stream, temperature):
    found = -REDUCTIONS["softmin"].function(
        -stream.tokens.matrix("gold_probability")[0], stream.tokens.offsets, temperature=temperature
    )
    wanted = _softmin_sentence_score(probabilities(stream), temperature=temperature)
    np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_softmin_lies_between_mean_and_max_and_reaches_both(stream):
    def loss(name, **settings):
        return stream.reduce(name, **settings).matrix("loss")

    assert (loss("softmin") >= loss("mean") - 1e-12).all()
    assert (loss("softmin") <= loss("max") + 1e-12).all()
    np.testing.assert_allclose(loss("softmin", temperature=1e-3), loss("max"), rtol=1e-6)
    np.testing.assert_allclose(loss("softmin", temperature=1e9), loss("mean"), rtol=1e-6)


def test_k_of_top_k_mean(stream):
    def loss(name, **settings):
        return stream.reduce(name, **settings).matrix("loss")

    np.testing.assert_allclose(loss("top_k_mean", k=1), loss("max"))
    np.testing.assert_allclose(loss("top_k_mean", k=100), loss("mean"))
    assert not np.allclose(loss("top_k_mean", k=2), loss("top_k_mean"))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.lists(st.floats(0, 50, width=32), min_size=1, max_size=9), min_size=1, max_size=9)
)
def test_reductions_of_any_rows(rows):
    ragged = Ragged.from_rows(rows, np.float64)
    for name, entry in REDUCTIONS.items():
        wanted = [reference(name, row) for row in rows]
        found = entry.function(ragged.values, ragged.offsets)
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("median", {}, "unknown reduction 'median'; known: mean, sum, max, softmin, top_k_mean"),
        ("mean", {"k": 2}, "reduction 'mean' has no setting k"),
        ("softmin", {"temperature": 0}, "temperature is 0; expected a number above 0"),
        ("top_k_mean", {"k": 0}, "k is 0; expected a whole number"),
    ],
)
def test_reductions_that_do_not_exist_are_refused(stream, name, given, message):
    with pytest.raises(ConfigError, match=message):
        stream.reduce(name, **given)


def test_a_sequence_without_tokens_is_refused_by_id_and_can_be_left_out():
    made = Sequences(lengths=(2, 0, 3)).dynamics(ids=(5, 6, 7)).stream()
    for use in (made.reduce, lambda: made.matrix("loss"), lambda: score_table(made)):
        with pytest.raises(DynamicsError, match=r"1 samples have no gold token, first: \[6\]"):
            use()
    rest = made.take(np.array([5, 7]))
    np.testing.assert_allclose(rest.matrix("loss"), rest.reduce("mean").matrix("loss"))


def test_dynamics_without_tokens_cannot_be_reduced():
    made = Dynamics.from_arrays([1, 2], loss=[[1.0, 2.0]]).stream()
    with pytest.raises(DynamicsError, match="no tokens were recorded"):
        made.reduce("mean")
    with pytest.raises(DynamicsError, match="no tokens were recorded"):
        score_table(made, reduction="max")
    with pytest.raises(DynamicsError, match="no tokens were recorded"):
        token_table(made)


# Scores


def test_scores_of_sequences_are_of_the_mean_by_default(sequences, stream):
    table = score_table(stream)
    assert table.attrs["reduction"] == "mean"
    for sample, sample_id in enumerate(IDS):
        wanted = sum(np.mean(epoch[sample]) for epoch in sequences.column("loss"))
        assert table.loc[sample_id, "action_score"] == pytest.approx(wanted, rel=1e-5)
    assert {"aum", "confidence", "forgetting_events", "predictive_entropy"} <= set(table)
    assert "el2n" not in table


def test_scores_by_another_reduction(sequences, stream):
    table = score_table(stream, ["action_score", "aum"], reduction="max")
    assert table.attrs["reduction"] == "max"
    for sample, sample_id in enumerate(IDS):
        losses = sum(max(epoch[sample]) for epoch in sequences.column("loss"))
        margins = np.mean([min(epoch[sample]) for epoch in sequences.column("margin")])
        assert table.loc[sample_id, "action_score"] == pytest.approx(losses, rel=1e-5)
        assert table.loc[sample_id, "aum"] == pytest.approx(margins, rel=1e-4)


def test_epoch_0_is_reduced_too(sequences):
    made = sequences.dynamics(epochs=[0, 1, 2]).stream()
    assert made.available("initial_loss")
    wanted = [np.mean(sequences.column("loss")[0][IDS.index(i)]) for i in made.ids]
    np.testing.assert_allclose(made.matrix("initial_loss"), wanted, rtol=1e-5)


def test_token_table_scores_every_token_as_a_sample(sequences, stream):
    table = token_table(stream)
    assert table.index.names == ["sample_id", "position"]
    assert len(table) == sum(LENGTHS)
    for sample, sample_id in enumerate(IDS):
        for position in range(LENGTHS[sample]):
            token = [sequences.token(epoch, sample, position) for epoch in range(EPOCHS)]
            row = table.loc[(sample_id, position)]
            right = [t["correct"] for t in token]
            assert row["action_score"] == pytest.approx(sum(t["loss"] for t in token), rel=1e-5)
            assert row["aum"] == pytest.approx(np.mean([t["margin"] for t in token]), rel=1e-4)
            assert row["correctness"] == pytest.approx(np.mean(right))
            last = token[-1]["max_probability"]
            assert row["maximum_softmax_probability"] == pytest.approx(last, rel=1e-4)
            forgotten = sum(a and not b for a, b in pairwise(right))
            assert row["forgetting_events"] == (forgotten if any(right) else EPOCHS)
    assert isinstance(table.index, pd.MultiIndex)


def test_token_table_gives_the_named_scores(stream):
    assert list(token_table(stream, ["aum", "confidence"])) == ["aum", "confidence"]
    with pytest.raises(DynamicsError, match="error_norm"):
        token_table(stream, ["el2n"])
    assert "el2n" in SCORES


def test_the_command_scores_by_a_reduction(stream, tmp_path):
    from typer.testing import CliRunner

    from difficulty_lib.cli._app import app

    Dynamics({("train", "evaluation"): stream}).save(tmp_path / "run")
    for reduction in ("mean", "max"):
        out = tmp_path / f"{reduction}.csv"
        options = ["--name", "aum", "--reduction", reduction, "--out", str(out)]
        result = CliRunner().invoke(app, ["score", str(tmp_path / "run"), *options])
        assert result.exit_code == 0, result.output
        wanted = score_table(stream, ["aum", "action_score"], reduction=reduction)
        found = pd.read_csv(out).set_index("sample_id").loc[wanted.index]
        np.testing.assert_allclose(found["aum"], wanted["aum"], rtol=1e-6)
        assert found.index[found["rank"] == 1] == [wanted["action_score"].idxmax()]


# Ragged columns


def test_ragged_rows_are_chosen_by_place_and_by_mask():
    rows = Ragged.from_rows([[1, 2], [], [3, 4, 5]], np.int64)
    assert [row.tolist() for row in rows.rows()] == [[1, 2], [], [3, 4, 5]]
    assert [row.tolist() for row in rows[[2, 0, 2]].rows()] == [[3, 4, 5], [1, 2], [3, 4, 5]]
    assert [row.tolist() for row in rows[np.array([False, True, True])].rows()] == [[], [3, 4, 5]]
    assert len(Ragged.from_rows([], np.int64)) == 0


@pytest.mark.parametrize("offsets", [[], [1, 3], [0, 2], [0, 4, 3]])
def test_offsets_that_do_not_fit_are_refused(offsets):
    with pytest.raises(DynamicsError, match="offsets"):
        Ragged(np.array(offsets, dtype=np.int64), np.arange(3))
