"""A training by a curriculum in a process of its own, alone or one of several ranks over gloo."""

import faulthandler
import json
import os
from pathlib import Path

EPOCHS, ROWS, BATCH = 3, 45, 4


def train(rank, ranks, port, folder, settings):
    """Write down which samples each batch held; `settings`: curriculum (or null), stop, resume."""
    os.environ |= {"ACCELERATE_USE_CPU": "true", "CUDA_VISIBLE_DEVICES": ""}
    if ranks > 1:
        os.environ |= {
            "RANK": str(rank),
            "LOCAL_RANK": str(rank),
            "WORLD_SIZE": str(ranks),
            "LOCAL_WORLD_SIZE": str(ranks),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
        }
    import torch
    from training.launched import leave_ranks

    faulthandler.dump_traceback_later(240)  # says where it hangs, before it is killed
    torch.set_num_threads(1)
    trainer = make(Path(folder), settings, ranks)
    trainer.train(resume_from_checkpoint=settings.get("resume"))
    (Path(folder) / f"seen-{rank}.json").write_text(json.dumps(trainer.seen))
    leave_ranks()


def scores():
    import numpy as np
    import pandas as pd
    from training import tiny

    ids = [row["sample_id"] for row in tiny.encoded_rows(ROWS)]
    return pd.Series(np.random.default_rng(0).normal(size=ROWS), index=ids, name="aum")


def sampler(settings, ranks):
    from training import tiny

    from difficulty_lib.curriculum import CurriculumSampler

    ids = [row["sample_id"] for row in tiny.encoded_rows(ROWS)]
    given = {"classes": scores().gt(0).astype(int), "epochs": EPOCHS, "seed": 3} | settings
    return CurriculumSampler(ids, scores(), batch_size=BATCH * ranks, **given)


def make(folder, settings, ranks=1):
    from training import tiny
    from transformers import DataCollatorWithPadding, Trainer, TrainingArguments

    from difficulty_lib.curriculum import CurriculumMixin

    class CurriculumTrainer(CurriculumMixin, Trainer):
        def training_step(self, model, inputs, *args, **kwargs):
            self.seen.append(inputs.pop("sample_id").tolist())
            return super().training_step(model, inputs, *args, **kwargs)

    tokenizer = tiny.tiny_tokenizer()
    save = {"save_strategy": "steps", "save_steps": settings["stop"]} if "stop" in settings else {}
    trainer = CurriculumTrainer(
        model=tiny.tiny_model(dropout=0.0),
        args=TrainingArguments(
            output_dir=str(folder / "trainer"),
            per_device_train_batch_size=BATCH,
            num_train_epochs=EPOCHS,
            learning_rate=1e-4,
            seed=3,
            remove_unused_columns=False,
            **(tiny.SILENT | save | settings.get("arguments", {})),
        ),
        train_dataset=tiny.encoded_rows(ROWS),
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
    )
    trainer.seen = []
    if settings.get("curriculum") is not None:
        trainer.curriculum = sampler(settings["curriculum"], ranks)
    return trainer
