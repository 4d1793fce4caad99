"""What the study asks of scores: clusters, correlations, classes, human disagreement."""

from difficulty_lib.analysis._classes import ClassDifficulty as ClassDifficulty
from difficulty_lib.analysis._classes import class_difficulty as class_difficulty
from difficulty_lib.analysis._clusters import CurveClusters as CurveClusters
from difficulty_lib.analysis._clusters import cluster_curves as cluster_curves
from difficulty_lib.analysis._clusters import curve_table as curve_table
from difficulty_lib.analysis._correlations import confident_errors as confident_errors
from difficulty_lib.analysis._correlations import hardest as hardest
from difficulty_lib.analysis._correlations import score_correlations as score_correlations
from difficulty_lib.analysis._deciles import error_by_decile as error_by_decile
from difficulty_lib.analysis._estimate import Estimate as Estimate
from difficulty_lib.analysis._estimate import bootstrap as bootstrap
from difficulty_lib.analysis._estimate import pearson as pearson
from difficulty_lib.analysis._estimate import share as share
from difficulty_lib.analysis._estimate import spearman as spearman
from difficulty_lib.analysis._humans import agreement_ceiling as agreement_ceiling
from difficulty_lib.analysis._humans import disagreement_table as disagreement_table
from difficulty_lib.analysis._humans import paired_difference as paired_difference
from difficulty_lib.analysis._partial import partial_spearman as partial_spearman
