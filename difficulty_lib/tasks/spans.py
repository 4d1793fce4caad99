"""Question answering: what is observed of a span, the start and the end of an answer."""

from __future__ import annotations

from typing import Any

from difficulty_lib._errors import DynamicsError
from difficulty_lib._extras import require
from difficulty_lib.tasks._task import Tensors


def observe_spans(
    start_logits: Any, end_logits: Any, start_positions: Any, end_positions: Any
) -> Tensors:
    """Loss, margin and entropy of the answer's span, the minimum over several gold answers.

    A span's logit is half the sum of its start's and its end's, so that its loss is
    ½(ℓ_start + ℓ_end), as the model's own. Of several gold answers the one with the smallest loss
    is taken. The margin is positive where start and end of a gold answer are both predicted.

    Args:
        start_logits: tensor of shape (batch, length), any float dtype; −inf on padding, or a row's
            loss depends on how long the others are (the recorders see to it).
        end_logits: likewise.
        start_positions: shape (batch,), or (batch, answers) with −100 where there are fewer. An
            answer that is not within the length is none; a row without any is one whose answer is
            at 0, the first token, by which such models say that there is no answer here.
        end_positions: likewise.

    Returns:
        Tensors of shape (batch,), detached, on the logits' device: `loss`, `margin`, `entropy`
        (half the sum of both), and `answered`, whether the row holds an answer elsewhere than
        at 0: by it `combine_features` puts a question's rows together.

    Raises:
        DynamicsError: if the shapes disagree.
    """
    torch = require("torch", "train")
    if (
        start_logits.shape != end_logits.shape
        or start_logits.ndim != 2
        or start_positions.shape != end_positions.shape
        or start_positions.shape[:1] != start_logits.shape[:1]
        or start_positions.ndim not in (1, 2)
    ):
        raise DynamicsError(
            f"logits {tuple(start_logits.shape)} and {tuple(end_logits.shape)}, positions "
            f"{tuple(start_positions.shape)} and {tuple(end_positions.shape)}; expected "
            "(batch, length) twice and (batch,) or (batch, answers) twice"
        )
    rows, length = start_logits.shape
    starts, ends = (
        positions.detach().reshape(rows, -1) for positions in (start_positions, end_positions)
    )
    inside = (starts >= 0) & (ends >= 0) & (starts < length) & (ends < length)
    # A row without any answer gets 0, and has one then.
    starts, ends = starts.masked_fill(~inside, 0), ends.masked_fill(~inside, 0)
    none = ~inside.any(dim=1, keepdim=True)
    inside = inside | none
    start, end = _Place(start_logits, starts), _Place(end_logits, ends)
    loss = ((start.loss + end.loss) / 2).masked_fill(~inside, float("inf"))
    best = loss.argmin(dim=1, keepdim=True)

    def chosen(values: Any) -> Any:
        return values.gather(1, best).squeeze(1)

    right = (start.below == 0) & (end.below == 0)
    lead = torch.minimum(start.gap, end.gap).expand_as(loss)
    margin = torch.where(right, lead, start.below + end.below) / 2
    return {
        "loss": chosen(loss),
        "margin": chosen(margin),
        "entropy": (start.entropy + end.entropy) / 2,
        "answered": (inside & ~none & ((starts > 0) | (ends > 0))).any(dim=1),
    }


class _Place:
    """One end of the span: of logits (batch, length) at gold places (batch, answers)."""

    def __init__(self, logits: Any, gold: Any) -> None:
        torch = require("torch", "train")
        z = logits.detach().float()
        log_p = torch.log_softmax(z, dim=-1)
        top = z.topk(min(2, z.shape[-1]), dim=-1).values
        self.loss = -log_p.gather(1, gold)
        self.below = z.gather(1, gold) - top[:, :1]  # 0 where predicted
        self.gap = top[:, :1] - top[:, -1:]
        self.entropy = torch.special.entr(log_p.exp()).sum(dim=-1)
