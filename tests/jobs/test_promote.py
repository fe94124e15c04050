"""A promoted checkpoint: the decision stays with its evidence, the file is whole, the card says what is known and what is not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from lorascope.cli.promote import promote_command
from lorascope.errors import AlreadyExists, BadFile, BadParameter, MissingFile, NotFound
from lorascope.jobs.evaluate import png_bytes
from lorascope.jobs.file_digest import file_digest
from lorascope.jobs.promote import PromoteRequest, decisions, promote
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.dataset import Dataset, DatasetItem
from lorascope.records.prompt import Expectation, Prompt, PromptSuite
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Sample, Score
from lorascope.store import Store

KILL = Path(__file__).parent / "kill_promotion.py"
METRIC = "background_color_accuracy"
GREEN = Expectation("background", "green", (0, 255, 0))
SUITE = PromptSuite(
    "eight", tuple(Prompt(f"p{n}", f"ohwx, lad {n}", (GREEN,)) for n in range(8)), (1,), steps=20, guidance=6.0, negative="blurry"
)
ROWS = [[0.1, 0.2, 0.15, 0.12, 0.1, 0.2, 0.1, 0.1], [0.9, 0.95, 0.92, 0.97, 0.9, 0.9, 1, 0.9], [0.3, 0.2, 0.25, 0.31, 0.3, 0.2, 0.3, 0.3]]


@pytest.fixture
def store(tmp_path):
    with Store.open("sqlite://", tmp_path / "blobs") as opened:
        fill(opened, tmp_path)
        yield opened


def fill(opened, folder, rows=ROWS):
    items = tuple(DatasetItem(f"{n}.png", "0" * 32, f"{n}.txt", f"ohwx, hat {n}") for n in range(6))
    opened.add_dataset(Dataset("hats", "hats", items, "d" * 32))
    opened.import_runs([Run("my run", "kohya", RunStatus.IMPORTED, {"network_dim": 8}, base_model="SD 1.5", dataset_digest="d" * 32)])
    opened.add_suite(SUITE)
    for epoch in (1, 2, 3):
        file = folder / f"run-{epoch}.safetensors"
        file.write_bytes(b"weights %d" % epoch)
        opened.add_checkpoint(Checkpoint("my run", epoch, file=str(file), digest=file_digest(file)))
    opened.add_scores([Score("my run", e, f"p{n}", 1, METRIC, v) for e, row in enumerate(rows, 1) for n, v in enumerate(row)])
    picture = opened.put_blob(png_bytes(np.zeros((4, 4, 3), np.uint8)))
    opened.add_samples([Sample("my run", 2, f"p{n}", 1, picture, extra={"suite": "eight"}) for n in range(8)])


def request(folder, epoch=2, purpose="green background", **more):
    return PromoteRequest("my run", epoch, purpose, folder / "out" / f"{epoch}-{purpose}", **more)


def test_a_clear_winner_is_promoted_with_its_evidence(store, tmp_path):
    done = promote(store, request(tmp_path))
    (kept,) = decisions(store, "my run")
    assert (kept["epoch"], kept["purpose"], kept["evidence"], kept["metric"], kept["n"]) == (2, "green background", "supported", METRIC, 8)
    assert kept["p_best"] > 0.99
    assert kept["alternative"]["epoch"] in {1, 3}
    assert (kept["number"], kept["supersedes"], kept["superseded_by"]) == (1, None, None)
    assert kept["digest"] == file_digest(done.written.folder / kept["file"])
    assert set(done.written.files) == {"README.md", "inference.json", kept["file"], *(f"samples/{n + 1}-p{n}.png" for n in range(4))}
    assert not list((tmp_path / "out").glob(".*")), "no draft is left"


def test_the_card_says_what_is_known_and_leaves_the_license_open(store, tmp_path):
    card = (promote(store, request(tmp_path)).written.folder / "README.md").read_text("utf-8")
    head = yaml.safe_load(card.split("---")[1])
    assert (head["base_model"], head["instance_prompt"]) == ("SD 1.5", "ohwx")
    assert "license" not in head
    assert "License: to be chosen" in card
    assert head["widget"][0] == {"text": "ohwx, lad 0", "output": {"url": "samples/1-p0.png"}}
    assert "hats: 6 images, 6 captions" in card
    assert "n = 8 images" in card
    assert "| network\\_dim | 8 |" in card


def test_the_card_has_no_more_digits_than_the_numbers_hold(store, tmp_path):
    folder = promote(store, request(tmp_path, purpose="salt & pepper &lt;b&gt;")).written.folder
    card = (folder / "README.md").read_text("utf-8")
    assert "with a probability of 1.00, by" in card
    assert "measured 0.93; shrunk" in card
    why = card.split("## Why this checkpoint")[1].split("## Measured")[0]
    assert not re.search(r"\d\.\d{5}", why)
    assert "**salt &amp; pepper &amp;lt;b&amp;gt;**" in card


def test_settings_are_recommended_only_where_they_were_measured(store, tmp_path):
    found = json.loads((promote(store, request(tmp_path)).written.folder / "inference.json").read_text("utf-8"))
    assert (found["steps"], found["guidance"], found["negative_prompt"], found["trigger_words"]) == (20, 6.0, "blurry", "ohwx")
    assert (found["weight"], found["sampler"]) == (None, None)
    assert "Not recorded, so nothing is recommended: weight, sampler." in found["notes"]
    store.keep_foreign([({"type": "protocol", "run": "my run", "sampler": "ddim", "lora_weight": 0.8}, 0)])
    again = json.loads((promote(store, request(tmp_path, purpose="green")).written.folder / "inference.json").read_text("utf-8"))
    assert (again["weight"], again["sampler"]) == (0.8, "ddim")
    assert "Only weight 0.8 was measured" in " ".join(again["notes"])


def test_a_later_decision_supersedes_the_earlier_and_both_stay(store, tmp_path):
    promote(store, request(tmp_path))
    done = promote(store, request(tmp_path, epoch=1, purpose="Green  Background", insist=True))
    assert [(one["number"], one["epoch"], one["superseded_by"]) for one in decisions(store, "my run")] == [(1, 2, 2), (2, 1, None)]
    assert done.decision["insisted"] is True
    assert "supersedes decision 1" in " ".join(done.warnings)
    promote(store, request(tmp_path, epoch=3, purpose="hats", insist=True))
    assert decisions(store, "my run")[2]["supersedes"] is None


def test_what_the_measurements_speak_against_must_be_insisted_on(store, tmp_path):
    with pytest.raises(BadParameter, match="speaks against epoch 1") as caught:
        promote(store, request(tmp_path, epoch=1))
    assert "--yes" in caught.value.next_step
    assert decisions(store) == ()
    assert not (tmp_path / "out").exists()


def test_undecided_evidence_is_said_and_not_refused(tmp_path):
    with Store.open("sqlite://", tmp_path / "blobs") as store:
        fill(store, tmp_path, np.random.default_rng(1).normal(0.5, 0.3, (3, 8)).tolist())
        done = promote(store, request(tmp_path, epoch=3))
        assert done.decision["evidence"] == "undecided"
        assert "Undecided: epoch 3 is the best with a probability of" in done.warnings[0]
        card = (done.written.folder / "README.md").read_text("utf-8")
        assert "Undecided" in card


def test_a_purpose_that_no_prompt_asks_for_is_judged_over_all_and_said(store, tmp_path):
    assert "No prompt of the evaluation asks for 'production'" in promote(store, request(tmp_path, purpose="production")).warnings[0]


def test_a_run_without_scores_is_promoted_on_no_evidence(store, tmp_path):
    store.import_runs([Run("bare", "kohya", RunStatus.IMPORTED)])
    store.add_checkpoint(Checkpoint("bare", 4))
    done = promote(store, PromoteRequest("bare", 4, "general", tmp_path / "bare"))
    assert (done.decision["evidence"], done.decision["p_best"], done.written) == ("none", None, None)
    assert "rests on no evidence" in done.warnings[0]
    assert "not known here" in done.warnings[1]


@pytest.mark.parametrize("change", ["replaced", "gone"])
def test_a_file_that_is_not_the_recorded_one_promotes_nothing(store, tmp_path, change):
    file = Path(store.checkpoints("my run")[1].file)
    file.unlink()
    if change == "replaced":
        file.write_bytes(b"something else")
    with pytest.raises(BadFile if change == "replaced" else MissingFile):
        promote(store, request(tmp_path))
    assert decisions(store) == ()
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"epoch": 7}, NotFound, "no checkpoint of epoch 7"),
        ({"purpose": "  "}, BadParameter, "purpose is empty"),
        ({"metric": "beauty"}, NotFound, "no values of beauty"),
    ],
)
def test_what_is_not_there_is_refused(store, tmp_path, change, error, message):
    with pytest.raises(error, match=message):
        promote(store, request(tmp_path, **change))


def test_a_folder_that_is_there_is_never_written_over(store, tmp_path):
    promote(store, request(tmp_path))
    with pytest.raises(AlreadyExists):
        promote(store, request(tmp_path))
    assert len(decisions(store)) == 1


def test_killed_at_any_moment_it_can_be_run_again(tmp_path):
    (tmp_path / "lab").mkdir()
    with Store.open(f"sqlite:///{tmp_path / 'lab' / 'lab.db'}", tmp_path / "lab" / "blobs") as lab:
        fill(lab, tmp_path)
    done = subprocess.run([sys.executable, str(KILL), str(tmp_path)], capture_output=True, text=True, check=True)
    killed = int(done.stdout)
    assert killed > 10
    bare = recorded = 0
    for call in range(1, killed + 1):
        here = tmp_path / str(call)
        folder = here / "out" / "it"
        request = PromoteRequest("my run", 2, "green background", folder)
        with Store.open(f"sqlite:///{here / 'lab.db'}", here / "blobs") as store:
            if decisions(store, "my run"):
                recorded += 1
                with pytest.raises(AlreadyExists):
                    promote(store, request)
            else:
                bare += folder.exists()
                promote(store, request)
            (kept,) = decisions(store, "my run")
        names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
        assert names == {"README.md", "inference.json", kept["file"], *(f"samples/{n + 1}-p{n}.png" for n in range(4))}, call
    assert (bare > 0, recorded) == (True, 1), "killed between the folder and its decision, and right after both"


def test_a_whole_folder_without_a_decision_is_taken_only_where_every_byte_is_the_same(tmp_path):
    folder = tmp_path / "it"
    for place in ("first", "second"):
        (tmp_path / place).mkdir()
    request = PromoteRequest("my run", 2, "green background", folder)
    with Store.open("sqlite://", tmp_path / "first" / "blobs") as store:
        fill(store, tmp_path)
        promote(store, request)
    with Store.open("sqlite://", tmp_path / "second" / "blobs") as store:
        fill(store, tmp_path)
        (folder / "notes.txt").write_text("mine", "utf-8")
        with pytest.raises(AlreadyExists, match="is there already"):
            promote(store, request)
        assert decisions(store) == ()
        assert (folder / "notes.txt").read_text("utf-8") == "mine"
        assert not list(tmp_path.glob(".it*")), "no draft is left"
        (folder / "notes.txt").unlink()
        assert promote(store, request).written.found
        assert len(decisions(store)) == 1


def test_hostile_names_become_neither_paths_nor_markup(tmp_path):
    with Store.open("sqlite://", tmp_path / "blobs") as store:
        name = "../../etc/<img src=x>\n# owned"
        store.import_runs([Run(name, "kohya", RunStatus.IMPORTED, base_model='a": {x: 1}\n---\nowned: true')])
        file = tmp_path / "x.safetensors"
        file.write_bytes(b"weights")
        store.add_checkpoint(Checkpoint(name, 1, file=str(file)))
        done = promote(store, PromoteRequest(name, 1, "</p><script>", tmp_path / "card"))
        card = (done.written.folder / "README.md").read_text("utf-8")
        assert "owned" not in yaml.safe_load(card.split("\n---\n")[0].removeprefix("---\n"))
        assert "<img" not in card
        assert "<script>" not in card
        assert all("/" not in one for one in done.written.files)


def test_signs_that_yaml_does_not_take_as_they_are_are_escaped_in_the_head(tmp_path):
    base = "a \u2028 b \uffff c \U0001f600"
    with Store.open("sqlite://", tmp_path / "blobs") as store:
        store.import_runs([Run("r", "kohya", RunStatus.IMPORTED, base_model=base)])
        (tmp_path / "x.safetensors").write_bytes(b"weights")
        store.add_checkpoint(Checkpoint("r", 1, file=str(tmp_path / "x.safetensors")))
        promote(store, PromoteRequest("r", 1, "hats", tmp_path / "card"))
    card = (tmp_path / "card" / "README.md").read_text("utf-8")
    assert yaml.safe_load(card.split("\n---\n")[0].removeprefix("---\n"))["base_model"] == base


def test_the_command_records_lists_and_speaks_json(tmp_path, monkeypatch):
    (tmp_path / ".lorascope").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    with Store.open(f"sqlite:///{tmp_path / '.lorascope' / 'lab.db'}", tmp_path / ".lorascope" / "blobs") as lab:
        fill(lab, tmp_path)
    run = CliRunner().invoke
    assert "no checkpoint of run my run was promoted yet" in run(promote_command, ["my run"]).output
    shown = run(promote_command, ["my run", "2", "--purpose", "green background"], catch_exceptions=False).output
    assert "decision 1 of run my run: epoch 2 for green background" in shown
    assert (tmp_path / "promoted" / "my_run-2-green-background" / "README.md").is_file()
    found = json.loads(run(promote_command, ["my run", "2", "--purpose", "hats", "--out", "hats_out", "--json"]).output)
    assert (found["format"], found["decision"]["number"], found["folder"]) == (1, 2, "hats_out")
    listed = json.loads(run(promote_command, ["my run", "--json"]).output)
    assert [one["purpose"] for one in listed["decisions"]] == ["green background", "hats"]
    assert "stands" in run(promote_command, ["my run"]).output
    assert run(promote_command, ["my run", "2"]).exit_code == 2
