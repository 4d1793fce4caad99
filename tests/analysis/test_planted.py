"""Planted errors found by reductions of tokens, against scikit-learn and loops."""

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib import Dynamics
from difficulty_lib._errors import ConfigError, DynamicsError
from difficulty_lib.analysis import TokenDifficulty, changed_tokens, planted_errors, share
from difficulty_lib.analysis._measures import area_under_roc
from difficulty_lib.dynamics import REDUCTIONS, TOKEN_COLUMNS, TokenDynamics

metrics = pytest.importorskip("sklearn.metrics")
EPOCHS = 4


def planted(samples=120, rate=0.25, lift=2.0, seed=0, ties=False):
    """Texts of words w0 w1 …, some with one word whose loss is higher: stream, truth and words."""
    rng = np.random.default_rng(seed)
    ids = 3 + 2 * rng.permutation(samples)
    lengths = rng.integers(2, 15, samples)
    losses = [[rng.exponential(1.0, n) for n in lengths] for _ in range(EPOCHS)]
    if ties:
        losses = [[np.round(row) for row in epoch] for epoch in losses]
    texts = {int(i): " ".join(f"w{p}" for p in range(n)) for i, n in zip(ids, lengths)}
    rows = []
    for place in range(samples):
        word = int(rng.integers(lengths[place]))
        chosen = rng.random() < rate
        start = len(" ".join(f"w{p}" for p in range(word))) + (word > 0)
        if chosen:
            for epoch in losses:
                epoch[place][word] += lift
        rows.append(
            (chosen, start, start + len(f"w{word}"), word) if chosen else (False, -1, -1, -1)
        )
    truth = pd.DataFrame(rows, columns=["corrupted", "start", "end", "word"], index=ids)
    zeros = [[np.zeros(n) for n in lengths]] * EPOCHS
    gold = [np.zeros(n, dtype=int) for n in lengths]
    columns = dict.fromkeys(TOKEN_COLUMNS, zeros) | {"loss": losses}
    tokens = TokenDynamics.from_rows(gold, **columns)
    stream = Dynamics.from_arrays(list(ids), tokens=tokens, split="validation").stream()
    return (
        stream,
        truth,
        words_of(stream, pd.Series(texts)),
        dict(zip(ids.tolist(), np.arange(samples))),
        losses,
    )


def words_of(stream, texts):
    from difficulty_lib.analysis import token_difficulty

    return token_difficulty(stream, texts)


def action_by_hand(losses, place, reduce):
    return sum(reduce(epoch[place]) for epoch in losses)


def softmin(values):
    weights = np.exp(values) / np.exp(values).sum()
    return (weights * values).sum()


BY_HAND = {
    "mean": np.mean,
    "sum": np.sum,
    "max": np.max,
    "softmin": softmin,
    "top_k_mean": lambda values: np.sort(values)[::-1][:3].mean(),
}


@pytest.mark.parametrize("ties", [False, True])
def test_measures_equal_scikit_learn(ties):
    stream, truth, _, places, losses = planted(ties=ties)
    found = planted_errors(stream, truth, resamples=20)
    assert set(BY_HAND) == set(REDUCTIONS) == set(found.table["reduction"])
    flags = truth["corrupted"].to_numpy()
    for row in found.table.itertuples():
        if ties and row.reduction not in ("sum", "max"):
            continue  # fractions that are equal on paper differ in their last bit
        seen = losses if row.score == "action_score" else losses[-1:]
        by_hand = np.array(
            [action_by_hand(seen, places[i], BY_HAND[row.reduction]) for i in truth.index]
        )
        by_hand = by_hand.round(4)  # stored in float32
        assert row.average_precision == pytest.approx(
            metrics.average_precision_score(flags, by_hand), abs=0.002
        )
        assert row.auroc == pytest.approx(metrics.roc_auc_score(flags, by_hand), abs=0.002)
        assert row.low <= row.average_precision <= row.high
        assert row.auroc_low <= row.auroc <= row.auroc_high
    assert found.base_rate == flags.mean()
    assert found.n == len(flags)
    for _, part in found.table.groupby("score"):
        assert part["average_precision"].is_monotonic_decreasing
    assert (found.hardest, found.ranks, found.lost) == (None, None, ())


@pytest.mark.parametrize("seed", range(3))
def test_area_under_roc_equals_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    values, truth = (
        rng.integers(0, 6, (5, 30)).astype(float),
        rng.integers(0, 2, (5, 30)).astype(float),
    )
    wanted = [metrics.roc_auc_score(t, v) for t, v in zip(truth, values)]
    np.testing.assert_allclose(area_under_roc(values, truth), wanted)
    assert np.isnan(area_under_roc(values[0], np.ones(30)))


def test_intervals_are_those_of_a_loop():
    stream, truth, _, places, losses = planted()
    found = planted_errors(stream, truth, ["max", "mean"], resamples=200, seed=5)
    flags = truth.loc[stream.ids, "corrupted"].to_numpy()
    values = {
        name: np.array(
            [action_by_hand(losses, places[i], BY_HAND[name]) for i in stream.ids.tolist()]
        )
        for name in ("max", "mean")
    }
    rng = np.random.default_rng(99)  # others, so the ends agree but for chance
    drawn = {"max": [], "mean": [], "difference": []}
    for _ in range(400):
        rows = rng.integers(0, len(flags), len(flags))
        both = [
            metrics.average_precision_score(flags[rows], values[n][rows]) for n in ("max", "mean")
        ]
        for name, value in zip(drawn, [*both, both[0] - both[1]]):
            drawn[name].append(value)
    table = found.table[found.table["score"] == "action_score"].set_index("reduction")
    for name in ("max", "mean"):
        ends = np.quantile(drawn[name], [0.025, 0.975])
        np.testing.assert_allclose(table.loc[name, ["low", "high"]].astype(float), ends, atol=0.04)
    pair = found.differences[found.differences["score"] == "action_score"].iloc[0]
    assert (pair["first"], pair["second"]) == ("max", "mean")
    assert pair["value"] == pytest.approx(
        table.loc["max", "average_precision"] - table.loc["mean", "average_precision"]
    )
    np.testing.assert_allclose(
        pair[["low", "high"]].astype(float),
        np.quantile(drawn["difference"], [0.025, 0.975]),
        atol=0.04,
    )
    assert len(found.differences) == 2


def test_the_changed_word_is_ranked_among_its_text():
    stream, truth, words, places, losses = planted(ties=True)
    found = planted_errors(stream, truth, ["mean"], tokens=words, resamples=50)
    ranks = found.ranks.set_index(["score", "sample_id"])
    corrupted = truth[truth["corrupted"]]
    hardest = dict.fromkeys(("action_score", "last_loss"), 0)
    for sample_id, row in corrupted.iterrows():
        for score in hardest:
            seen = losses if score == "action_score" else losses[-1:]
            values = sum(epoch[places[sample_id]] for epoch in seen)
            others = np.delete(values, row["word"])
            rank = (
                1 + (others > values[row["word"]]).sum() + (others == values[row["word"]]).sum() / 2
            )
            one = ranks.loc[(score, sample_id)]
            assert (one["token"], one["changed"], one["tokens"]) == (
                f"w{row['word']}",
                1,
                len(values),
            )
            assert one["rank"] == rank
            assert one["place"] == pytest.approx((rank - 1) / (len(values) - 1))
            hardest[score] += rank == 1
    for row in found.hardest.itertuples():
        wanted = share(
            [True] * hardest[row.score] + [False] * (len(corrupted) - hardest[row.score])
        )
        assert (row.share, row.low, row.high) == (wanted.value, wanted.low, wanted.high)
        lengths = ranks.loc[row.score, "tokens"]
        assert row.chance == pytest.approx((1 / lengths).mean())
        assert row.n == len(corrupted)
        assert row.rank == pytest.approx(ranks.loc[row.score, "rank"].mean())
        assert row.place_low <= row.place <= row.place_high
    assert found.lost == ()


def test_without_a_lift_nothing_is_found():
    stream, truth, words, *_ = planted(samples=600, lift=0.0)
    found = planted_errors(stream, truth, ["max", "mean"], tokens=words, resamples=100)
    assert (found.table["auroc_low"] < 0.5).all()
    assert (found.table["auroc_high"] > 0.5).all()
    for row in found.hardest.itertuples():
        assert row.low < row.chance < row.high
        assert row.place_low < 0.5 < row.place_high


def test_the_worst_token_beats_the_mean_where_one_token_is_wrong():
    stream, truth, words, *_ = planted(samples=400, lift=4.0)
    found = planted_errors(stream, truth, tokens=words, resamples=100)
    pair = found.differences.set_index(["score", "first", "second"]).loc[
        ("action_score", "mean", "max")
    ]
    assert pair["high"] < 0
    assert (found.hardest["low"] > found.hardest["chance"]).all()


def test_a_lead_is_that_pairs_difference_whichever_comes_first():
    stream, truth = planted()[:2]
    found = planted_errors(stream, truth, ["max", "mean"])
    row = found.differences.set_index(["score", "first", "second"]).loc[
        "action_score", "max", "mean"
    ]
    one, other = found.lead("max", "mean"), found.lead("mean", "max")
    assert (one.value, one.low, one.high) == tuple(row[["value", "low", "high"]])
    assert (other.value, other.low, other.high) == (-one.value, -one.high, -one.low)
    raises_one_line(lambda: found.lead("max", "sum"), "were not compared", kind=ConfigError)


def test_changed_tokens_share_a_character_with_the_piece():
    index = pd.MultiIndex.from_tuples(
        [(7, p) for p in range(5)] + [(8, 0)], names=["sample_id", "position"]
    )
    table = pd.DataFrame(
        {
            "start": [0, 2, 5, 7, 8, 0],
            "end": [2, 4, 7, 8, 8, 3],
            "special": [False] * 4 + [True, False],
        },
        index=index,
    )
    tokens = TokenDifficulty(
        pd.Series({7: "aabb ccd", 8: "eee"}), table, np.zeros((1, 6)), np.array([1])
    )
    truth = pd.DataFrame({"start": [3, -1], "end": [6, -1]}, index=[7, 8])
    assert changed_tokens(tokens, truth).tolist() == [False, True, True, False, False, False]
    assert not changed_tokens(tokens, truth.loc[[8]]).any()
    raises_one_line(lambda: changed_tokens(tokens, truth[["start"]]), "no column 'end'")
    raises_one_line(lambda: changed_tokens(tokens, truth.assign(end=9)), "sample 7", "ends at 9")


def test_what_was_cut_off_or_is_the_whole_text_is_reported():
    stream, truth, words, *_ = planted()
    first, second, *_ = truth.index[truth["corrupted"]]
    table = words.table.copy()
    changed = changed_tokens(words, truth)
    kept = ~(changed & (table.index.get_level_values(0) == first)).to_numpy()
    cut = TokenDifficulty(words.texts, table[kept], words.losses[:, kept], words.epochs)
    truth.loc[second, ["start", "end"]] = 0, len(words.texts[second])
    found = planted_errors(stream, truth, ["max"], tokens=cut, resamples=10)
    assert found.lost == tuple(sorted((first, second)))
    assert not found.ranks["sample_id"].isin([first, second]).any()


def test_truth_of_more_samples_or_as_booleans():
    stream, truth, *_ = planted()
    wanted = planted_errors(stream, truth, ["max"], resamples=10).table
    more = pd.concat([truth["corrupted"], pd.Series({10_001: True})]).astype(bool)
    pd.testing.assert_frame_equal(planted_errors(stream, more, ["max"], resamples=10).table, wanted)


def test_refusals():
    stream, truth, words, *_ = planted()
    gone = truth.index[0]
    raises_one_line(
        lambda: planted_errors(stream, truth.drop(gone)), f"[{gone}]", "not in the truth"
    )
    raises_one_line(lambda: planted_errors(stream, truth[["start"]]), "no column 'corrupted'")
    raises_one_line(lambda: planted_errors(stream, truth.assign(corrupted=False)), "0 of 120")
    raises_one_line(lambda: planted_errors(stream, truth.assign(corrupted=True)), "120 of 120")
    raises_one_line(lambda: planted_errors(stream, truth.assign(corrupted=1)), "booleans")
    raises_one_line(lambda: planted_errors(stream, truth, []), "no reduction", kind=ConfigError)
    raises_one_line(lambda: planted_errors(stream, truth, ["median"]), "'median'", kind=ConfigError)
    some = words.take(truth.index[~truth["corrupted"]])
    raises_one_line(lambda: planted_errors(stream, truth, ["max"], tokens=some), "have no tokens")
    plain = Dynamics.from_arrays([1, 2], loss=[[1.0, 2.0]]).stream()
    flags = pd.Series([True, False], index=[1, 2])
    raises_one_line(lambda: planted_errors(plain, flags), "no tokens", kind=DynamicsError)
