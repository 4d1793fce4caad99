"""Difficulty scores: pure functions on arrays, and the registry that says what each means."""

from difficulty_lib.scores._same_samples import same_epochs as same_epochs
from difficulty_lib.scores._same_samples import same_samples as same_samples
from difficulty_lib.scores._score import SCORES as SCORES
from difficulty_lib.scores._score import Score as Score
from difficulty_lib.scores._score import score as score
from difficulty_lib.scores._table import distinct_scores as distinct_scores
from difficulty_lib.scores._table import hardness as hardness
from difficulty_lib.scores._table import methods_table as methods_table
from difficulty_lib.scores._table import ranking as ranking
from difficulty_lib.scores._table import score_table as score_table
from difficulty_lib.scores._tokens import token_table as token_table
from difficulty_lib.scores._words import word_curves as word_curves
from difficulty_lib.scores.action import action_score as action_score
from difficulty_lib.scores.action import action_score_initial as action_score_initial
from difficulty_lib.scores.action import action_score_mean as action_score_mean
from difficulty_lib.scores.action import action_variance as action_variance
from difficulty_lib.scores.action import last_loss as last_loss
from difficulty_lib.scores.aum import aum as aum
from difficulty_lib.scores.cartography import confidence as confidence
from difficulty_lib.scores.cartography import correctness as correctness
from difficulty_lib.scores.cartography import variability as variability
from difficulty_lib.scores.data_iq import aleatoric as aleatoric
from difficulty_lib.scores.el2n import el2n as el2n
from difficulty_lib.scores.ensemble import across_runs as across_runs
from difficulty_lib.scores.ensemble import ensemble as ensemble
from difficulty_lib.scores.ensemble import ensemble_loss as ensemble_loss
from difficulty_lib.scores.forgetting import forgetting_events as forgetting_events
from difficulty_lib.scores.forgetting import never_learnt as never_learnt
from difficulty_lib.scores.grand import grand as grand
from difficulty_lib.scores.out_of_sample import normalized_margin as normalized_margin
from difficulty_lib.scores.out_of_sample import self_confidence as self_confidence
from difficulty_lib.scores.pvi import null_loss_from_frequencies as null_loss_from_frequencies
from difficulty_lib.scores.pvi import pvi as pvi
from difficulty_lib.scores.pvi import with_trained_null as with_trained_null
from difficulty_lib.scores.second_split import second_split_forgetting as second_split_forgetting
from difficulty_lib.scores.tracin import tracin_self as tracin_self
from difficulty_lib.scores.uncertainty import (
    maximum_softmax_probability as maximum_softmax_probability,
)
from difficulty_lib.scores.uncertainty import predictive_entropy as predictive_entropy
from difficulty_lib.scores.vog import vog as vog
from difficulty_lib.scores.vog import vog_raw as vog_raw
