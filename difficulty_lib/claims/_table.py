"""The claims with their verdicts, as MyST markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from difficulty_lib.claims._claim import Measure, written
from difficulty_lib.claims._registry import SOURCES
from difficulty_lib.claims._verdict import Finding, Reading

MARKS = {"confirmed": "✓", "refuted": "✗", "undecided": "?"}
ORDER = tuple(MARKS)


def count_line(findings: Sequence[Finding]) -> str:
    """How many claims are confirmed, refuted and undecided."""
    number = {name: sum(f.verdict == name for f in findings) for name in ORDER}
    waiting = sum(_waits(f) for f in findings)
    why = f", {waiting} of these because their runs are not recorded yet" if waiting else ""
    return (
        f"Of {len(findings)} claims, {number['confirmed']} are confirmed, {number['refuted']} refuted "
        f"and {number['undecided']} undecided{why}."
    )


def table_lines(findings: Iterable[Finding]) -> list[str]:
    """A table with a row per claim: what was said, the figures, the verdict.

    The confirmed ones come first, then the refuted and the undecided, of these last what is not
    measured, with the command that would decide it.
    """
    lines = [
        "::::{list-table}",
        ":header-rows: 1",
        ":class: verdicts",
        ":widths: 34 44 22",
        "",
        "* - Claim",
        "  - Measured (95 % {term}`interval`)",
        "  - Verdict",
    ]
    for finding in sorted(findings, key=lambda f: (ORDER.index(f.verdict), _waits(f))):
        lines += _row(finding)
    return [*lines, "::::"]


def slug(heading: str) -> str:
    """The anchor that MyST gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def reading_text(reading: Reading) -> str:
    """A figure with its interval, as the page shows it."""
    value, low, high = (
        written(n, reading.measure.form) for n in (reading.value, reading.low, reading.high)
    )
    return f"**{value}** " + f"({low} to {high})".replace(" ", "\u00a0")  # kept on one line


def _waits(finding: Finding) -> bool:
    return finding.reason == "not measured yet"


def _link(measure: Measure) -> str:
    address = f"chapters/{measure.chapter}.ipynb#{slug(measure.section)}"
    return f"[{measure.of}]({address})"


def _row(finding: Finding) -> list[str]:
    claim = finding.claim
    measured = [f"{_link(r.measure)} {reading_text(r)}" for r in finding.readings]
    verdict = [_badge(finding)]
    if finding.reason:
        verdict.append(finding.reason)
    if claim.note:
        measured.append(claim.note)
    if _waits(finding):
        measured.append(f"Nothing yet; this decides it: `{claim.command}`")
    rule = f"{_sentence(claim.what)}. Holds {claim.rule}"
    bar = {written(r.bar, r.measure.form) for r in finding.readings if r.measure.bar}
    rule += "".join(f", {number}" for number in sorted(bar)) + "."
    return [
        *_cell("* - ", [_said(finding)]),
        *_cell("  - ", [*measured, f"[{rule}]{{.claim-rule}}"]),
        *_cell("  - ", verdict),
    ]


def _sentence(text: str) -> str:
    """With a capital, inside a role, too; a term keeps its name in the glossary."""
    role = re.match(r"\{term\}`([a-z])([^`<]*)`", text)
    if role:
        first, rest = role.groups()
        return f"{{term}}`{first.upper()}{rest} <{first}{rest}>`{text[role.end() :]}"
    return text[0].upper() + text[1:]


def _said(finding: Finding) -> str:
    claim = finding.claim
    return f"{claim.says} [{SOURCES[claim.source]}, {claim.place}]{{.claim-source}}"


def _badge(finding: Finding) -> str:
    return f"[{MARKS[finding.verdict]} {finding.verdict}]{{.verdict .{finding.verdict}}}"


def _cell(mark: str, paragraphs: Sequence[str]) -> list[str]:
    lines = [mark + paragraphs[0]]
    for paragraph in paragraphs[1:]:
        lines += ["", "    " + paragraph]
    return lines
