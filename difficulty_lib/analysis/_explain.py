"""What makes a sample hard: regression of a score on features of the samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from difficulty_lib._errors import ConfigError, DataError
from difficulty_lib._extras import require
from difficulty_lib.analysis._estimate import Estimate, bootstrap
from difficulty_lib.analysis._resampled import ResampledRanks, drawn_counts, weighted_pearson
from difficulty_lib.scores import SCORES, hardness

Array = NDArray[np.float64]
Rows = NDArray[np.signedinteger]
COLUMNS = (("coefficient", "low", "high"), ("spearman", "spearman_low", "spearman_high"))
COLLINEAR = 1e-8  # share of a feature's variance that others leave unexplained, at the least


@dataclass(frozen=True)
class Explanation:
    """A regression of difficulty on features of the samples.

    Attributes:
        table: a row per feature, the largest coefficient in absolute value first: `feature`;
            `coefficient`, `low`, `high` (standard deviations of the score's normal scores per
            standard deviation of the feature, the others held fixed); `spearman`,
            `spearman_low`, `spearman_high` (of the feature alone); `vif`, its variance inflation
            factor, from 1, the share of its variance that the others explain being 1 − 1 / VIF;
            `values`, how many different values it has.
        r2: out-of-fold R²: the share of the variance of samples that were not fitted; 0 or less
            where the features say nothing.
        r2_fitted: R² of the fit to all samples, which is never below 0.
        dropped: feature → why it is not in the table.
        score: name of the explained score.
        folds: number of folds.
        draws: a column per feature, a row per resample: the bootstrapped coefficients.
    """

    table: pd.DataFrame
    r2: Estimate
    r2_fitted: float
    dropped: dict[str, str]
    score: str
    folds: int
    draws: pd.DataFrame = field(repr=False)

    def coefficient(self, feature: str) -> Estimate:
        """A feature's standardised coefficient."""
        return self._estimate(feature, *COLUMNS[0])

    def spearman(self, feature: str) -> Estimate:
        """A feature's own rank correlation with difficulty."""
        return self._estimate(feature, *COLUMNS[1])

    def together(self, signs: Mapping[str, float]) -> Estimate:
        """What several features do together: the sum of their coefficients, with its interval.

        Where features go hand in hand, each one's coefficient is uncertain for the other could have
        its place; their sum is not.

        Args:
            signs: feature → what its coefficient is multiplied by, such as −1 for one whose low
                values are expected to be hard.
        """
        value = sum(sign * self.coefficient(name).value for name, sign in signs.items())
        drawn = sum(sign * self.draws[name].to_numpy() for name, sign in signs.items())
        low, high = _ends(np.asarray(drawn, dtype=np.float64))
        return Estimate(float(value), low, high, n=self.r2.n)

    def _estimate(self, feature: str, value: str, low: str, high: str) -> Estimate:
        rows = self.table[self.table["feature"] == feature]
        if rows.empty:
            reason = self.dropped.get(feature, "unknown")
            raise DataError(
                f"feature '{feature}' has no coefficient ({reason}); "
                f"expected one of {', '.join(self.table['feature'])}"
            )
        row = rows.iloc[0]
        return Estimate(float(row[value]), float(row[low]), float(row[high]), n=self.r2.n)


def explain_difficulty(
    features: pd.DataFrame,
    score: pd.Series,
    *,
    folds: int = 5,
    resamples: int = 1000,
    seed: int = 0,
) -> Explanation:
    """Regress a score on features: what makes a sample hard, each thing given the others.

    The score is turned so that high is hard and replaced by its normal scores Φ⁻¹((r − ½) / n), r
    its mid-ranks: a score matters for its ranking, and a sum of losses is so skewed that its
    variance is that of a handful of samples. Least squares on standardised features give the
    coefficients. Intervals are percentile bootstraps over samples (95 %), with the normal scores of
    all samples kept; that of R² resamples out-of-fold predictions and does not fit again. Of a few
    hundred samples with skewed features, such as lengths, they come out somewhat too narrow.

    Args:
        features: a column of numbers per feature, indexed by sample_id.
        score: indexed by the same ids, in any order. High is hard, unless its name is that of a
            registered score, which says the direction.
        folds: of the out-of-fold R², drawn at random; features are standardised within each.
        resamples: bootstrap resamples.
        seed: of folds and resampling.

    Returns:
        The regression. Constant features, and those that earlier columns determine, are not in it
        but listed with the reason.

    Raises:
        ConfigError: on fewer than two folds, or no resample.
        DataError: if a value is no number, the ids are not those of the score, the score is
            constant, no feature varies, or there are too few samples for so many features.
    """
    if folds < 2 or resamples < 1:
        raise ConfigError(
            f"folds is {folds} and resamples {resamples}; expected folds from 2, resamples from 1"
        )
    x, hard = _checked(features, score)
    dropped = _useless(x, features.columns)
    names = [str(name) for name in features.columns if str(name) not in dropped]
    kept = x[:, [str(name) not in dropped for name in features.columns]]
    n, p = kept.shape
    if p == 0:
        raise DataError(f"no feature varies: {', '.join(dropped)}; expected one at least")
    fitted_at_least = n - -(-n // folds)
    if fitted_at_least < p + 2:
        raise DataError(
            f"{n} samples for {p} features: a fit leaves out one fold of {folds} and has "
            f"{fitted_at_least}; expected {p + 2} or more"
        )
    y = normal_scores(hard)
    observed, draws = _resampled(_standard(kept, kept), y, hard, resamples, seed)
    columns: dict[str, Any] = {"feature": names}
    for (value, low, high), found, drawn in zip(COLUMNS, observed, draws):
        ends = [_ends(column) for column in drawn.T]
        columns |= {value: found, low: [e[0] for e in ends], high: [e[1] for e in ends]}
    columns["vif"] = np.diag(np.linalg.inv(np.corrcoef(kept.T).reshape(p, p)))
    columns["values"] = [len(np.unique(column)) for column in kept.T]
    table = pd.DataFrame(columns)
    order = table["coefficient"].abs().sort_values(ascending=False, kind="stable").index
    predicted = _out_of_fold(kept, y, folds, seed)

    def explained(rows: NDArray[np.int64]) -> Array:
        true = y[rows]
        apart = ((true - true.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-1)
        with np.errstate(invalid="ignore", divide="ignore"):
            result: Array = 1 - ((true - predicted[rows]) ** 2).sum(axis=-1) / apart
        return result

    everywhere = _fit(kept, y, kept)
    return Explanation(
        table=table.loc[order].reset_index(drop=True),
        r2=bootstrap(explained, n, resamples=resamples, seed=seed),
        r2_fitted=float(1 - ((y - everywhere) ** 2).sum() / ((y - y.mean()) ** 2).sum()),
        dropped=dropped,
        score=str(score.name),
        folds=folds,
        draws=pd.DataFrame(draws[0], columns=names),
    )


def normal_scores(values: Array) -> Array:
    """Φ⁻¹((r − ½) / n) of the values' mid-ranks r, shape (n,) to (n,)."""
    stats = require("scipy.stats", "train")
    scores: Array = stats.norm.ppf((stats.rankdata(values) - 0.5) / len(values))
    return scores


def _checked(features: pd.DataFrame, score: pd.Series) -> tuple[Array, Array]:
    """Features, shape (n, p), and difficulty, shape (n,), in the features' order."""
    for what, index in (("features", features.index), ("the score", score.index)):
        if index.has_duplicates:
            doubled = index[index.duplicated()].unique()
            raise DataError(
                f"{what}: {len(doubled)} ids are there more than once, first: "
                f"{', '.join(map(str, doubled[:5]))}; expected one row per id"
            )
    apart = features.index.symmetric_difference(score.index)
    if len(apart):
        raise DataError(
            f"{len(apart)} ids are not in both, features ({len(features)}) and score "
            f"({len(score)}), first: {', '.join(map(str, apart[:5]))}; expected the same ids"
        )
    words = [str(c) for c in features if not pd.api.types.is_numeric_dtype(features[c])]
    if words:
        raise DataError(f"feature '{words[0]}' is {features[words[0]].dtype}; expected numbers")
    x = features.to_numpy(dtype=np.float64)
    y = score.loc[features.index].to_numpy(dtype=np.float64)
    for name, values in (*zip(features.columns, x.T), (score.name, y)):
        bad = features.index[~np.isfinite(values)]
        if len(bad):
            raise DataError(
                f"'{name}' is not finite for {len(bad)} samples, first: "
                f"{', '.join(map(str, bad[:5]))}; expected a number for each"
            )
    if len(y) and (y == y[0]).all():
        raise DataError(
            f"'{score.name}' is {y[0]:g} for every sample; expected a score that varies"
        )
    if score.name in SCORES:
        y = hardness(y, higher_is_harder=SCORES[str(score.name)].higher_is_harder)
    return x, np.asarray(y, dtype=np.float64)


def _useless(x: Array, columns: pd.Index) -> dict[str, str]:
    """Features without a coefficient of their own, and why."""
    dropped: dict[str, str] = {}
    basis = np.empty((len(x), 0))
    for name, values in zip(columns, x.T):
        if len(values) == 0 or (values == values[0]).all():
            dropped[str(name)] = "constant"
            continue
        centred = values - values.mean()
        centred /= np.linalg.norm(centred)
        left = centred - basis @ (basis.T @ centred)
        left -= basis @ (basis.T @ left)  # once more, for what rounding left
        if (left**2).sum() < COLLINEAR:
            dropped[str(name)] = "determined by the features before it"
            continue
        basis = np.column_stack([basis, left / np.linalg.norm(left)])
    return dropped


def _standard(x: Array, by: Array) -> Array:
    """Columns of `x` minus the means of `by` over its standard deviations; 0 where that is 0."""
    spread = by.std(axis=0)
    standard: Array = (x - by.mean(axis=0)) / np.where(spread > 0, spread, np.inf)
    return standard


def _fit(x: Array, y: Array, at: Array) -> Array:
    """Least squares of y on standardised x, predicted at other samples."""
    weights = np.linalg.lstsq(_standard(x, x), y - y.mean(), rcond=None)[0]
    predicted: Array = y.mean() + _standard(at, x) @ weights
    return predicted


def _out_of_fold(x: Array, y: Array, folds: int, seed: int) -> Array:
    """Every sample's prediction by the fit that did not see it."""
    predicted = np.empty(len(y))
    shuffled = np.random.default_rng(seed).permutation(len(y))
    for held in np.array_split(shuffled, folds):
        rest = np.setdiff1d(shuffled, held)
        predicted[held] = _fit(x[rest], y[rest], x[held])
    return predicted


def _resampled(
    z: Array, y: Array, hard: Array, resamples: int, seed: int
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Coefficients and rank correlations of p features: of the samples (p,), and of resamples (R, p)."""
    n, p = z.shape
    both = np.column_stack([z, (y - y.mean()) / y.std()])
    # A resample's means and products follow from how often each sample was drawn.
    upper = np.triu_indices(p + 1)
    products = np.column_stack([both, both[:, upper[0]] * both[:, upper[1]]])
    ranks = [ResampledRanks(column) for column in (*z.T, hard)]

    def statistics(counts: Array) -> tuple[Array, Array]:
        *each, truth = (rank(counts) for rank in ranks)
        alone = np.stack([weighted_pearson(r, truth, counts) for r in each], axis=-1)
        return _coefficients(counts @ products / n, upper, p), alone

    value, alone = statistics(np.ones((1, n)))
    drawn = [statistics(counts) for counts in drawn_counts(n, resamples, seed)]
    values, alones = (np.concatenate(part) for part in zip(*drawn))
    return (value[0], alone[0]), (values, alones)


def _ends(drawn: Array) -> tuple[float, float]:
    """The middle 95 % of what was drawn, resamples without a value left out."""
    drawn = drawn[np.isfinite(drawn)]
    low, high = np.quantile(drawn, [0.025, 0.975]) if len(drawn) else (np.nan, np.nan)
    return float(low), float(high)


def _coefficients(moments: Array, upper: tuple[Rows, Rows], p: int) -> Array:
    """Standardised coefficients from means and mean products, (B, …) to (B, p)."""
    mean, second = moments[:, : p + 1], moments[:, p + 1 :]
    covariance = np.empty((len(moments), p + 1, p + 1))
    covariance[:, upper[0], upper[1]] = second
    covariance[:, upper[1], upper[0]] = second
    covariance -= mean[:, :, None] * mean[:, None, :]
    variance = np.diagonal(covariance, axis1=1, axis2=2)
    constant = variance < COLLINEAR
    spread = np.sqrt(np.where(constant, 1.0, variance))
    correlation = covariance / spread[:, :, None] / spread[:, None, :]
    inverse = np.linalg.pinv(correlation[:, :p, :p], hermitian=True)
    beta: Array = np.einsum("bij,bj->bi", inverse, correlation[:, :p, p])
    beta[constant[:, :p]] = np.nan  # a rare feature that no drawn sample has
    return beta
