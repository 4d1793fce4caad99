"""The notebooks that compare many runs, executed with other parameters at `size: small`."""

import pytest
from study.executing import outputs_in, said, small
from training import tiny

from difficulty_lib.study import AuditChapter, audit_study


def test_mislabel_audit(tmp_path, tiny_folder, at_root, monkeypatch):
    monkeypatch.setenv(
        "DIFFICULTY_DATA", str(tiny.write_mirror(tmp_path / "mirror", train=120, other=20))
    )
    parameters = small(tiny_folder, dataset="emotion", seeds=[3, 4, 5])
    outputs = outputs_in(tmp_path, "mislabel-audit", parameters)
    # Of three seeds and two corruptions the small size keeps two each.
    assert len(list((tmp_path / "runs").glob("emotion-tiny-seed*/truth.parquet"))) == 4
    text = said(outputs)
    assert "**Verdict.** The action score finds planted errors" in text
    assert "Minutes per error at flip labels, 10 %: " in text
    assert "Not measured here: " in text
    assert "seeds 3, 4 ·" in text
    assert sum("image/png" in data for data in outputs) == 7
    assert sum("As a table" in data.get("text/html", "") for data in outputs) == 7


# So few pairs teach nothing.
@pytest.mark.filterwarnings("ignore::difficulty_lib.dynamics._health.CollapsedRunWarning")
def test_planted_errors_among_pairs_need_the_name_of_the_data_alone(
    tmp_path, tiny_folder, monkeypatch
):
    monkeypatch.setenv("DIFFICULTY_RUNS", str(tmp_path / "runs"))
    small_nli = {"dataset": "tiny-nli", "corruptions": [["flip_labels", 0.2]], "seeds": [1, 2]}
    study = audit_study({"model": str(tiny_folder), "epochs": 2, "batch_size": 8} | small_nli)
    assert {run.config.task for run in study.runs} == {"nli"}
    assert {"action_score/training", "neighbour_disagreement/10"} <= set(study.precision)
    assert "flip labels" in AuditChapter(study).about()


def test_images(tmp_path, at_root):
    parameters = {"size": "small", "seeds": [3, 4], "train_size": 300, "test_size": 80}
    outputs = outputs_in(tmp_path, "images", parameters)
    text = said(outputs)
    assert "300 images of 8 × 8 pixels are trained on and 80 others scored" in text
    assert "In finding flipped labels the action score is" in text
    assert sum("image/png" in data for data in outputs) == 6
    assert sum("As a table" in data.get("text/html", "") for data in outputs) == 6
    assert sum("image-gallery" in data.get("text/html", "") for data in outputs) == 3


def test_agreement(tmp_path, tiny_folder, at_root, monkeypatch):
    monkeypatch.setenv(
        "DIFFICULTY_DATA", str(tiny.write_mirror(tmp_path / "mirror", train=120, other=60))
    )
    parameters = {"size": "small", "models": [str(tiny_folder)], "learning_rate": 5e-3}
    parameters |= {"dataset": "emotion", "seeds": [3, 4, 5], "neighbours_among": 50}
    outputs = outputs_in(tmp_path, "agreement", parameters)
    assert len(list((tmp_path / "runs").glob("emotion-tiny-seed*"))) == 2
    text = said(outputs)
    assert "**The answer in short.** Two seeds rank the samples alike with Spearman" in text
    assert "under the seeds 3, 4." in text
    assert "50 of the 120 training samples" in text
    assert sum("image/png" in data for data in outputs) == 7
    assert sum("As a table" in data.get("text/html", "") for data in outputs) == 9


def test_curriculum(tmp_path, tiny_folder, at_root, monkeypatch):
    monkeypatch.setenv(
        "DIFFICULTY_DATA", str(tiny.write_mirror(tmp_path / "mirror", train=60, other=30))
    )
    parameters = {"size": "small", "model": str(tiny_folder), "dataset": "emotion"}
    parameters |= {"seeds": [3, 4, 5], "learning_rates": [5e-3], "batch_size": 8}
    parameters |= {"curricula": [["easy_first", "linear", "confidence"]]}
    outputs = outputs_in(tmp_path, "curriculum", parameters)
    # Two seeds and two conditions: plain, by the score, and at random in the same pacing.
    assert len(list((tmp_path / "runs").glob("emotion-tiny-seed*/run.json"))) == 2 * 2 * 3
    text = said(outputs)
    assert "Against plain training the curricula are" in text
    assert "40 % of the labels planted errors" in text
    assert "seeds 3, 4 ·" in text
    assert "2.2 times the cost" in text
    assert sum("image/png" in data for data in outputs) == 2
    assert sum("As a table" in data.get("text/html", "") for data in outputs) == 2


def test_selection(tmp_path, tiny_folder, at_root, monkeypatch):
    mirror = tiny.write_mirror(tmp_path / "mirror", train=60, other=30)
    monkeypatch.setenv("DIFFICULTY_DATA", str(mirror))
    parameters = small(tiny_folder, dataset="emotion", seeds=[3, 4], only=None)
    parameters |= {"selections": [["hardest", "confidence"]], "suspects": ["aum"]}
    parameters |= {"fractions": [0.6], "elsewhere": {"again": "emotion/validation"}}
    outputs = outputs_in(tmp_path, "selection", parameters)
    # Of each seed all rows, the hardest and random ones; with errors also two prunings.
    assert len(list((tmp_path / "runs").glob("emotion-tiny-seed*/run.json"))) == 2 * (3 + 5)
    text = said(outputs)
    assert "**Hardest**: against all rows" in text
    assert "Dropping suspects where errors are planted: 40 % wrong labels: " in text
    assert "elsewhere (again)" in text
    assert sum("image/png" in data for data in outputs) >= 3
    assert sum("As a table" in data.get("text/html", "") for data in outputs) == 4


def write_foreign(mirror, count=40):
    """Texts of another data set, none of which is among those of the mirror's own."""
    frame = tiny.labelled_frame(count, seed=9).reset_index(names="id")
    frame["text"] = [
        f"{text} near the old river. so it was {n}" for n, text in enumerate(frame["text"])
    ]
    (mirror / "tweeteval_sentiment").mkdir()
    for split in ("validation", "test"):
        frame.to_parquet(mirror / f"tweeteval_sentiment/{split}.parquet", index=False)


def test_mixup(tmp_path, tiny_folder, at_root, monkeypatch):
    mirror = tiny.write_mirror(tmp_path / "mirror", train=90, other=60)
    write_foreign(mirror)
    monkeypatch.setenv("DIFFICULTY_DATA", str(mirror))
    setting = {"name": "feelings", "dataset": "emotion", "split": "validation"}
    setting["outside"] = {"tweets": {"split": "tweeteval-sentiment/test"}}
    parameters = small(tiny_folder, settings=[setting], seeds=[3, 4, 5])
    outputs = outputs_in(tmp_path, "mixup", parameters)
    # Two seeds and five methods are kept.
    assert len(list((tmp_path / "runs").glob("emotion-tiny-seed*/run.json"))) == 10
    text = said(outputs)
    assert "**Verdict.** Mixup by difficulty and entropy, against no mixup: of " in text
    assert "5 ways to train, 2 seeds each: 10 trainings" in text
    assert "**dropping the mislabelled**: " in text
    assert "Not measured here: " in text
    # No class in common, so that there is no accuracy elsewhere to show.
    assert sum("image/png" in data for data in outputs) == 4
    assert sum("As a table" in data.get("text/html", "") for data in outputs) == 3


def test_out_of_distribution(tmp_path, tiny_folder, at_root, monkeypatch):
    mirror = tiny.write_mirror(tmp_path / "mirror", train=90, other=60)
    write_foreign(mirror)
    monkeypatch.setenv("DIFFICULTY_DATA", str(mirror))
    foreign = {"split": "tweeteval-sentiment/test", "sentences": 1}
    parameters = small(tiny_folder, dataset="emotion", seeds=[3, 4, 5], methods=["plain", "mixup"])
    parameters |= {"outside": {"tweets": foreign}}
    outputs = outputs_in(tmp_path, "out-of-distribution", parameters)
    assert len(list((tmp_path / "runs").glob("emotion-tiny-seed*/run.json"))) == 4
    text = said(outputs)
    assert "**Verdict.** A text's difficulty to other trainings says" in text
    assert "40 texts of tweeteval-sentiment/test, cut after 1 sentence" in text
    assert "Length alone has" in text
    assert "Against plain training, paired by seed" in text
    assert sum("image/png" in data for data in outputs) == 6
    assert sum("As a table" in data.get("text/html", "") for data in outputs) == 4
