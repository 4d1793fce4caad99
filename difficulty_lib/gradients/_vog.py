"""VoG: the variance of a sample's input gradient over the checkpoints of a training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib._extras import require
from difficulty_lib.gradients._moments import Moments

torch = require("torch", "train")

Array = NDArray[np.float64]
WINDOWS = ("early", "middle", "late")


def window_of(checkpoint: int, checkpoints: int) -> str:
    """The third of a training that a checkpoint, from 1, lies in; the first ones get the remainder."""
    parts = np.array_split(np.arange(1, checkpoints + 1), len(WINDOWS))
    return next(name for name, part in zip(WINDOWS, parts) if checkpoint in part)


class VarianceOfGradients:
    """Streams gradients in, checkpoint by checkpoint, and gives each sample's VoG.

    Per entry of a sample's input (real token × hidden) it keeps a mean and a sum of squared
    deviations, for the window that is open and for the checkpoints before it: 16 bytes per entry
    and target, however many checkpoints there are. The order of the batches does not matter.

    Args:
        checkpoints: how many there will be; their thirds are the windows early, middle, late.
        targets: what is differentiated, names of `TARGETS`.
    """

    def __init__(self, checkpoints: int, targets: Sequence[str] = ("logit",)) -> None:
        self.checkpoints = checkpoints
        self.targets = tuple(targets)
        self.done = 0
        self._window = {target: Moments() for target in self.targets}
        self._before = {target: Moments() for target in self.targets}
        self._columns: dict[str, Array] = {}
        self._slots: dict[int, tuple[int, int]] = {}  # sample → (first row, rows)
        self._seen: set[int] = set()
        self._size = 0

    def update(self, ids: Any, gradients: Mapping[str, Any], mask: Any = None) -> None:
        """Add a batch of the checkpoint that is open.

        Args:
            ids: shape (batch,), the samples' ids.
            gradients: by target, shape (batch, T, hidden), as `input_gradients` gives them.
            mask: shape (batch, T), 0 at padding; a sample has the same tokens at every checkpoint.

        Raises:
            DynamicsError: if a sample is there twice, or has another number of tokens than before.
        """
        first = gradients[self.targets[0]]
        real = torch.ones(first.shape[:2]) if mask is None else mask
        lengths = real.bool().sum(1).tolist()
        rows = [self._rows(int(i), n) for i, n in zip(np.asarray(ids).tolist(), lengths)]
        places = torch.cat([torch.arange(start, start + count) for start, count in rows])
        chosen = real.bool().to(first.device)
        for target in self.targets:
            self._window[target].add(places, gradients[target][chosen].float().cpu())

    def end_checkpoint(self) -> None:
        """Close the checkpoint that is open, and the window if it was its last.

        Raises:
            DynamicsError: if a sample of the first checkpoint is missing, or all were there already.
        """
        if self.done >= self.checkpoints:
            raise DynamicsError(
                f"checkpoint {self.done + 1}; expected {self.checkpoints}, as was said at the start"
            )
        missing = sorted(set(self._slots) - self._seen)
        if missing:
            raise DynamicsError(
                f"checkpoint {self.done + 1}: {len(missing)} of {len(self._slots)} samples are "
                f"missing, first: {', '.join(map(str, missing[:5]))}"
            )
        self._seen.clear()
        self.done += 1
        for moments in self._window.values():
            moments.close(self._size)
        here = window_of(self.done, self.checkpoints)
        if self.done < self.checkpoints and here == window_of(self.done + 1, self.checkpoints):
            return
        for target in self.targets:
            self._keep(f"vog_{target}_{here}", self._window[target])
            self._before[target] = self._before[target].merged(self._window[target])
            self._window[target] = Moments()

    def stop(self) -> None:
        """No more checkpoints will come: what was seen is all, and its thirds are not known."""
        for target in self.targets:
            if self._window[target].count:
                self._before[target] = self._before[target].merged(self._window[target])
            self._window[target] = Moments()
        self._columns.clear()
        self.checkpoints = self.done

    def result(self) -> tuple[NDArray[np.int64], dict[str, Array]]:
        """The samples' ids, shape (N,), and by column `vog_<target>_<window>` their VoG, shape (N,).

        The mean over a sample's real tokens and the hidden dimension of the standard deviation
        (ddof 0) over the window's checkpoints; high is hard. A window of fewer than two checkpoints
        has no deviation and no column.

        Raises:
            DynamicsError: before the last checkpoint.
        """
        if self.done != self.checkpoints:
            raise DynamicsError(f"{self.done} of {self.checkpoints} checkpoints were seen")
        for target in self.targets:
            self._keep(f"vog_{target}_all", self._before[target])
        return np.array(list(self._slots), dtype=np.int64), dict(self._columns)

    @property
    def nbytes(self) -> int:
        """Bytes that are held for the gradients seen so far."""
        kept = (*self._window.values(), *self._before.values())
        return int(sum(m.mean.nbytes + m.squares.nbytes for m in kept))

    def state(self) -> dict[str, Any]:
        """Tensors from which `restore` goes on, between two checkpoints."""
        tensors = {
            f"{name}.{target}.{part}": value
            for name, by_target in (("window", self._window), ("before", self._before))
            for target, moments in by_target.items()
            for part, value in moments.state().items()
        }
        tensors |= {f"column.{name}": torch.from_numpy(v) for name, v in self._columns.items()}
        rows = [(sample, *place) for sample, place in self._slots.items()]
        tensors["slots"] = torch.tensor(rows, dtype=torch.long).reshape(-1, 3)
        tensors["done"] = torch.tensor([self.done, self.checkpoints])
        return tensors

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from what `state` gave.

        Raises:
            DynamicsError: if it is of another number of checkpoints or of other targets.
        """
        done, checkpoints = state["done"].tolist()
        kept = {name.split(".")[1] for name in state if name.startswith("window.")}
        if checkpoints != self.checkpoints or kept != set(self.targets):
            raise DynamicsError(
                f"the gradients kept are of {checkpoints} checkpoints and {', '.join(sorted(kept))}; "
                f"expected {self.checkpoints} and {', '.join(self.targets)}"
            )
        self.done = done
        self._slots = {sample: (start, count) for sample, start, count in state["slots"].tolist()}
        self._size = sum(count for _, count in self._slots.values())
        self._columns = {
            name.removeprefix("column."): value.numpy()
            for name, value in state.items()
            if name.startswith("column.")
        }
        for name, by_target in (("window", self._window), ("before", self._before)):
            for target in self.targets:
                by_target[target] = Moments.restored(state, f"{name}.{target}.")
        self._seen.clear()

    def _rows(self, sample: int, length: int) -> tuple[int, int]:
        if sample in self._seen:
            raise DynamicsError(f"sample {sample} is there more than once in a checkpoint")
        self._seen.add(sample)
        if self.done == 0:
            self._slots[sample] = (self._size, length)
            self._size += length
        known = self._slots.get(sample)
        if known is None or known[1] != length:
            before = "none" if known is None else str(known[1])
            raise DynamicsError(
                f"sample {sample} has {length} tokens; at the first checkpoint it had {before}"
            )
        return known

    def _keep(self, name: str, moments: Moments) -> None:
        if moments.count >= 2 and self._slots:
            per_row = moments.deviation().mean(1, dtype=torch.float64).numpy()
            starts = [start for start, _ in self._slots.values()]
            lengths = np.array([count for _, count in self._slots.values()])
            self._columns[name] = np.add.reduceat(per_row, starts) / lengths
