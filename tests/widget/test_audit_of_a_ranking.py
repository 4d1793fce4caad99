"""From the fine-tuning to the row on the screen, with what `rank_suspicion` gives."""

import pytest
from training import tiny
from widget.test_audit_session import open_session, tell

from difficulty_lib.cli._rank import ranked_table
from difficulty_lib.data import table_data
from difficulty_lib.suspicion import rank_suspicion
from difficulty_lib.training import Run, RunConfig

__all__ = ["open_session"]


@pytest.mark.usefixtures("no_gpu", "one_thread")
def test_a_ranking_is_audited_with_its_dynamics(open_session, tiny_folder):
    frame = tiny.labelled_frame(24)
    data = table_data(frame, ["text"], "label", where="rows")
    config = RunConfig(dataset=data.name, model=str(tiny_folder), epochs=2, batch_size=8)
    found = rank_suspicion(data, config, progress=False)
    session = open_session(found.table, run=found.dynamics, label_names=data.label_names)
    first = found.table.index[0]
    row = tell(session, do="hello")["row"]
    losses = found.dynamics.to_frame().set_index("sample_id").loc[first, "loss"]
    assert row["curve"]["losses"] == pytest.approx(losses.tolist())
    assert row["curve"]["labels"][-1] == found.table.loc[first, "predicted"]
    assert row["texts"][0]["parts"][0]["text"] == found.table.loc[first, "text"]


@pytest.mark.usefixtures("no_gpu", "one_thread")
@pytest.mark.parametrize("own", [[], ["sample_id"], ["sample_id", "sample_id_difficulty"]])
def test_the_ranked_file_and_the_kept_run_go_together(open_session, tiny_folder, tmp_path, own):
    frame = tiny.labelled_frame(24).assign(**{name: range(100, 124) for name in own})
    data = table_data(frame, ["text"], "label", where="rows")
    config = RunConfig(dataset=data.name, model=str(tiny_folder), epochs=2, batch_size=8)
    found = rank_suspicion(data, config, progress=False, keep=tmp_path / "run")
    file = tmp_path / "rows.ranked.parquet"
    ranked_table(frame, found).to_parquet(file)
    session = open_session(file, run=Run.load(tmp_path / "run"), label_names=data.label_names)
    row = tell(session, do="hello")["row"]
    losses = found.dynamics.to_frame().set_index("sample_id").loc[found.table.index[0], "loss"]
    assert row["curve"]["losses"] == pytest.approx(losses.tolist())
