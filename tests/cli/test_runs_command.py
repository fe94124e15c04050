"""``lorascope runs`` answers questions, and its tables are safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner

from lorascope.cli.runs import runs_command
from lorascope.errors import BadParameter, NotFound
from lorascope.jobs.begin import begin
from lorascope.records.run import Run, RunStatus
from lorascope.settings import Settings
from lorascope.store import Store

RUNS = (
    Run("narrow", "kohya", RunStatus.IMPORTED, {"network_dim": 16, "keep_tokens": 1}, {"rating": 9}),
    Run("middle", "kohya", RunStatus.IMPORTED, {"network_dim": 32, "keep_tokens": 1, "comment": "=cmd|' /C calc'!A0"}, {"rating": 4}),
    Run("wide", "onetrainer", RunStatus.IMPORTED, {"network_dim": 64}, {"rating": 7}),
)


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    settings = Settings.at(tmp_path / ".lorascope")
    begin(settings.lab, settings.store_url, settings.blobs)
    with Store.open(settings.store_url, settings.blobs) as store:
        store.import_runs(RUNS)


def ask(*options):
    result = CliRunner().invoke(runs_command, options, catch_exceptions=False)
    return result.output


def names(*options):
    return [run["name"] for run in json.loads(ask("--json", *options))["runs"]]


@pytest.mark.usefixtures("lab")
class TestQuestions:
    @pytest.mark.parametrize(
        ("condition", "found"),
        [
            ("network_dim > 16 and keep_tokens = 1", ["middle"]),
            ("rank >= 32", ["middle", "wide"]),
            ("not (keep_tokens = 1)", ["wide"]),
            ("keep_tokens = none or network_dim in (16, 17)", ["narrow", "wide"]),
            ("trainer = onetrainer' or '1'='1", None),
            ("name like 'w%'", ["wide"]),
            ("rating > 5", ["narrow", "wide"]),
            ("network_dim > 1000", []),
        ],
    )
    def test_only_runs_for_which_the_condition_holds_are_listed(self, condition, found):
        if found is None:
            with pytest.raises(BadParameter, match="column"):
                names("--where", condition)
        else:
            assert names("--where", condition) == found

    def test_runs_are_sorted_by_parameter_or_metric_either_way(self):
        assert names("--sort", "-network_dim") == ["wide", "middle", "narrow"]
        assert names("--sort", "rating") == ["middle", "wide", "narrow"]
        assert names("--sort", "-rating", "--limit", "1") == ["narrow"]

    def test_columns_are_shown_and_unknown_ones_refused(self):
        table = ask("--columns", "network_dim, rating", "--sort", "network_dim").splitlines()
        assert [line.split() for line in table[:2]] == [["run", "status", "network_dim", "rating"], ["narrow", "imported", "16", "9"]]
        with pytest.raises(NotFound, match="netwrk_dim"):
            ask("--columns", "netwrk_dim")

    def test_a_question_without_an_answer_says_so(self):
        assert ask("--where", "network_dim = 1") == "No run answers this.\n"

    def test_a_table_for_spreadsheets_has_every_value_and_no_formula(self):
        rows = {row["run"]: row for row in csv.DictReader(io.StringIO(ask("--csv")))}
        assert rows["middle"]["comment"] == "'=cmd|' /C calc'!A0"
        assert (rows["wide"]["network_dim"], rows["wide"]["keep_tokens"], rows["wide"]["rating"]) == ("64", "", "7")
