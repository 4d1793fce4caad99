"""A training script as a user's: started by the tests in processes of their own, alone or as ranks.

Usage: launched.py FOLDER SETTINGS, the latter as JSON. It trains the tiny BERT and records both
streams, through a Trainer or a loop with accelerate, and kills itself where it is told to.
"""

import contextlib
import json
import os
import signal
import sys
from pathlib import Path

import torch

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from training import tiny
from transformers import DataCollatorWithPadding, Trainer, TrainerCallback, TrainingArguments

from difficulty_lib.training import (
    Recorder,
    RecordEvaluation,
    RecordTrainingMixin,
    TrainingRecorder,
)

EPOCHS = 3
DEFAULTS = {
    "loop": "trainer",
    "count": 21,
    "batch": 4,
    "rate": 5e-3,
    "dropout": 0.1,
    "kill": None,  # [place, step]
    "save": None,  # steps between checkpoints, or "epoch"
    "resume": False,
    "arguments": {},
}


class RecordedTrainer(RecordTrainingMixin, Trainer):
    pass


def die():
    os.kill(os.getpid(), signal.SIGKILL)


class Killer(TrainerCallback):
    """Ends the process without warning, as the out-of-memory killer does."""

    def __init__(self, place, step):
        self.place, self.step = place, step

    def on_step_end(self, args, state, control, **kwargs):
        if (self.place, self.step) == ("step_end", state.global_step):
            die()

    def on_substep_end(self, args, state, control, **kwargs):
        if (self.place, self.step) == ("substep_end", state.global_step):
            die()

    def on_save(self, args, state, control, **kwargs):
        if (self.place, self.step) == ("saved", state.global_step):
            die()

    def on_epoch_end(self, args, state, control, **kwargs):
        if (self.place, self.step) == ("epoch_end", state.global_step):
            die()


def through_trainer(folder, given):
    rows = tiny.encoded_rows(given["count"])
    held_out = tiny.encoded_rows(11, seed=5, first_id=50_000)
    tokenizer = tiny.tiny_tokenizer()
    saving = {"save_strategy": "no"}
    if given["save"] == "epoch":
        saving = {"save_strategy": "epoch"}
    elif given["save"]:
        saving = {"save_strategy": "steps", "save_steps": given["save"]}
    recorder = TrainingRecorder(folder)
    callbacks = [RecordEvaluation(folder, {"validation": held_out}), recorder]
    if given["kill"]:
        # "during_save": after the checkpoint, before the recorder's part of it
        place = 0 if given["kill"][0] == "during_save" else len(callbacks)
        kill = ["saved" if place == 0 else given["kill"][0], given["kill"][1]]
        callbacks.insert(place, Killer(*kill))
    trainer = RecordedTrainer(
        model=tiny.tiny_model(dropout=given["dropout"]),
        args=TrainingArguments(
            output_dir=str(folder / "trainer"),
            per_device_train_batch_size=given["batch"],
            num_train_epochs=EPOCHS,
            learning_rate=given["rate"],
            seed=3,
            use_cpu=True,
            dataloader_pin_memory=False,
            remove_unused_columns=False,
            report_to="none",
            logging_strategy="no",
            disable_tqdm=True,
            **saving,
            **given["arguments"],
        ),
        train_dataset=rows,
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
        callbacks=callbacks,
    )
    trainer.training_recorder = recorder
    trainer.train(resume_from_checkpoint=given["resume"] or None)


def through_loop(folder, given):
    """As a user writes it: accelerate for the ranks, three lines for the recorder."""
    from accelerate import Accelerator, DataLoaderConfiguration, skip_first_batches
    from accelerate.utils import set_seed

    set_seed(3)
    # Otherwise the order of an epoch that is resumed is another one.
    order = DataLoaderConfiguration(use_seedable_sampler=True)
    accelerator = Accelerator(cpu=True, dataloader_config=order)
    rows = tiny.encoded_rows(given["count"])
    loader = torch.utils.data.DataLoader(
        rows,
        batch_size=given["batch"],
        shuffle=True,
        collate_fn=DataCollatorWithPadding(tiny.tiny_tokenizer()),
    )
    model = tiny.tiny_model(dropout=given["dropout"])
    update = torch.optim.AdamW(model.parameters(), lr=given["rate"])
    model, update, loader = accelerator.prepare(model, update, loader)
    recorder = Recorder(folder)
    accelerator.register_for_checkpointing(recorder)
    per_epoch, step = len(loader), 0
    if given["resume"]:
        last = max((folder / "states").iterdir(), key=lambda path: int(path.name))
        accelerator.load_state(str(last))
        step = int(last.name)
    while step < EPOCHS * per_epoch:
        epoch, done = divmod(step, per_epoch)
        loader.set_epoch(epoch)
        model.train()
        for batch in skip_first_batches(loader, done) if done else loader:
            ids = batch.pop("sample_id")
            outputs = model(**batch)
            recorder.step(ids, outputs.logits, batch["labels"])
            accelerator.backward(outputs.loss)
            update.step()
            update.zero_grad()
            step += 1
            if given["kill"] == ["step_end", step]:
                die()
            if step % per_epoch == 0:
                recorder.epoch_end()
            if given["save"] and step % given["save"] == 0:
                accelerator.save_state(str(folder / "states" / str(step)))
        if given["kill"] == ["epoch_end", step]:
            die()
    accelerator.wait_for_everyone()  # end_training would tear gloo down: see leave_ranks


def run(folder, settings):
    torch.set_num_threads(1)
    given = DEFAULTS | settings
    {"trainer": through_trainer, "accelerate": through_loop}[given["loop"]](Path(folder), given)
    leave_ranks()


def run_as_rank(folder, settings, environment, output):
    """In a process of its own, with the environment that a launcher gives."""
    os.environ.update(environment)
    with open(output, "w", buffering=1) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        run(folder, settings)


def leave_ranks():
    """End a process that wrote its results, without what gloo's threads may wait for at an exit."""
    if torch.distributed.is_initialized():
        # A rank that left first may break another's barrier: it had come through its own. One that
        # failed says so by its own exit code.
        with contextlib.suppress(RuntimeError):
            torch.distributed.barrier()
        sys.stdout.flush()
        os._exit(0)


if __name__ == "__main__":
    run(sys.argv[1], json.loads(sys.argv[2]))
