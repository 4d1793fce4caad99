"""No score of a collapsed run unless it is asked for."""

from __future__ import annotations

from difficulty_lib._errors import DynamicsError
from difficulty_lib.dynamics import StreamDynamics
from difficulty_lib.dynamics._health import warn_of_findings


def refuse_collapsed(dynamics: StreamDynamics, *, allow: bool = False, stacklevel: int = 3) -> None:
    """Refuse dynamics of a run that collapsed, and warn of what is doubtful.

    Args:
        dynamics: one split and stream.
        allow: whether to let them pass, without a word.
        stacklevel: whose call a warning is about, as for `warnings.warn`.

    Raises:
        DynamicsError: if the run is collapsed (see `dynamics.check_health`).
    """
    if allow:
        return
    if (reason := dynamics.collapsed) is not None:
        raise DynamicsError(
            f"{dynamics.split}/{dynamics.stream}: the run learnt nothing ({reason}); train again, "
            "with a smaller learning rate or for longer, or score it with allow_collapsed=True"
        )
    warn_of_findings(dynamics, stacklevel=stacklevel)
