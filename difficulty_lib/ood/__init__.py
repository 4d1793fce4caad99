"""Out of distribution: scores of texts unlike the training texts, how well they tell, calibration.

Scores and measures are pure functions on arrays; `ood_features` and `text_losses` collect the
arrays and need the extra `train`.
"""

from typing import TYPE_CHECKING

from difficulty_lib._lazy import lazy
from difficulty_lib.ood._calibration import Calibration as Calibration
from difficulty_lib.ood._calibration import brier_score as brier_score
from difficulty_lib.ood._calibration import calibration as calibration
from difficulty_lib.ood._calibration import expected_calibration_error as expected_calibration_error
from difficulty_lib.ood._matched import LengthMatched as LengthMatched
from difficulty_lib.ood._matched import length_matched_auroc as length_matched_auroc
from difficulty_lib.ood._measures import Detection as Detection
from difficulty_lib.ood._measures import detection as detection
from difficulty_lib.ood._score import OOD_SCORES as OOD_SCORES
from difficulty_lib.ood._score import OodScore as OodScore
from difficulty_lib.ood._score import ood_score as ood_score
from difficulty_lib.ood._table import check_other_texts as check_other_texts
from difficulty_lib.ood._table import ood_table as ood_table
from difficulty_lib.ood.features import mahalanobis as mahalanobis
from difficulty_lib.ood.features import nearest_neighbours as nearest_neighbours
from difficulty_lib.ood.logits import energy as energy
from difficulty_lib.ood.logits import entropy as entropy
from difficulty_lib.ood.logits import maximum_softmax_probability as maximum_softmax_probability
from difficulty_lib.ood.surface import length as length
from difficulty_lib.ood.surface import length_distance as length_distance
from difficulty_lib.ood.surface import perplexity as perplexity

if TYPE_CHECKING:
    from difficulty_lib.ood._collect import OodFeatures as OodFeatures
    from difficulty_lib.ood._collect import ood_features as ood_features
    from difficulty_lib.ood._collect import text_losses as text_losses

_LAZY = {"OodFeatures": "_collect", "ood_features": "_collect", "text_losses": "_collect"}

__getattr__ = lazy(__name__, _LAZY)
