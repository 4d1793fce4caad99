"""Norms of per-sample weight gradients, from the two factors that they are products of."""

from __future__ import annotations

from typing import Any

from difficulty_lib._extras import require

torch = require("torch", "train")

_ELEMENTS = {"cpu": 1 << 22}  # of an intermediate result: 16 MiB on a CPU, 256 MiB elsewhere


def squares(values: Any) -> Any:
    """Sum of squares of each sample: (batch, …) → (batch,), in float32."""
    flat = values.float().flatten(1)
    return torch.einsum("bi,bi->b", flat, flat)


def outer_squares(u: Any, v: Any) -> Any:
    """‖Σ_t u_t v_tᵀ‖² of each sample, without any of the products where that is cheaper.

    Args:
        u: shape (batch, T, p).
        v: shape (batch, T, q).

    Returns:
        Shape (batch,). By the T × T Gram matrices, Σ_ts (u_t·u_s)(v_t·v_s), or by the p × q
        product itself, whichever takes fewer operations.
    """
    u, v = u.float(), v.float()
    tokens, p, q = u.shape[1], u.shape[2], v.shape[2]
    if tokens == 1:
        return squares(u) * squares(v)
    gram = tokens * (p + q) < p * q
    each = 2 * tokens * tokens if gram else p * q
    size = max(1, _ELEMENTS.get(u.device.type, 1 << 26) // each)
    parts = []
    for a, b in zip(u.split(size), v.split(size)):
        if gram:
            parts.append(((a @ a.mT).mul_(b @ b.mT)).sum((1, 2)))
        else:
            parts.append(squares(a.mT @ b))
    return torch.cat(parts).clamp_min_(0.0)


def row_squares(ids: Any, rows: Any) -> Any:
    """Squared norm of each sample's gradient of a table, of which it read the rows `ids`.

    Args:
        ids: shape (batch, T), which row; the gradients of a row that was read twice add up.
        rows: shape (batch, T, columns), the gradient of what was read.

    Returns:
        Shape (batch,).
    """
    batch = len(ids)
    samples = torch.arange(batch, device=ids.device).unsqueeze(1)
    keys = ids + samples * (int(ids.max()) + 1 if ids.numel() else 1)
    unique, place = torch.unique(keys, return_inverse=True)
    total = rows.new_zeros((len(unique), rows.shape[-1]), dtype=torch.float32)
    total.index_add_(0, place.flatten(), rows.float().flatten(0, 1))
    owner = torch.zeros(len(unique), dtype=torch.long, device=ids.device)
    owner[place.flatten()] = samples.expand_as(ids).flatten()
    return total.new_zeros(batch).index_add_(0, owner, squares(total))


def cross(u_at: Any, v: Any, rows: Any) -> Any:
    """Inner product of a sample's Σ_t u_t v_tᵀ with its gradient of the rows that it read.

    Args:
        u_at: shape (batch, T, R), u_t at the rows that were read.
        v: shape (batch, T, columns).
        rows: shape (batch, R, columns), the gradient of what was read.

    Returns:
        Shape (batch,).
    """
    return ((v.float() @ rows.float().mT) * u_at).sum((1, 2))
