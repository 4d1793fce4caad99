"""Training with recorders: configurations, runs, and the callbacks for a Trainer of one's own.

The recorders need the extra `train`; configurations and recorded runs do not.
"""

from typing import TYPE_CHECKING

from difficulty_lib._lazy import lazy
from difficulty_lib.training._config import RunConfig as RunConfig
from difficulty_lib.training._cross_validation import cross_validate as cross_validate
from difficulty_lib.training._probabilities import fold_probabilities as fold_probabilities
from difficulty_lib.training._run import Run as Run
from difficulty_lib.training._run import load_recorded as load_recorded
from difficulty_lib.training._runs import find_run as find_run
from difficulty_lib.training._runs import get_or_train as get_or_train
from difficulty_lib.training._runs import runs_folder as runs_folder
from difficulty_lib.training._second_split import second_split as second_split

if TYPE_CHECKING:
    from difficulty_lib.training._evaluation import observe_split as observe_split
    from difficulty_lib.training._gradients import RecordGradients as RecordGradients
    from difficulty_lib.training._lightning import RecordLightning as RecordLightning
    from difficulty_lib.training._loop import Recorder as Recorder
    from difficulty_lib.training._loss_scaling import fix_loss_scaling as fix_loss_scaling
    from difficulty_lib.training._recorders import RecordEvaluation as RecordEvaluation
    from difficulty_lib.training._recorders import RecordTrainingMixin as RecordTrainingMixin
    from difficulty_lib.training._recorders import TrainingRecorder as TrainingRecorder

_LAZY = {
    "Recorder": "_loop",
    "fix_loss_scaling": "_loss_scaling",
    "observe_split": "_evaluation",
    "RecordEvaluation": "_recorders",
    "RecordGradients": "_gradients",
    "RecordLightning": "_lightning",
    "RecordTrainingMixin": "_recorders",
    "TrainingRecorder": "_recorders",
}

__getattr__ = lazy(__name__, _LAZY)
