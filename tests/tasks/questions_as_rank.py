"""A training of questions in a process of its own, one of several ranks that talk over gloo."""

import json
import os
from pathlib import Path

BATCH = 4


def train(rank, ranks, port, folder, learning_rate=0.0):
    """Both streams of a Trainer; what its batches held is written down beside, batch by batch."""
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(ranks),
        "LOCAL_WORLD_SIZE": str(ranks),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "ACCELERATE_USE_CPU": "true",
        "CUDA_VISIBLE_DEVICES": "",
    }
    import torch
    from training import tiny
    from training.launched import leave_ranks
    from transformers import Trainer, TrainingArguments

    from difficulty_lib.tasks import TASKS
    from difficulty_lib.training import RecordEvaluation, RecordTrainingMixin, TrainingRecorder

    seen = []

    class RecordedTrainer(RecordTrainingMixin, Trainer):
        def compute_loss(self, model, inputs, return_outputs=False, **more):
            answers = [
                (int(s), int(e)) for s, e in zip(inputs["start_positions"], inputs["end_positions"])
            ]
            numbers, ids = inputs["feature_id"].tolist(), inputs["sample_id"].tolist()
            mask = inputs["attention_mask"].bool()
            loss, outputs = super().compute_loss(model, inputs, return_outputs=True, **more)
            batch = []
            for row, (start, end) in enumerate(answers):
                sides = (outputs.start_logits, start), (outputs.end_logits, end)
                losses = [
                    -float(z[row].detach()[mask[row]].double().log_softmax(0)[at])
                    for z, at in sides
                ]
                batch.append([ids[row], numbers[row], (start, end) != (0, 0), sum(losses) / 2])
            seen.append(batch)
            return (loss, outputs) if return_outputs else loss

    torch.set_num_threads(1)
    task, tokenizer = TASKS["question-answering"], tiny.tiny_tokenizer()
    model, encoded = questions()
    recorder = TrainingRecorder(folder, observe=task.observe)
    collate = task.collate(tokenizer, model)
    evaluation = RecordEvaluation(
        folder, {"validation": encoded}, observe=task.observe, collate=collate
    )
    trainer = RecordedTrainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(Path(folder) / "trainer"),
            per_device_train_batch_size=BATCH,
            num_train_epochs=2,
            learning_rate=learning_rate,
            lr_scheduler_type="constant",
            remove_unused_columns=False,
            train_sampling_strategy="group_by_length",
            **tiny.SILENT,
        ),
        train_dataset=encoded,
        data_collator=collate,
        processing_class=tokenizer,
        callbacks=[recorder, evaluation],
    )
    trainer.training_recorder = recorder
    trainer.train()
    (Path(folder) / f"seen-{rank}.json").write_text(json.dumps(seen))
    leave_ranks()


def questions():
    """The model and the features, the same in every process."""
    from tasks import asked
    from training import tiny

    from difficulty_lib.tasks import encode_questions

    frame = asked.random_frame(11, seed=2, longest=50, answers=1)
    settings = asked.settings_of(tiny.tiny_tokenizer(), max_length=30)
    return asked.question_model(), encode_questions(frame, settings)
