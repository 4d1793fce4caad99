"""RecordLightning in a real Trainer: against losses noted by the module, resumed, on two processes."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch

from difficulty_lib import Dynamics
from difficulty_lib._errors import DynamicsError

pl = pytest.importorskip("pytorch_lightning")
from difficulty_lib.training import RecordLightning  # noqa: E402

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*does not have many workers:UserWarning",
    "ignore:.*number of training batches:UserWarning",
    "ignore:You defined a `validation_step`:UserWarning",
    "ignore:.*LeafSpec.*",
    "ignore:.*not resumable:UserWarning",
    "ignore:.*checkpoint.*exists and is not empty:UserWarning",
)
N, CLASSES, BATCH = 23, 3, 5
TRAIN_IDS = np.arange(100, 100 + 3 * N, 3)
VALIDATION_IDS = np.arange(7)


def rows(ids, seed):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(len(ids), 4, generator=generator)
    labels = torch.randint(0, CLASSES, (len(ids),), generator=generator)
    return [{"sample_id": int(i), "inputs": x, "labels": y} for i, x, y in zip(ids, inputs, labels)]


class Shuffled(torch.utils.data.Sampler):
    """Another order in every epoch, the same however often it is begun."""

    def __init__(self, count):
        self.count, self.epoch = count, 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return self.count

    def __iter__(self):
        generator = torch.Generator().manual_seed(self.epoch)
        return iter(torch.randperm(self.count, generator=generator).tolist())


class Resumable(torch.utils.data.DataLoader):
    """Goes on after the batches that were taken, as torchdata's StatefulDataLoader does."""

    taken, skip = 0, 0

    def state_dict(self):
        return {"taken": self.taken}

    def load_state_dict(self, state):
        self.skip = state["taken"]

    def __iter__(self):
        skip, self.skip = self.skip, 0
        for number, batch in enumerate(super().__iter__(), start=1):
            if number > skip:
                self.taken = number % len(self)
                yield batch


def loader(kind=torch.utils.data.DataLoader):
    return kind(rows(TRAIN_IDS, 0), batch_size=BATCH, sampler=Shuffled(N))


def validation_loader(ids=VALIDATION_IDS):
    return torch.utils.data.DataLoader(rows(ids, 1), batch_size=3)


class Module(pl.LightningModule):
    """A linear classifier with dropout that notes every loss it has computed itself."""

    def __init__(self, returns=("logits",)):
        super().__init__()
        torch.manual_seed(0)
        self.net = torch.nn.Sequential(torch.nn.Dropout(0.3), torch.nn.Linear(4, CLASSES))
        self.returns = returns
        self.noted = {}

    def both(self, batch, stream):
        if stream == "training":  # dropout that depends on the update alone
            torch.manual_seed(self.global_step)
        logits = self.net(batch["inputs"])
        each = torch.nn.functional.cross_entropy(logits, batch["labels"], reduction="none")
        for sample, loss in zip(batch["sample_id"].tolist(), each.tolist()):
            self.noted.setdefault((stream, self.current_epoch + 1), {})[sample] = loss
        return {
            "loss": each.mean(),
            **{name: logits if name == "logits" else batch[name] for name in self.returns},
        }

    def training_step(self, batch, batch_idx):
        return self.both(batch, "training")

    def validation_step(self, batch, batch_idx, dataloader_idx=0):
        return self.both(batch, f"evaluation{dataloader_idx or ''}")

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.5)


def trainer(tmp_path, *callbacks, epochs=3, **settings):
    settings = {"enable_checkpointing": False} | settings
    return pl.Trainer(
        default_root_dir=tmp_path,
        accelerator="cpu",
        max_epochs=epochs,
        callbacks=list(callbacks),
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        **settings,
    )


def stream(folder, split="train", kind="training"):
    return Dynamics.load(folder).stream(split, kind)


def assert_as_noted(found, module, kind, ids):
    np.testing.assert_array_equal(found.ids, ids)
    wanted = [
        [module.noted[kind, epoch][i] for i in ids.tolist()] for epoch in found.trained_epochs
    ]
    np.testing.assert_allclose(found.matrix("loss"), wanted, atol=1e-6)


@pytest.mark.parametrize("settings", [{}, {"accumulate_grad_batches": 2}], ids=["plain", "accum"])
def test_both_streams_are_what_the_module_computed(tmp_path, settings):
    module = Module()
    fit = trainer(tmp_path, RecordLightning(tmp_path / "run"), **settings)
    fit.fit(module, loader(), validation_loader())
    found = stream(tmp_path / "run")
    assert found.epochs.tolist() == [1, 2, 3]
    assert_as_noted(found, module, "training", TRAIN_IDS)
    labels = {row["sample_id"]: int(row["labels"]) for row in rows(TRAIN_IDS, 0)}
    assert found.label.tolist() == [labels[i] for i in TRAIN_IDS.tolist()]
    evaluated = stream(tmp_path / "run", "validation", "evaluation")
    assert evaluated.epochs.tolist() == [1, 2, 3]
    assert_as_noted(evaluated, module, "evaluation", VALIDATION_IDS)


def test_values_are_before_the_update(tmp_path):
    """One batch: its loss is the untrained model's, not that after the step."""
    module = Module()
    module.net[0].p = 0.0
    with torch.no_grad():
        batch = next(iter(torch.utils.data.DataLoader(rows(TRAIN_IDS, 0), batch_size=N)))
        before = torch.nn.functional.cross_entropy(
            module.net(batch["inputs"]), batch["labels"], reduction="none"
        )
    whole = torch.utils.data.DataLoader(rows(TRAIN_IDS, 0), batch_size=N)
    trainer(tmp_path, RecordLightning(tmp_path / "run"), epochs=1).fit(module, whole)
    with torch.no_grad():
        after = torch.nn.functional.cross_entropy(
            module.net(batch["inputs"]), batch["labels"], reduction="none"
        )
    found = stream(tmp_path / "run").matrix("loss")[0]
    np.testing.assert_allclose(found, before.numpy(), atol=1e-6)
    assert np.abs(found - after.numpy()).max() > 0.01


def test_training_is_not_changed(tmp_path):
    weights = []
    for callbacks in ([], [RecordLightning(tmp_path / "run")]):
        module = Module()
        trainer(tmp_path, *callbacks).fit(module, loader(), validation_loader())
        weights.append(torch.cat([p.detach().reshape(-1) for p in module.parameters()]))
    assert torch.equal(*weights)


def test_ids_and_labels_may_come_from_the_step(tmp_path):
    module = Module(returns=("logits", "labels", "sample_id"))
    seen = []
    module.on_train_batch_end = lambda outputs, batch, batch_idx: seen.append(set(outputs))
    trainer(tmp_path, RecordLightning(tmp_path / "run"), epochs=1).fit(module, loader())
    assert_as_noted(stream(tmp_path / "run"), module, "training", TRAIN_IDS)
    assert seen[0] >= {"logits", "labels", "sample_id"}


def test_epoch_0_by_validating_first(tmp_path):
    module, recorder = Module(), RecordLightning(tmp_path / "run")
    with torch.no_grad():
        module.eval()
        batch = next(iter(torch.utils.data.DataLoader(rows(VALIDATION_IDS, 1), batch_size=7)))
        first = torch.nn.functional.cross_entropy(
            module.net(batch["inputs"]), batch["labels"], reduction="none"
        ).numpy()
        module.train()
    fit = trainer(tmp_path, recorder, epochs=2)
    fit.validate(module, validation_loader(), verbose=False)
    fit.fit(module, loader(), validation_loader())
    fit.validate(module, validation_loader(), verbose=False)  # after training: no epoch's end
    found = stream(tmp_path / "run", "validation", "evaluation")
    assert found.epochs.tolist() == [0, 1, 2]
    np.testing.assert_allclose(found.matrix("initial_loss"), first, atol=1e-6)


def test_validation_within_an_epoch_and_rarer_than_epochs(tmp_path):
    module = Module()
    fit = trainer(tmp_path, RecordLightning(tmp_path / "a"), epochs=2, val_check_interval=2)
    fit.fit(module, loader(), validation_loader())
    assert {key[0] for key in Dynamics.load(tmp_path / "a").keys} == {"train"}
    fit = trainer(tmp_path, RecordLightning(tmp_path / "b"), epochs=4, check_val_every_n_epoch=2)
    with pytest.raises(DynamicsError, match=r"first validation is of epoch 2.*every epoch"):
        fit.fit(Module(), loader(), validation_loader())
    recorder = RecordLightning(tmp_path / "c", validation="")
    fit = trainer(tmp_path, recorder, epochs=4, check_val_every_n_epoch=2)
    fit.fit(Module(), loader(), validation_loader())
    assert Dynamics.load(tmp_path / "c").keys == [("train", "training")]


def test_several_validation_loaders(tmp_path):
    module, other = Module(), np.arange(50, 59)
    recorder = RecordLightning(tmp_path / "run", validation=("validation", "", "test"))
    loaders = [validation_loader(), validation_loader(), validation_loader(other)]
    trainer(tmp_path, recorder, epochs=1).fit(module, loader(), loaders)
    dynamics = Dynamics.load(tmp_path / "run")
    assert sorted(key[0] for key in dynamics.keys) == ["test", "train", "validation"]
    assert_as_noted(dynamics.stream("test"), module, "evaluation2", other)
    with pytest.raises(DynamicsError, match="more validation DataLoaders than names"):
        trainer(tmp_path, RecordLightning(tmp_path / "x"), epochs=1).fit(
            Module(), loader(), loaders
        )


def test_an_epoch_that_is_cut_short_is_not_written(tmp_path):
    fit = trainer(tmp_path, RecordLightning(tmp_path / "run"), epochs=-1, max_steps=8)
    fit.fit(Module(), loader())  # 5 batches an epoch
    assert stream(tmp_path / "run").epochs.tolist() == [1]


@pytest.mark.parametrize(
    ("drop", "says"),
    [("logits", "training_step returned no 'logits'"), ("labels", "no 'labels'")],
)
def test_what_is_missing_is_named(tmp_path, drop, says):
    module = Module(returns=() if drop == "logits" else ("logits",))
    module.training_step = lambda batch, batch_idx, step=module.training_step: step(
        batch, batch_idx
    )
    recorder = RecordLightning(tmp_path / "run")
    batches = loader()
    if drop == "labels":
        keep = recorder._observe
        recorder._observe = lambda r, s, outputs, batch: keep(
            r, s, outputs, {k: v for k, v in batch.items() if k != "labels"}
        )
    with pytest.raises(DynamicsError, match=says):
        trainer(tmp_path, recorder).fit(module, batches)


# Resuming


def whole_run(tmp_path):
    module = Module()
    fit = trainer(tmp_path, RecordLightning(tmp_path / "whole"))
    fit.fit(module, loader(), validation_loader())
    return tmp_path / "whole"


class Kill(pl.Callback):
    """Ends the process's training after so many batches in all."""

    def __init__(self, batches):
        self.batches, self.seen = batches, 0

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        self.seen += 1
        if self.seen > self.batches:
            raise InterruptedError


def saving(tmp_path, how):
    settings = {
        "epoch": {"every_n_epochs": 1, "save_on_train_epoch_end": True},
        "validation": {"every_n_epochs": 1, "save_on_train_epoch_end": False},
        "step": {"every_n_train_steps": 2},
    }[how]
    return pl.callbacks.ModelCheckpoint(
        tmp_path / "checkpoints", filename="{step}", save_top_k=-1, **settings
    )


@pytest.mark.parametrize(
    ("how", "kind", "killed_after", "resume_step"),
    [
        ("epoch", torch.utils.data.DataLoader, 7, 5),
        ("epoch", torch.utils.data.DataLoader, 12, 5),
        ("validation", torch.utils.data.DataLoader, 7, 5),
        ("step", Resumable, 8, 8),
        ("step", Resumable, 13, 6),
        ("step", Resumable, 11, 10),
    ],
)
def test_killed_and_resumed_is_as_uninterrupted(tmp_path, how, kind, killed_after, resume_step):
    wanted = Dynamics.load(whole_run(tmp_path))
    settings = {"enable_checkpointing": True}
    fit = trainer(
        tmp_path,
        RecordLightning(tmp_path / "run"),
        saving(tmp_path, how),
        Kill(killed_after),
        **settings,
    )
    with pytest.raises(InterruptedError):
        fit.fit(Module(), loader(kind), validation_loader())
    checkpoint = tmp_path / "checkpoints" / f"step={resume_step}.ckpt"
    fit = trainer(tmp_path, RecordLightning(tmp_path / "run"), saving(tmp_path, how), **settings)
    fit.fit(Module(), loader(kind), validation_loader(), ckpt_path=checkpoint)
    found = Dynamics.load(tmp_path / "run")
    assert sorted(found.keys) == sorted(wanted.keys)
    for key in wanted.keys:
        a, b = found.stream(*key).to_frame(), wanted.stream(*key).to_frame()
        assert a.equals(b), key


def test_a_loader_that_begins_again_is_refused(tmp_path):
    settings = {"enable_checkpointing": True}
    fit = trainer(
        tmp_path, RecordLightning(tmp_path / "run"), saving(tmp_path, "step"), Kill(8), **settings
    )
    with pytest.raises(InterruptedError):
        fit.fit(Module(), loader())
    fit = trainer(tmp_path, RecordLightning(tmp_path / "run"), saving(tmp_path, "step"), **settings)
    with pytest.raises(DynamicsError, match=r"after batch 3 of epoch 2.*begins the epoch again"):
        fit.fit(Module(), loader(), ckpt_path=tmp_path / "checkpoints" / "step=8.ckpt")


# Two processes

SCRIPT = """
import sys, warnings
warnings.simplefilter("ignore")
import torch
torch.set_num_threads(1)
import pytorch_lightning as pl
sys.path[:0] = [{tests!r}]
from training.test_lightning import Module, rows, TRAIN_IDS, VALIDATION_IDS
from difficulty_lib.training import RecordLightning

module = Module()
module.net[0].p = 0.0
fit = pl.Trainer(
    accelerator="cpu", devices=2, strategy="ddp", max_epochs=2, logger=False,
    callbacks=[RecordLightning({folder!r})], enable_checkpointing=False,
    enable_progress_bar=False, enable_model_summary=False,
)
make = torch.utils.data.DataLoader
fit.fit(
    module,
    make(rows(TRAIN_IDS, 0), batch_size=5, shuffle=True),
    make(rows(VALIDATION_IDS, 1), batch_size=3),
)
"""


def test_two_processes_give_each_sample_once(tmp_path):
    from pathlib import Path

    folder = tmp_path / "run"
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(SCRIPT).format(tests=str(Path(__file__).parents[1]), folder=str(folder))
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    dynamics = Dynamics.load(folder)
    found = dynamics.stream("train", "training")  # 23 samples: one rank is given one twice
    np.testing.assert_array_equal(found.ids, TRAIN_IDS)
    assert found.epochs.tolist() == [1, 2]
    labels = {row["sample_id"]: int(row["labels"]) for row in rows(TRAIN_IDS, 0)}
    assert found.label.tolist() == [labels[i] for i in TRAIN_IDS.tolist()]
    evaluated = dynamics.stream("validation", "evaluation")
    np.testing.assert_array_equal(evaluated.ids, VALIDATION_IDS)
    assert len(list((folder / "dynamics").rglob("stream=training/epoch=1/rank-*.parquet"))) == 2
