"""What a page of questions may carry of the data."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from difficulty_lib.study import QuestionChapter, QuestionStudy


@pytest.mark.parametrize(("allowed", "carried"), [(False, 15), (True, 40)])
def test_answers_and_questions_are_quoted_by_a_few_unless_all_may_be_shown(allowed, carried):
    rng = np.random.default_rng(0)
    samples = pd.DataFrame(
        {"id": np.arange(40), "action": rng.random(40), "entropy": rng.random(40)}
    )
    samples["kind"] = np.where(samples["id"] % 2, *QuestionStudy.kinds)
    samples["guess"] = [f"answer number {i} → other" for i in samples["id"]]
    chapter = object.__new__(QuestionChapter)
    chapter.study = SimpleNamespace(
        samples=samples,
        outputs=samples,
        kinds=QuestionStudy.kinds,
        kinds_title=QuestionStudy.kinds_title,
        guess_quotes=QuestionStudy.guess_quotes,
        shown_texts=pd.Series([f"question number {i}?" for i in range(40)]),
        spec=SimpleNamespace(redistributable=allowed),
        action_entropy=SimpleNamespace(value=0.5),
    )
    body = json.dumps(chapter.action_entropy_chart().to_dict())
    assert body.count("answer number") == carried
    assert body.count("question number") == carried
