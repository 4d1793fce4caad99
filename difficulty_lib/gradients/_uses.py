"""What the uses of one parameter in a forward pass add up to, sample by sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from difficulty_lib._extras import require
from difficulty_lib.gradients._products import cross, outer_squares, row_squares, squares

torch = require("torch", "train")


class Uses:
    """The uses of one parameter, and the squared norm of each sample's gradient of it.

    A use is one of three kinds: `dense`, the samples' gradients themselves, (batch, *shape), for
    parameters as small as a bias; `outer`, the factors of Σ_t u_t v_tᵀ, (batch, T, rows) and
    (batch, T, columns), for a matrix; `rows`, the rows of a table that were read, (batch, T), and
    the gradients of what was read, (batch, T, columns). A parameter that is used more than once
    (tied weights, shared layers) gets the sum of its uses' gradients, cross terms included.
    """

    def __init__(self, parameter: Any) -> None:
        self.shape = parameter.shape
        self.expected = 0
        self.read: list[Any] = []  # ids, known before the first gradient comes
        self.forget()

    def forget(self) -> None:
        """Let go of what was reported."""
        self.reported = 0
        self.dense: Any = None
        self.outers: list[_Outer] = []
        self.rows: list[tuple[Any, Any]] = []

    def add_dense(self, gradient: Any) -> Any:
        """Report a use; returns the squared norm, (batch,), if it was the last one, else None."""
        gradient = gradient.float()
        self.dense = gradient if self.dense is None else self.dense + gradient
        return self._reported()

    def add_outer(self, u: Any, v: Any) -> Any:
        """Report a use; returns as `add_dense`."""
        at_rows = {id(ids): _gather(u, ids) for ids in self.read}
        if self.expected == 1 + len(self.read):
            # The only product: its own norm now, and of `u` no more than what the rows will need,
            # since for a language model's head `u` is as large as the logits.
            self.outers.append(_Outer(None, v, at_rows, outer_squares(u, v)))
        else:
            self.outers.append(_Outer(u, v, at_rows, None))
        return self._reported()

    def add_rows(self, ids: Any, gradient: Any) -> Any:
        """Report a use; returns as `add_dense`."""
        self.rows.append((ids, gradient))
        return self._reported()

    def _reported(self) -> Any:
        self.reported += 1
        return self.finish() if self.reported == self.expected else None

    def finish(self) -> Any:
        """The squared norm of each sample's gradient, (batch,); None if nothing was reported."""
        if not self.reported:
            return None
        total = self._total()
        self.forget()
        return total.clamp_min(0.0)

    def _total(self) -> Any:
        if self.dense is not None:
            factors = self.outers or self.rows
            return squares(self.dense + self._materialised() if factors else self.dense)
        total: Any = 0.0
        if self.rows:
            ids, rows = (torch.cat(part, 1) for part in zip(*self.rows))
            total = row_squares(ids, rows)
            for outer in self.outers:
                for ids, gradient in self.rows:
                    total = total + 2.0 * cross(outer.at_rows[id(ids)], outer.v, gradient)
        if len(self.outers) == 1 and self.outers[0].own is not None:
            total = total + self.outers[0].own
        elif self.outers:
            u = torch.cat([outer.u for outer in self.outers], 1)
            v = torch.cat([outer.v for outer in self.outers], 1)
            total = total + outer_squares(u, v)
        return total

    def _materialised(self) -> Any:
        total: Any = 0.0
        for outer in self.outers:
            total = total + outer.u.float().mT @ outer.v.float()
        for ids, gradient in self.rows:
            table = gradient.new_zeros((len(ids), *self.shape), dtype=torch.float32)
            index = ids.unsqueeze(-1).expand(-1, -1, gradient.shape[-1])
            total = total + table.scatter_add_(1, index, gradient.float())
        return total


@dataclass(frozen=True)
class _Outer:
    """One product's factors: `u` unless its own norm is known, and `u` at the rows that are read."""

    u: Any
    v: Any
    at_rows: dict[int, Any]
    own: Any


def _gather(u: Any, ids: Any) -> Any:
    return u.gather(2, ids.unsqueeze(1).expand(-1, u.shape[1], -1)).float()
