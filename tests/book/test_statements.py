"""The data statement and the model cards say what the registry and the records say."""

import json
import runpy
from pathlib import Path

from difficulty_lib.data import DATASETS, read_registry

BOOK = Path(__file__).parents[2] / "book"
MADE = runpy.run_path(str(BOOK / "_ext/statements.py"))
RUNS = BOOK.parent / "data" / "runs"


def entry(name):
    return "\n".join(MADE["data_lines"]([DATASETS[name]], MADE["recorded_runs"]()))


def test_every_data_set_has_licence_size_revision_and_fingerprint():
    for name, spec in DATASETS.items():
        said = entry(name)
        wanted = [name, spec.licence, spec.citation, *spec.notes, *spec.label_names]
        wanted += [s.fingerprint for s in spec.splits.values()]
        wanted += [f"{s.rows:,}" for s in spec.splits.values()]
        wanted += [spec.hub.revision] if spec.hub and not spec.embedded else []
        assert [w for w in wanted if w not in said] == []
        assert ("may be passed on" in said) is spec.redistributable


def test_every_model_has_its_card():
    said = "\n".join(MADE["model_lines"](read_registry("models"), []))
    for name, model in read_registry("models").items():
        assert [
            k for k in ("title", "licence", "revision", "version") if model[k] not in said
        ] == []
        assert f"`{name}`" in said
    assert said.count("No run of it is recorded") == len(read_registry("models"))


def test_a_card_has_the_numbers_of_the_records():
    rows = MADE["results_lines"]("minilm", MADE["recorded_runs"]())
    records = [json.loads(path.read_text("utf8")) for path in sorted(RUNS.glob("*/run.json"))]
    plain = [r for r in records if not r["config"]["intervention"]]
    emotion = [r for r in plain if r["config"]["dataset"] == "emotion"]
    small = [r for r in emotion if r["config"]["evaluation_splits"] == ["train", "test"]]
    tests = sorted(r["metrics"]["accuracy"]["test/evaluation"][-1] for r in small)
    assert f"| test | accuracy {tests[0]:.3f} to {tests[-1]:.3f} |" in "\n".join(rows)
    emotion = [r for r in emotion if r["config"]["train_size"] is None]
    ends = sorted(r["metrics"]["accuracy"]["validation/evaluation"][-1] for r in emotion)
    row = next(line for line in rows if "| Emotion |" in line)
    assert f"accuracy {ends[0]:.3f} to {ends[-1]:.3f}" in row
    assert not any("| train |" in line for line in rows)  # trained on, so it says little
    assert f"| {sum(emotion[0]['data']['label_counts']['train']):,} |" in row
    squad = next(r for r in plain if r["config"]["dataset"] == "squad")
    assert f"f1 {squad['metrics']['f1']['validation']:.3f}" in "\n".join(rows)


def test_the_page_has_both():
    page = (BOOK / "data-and-models.md").read_text("utf8")
    assert page.count("{data-statement}") == 2
    assert "{model-cards}" in page
