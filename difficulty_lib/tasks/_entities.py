"""Entities in a sequence of tags, and how many of them were found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Entity = tuple[str, int, int]
_OUTSIDE = "O"
_SCHEME = {"B", "I", "E", "S"}


def marks_entities(names: Iterable[str]) -> bool:
    """Whether tags are of a scheme such as BIO: O, and B-, I-, E- or S- with a kind, at least one."""
    inside = [name for name in names if name != _OUTSIDE]
    return bool(inside) and all(
        prefix in _SCHEME and bool(dash) and bool(kind)
        for prefix, dash, kind in (name.partition("-") for name in inside)
    )


def entities(tags: Sequence[str]) -> set[Entity]:
    """The entities of one sentence as (kind, first word, last word).

    An entity starts at B- or S-, at any tag after O, E- or S-, and where the kind changes; so a stray
    I- starts one, as in the evaluation of CoNLL-2000 (conlleval) and seqeval's default.

    >>> sorted(entities(["B-PER", "I-PER", "O", "I-LOC", "B-LOC"]))
    [('LOC', 3, 3), ('LOC', 4, 4), ('PER', 0, 1)]
    """
    found: list[Entity] = []
    before = (_OUTSIDE, "")
    for place, tag in enumerate(tags):
        prefix, _, kind = tag.partition("-")
        if prefix == _OUTSIDE:
            before = (_OUTSIDE, "")
            continue
        if prefix in ("B", "S") or before[0] in (_OUTSIDE, "E", "S") or before[1] != kind:
            found.append((kind, place, place))
        else:
            found[-1] = (kind, found[-1][1], place)
        before = (prefix, kind)
    return set(found)


def entity_scores(
    gold: Iterable[Sequence[str]], predicted: Iterable[Sequence[str]]
) -> dict[str, float]:
    """Precision, recall and F1 over all entities of all sentences; 0 where they are undefined.

    An entity is found if its kind and both its ends are right.

    Args:
        gold: the tags of every sentence.
        predicted: likewise, as many tags for each.

    Returns:
        `entity_precision`, `entity_recall` and `entity_f1`, each 0 to 1.

    Source: Tjong Kim Sang and De Meulder 2003 (CoNLL-2003).
    """
    right = claimed = there = 0
    for wanted, given in zip(gold, predicted, strict=True):
        true, said = entities(wanted), entities(given)
        right += len(true & said)
        claimed += len(said)
        there += len(true)
    return {
        "entity_precision": right / claimed if claimed else 0.0,
        "entity_recall": right / there if there else 0.0,
        "entity_f1": 2 * right / (claimed + there) if claimed + there else 0.0,
    }
