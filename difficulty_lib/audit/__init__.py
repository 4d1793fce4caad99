"""Does a ranking find the errors? Contestants, measures, comparison, time, cost, and a rule."""

from difficulty_lib.audit._bag_of_words import (
    bag_of_words_probabilities as bag_of_words_probabilities,
)
from difficulty_lib.audit._benchmark import ENSEMBLES as ENSEMBLES
from difficulty_lib.audit._benchmark import BenchmarkCell as BenchmarkCell
from difficulty_lib.audit._benchmark import CellContestants as CellContestants
from difficulty_lib.audit._benchmark import benchmark_configs as benchmark_configs
from difficulty_lib.audit._benchmark import benchmark_table as benchmark_table
from difficulty_lib.audit._benchmark import cell_contestants as cell_contestants
from difficulty_lib.audit._benchmark import (
    recorded_text_contestants as recorded_text_contestants,
)
from difficulty_lib.audit._benchmark import run_cell as run_cell
from difficulty_lib.audit._benchmark import training_embedding as training_embedding
from difficulty_lib.audit._cleanlab import LABEL_QUALITY as LABEL_QUALITY
from difficulty_lib.audit._cleanlab import cleanlab_contestants as cleanlab_contestants
from difficulty_lib.audit._cleanlab import confident_learning as confident_learning
from difficulty_lib.audit._cleanlab import label_quality as label_quality
from difficulty_lib.audit._compare import ContestantComparison as ContestantComparison
from difficulty_lib.audit._compare import compare_contestants as compare_contestants
from difficulty_lib.audit._contestants import (
    confidence_weighted_entropy as confidence_weighted_entropy,
)
from difficulty_lib.audit._contestants import contestant_table as contestant_table
from difficulty_lib.audit._contestants import contestants_about as contestants_about
from difficulty_lib.audit._contestants import mean_of_ranks as mean_of_ranks
from difficulty_lib.audit._contestants import neighbour_disagreement as neighbour_disagreement
from difficulty_lib.audit._contestants import random_ranking as random_ranking
from difficulty_lib.audit._contestants import score_contestants as score_contestants
from difficulty_lib.audit._effort import minutes_per_error as minutes_per_error
from difficulty_lib.audit._effort import review_curve as review_curve
from difficulty_lib.audit._embedding_probabilities import (
    embedding_probabilities as embedding_probabilities,
)
from difficulty_lib.audit._measures import MEASURE_NAMES as MEASURE_NAMES
from difficulty_lib.audit._measures import AuditMeasures as AuditMeasures
from difficulty_lib.audit._measures import audit_measures as audit_measures
from difficulty_lib.audit._oriented import oriented as oriented
from difficulty_lib.audit._over_time import audit_over_time as audit_over_time
from difficulty_lib.audit._partly_judged import PartlyJudged as PartlyJudged
from difficulty_lib.audit._partly_judged import partly_judged as partly_judged
from difficulty_lib.audit._sentence_embeddings import sentence_embeddings as sentence_embeddings
from difficulty_lib.audit._sentence_embeddings import split_embeddings as split_embeddings
from difficulty_lib.audit._sentence_embeddings import tfidf_embeddings as tfidf_embeddings
from difficulty_lib.audit._table import measure_difference as measure_difference
from difficulty_lib.audit._table import measure_table as measure_table
from difficulty_lib.audit._table import over_seeds as over_seeds
from difficulty_lib.audit._text_contestants import text_contestants as text_contestants
from difficulty_lib.audit._wrong_or_ambiguous import RULE as RULE
from difficulty_lib.audit._wrong_or_ambiguous import SortingMeasures as SortingMeasures
from difficulty_lib.audit._wrong_or_ambiguous import SuspectRule as SuspectRule
from difficulty_lib.audit._wrong_or_ambiguous import measure_sorting as measure_sorting
from difficulty_lib.audit._wrong_or_ambiguous import wrong_or_ambiguous as wrong_or_ambiguous
