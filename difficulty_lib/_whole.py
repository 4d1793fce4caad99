"""The one check of settings that count something."""

from __future__ import annotations

from numbers import Integral
from typing import Any

from difficulty_lib._errors import ConfigError


def whole_number(name: str, value: Any, least: int) -> int:
    """The value, if it is a whole number that is large enough; True is none, numpy's are.

    Args:
        name: of the setting, for the message.
        value: as it was given.
        least: that is accepted.

    Raises:
        ConfigError: if it is none, or below `least`.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or value < least:
        raise ConfigError(f"{name} is {value!r}; expected a whole number of at least {least}")
    return int(value)


def whole_or_none(name: str, value: Any, least: int) -> int | None:
    """As `whole_number`, or None.

    Raises:
        ConfigError: if it is neither, or below `least`.
    """
    try:
        return None if value is None else whole_number(name, value, least)
    except ConfigError as error:
        raise ConfigError(f"{error}, or None") from None
