"""A recorder that counts its own seconds."""

from __future__ import annotations

import time

from difficulty_lib.training import TrainingRecorder


class TimedRecorder(TrainingRecorder):
    """Counts its own seconds."""

    seconds = 0.0

    def step(self, *args, **kwargs):
        start = time.perf_counter()
        super().step(*args, **kwargs)
        self.seconds += time.perf_counter() - start

    def on_epoch_end(self, *args, **kwargs):
        start = time.perf_counter()
        super().on_epoch_end(*args, **kwargs)
        self.seconds += time.perf_counter() - start
