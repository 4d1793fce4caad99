"""Which of the training processes this is, and which ways of splitting a model are refused."""

from __future__ import annotations

import os
from typing import Any

from difficulty_lib._errors import ConfigError
from difficulty_lib._extras import require


def rank_and_world() -> tuple[int, int]:
    """This process's rank and the number of processes: torch.distributed's, else the launcher's."""
    torch = require("torch", "train")
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return int(torch.distributed.get_rank()), int(torch.distributed.get_world_size())
    return int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))


def wait_for_ranks() -> None:
    """Return once every process has come here: what all have recorded can then be read."""
    torch = require("torch", "train")
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.barrier()


def refuse_split_models(args: Any, model: Any = None) -> None:
    """Refuse what gives a process a part of the model, or one process several devices.

    A forward pass outside the Trainer's step is then a collective, or sees a shard of the weights.

    Args:
        args: the Trainer's arguments.
        model: what it trains, whose weights may have been split when it was loaded.

    Raises:
        ConfigError: under FSDP, DeepSpeed, Megatron, tensor or sequence parallelism, XLA, and under
            DataParallel.
    """
    state = require("accelerate.state", "train").AcceleratorState
    shared = state() if state._shared_state else None
    refuse_kind(shared.distributed_type.name if shared is not None else "NO")
    plan = getattr(shared, "parallelism_config", None)
    for name in ("tp", "cp", "sp"):
        if int(getattr(plan, f"{name}_size", 1) or 1) > 1:
            refuse_kind(name.upper())
    weights = () if model is None else model.parameters()
    if any(type(weight).__name__ == "DTensor" for weight in weights):
        refuse_kind("DTensor")
    if args.n_gpu > 1:
        raise ConfigError(
            f"{args.n_gpu} GPUs are visible to one process, which makes a DataParallel model: show "
            "it one (CUDA_VISIBLE_DEVICES=0), or start a process per GPU (accelerate launch, torchrun)"
        )


def refuse_kind(kind: str) -> None:
    """Refuse a kind of distribution, by accelerate's name, that splits the model."""
    if kind != "NO" and not kind.startswith("MULTI_"):
        raise ConfigError(
            f"dynamics cannot be recorded under {kind}, which splits the model among processes; "
            "expected one process, or data parallelism with the whole model in each (DDP)"
        )
