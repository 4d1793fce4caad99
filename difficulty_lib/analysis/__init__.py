"""What the study asks of scores: clusters, correlations, classes, human disagreement."""

from difficulty_lib.analysis._accuracy_parts import accuracy_by_part as accuracy_by_part
from difficulty_lib.analysis._agreement import agreement_difference as agreement_difference
from difficulty_lib.analysis._agreement import run_agreement as run_agreement
from difficulty_lib.analysis._agreement_parts import agreement_in_parts as agreement_in_parts
from difficulty_lib.analysis._agreement_parts import equal_parts as equal_parts
from difficulty_lib.analysis._annotators import annotators_ceiling as annotators_ceiling
from difficulty_lib.analysis._annotators import jensen_shannon_bounds as jensen_shannon_bounds
from difficulty_lib.analysis._annotators import label_entropy as label_entropy
from difficulty_lib.analysis._classes import ClassDifficulty as ClassDifficulty
from difficulty_lib.analysis._classes import class_difficulty as class_difficulty
from difficulty_lib.analysis._clusters import CurveClusters as CurveClusters
from difficulty_lib.analysis._clusters import cluster_curves as cluster_curves
from difficulty_lib.analysis._clusters import curve_table as curve_table
from difficulty_lib.analysis._compare import compare_scores as compare_scores
from difficulty_lib.analysis._correlations import confident_errors as confident_errors
from difficulty_lib.analysis._correlations import hardest as hardest
from difficulty_lib.analysis._correlations import score_correlations as score_correlations
from difficulty_lib.analysis._deciles import error_by_decile as error_by_decile
from difficulty_lib.analysis._equivalence import Equivalence as Equivalence
from difficulty_lib.analysis._equivalence import equivalence as equivalence
from difficulty_lib.analysis._estimate import Estimate as Estimate
from difficulty_lib.analysis._estimate import bootstrap as bootstrap
from difficulty_lib.analysis._estimate import pearson as pearson
from difficulty_lib.analysis._estimate import share as share
from difficulty_lib.analysis._estimate import spearman as spearman
from difficulty_lib.analysis._explain import Explanation as Explanation
from difficulty_lib.analysis._explain import explain_difficulty as explain_difficulty
from difficulty_lib.analysis._groups import GroupDifficulty as GroupDifficulty
from difficulty_lib.analysis._groups import group_difficulty as group_difficulty
from difficulty_lib.analysis._humans import agreement_ceiling as agreement_ceiling
from difficulty_lib.analysis._humans import disagreement_table as disagreement_table
from difficulty_lib.analysis._humans import paired_difference as paired_difference
from difficulty_lib.analysis._means import mean as mean
from difficulty_lib.analysis._means import mean_difference as mean_difference
from difficulty_lib.analysis._nearest import nearest as nearest
from difficulty_lib.analysis._overlap import overlap_at as overlap_at
from difficulty_lib.analysis._partial import partial_spearman as partial_spearman
from difficulty_lib.analysis._planted import PlantedErrors as PlantedErrors
from difficulty_lib.analysis._planted import changed_tokens as changed_tokens
from difficulty_lib.analysis._planted import planted_errors as planted_errors
from difficulty_lib.analysis._reliability import SeedsNeeded as SeedsNeeded
from difficulty_lib.analysis._reliability import reliability_table as reliability_table
from difficulty_lib.analysis._reliability import seed_agreement as seed_agreement
from difficulty_lib.analysis._reliability import seeds_needed as seeds_needed
from difficulty_lib.analysis._reliability import spearman_brown as spearman_brown
from difficulty_lib.analysis._reliability import split_half as split_half
from difficulty_lib.analysis._seeds import score_interval as score_interval
from difficulty_lib.analysis._seeds import seed_scores as seed_scores
from difficulty_lib.analysis._token_classes import TokenClasses as TokenClasses
from difficulty_lib.analysis._token_classes import (
    class_difficulty_of_tokens as class_difficulty_of_tokens,
)
from difficulty_lib.analysis._token_classes import classes_of as classes_of
from difficulty_lib.analysis._token_difficulty import TokenDifficulty as TokenDifficulty
from difficulty_lib.analysis._token_difficulty import token_difficulty as token_difficulty
