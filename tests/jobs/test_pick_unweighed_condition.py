"""A condition that cannot be weighed: the answer without it is not given out as the answer under it."""

from __future__ import annotations

from click.testing import CliRunner

from lorascope.cli.pick import pick_command
from lorascope.jobs.pick import pick
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.store import Store


def test_a_condition_on_one_value_per_checkpoint_leaves_all_undecided(tmp_path, monkeypatch):
    (tmp_path / ".lorascope").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    rows = {1: [0.1, 0.2, 0.15, 0.12], 2: [0.9, 0.95, 0.92, 0.97], 3: [0.91, 0.93, 0.94, 0.96], 4: [0.1, 0.1, 0.12, 0.2]}
    metric, other = "background_color_accuracy", "palette_adherence"
    with Store.open(f"sqlite:///{tmp_path / '.lorascope' / 'lab.db'}", tmp_path / ".lorascope" / "blobs") as store:
        store.import_runs([Run("r", "kohya", RunStatus.IMPORTED)])
        store.add_scores([Score("r", epoch, f"p{n}", 1, metric, value) for epoch, row in rows.items() for n, value in enumerate(row)])
        store.add_scores([Score("r", epoch, "p0", 1, other, 0.5 + epoch / 10) for epoch in rows])
        assert pick(store, "r", metric).cannot_tell == (2, 3)
        found = pick(store, "r", metric, where=f"{other} >= 0.6")
    assert (found.best, found.leader, found.cannot_tell) == (None, None, (1, 2, 3, 4))
    shown = CliRunner().invoke(pick_command, ["r", "--metric", metric, "--where", f"{other} >= 0.6"], catch_exceptions=False).output
    assert "90 % probability\n" not in shown.split("\n- ")[0] + "\n"
    assert "one of these is the best" not in shown
