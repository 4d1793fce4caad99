"""The page as it is written: one file, whose policy allows its own style and script alone."""

import base64
import hashlib
import html.parser
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hostile import HOSTILE
from report.pages import make_rows, page_of

from difficulty_lib._errors import DataError
from difficulty_lib.report import render_table


class Parsed(html.parser.HTMLParser):
    """Tags, attributes, and what stands in scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.code, self.words = [], [], [], ""
        self.feed(text)
        self.rows = json.loads(self.code[1])

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag in ("script", "style"):
            self.code.append("")

    def handle_data(self, data):
        if self.cdata_elem in ("script", "style"):
            self.code[-1] += data
        else:
            self.words += f"{data} "


def digest(code):
    return "'sha256-" + base64.b64encode(hashlib.sha256(code.encode()).digest()).decode() + "'"


def test_the_policy_names_the_style_and_the_script_and_nothing_else():
    parsed = Parsed(page_of(make_rows()))
    (policy,) = [v for tag, name, v in parsed.attributes if tag == "meta" and "default-src" in v]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    style, _, script = parsed.code
    assert rules == {
        "default-src": "'none'",
        "script-src": digest(script),
        "style-src": digest(style),
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


def test_the_page_names_nothing_to_fetch():
    parsed = Parsed(page_of(make_rows()))
    names = {name for _, name, _ in parsed.attributes}
    assert not names & {"src", "href", "srcset", "action", "poster", "style", "xlink:href"}
    assert not any(name.startswith("on") for name in names)
    style, _, script = parsed.code
    assert "url(" not in style
    assert "@import" not in style
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script)
    assert re.findall(r"https?://\S+", script) == ['http://www.w3.org/2000/svg",']


def test_hostile_texts_labels_and_columns_come_back_and_end_no_tag():
    names = list(dict.fromkeys(HOSTILE))
    rows = make_rows(
        len(names),
        texts={names[-1]: names, "</script>": names[::-1]},
        labels=names,
        label_column="<!--",
    )
    text = page_of(rows, title="</title><script>alert(1)</script>.csv")
    parsed = Parsed(text)
    assert parsed.tags.count("script") == 2
    assert not {"img", "iframe", "math", "textarea", "a"} & set(parsed.tags)
    assert parsed.rows["texts"] == [names, names[::-1]]
    assert [parsed.rows["labelNames"][i] for i in parsed.rows["label"]] == rows.label
    assert parsed.rows["textColumns"] == [names[-1], "</script>"]
    assert not set("<>&") & set(parsed.code[1])
    text.encode("utf8")  # half a pair of surrogates could not be written
    assert "‮" not in text
    assert re.fullmatch(r"[\w.-]+\.marked\.csv", parsed.rows["file"])


def test_numbers_that_are_none_are_null():
    rows = make_rows(8)
    scores = rows.scores.assign(confidence=[0.5, np.nan, np.inf, -np.inf, 0, 1, 0.1, 1 / 3])
    values = Parsed(page_of(replace(rows, scores=scores))).rows["scores"][1]["values"]
    assert values == [0.5, None, None, None, 0, 1, 0.1, 0.333333]


def test_marks_belong_to_the_rows():
    """The key changes with the texts and labels, not with the title."""
    rows = make_rows()
    keys = [
        Parsed(page_of(changed, title=title)).rows["key"]
        for changed, title in (
            (rows, "a.csv"),
            (rows, "b.csv"),
            (replace(rows, label=rows.label[::-1]), "a.csv"),
            (replace(rows, texts={"review": ["x"] * len(rows)}), "a.csv"),
        )
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def ranked_table(count=30):
    rows = make_rows(count)
    table = pd.DataFrame({**rows.texts, "stars": rows.label, "predicted": "mine"})
    table = table.assign(key=[f"k{i}" for i in range(count)], predicted_difficulty=rows.predicted)
    table["confidence"] = np.random.default_rng(0).random(count)
    table["action_score"] = rows.scores["action_score"]
    table["suspicion_rank"] = np.arange(1, count + 1)
    return table


def test_a_ranked_table_makes_the_page_without_losses():
    table = ranked_table()
    mixed = table.sample(frac=1, random_state=3)
    parsed = Parsed(render_table(mixed, ["review"], "stars", "t.csv", id_column="key"))
    assert parsed.rows["texts"] == [table["review"].tolist()]
    assert parsed.rows["id"] == table["key"].tolist()
    assert parsed.rows["loss"] is None
    said = [parsed.rows["labelNames"][i] for i in parsed.rows["predicted"]]
    assert said == table["predicted_difficulty"].tolist()
    assert parsed.rows["scores"][parsed.rows["by"]]["name"] == "action_score"
    places = [mixed.index.get_loc(i) + 1 for i in table.index]
    assert parsed.rows["row"] == places


def test_the_score_that_ranks_follows_its_direction():
    table = ranked_table().drop(columns="action_score")
    table["confidence"] = np.linspace(0.1, 0.9, len(table))  # low is hard
    rows = Parsed(render_table(table, ["review"], "stars", "t.csv")).rows
    assert rows["scores"][rows["by"]]["name"] == "confidence"
    with pytest.raises(DataError, match=r"no score orders the rows .* there are confidence"):
        render_table(
            table.assign(confidence=table["confidence"][::-1].to_numpy()), ["review"], "stars", "t"
        )


def test_contradictions_and_classes_are_counted():
    rows = make_rows(42)
    words = " ".join(Parsed(page_of(rows)).words.split())
    differ = sum(a != b for a, b in zip(rows.label, rows.predicted))
    assert f"42 rows, most suspicious first · {differ} contradicted by the model" in words
    mean = rows.scores["action_score"][np.array(rows.label) == "bad"].mean()
    wrong = sum(a != b for a, b in zip(rows.label, rows.predicted) if a == "bad")
    assert f"bad 14 {mean:.2f} {wrong}" in words
