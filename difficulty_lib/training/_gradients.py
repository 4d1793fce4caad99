"""A recorder of gradients for transformers' Trainer, beside the evaluation stream."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from difficulty_lib._errors import DynamicsError
from difficulty_lib._extras import require
from difficulty_lib.dynamics._store import static_path, write_static
from difficulty_lib.gradients._inputs import TARGETS, input_gradients
from difficulty_lib.gradients._norms import gradient_norms
from difficulty_lib.gradients._vog import VarianceOfGradients
from difficulty_lib.tasks._batches import forward_columns, length_batches
from difficulty_lib.training._evaluation import (
    ID_COLUMN,
    Collate,
    Rows,
)
from difficulty_lib.training._labels import NAMES, is_class, label_of, share
from difficulty_lib.training._pending import load_pending, save_pending

torch = require("torch", "train")

if TYPE_CHECKING:
    TrainerCallback = object
else:
    TrainerCallback = require("transformers", "train").TrainerCallback


@dataclass(frozen=True)
class _Place:
    """Where a split's static columns go."""

    folder: Path
    stream: str
    rank: int


class RecordGradients(TrainerCallback):
    """Record gradients of the splits of a `RecordEvaluation`: GraNd's, TracIn's and VoG's columns.

    After every epoch each sample's `gradient_norm` (see `gradient_norms`) and the mean
    `learning_rate` of the epoch's updates go beside the evaluation stream, and after the last one
    the static columns `vog_…` (see `VarianceOfGradients`). In eval mode, without dropout, in the
    model's own dtype and outside any autocast. It is a callback, added before the other::

        gradients = RecordGradients()
        trainer.add_callback(gradients)
        trainer.add_callback(RecordEvaluation("my-run", {"validation": rows}, also=[gradients]))

    A training that stops before its last epoch has VoG over all the epochs that there were, and none
    of their thirds. With every checkpoint of the Trainer goes what is needed to go on from it.

    Args:
        targets: of VoG, any of `TARGETS`; none for gradient norms alone.
        batch_tokens: padded tokens per batch; by default 1,024 on a CPU, 8,192 elsewhere.
    """

    def __init__(
        self, targets: Sequence[str] = tuple(TARGETS), *, batch_tokens: int | None = None
    ) -> None:
        self.targets = tuple(targets)
        self.batch_tokens = batch_tokens
        self.seconds = 0.0
        self.vog_seconds = 0.0  # of them, those for VoG
        self.vog_bytes = 0  # the most that was held for it
        self._begun = False
        self._restored: dict[str, Any] = {}
        self._forget(0)

    def _forget(self, checkpoints: int) -> None:
        self.checkpoints = checkpoints
        self._vog: dict[str, VarianceOfGradients] = {}
        self._places: dict[str, _Place] = {}
        self._restored = {}
        self._rate_sum, self._updates = 0.0, 0

    # --- the training's events ---

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start, or go on where the checkpoint was written.

        Raises:
            DynamicsError: if the training goes on from a checkpoint that does not hold what was
                recorded before it.
        """
        self._forget(_whole_epochs(args, state))
        self._begun = True
        if not state.global_step:
            return
        checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        path = _kept(checkpoint, int(args.process_index))
        if not path.exists():
            raise DynamicsError(
                f"{checkpoint} does not hold the gradients recorded before it ({path.name}); resume "
                "from a checkpoint that was written while RecordGradients was there, or start anew"
            )
        kept = load_pending(path)
        self._rate_sum, self._updates = kept["rate_sum"], kept["updates"]
        self._restored = kept["vog"]

    def on_pre_optimizer_step(
        self, args: Any, state: Any, control: Any, optimizer: Any = None, **kwargs: Any
    ) -> None:
        """Note the learning rate of the update to come, that of the first group of parameters."""
        self._rate_sum += float(optimizer.param_groups[0]["lr"])
        self._updates += 1

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Start an epoch's learning rates anew, unless it is gone on with."""
        if abs((epoch := state.epoch or 0.0) - round(epoch)) < 1e-9:
            self._rate_sum, self._updates = 0.0, 0

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Keep what was recorded so far with the checkpoint just written."""
        kept = {
            "rate_sum": self._rate_sum,
            "updates": self._updates,
            "vog": self._restored | {split: vog.state() for split, vog in self._vog.items()},
        }
        checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        save_pending(kept, _kept(checkpoint, int(args.process_index)))

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Write the static columns."""
        for split, vog in self._vog.items():
            if vog.done < vog.checkpoints:
                vog.stop()
            ids, columns = vog.result()
            if columns:
                place = self._places[split]
                write_static(place.folder, split, place.stream, ids, columns, place.rank)
        self._begun = False

    # --- what is recorded ---

    def behind(self, epoch: int) -> bool:
        """Whether the checkpoint that is gone on from was written before this epoch was observed."""
        done = [int(state["done"][0]) for state in self._restored.values()]
        return bool(self.targets) and min(done, default=0) < min(epoch, self.checkpoints)

    def observe(
        self,
        folder: Path,
        split: str,
        stream: str,
        epoch: int,
        model: Any,
        rows: Rows,
        collate: Collate,
        rank: int = 0,
        world: int = 1,
    ) -> dict[str, NDArray[np.generic]]:
        """The columns of this rank's share of a split after an epoch, as `RecordEvaluation` asks.

        Returns:
            `sample_id`, `gradient_norm` and `learning_rate`, each of shape (rows of this rank,).

        Raises:
            DynamicsError: if the samples are not of one class each.
        """
        start = time.perf_counter()
        if not self._begun:
            raise DynamicsError(
                "RecordGradients was not told that training began: add it as a callback, before "
                "RecordEvaluation"
            )
        mine = share(rows, rank, world)
        batches = _encoded(split, model, rows, mine)
        vog = self._vog_of(split, epoch, folder, stream, rank) if len(mine) else None
        device = model.device
        tokens = self.batch_tokens or (1024 if device.type == "cpu" else 8192)
        ids: list[int] = []
        norms: list[Any] = []
        for batch in length_batches([len(row["input_ids"]) for row, _, _ in batches], tokens, 256):
            inputs = dict(collate([batches[i][0] for i in batch]))
            inputs = {name: value.to(device) for name, value in inputs.items()}
            gold = torch.tensor([batches[i][1] for i in batch], device=device)
            here = [batches[i][2] for i in batch]
            ids += here
            norms.append(gradient_norms(model, inputs, gold).cpu())
            if vog is not None:
                began = time.perf_counter()
                gradients = input_gradients(model, inputs, gold, self.targets)
                vog.update(here, gradients, inputs.get("attention_mask"))
                self.vog_seconds += time.perf_counter() - began
        if vog is not None:
            began = time.perf_counter()
            self.vog_bytes = max(self.vog_bytes, vog.nbytes)
            vog.end_checkpoint()
            self.vog_seconds += time.perf_counter() - began
        rate = self._rate_sum / self._updates if epoch and self._updates else 0.0
        self.seconds += time.perf_counter() - start
        return {
            ID_COLUMN: np.array(ids, dtype=np.int64),
            "gradient_norm": torch.cat(norms).numpy() if norms else np.zeros(0, np.float32),
            "learning_rate": np.full(len(ids), rate, dtype=np.float32),
        }

    def _vog_of(
        self, split: str, epoch: int, folder: Path, stream: str, rank: int
    ) -> VarianceOfGradients | None:
        """What collects this split's gradients; None where there is nothing to collect."""
        if split not in self._places:
            self._places[split] = _Place(folder, stream, rank)
            # Of an earlier run in this folder.
            static_path(folder, split, stream, rank).unlink(missing_ok=True)
        if not self.targets or not epoch:
            return None
        if split not in self._vog:
            self._vog[split] = VarianceOfGradients(self.checkpoints, self.targets)
            if split in self._restored:
                self._vog[split].restore(self._restored.pop(split))
        vog = self._vog[split]
        if vog.done == vog.checkpoints:
            return None
        if vog.done != epoch - 1:
            raise DynamicsError(
                f"{split}/{stream}: gradients of epoch {epoch} follow those of epoch {vog.done}; "
                "resume from a checkpoint that was written while RecordGradients was there"
            )
        return vog


def _kept(checkpoint: Path, rank: int) -> Path:
    return checkpoint / f"gradients-rank-{rank}.pt"


def _whole_epochs(args: Any, state: Any) -> int:
    """How many epochs will end."""
    if args.max_steps > 0:  # the Trainer rounds the epoch that it stops in up
        return int(max(1, state.num_train_epochs))
    return int(args.num_train_epochs + 1e-9)


def _encoded(
    split: str, model: Any, rows: Rows, mine: Sequence[int]
) -> list[tuple[dict[str, Any], int, int]]:
    """(what the model reads, class, id) of each of these rows."""
    accepted = forward_columns(model)
    encoded = []
    for place in mine:
        row = dict(rows[place])
        label = label_of(row)
        if label is None or not is_class(label):
            raise DynamicsError(
                f"split '{split}', row {place}: gradients are recorded of samples with one class; "
                "its label is " + ("missing" if label is None else "a list or a span")
            )
        sample_id = int(row.pop(ID_COLUMN, place))
        inputs = {name: v for name, v in row.items() if name in accepted and name not in NAMES}
        encoded.append((inputs, int(label), sample_id))
    return encoded
