"""`AuditSession`: ranked rows in a notebook, one at a time, with a decision about each.

Needs the extra `book` (anywidget, which is built on ipywidgets).
"""

from typing import TYPE_CHECKING

from difficulty_lib._lazy import lazy

if TYPE_CHECKING:
    from difficulty_lib.widget._session import AuditSession as AuditSession

__all__ = ["AuditSession"]
__getattr__ = lazy(__name__, {"AuditSession": "_session"})
