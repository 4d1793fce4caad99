"""Pictures in a table that a page holds whole: nothing is loaded, every picture says what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from difficulty_lib._errors import DataError
from difficulty_lib.images._png import data_uri

STYLE = """
.image-gallery{margin:1rem 0}
.image-gallery figcaption{text-align:left;padding:0 0 .4rem;margin:0}
.image-gallery div{overflow-x:auto}
.image-gallery table{border-collapse:collapse;margin:0;width:auto}
.image-gallery th{font-weight:600;text-align:left;padding:.15rem .6rem .15rem 0;white-space:nowrap}
.image-gallery td{padding:.15rem .2rem;text-align:center;vertical-align:top;font-size:.72rem;
line-height:1.15;font-variant-numeric:tabular-nums;overflow-wrap:anywhere;
box-sizing:content-box;min-width:2.6rem}
.image-gallery td.ig-first,.image-gallery th.ig-first{padding-left:1.2rem}
.image-gallery img{display:block;margin:0 auto .1rem;image-rendering:pixelated;border-radius:3px;
outline:1px solid #7b879466}
.image-gallery .ig-note{display:block}
"""


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        image: a PNG.
        alt: what it shows, for whoever does not see it.
        caption: lines under it.
    """

    image: bytes = field(repr=False)
    alt: str
    caption: tuple[str, ...] = ()


@dataclass(frozen=True)
class GalleryRow:
    """A row of pictures under each of the gallery's heads.

    Attributes:
        name: of the row.
        groups: the pictures under each head.
    """

    name: str
    groups: Sequence[Sequence[Picture]]


@dataclass(frozen=True)
class Gallery:
    """A table of pictures, shown by notebooks and by the book.

    Attributes:
        caption: what it shows.
        corner: what the rows are.
        heads: over every group of columns.
        rows: each with as many groups as there are heads.
        size: pixels of the page a side of a picture.

    Raises:
        DataError: if a row has another number of groups, or there is none.
    """

    caption: str
    corner: str
    heads: Sequence[str]
    rows: Sequence[GalleryRow]
    size: int = 44

    def __post_init__(self) -> None:
        wrong = [row.name for row in self.rows if len(row.groups) != len(self.heads)]
        if wrong or not self.rows:
            raise DataError(
                f"{len(self.rows)} rows, of which {', '.join(wrong) or 'none'} do not have a group "
                f"for each of {len(self.heads)} heads; expected one row or more that do"
            )

    def _repr_html_(self) -> str:
        spans = [max(1, *(len(row.groups[n]) for row in self.rows)) for n in range(len(self.heads))]
        heads = "".join(
            f'<th scope="colgroup" class="ig-first" colspan="{span}">{escape(head)}</th>'
            for head, span in zip(self.heads, spans)
        )
        body = "".join(self._row(row, spans) for row in self.rows)
        corner = f'<th scope="col">{escape(self.corner)}</th>' if self.corner else "<td></td>"
        said = escape(self.caption)
        # What scrolls must be reached by the keyboard, and what is reached must have a name.
        return (
            f'<style>{STYLE}</style><figure class="image-gallery"><figcaption>{said}</figcaption>'
            f'<div tabindex="0" role="group" aria-label="{said}"><table>'
            f"<thead><tr>{corner}{heads}</tr></thead><tbody>{body}</tbody></table></div></figure>"
        )

    def _row(self, row: GalleryRow, spans: Sequence[int]) -> str:
        cells = []
        for pictures, span in zip(row.groups, spans):
            for place in range(span):
                first = ' class="ig-first"' if place == 0 else ""
                inside = self._picture(pictures[place]) if place < len(pictures) else ""
                cells.append(f'<td{first} style="max-width:{self.size + 6}px">{inside}</td>')
        return f'<tr><th scope="row">{escape(row.name)}</th>{"".join(cells)}</tr>'

    def _picture(self, picture: Picture) -> str:
        notes = "".join(f'<span class="ig-note">{escape(line)}</span>' for line in picture.caption)
        return (
            f'<img src="{data_uri(picture.image)}" alt="{escape(picture.alt)}" '
            f'width="{self.size}" height="{self.size}">{notes}'
        )

    def __repr__(self) -> str:
        lines = [self.caption]
        for row in self.rows:
            for head, pictures in zip(self.heads, row.groups):
                said = ", ".join(picture.alt for picture in pictures)
                lines.append(f"{self.corner} {row.name}, {head}: {said}")
        return "\n".join(lines)
