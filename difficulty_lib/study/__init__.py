"""The chapters' content; it needs the extras `train` and `book`."""

from difficulty_lib.study._agreement import AgreementStudy as AgreementStudy
from difficulty_lib.study._agreement_chapter import AgreementChapter as AgreementChapter
from difficulty_lib.study._agreement_runs import agreement_configs as agreement_configs
from difficulty_lib.study._agreement_runs import agreement_study as agreement_study
from difficulty_lib.study._audit import AuditCell as AuditCell
from difficulty_lib.study._audit import AuditStudy as AuditStudy
from difficulty_lib.study._audit_chapter import AuditChapter as AuditChapter
from difficulty_lib.study._audit_runs import audit_configs as audit_configs
from difficulty_lib.study._audit_runs import audit_study as audit_study
from difficulty_lib.study._chapter import Chapter as Chapter
from difficulty_lib.study._classification import ClassificationStudy as ClassificationStudy
from difficulty_lib.study._classification_chapter import (
    ClassificationChapter as ClassificationChapter,
)
from difficulty_lib.study._cost_chapter import CostChapter as CostChapter
from difficulty_lib.study._curriculum import Curriculum as Curriculum
from difficulty_lib.study._curriculum import CurriculumStudy as CurriculumStudy
from difficulty_lib.study._curriculum_chapter import CurriculumChapter as CurriculumChapter
from difficulty_lib.study._curriculum_runs import curriculum_configs as curriculum_configs
from difficulty_lib.study._curriculum_runs import curriculum_study as curriculum_study
from difficulty_lib.study._gradient_chapter import GradientChapter as GradientChapter
from difficulty_lib.study._gradients import GradientStudy as GradientStudy
from difficulty_lib.study._images import ImageStudy as ImageStudy
from difficulty_lib.study._images_chapter import ImageChapter as ImageChapter
from difficulty_lib.study._images_runs import image_study as image_study
from difficulty_lib.study._nli import NliStudy as NliStudy
from difficulty_lib.study._nli_chapter import NliChapter as NliChapter
from difficulty_lib.study._parameters import run_configs as run_configs
from difficulty_lib.study._parameters import sized as sized
from difficulty_lib.study._question_chapter import QuestionChapter as QuestionChapter
from difficulty_lib.study._questions import QuestionStudy as QuestionStudy
from difficulty_lib.study._real_errors import RealErrorsStudy as RealErrorsStudy
from difficulty_lib.study._real_errors import real_errors as real_errors
from difficulty_lib.study._real_errors_chapter import RealErrorsChapter as RealErrorsChapter
from difficulty_lib.study._recorded import recorded_runs as recorded_runs
from difficulty_lib.study._selection import Selection as Selection
from difficulty_lib.study._selection import SelectionStudy as SelectionStudy
from difficulty_lib.study._selection_chapter import SelectionChapter as SelectionChapter
from difficulty_lib.study._selection_runs import selection_configs as selection_configs
from difficulty_lib.study._selection_runs import selection_study as selection_study
from difficulty_lib.study._steered import SteeredCell as SteeredCell
from difficulty_lib.study._steered_runs import Condition as Condition
from difficulty_lib.study._steered_runs import needed_runs as needed_runs
from difficulty_lib.study._study import Study as Study
from difficulty_lib.study._summaries import SummaryStudy as SummaryStudy
from difficulty_lib.study._summary_chapter import SummaryChapter as SummaryChapter
from difficulty_lib.study._token_chapter import TokenChapter as TokenChapter
from difficulty_lib.study._tokens import TokenStudy as TokenStudy
