"""Users' own summaries, questions and tagged words: what is made of them, and what is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from refusals import raises_one_line

from difficulty_lib.data import (
    conll_data,
    questions_data,
    read_questions_file,
    read_table_file,
    summaries_data,
)


def listed(data):
    return list(data.problems.itertuples(index=False, name=None))


# Summaries


def dialogues(**columns):
    rows = {
        "chat": ["A: hi\r\nB: hi", "A: bye", "A: so?"],
        "gist": ["They greet. ", "A leaves.", "?"],
    }
    return pd.DataFrame({**rows, **columns}, index=[7, 7, 9])


def summaries(**columns):
    return summaries_data(dialogues(**columns), "chat", "gist", where="folder/chats.csv")


def test_summaries():
    made = summaries()
    assert (made.name, made.origin, made.target) == ("chats.csv", "file", "text")
    assert made.text_columns == ("dialogue",)
    assert made.label_names == ()
    assert made["train"].index.tolist() == [1, 2, 3]
    assert made["train"]["dialogue"].tolist() == ["A: hi\nB: hi", "A: bye", "A: so?"]
    assert made["train"]["label"].tolist() == ["They greet.", "A leaves.", "?"]
    assert made.problems.empty


def test_empty_dialogues_and_summaries_are_set_aside():
    made = summaries(chat=["A", "", "B"], gist=["x", "y", None])
    assert made["train"].index.tolist() == [1]
    assert listed(made) == [
        ("train", 2, "empty dialogue", False),
        ("train", 3, "empty summary", False),
    ]


@pytest.mark.parametrize(
    ("columns", "part"),
    [
        ({"chat": ["", None, " "]}, "none of the 3 rows can be used (empty dialogue: 3)"),
        ({"gist": [None, "", " "]}, "none of the 3 rows can be used (empty summary: 3)"),
        ({"gist": ["a", 3, "b"]}, "column 'gist', row 2: int; expected text"),
        ({"chat": ["a", "b", ["c"]]}, "column 'chat', row 3: list; expected text"),
    ],
)
def test_bad_summaries(columns, part):
    raises_one_line(lambda: summaries(**columns), "chats.csv", part)


def test_missing_columns_of_summaries():
    where = "chats.csv"
    table = dialogues()
    raises_one_line(
        lambda: summaries_data(table, where=where), "no column 'dialogue'; there are chat, gist"
    )
    raises_one_line(
        lambda: summaries_data(table, "chat", where=where), "chats.csv: no column 'summary'"
    )
    raises_one_line(lambda: summaries_data(table, "chat", "chat", where=where), "two columns")
    raises_one_line(lambda: summaries_data(table[:0], "chat", "gist", where=where), "no rows")
    twice = table.set_axis(["chat", "chat"], axis=1).assign(gist="x")
    raises_one_line(
        lambda: summaries_data(twice, "chat", "gist", where=where), "'chat' is there more than once"
    )


# Questions

CONTEXT = "In 1871 the bridge was built; in 1953 a flood damaged the bridge."


def asked(answers, **more):
    return {"id": "q1", "question": "When?", "answers": answers, **more}


def squad(*qas, context=CONTEXT):
    return {
        "version": "x",
        "data": [{"title": "T", "paragraphs": [{"context": context, "qas": [*qas]}]}],
    }


def test_squad_of_both_versions():
    made = questions_data(
        squad(
            asked([{"text": "1871", "answer_start": 3}, {"text": "In 1871", "answer_start": 0}]),
            asked([], is_impossible=True, plausible_answers=[{"text": "1953", "answer_start": 33}]),
            asked([{"text": "1953", "answer_start": 33}], is_impossible=False),
            asked([]),
        ),
        where="folder/dev.json",
    )
    assert (made.name, made.origin, made.target) == ("dev.json", "file", "answers")
    assert made.text_columns == ("question", "context")
    assert made["train"].index.tolist() == [1, 2, 3, 4]
    assert made["train"]["label"].tolist() == [
        (("1871", 3), ("In 1871", 0)),
        (),
        (("1953", 33),),
        (),
    ]
    assert set(made["train"]["title"]) == {"T"}
    assert set(made["train"]["qid"]) == {"q1"}
    assert made.problems.empty


def rows():
    return [
        {"question": "a?", "context": CONTEXT, "answers": [{"text": "1871", "start": 3}]},
        {
            "question": "b?",
            "context": CONTEXT,
            "answers": {"text": ["flood"], "answer_start": [40]},
        },
        {"question": "c?", "context": CONTEXT, "answers": [("1953", 33)], "title": "T", "id": 5},
        {"question": "d?", "context": CONTEXT, "answers": []},
    ]


@pytest.mark.parametrize("kind", [list, pd.DataFrame])
def test_rows_of_questions(kind):
    made = questions_data(kind(rows()), where="q.jsonl")
    assert made["train"]["label"].tolist() == [
        (("1871", 3),),
        (("flood", 40),),
        (("1953", 33),),
        (),
    ]
    assert made["train"]["title"].tolist() == ["", "", "T", ""]


@pytest.mark.parametrize("kind", [".jsonl", ".parquet"])
def test_table_files_of_questions(tmp_path, kind):
    path = tmp_path / f"q{kind}"
    table = pd.DataFrame([rows()[0], rows()[3]])
    if kind == ".jsonl":
        path.write_text("\n".join(map(json.dumps, table.to_dict("records"))))
    else:
        table.to_parquet(path)
    made = questions_data(read_table_file(path), where=str(path))
    assert made["train"]["label"].tolist() == [(("1871", 3),), ()]


def test_questions_that_are_set_aside_or_noted():
    made = questions_data(
        squad(
            asked([{"text": "1871", "answer_start": 3}]),
            asked([{"text": "1999", "answer_start": 3}]),
            asked([{"text": "the bridge", "answer_start": 0}]),
            asked([{"text": "1871", "answer_start": 3}], is_impossible=True),
            asked(None),
            asked([{"text": "1871", "answer_start": 3}], question=" "),
            asked([{"answer_start": 3}]),
            asked(["1871"]),
            asked({"text": "1871", "answer_start": 3}),
            asked({"text": ["1871"], "answer_start": 3}),
            asked([{"text": "1871", "answer_start": float("inf")}]),
        ),
        where="dev.json",
    )
    assert made["train"].index.tolist() == [1, 3, 9, 11]
    assert made["train"].loc[9, "label"] == made["train"].loc[11, "label"] == (("1871", 3),)
    assert made["train"].loc[3, "label"] == (("the bridge", 8),)
    assert sorted(listed(made)) == [
        ("train", 2, "answer not in its context", False),
        ("train", 3, "answer found elsewhere in its context", True),
        ("train", 4, "answers to a question marked as unanswerable", False),
        ("train", 5, "no word on answers", False),
        ("train", 6, "empty question", False),
        ("train", 7, "empty answer", False),
        ("train", 8, "no word on answers", False),
        ("train", 10, "no word on answers", False),
        ("train", 11, "answer found elsewhere in its context", True),
    ]


def spoilt(key, value=None):
    made = {"question": "a?", "context": CONTEXT, "answers": []}
    if value is None:
        del made[key]
    else:
        made[key] = value
    return made


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ({}, "q.json: no 'data'; there are none"),
        ({"data": {}}, "q.json: 'data' is dict; expected list"),
        ({"data": [{}]}, "q.json, data[0]: no 'paragraphs'"),
        ({"data": [3]}, "q.json, data[0]: int; expected an object"),
        ({"data": [{"paragraphs": [{"qas": []}]}]}, "data[0].paragraphs[0]: no 'context'"),
        (squad("why?"), "data[0].paragraphs[0].qas[0]: str; expected an object with 'question'"),
        (squad(asked([]), {"answers": []}), "data[0].paragraphs[0].qas[1]: no 'question'"),
        (squad(asked([], question=4)), "qas[0]: 'question' is int; expected str"),
        (squad(asked([]), context=None), "paragraphs[0]: 'context' is NoneType; expected str"),
        (squad(), "q.json: no questions"),
        ([], "q.json: no questions"),
        ("text", "q.json: str; expected SQuAD's JSON or rows"),
        (3, "q.json: int; expected SQuAD's JSON or rows"),
        (["text"], "q.json, row 1: str; expected an object"),
        ([spoilt("answers", []), spoilt("context")], "row 2: no 'context'"),
        ([spoilt("question")], "row 1: no 'question'; there are context, answers"),
        ([spoilt("question", 7)], "row 1: 'question' is int; expected text"),
        ([spoilt("answers")], "none of the 1 rows can be used (no word on answers: 1)"),
        ([spoilt("context", " ")], "none of the 1 rows can be used (empty context: 1)"),
        (
            [spoilt("answers", [("1871", 3)]) | {"is_impossible": True}],
            "none of the 1 rows can be used (answers to a question marked as unanswerable)",
        ),
        (
            pd.DataFrame(
                [["a?", "b?", "c", []]], columns=["question"] * 2 + ["context", "answers"]
            ),
            "q.json: column 'question' is there more than once",
        ),
    ],
)
def test_bad_questions(given, part):
    raises_one_line(lambda: questions_data(given, where="q.json"), part)


def test_question_files(tmp_path):
    path = tmp_path / "q.json"
    path.write_text("\ufeff" + json.dumps(squad(asked([]))), "utf-8")
    assert len(questions_data(read_questions_file(path), where=str(path))["train"]) == 1
    path.write_text('{"data":\n[,]}')
    raises_one_line(lambda: read_questions_file(path), f"{path}, line 2: not JSON")
    path.write_bytes(b'{"data": "\xe9"}')
    raises_one_line(lambda: read_questions_file(path), str(path), "not UTF-8 at byte 10")
    raises_one_line(lambda: read_questions_file(tmp_path / "no.json"), "no.json: no such file")


# Tagged words

CONLL_2003 = """-DOCSTART- -X- -X- O

EU NNP B-NP B-ORG
rejects VBZ B-VP O
# # O O

# # O O
Peter NNP B-NP B-PER


-DOCSTART- -X- -X- O

Brussels NNP B-NP B-LOC
"""

CONLL_U = """# newdoc id = a
# sent_id = 1
# text = # isn't
1\t#\t#\tSYM\t_\t_\t0\troot\t_\t_
2-3\tisn't\t_\t_\t_\t_\t_\t_\t_\t_
2\tis\tbe\tAUX\t_\t_\t1\tcop\t_\t_
3\tn't\tnot\tPART\t_\t_\t1\tadvmod\t_\t_
3.1\tthere\tthere\tADV\t_\t_\t_\t_\t_\t_

# a free remark
1\tNew York\tN\tPROPN\t_\t_\t0\troot\t_\t_

1\tYes\tyes\tINTJ\t_\t_\t0\troot\t_\t_
"""


def conll(tmp_path, text, *columns, **more):
    path = tmp_path / "words.conll"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return conll_data(path, *columns, **more)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_conll_2003(tmp_path, end):
    made = conll(tmp_path, CONLL_2003.replace("\n", end))
    assert (made.name, made.origin, made.target) == ("words.conll", "file", "tags")
    assert made.label_names == ("O", "B-LOC", "B-ORG", "B-PER")
    assert made["train"]["text"].tolist() == ["EU rejects #", "# Peter", "Brussels"]
    assert made["train"]["label"].tolist() == [[2, 0, 0], [0, 3], [1]]
    assert made["train"]["line"].tolist() == [3, 7, 13]
    assert made["train"].index.tolist() == [1, 2, 3]
    for text, tags in zip(made["train"]["text"], made["train"]["label"]):
        assert len(text.split(" ")) == len(tags)


def test_another_column_of_tags(tmp_path):
    made = conll(tmp_path, CONLL_2003, tag=1)
    assert made.label_names == ("#", "NNP", "VBZ")
    assert conll(tmp_path, CONLL_2003, -4, -3).label_names == made.label_names


def test_conll_u(tmp_path):
    made = conll(tmp_path, CONLL_U, word=1, tag=3)
    assert made.label_names == ("AUX", "INTJ", "PART", "PROPN", "SYM")
    assert made["train"]["text"].tolist() == ["# is n't", "Yes"]
    assert made["train"]["label"].tolist() == [[4, 0, 2], [1]]
    # a word with a space cannot be told from two
    assert listed(made) == [("train", 2, "a word that is empty or holds a space", False)]


def test_comments_among_spaces(tmp_path):
    made = conll(tmp_path, "# id = 1\na O\n# O\n\n# two words\n# O\nb B-X\n\nc O\n# O\n")
    assert made["train"]["text"].tolist() == ["a #", "# b", "c #"]


def test_other_spaces_are_part_of_a_word(tmp_path):
    made = conll(tmp_path, " a  O\n10\u00a0000   B-X \n\nb\x0bc O\n")
    assert made["train"]["text"].tolist() == ["a 10\u00a0000", "b\x0bc"]


def test_two_columns_by_tab(tmp_path):
    made = conll(tmp_path, "#nlp\tB-X\n#\tO\n\na\u2028b\tO\nc\tO")
    assert made["train"]["text"].tolist() == ["#nlp #", "a\u2028b c"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no words"),
        ("\n\n# only = this\n-DOCSTART- O\n", "no words"),
        ("a O\nb\n", "line 2: 1 columns; expected 2 as in line 1"),
        ("# x = y\n\na O\nb B-X O\n", "line 4: 3 columns; expected 2 as in line 3"),
        ("a\tO\nb\t \nc\tB-X\n", "line 2: no tag"),
        ("a O\nb O\n", "column 1: every word has the tag 'O'; expected two"),
        ("".join(f"a t{i}\n" for i in range(21)), "21 different tags of 21 words"),
        (b"a O\n\xe9 B\n", "not UTF-8 at byte 4"),
        ("a\n\nb\n", "column 0 is given as word and as tag"),
    ],
)
def test_bad_columns(tmp_path, text, part):
    raises_one_line(lambda: conll(tmp_path, text), str(tmp_path / "words.conll"), part)


@pytest.mark.parametrize(
    ("columns", "part"),
    [
        ({"word": 4}, "word is column 4; expected -4 to 3"),
        ({"tag": -5}, "tag is column -5; expected -4 to 3"),
        ({"word": 3}, "column 3 is given as word and as tag"),
    ],
)
def test_columns_that_are_not_there(tmp_path, columns, part):
    raises_one_line(lambda: conll(tmp_path, CONLL_2003, **columns), part)


def test_missing_conll_file(tmp_path):
    raises_one_line(lambda: conll_data(tmp_path / "none"), str(tmp_path / "none"), "no such file")


def test_fingerprints_of_users_data_can_be_taken(tmp_path):
    made = [conll(tmp_path, CONLL_2003), summaries(), questions_data(rows(), where="q")]
    assert len({data.fingerprint() for data in made}) == 3
    assert np.unique([len(data.fingerprint()) for data in made]).tolist() == [16]
