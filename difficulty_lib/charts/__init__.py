"""Altair charts of the study, each with a description; they need the extra `book`."""

from difficulty_lib.charts._accuracy import accuracy_chart as accuracy_chart
from difficulty_lib.charts._action_entropy import action_entropy_chart as action_entropy_chart
from difficulty_lib.charts._agreement import against_null_chart as against_null_chart
from difficulty_lib.charts._audit import audit_epochs_chart as audit_epochs_chart
from difficulty_lib.charts._audit import audit_heatmap_chart as audit_heatmap_chart
from difficulty_lib.charts._audit import audit_precision_chart as audit_precision_chart
from difficulty_lib.charts._audit_ranks import (
    critical_difference_chart as critical_difference_chart,
)
from difficulty_lib.charts._classes import classes_chart as classes_chart
from difficulty_lib.charts._confusion import confusion_chart as confusion_chart
from difficulty_lib.charts._confusion import confusion_table as confusion_table
from difficulty_lib.charts._costs import bars_chart as bars_chart
from difficulty_lib.charts._costs import early_chart as early_chart
from difficulty_lib.charts._curves import clusters_chart as clusters_chart
from difficulty_lib.charts._explain import explain_chart as explain_chart
from difficulty_lib.charts._gradients import deciles_chart as deciles_chart
from difficulty_lib.charts._gradients import variants_chart as variants_chart
from difficulty_lib.charts._images import image_scores_chart as image_scores_chart
from difficulty_lib.charts._intervals import intervals_chart as intervals_chart
from difficulty_lib.charts._mixup import calibration_chart as calibration_chart
from difficulty_lib.charts._nli import annotators_chart as annotators_chart
from difficulty_lib.charts._nli import genres_chart as genres_chart
from difficulty_lib.charts._nli import hypothesis_chart as hypothesis_chart
from difficulty_lib.charts._nli import information_chart as information_chart
from difficulty_lib.charts._ood import mistaken_chart as mistaken_chart
from difficulty_lib.charts._review import minutes_chart as minutes_chart
from difficulty_lib.charts._review import precision_recall_chart as precision_recall_chart
from difficulty_lib.charts._review import review_chart as review_chart
from difficulty_lib.charts._scores import correlations_chart as correlations_chart
from difficulty_lib.charts._scores import disagreement_chart as disagreement_chart
from difficulty_lib.charts._show import enable_charts as enable_charts
from difficulty_lib.charts._steered import differences_chart as differences_chart
from difficulty_lib.charts._steered import kept_chart as kept_chart
from difficulty_lib.charts._steered import steps_chart as steps_chart
from difficulty_lib.charts._variance_entropy import (
    variance_entropy_chart as variance_entropy_chart,
)
from difficulty_lib.charts._wrong_ambiguous import wrong_ambiguous_chart as wrong_ambiguous_chart
