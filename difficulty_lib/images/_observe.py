"""What is observed of an autoencoder: a loss per image, or what a token has, per pixel."""

from __future__ import annotations

from typing import Any

from difficulty_lib._errors import DynamicsError
from difficulty_lib._extras import require
from difficulty_lib.tasks._task import Tensors


def observe_images(logits: Any, pixels: Any) -> Tensors:
    """The mean binary cross-entropy of an image's pixels, in nats.

    Args:
        logits: tensor of shape (batch, pixels).
        pixels: tensor of the same shape, from 0 to 1.

    Returns:
        `loss`, shape (batch,), detached.

    Raises:
        DynamicsError: if the shapes disagree.
    """
    return {"loss": _losses(logits, pixels).mean(dim=1)}


def observe_pixels(logits: Any, pixels: Any) -> Tensors:
    """A pixel as a token of two values, empty or full: the token columns of the dynamics.

    A grey pixel x lies between the two: its loss is the cross-entropy −x log p − (1 − x) log(1 − p),
    which no prediction brings below the entropy of x. Its gold value is the nearer one.

    Args:
        logits: tensor of shape (batch, pixels), of a full pixel against an empty one.
        pixels: tensor of the same shape, from 0 to 1.

    Returns:
        Tensors of that shape, detached; `token_gold_logit` + `token_loss` is the logarithm of the
        sum over both values, as with tokens.

    Raises:
        DynamicsError: if the shapes disagree.
    """
    torch = require("torch", "train")
    loss = _losses(logits, pixels)
    z = logits.detach().float()
    p = torch.sigmoid(z)
    return {
        "token_gold": (pixels > 0.5).int(),
        "token_loss": loss,
        "token_entropy": torch.nn.functional.softplus(z) - p * z,
        "token_top1": z.clamp(min=0),
        "token_top2": z.clamp(max=0),
        "token_gold_logit": pixels.float() * z,
        "token_predicted": (z > 0).int(),
    }


def _losses(logits: Any, pixels: Any) -> Any:
    functional = require("torch", "train").nn.functional
    if logits.ndim != 2 or logits.shape != pixels.shape:
        raise DynamicsError(
            f"logits {tuple(logits.shape)}, pixels {tuple(pixels.shape)}; expected (batch, pixels) "
            "twice"
        )
    return functional.binary_cross_entropy_with_logits(
        logits.detach().float(), pixels.float(), reduction="none"
    )
