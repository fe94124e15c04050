"""``import`` on what kohya's trainer leaves: whole runs, the same twice is nothing new, and no file loses another."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kohya_folder import STARTED_AT, Made, make_folder, metadata, save_lora
from PIL import Image
from safetensors.numpy import save_file

from lorascope.cli.main import cli
from lorascope.errors import AlreadyExists, BadFile, BadParameter
from lorascope.jobs.export_runs import export_runs
from lorascope.jobs.import_runs import import_paths, import_runs
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import CountedIn, Run, RunStatus
from lorascope.store import Store


@pytest.fixture
def store(tmp_path):
    with Store.open("sqlite://", tmp_path / ".blobs") as opened:
        yield opened


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def epochs(store, name="fox"):
    return [(checkpoint.epoch, Path(checkpoint.file).name) for checkpoint in store.checkpoints(name)]


def test_a_folder_becomes_a_run_with_everything_its_files_say(store, out):
    summary = import_runs([make_folder(out, Made())], store)
    run = store.run("fox")
    assert (run.status, run.trainer, run.base_model, run.started_at) == (RunStatus.IMPORTED, "kohya", "v1-5.safetensors", STARTED_AT)
    assert (run.parameters["network_dim"], run.parameters["optimizer_type"], run.parameters["num_images"]) == (4, "AdamW8bit", 10)
    assert epochs(store) == [(1, "fox-000001.safetensors"), (2, "fox-000002.safetensors"), (3, "fox.safetensors")]
    assert {noun: count for noun, count in summary.changed.items() if count} == {"runs": 1, "checkpoints": 3}
    assert [source["format"] for source in run.extra["sources"]] == ["kohya LoRA"] * 3


def test_the_same_folder_twice_is_nothing_new_from_wherever_it_is_named(store, out, monkeypatch):
    make_folder(out, Made())
    import_runs([out], store)
    before = list(export_runs(store))
    monkeypatch.chdir(out)
    for paths in ([out], [Path("../out")], [Path()], [out / "fox-000002.safetensors"], [Path("fox.safetensors")]):
        assert not any(import_runs(paths, store).changed.values()), paths
        assert list(export_runs(store)) == before


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_files_named_in_any_order_at_once_or_one_by_one_give_the_same_store(tmp_path, data):
    out = tmp_path / "out"
    if not out.exists():
        make_folder(out, Made(epochs=2, save_every_n_steps=3))
        make_folder(out, Made(name="cat", epochs=2, session="2", started_at=STARTED_AT + 900))
    files = data.draw(st.permutations(sorted(out.glob("*.safetensors"))))
    with Store.open("sqlite://", tmp_path / "b") as at_once, Store.open("sqlite://", tmp_path / "b") as one_by_one:
        import_runs([out], at_once)
        for file in files:
            import_runs([file], one_by_one)
        assert one_by_one.runs() == at_once.runs()
        for name in ("fox", "cat"):
            assert one_by_one.checkpoints(name) == at_once.checkpoints(name)


def test_a_step_file_that_comes_later_moves_the_epochs_to_their_steps(store, out):
    make_folder(out, Made())
    import_runs([out], store)
    make_folder(out, Made(save_every_n_steps=4))
    import_runs([out], store)
    assert store.run("fox").counted_in is CountedIn.STEPS
    assert [epoch for epoch, _ in epochs(store)] == [4, 5, 8, 10, 12, 15]


def test_what_was_recorded_stays_when_files_are_deleted(store, out):
    make_folder(out, Made())
    (out / "fox.toml").write_text("max_train_epochs = 3\nnetwork_dim = 4\noutput_name = 'fox'\n")
    import_runs([out], store)
    before, checkpoints = store.run("fox"), store.checkpoints("fox")
    for gone in ("fox-000001.safetensors", "fox-000002.safetensors", "fox.toml"):
        (out / gone).unlink()
    import_runs([out], store)
    after = store.checkpoints("fox")
    assert [checkpoint.extra.get("file_deleted") for checkpoint in after] == [True, True, None]
    assert [replace(checkpoint, extra={}) for checkpoint in after] == [replace(checkpoint, extra={}) for checkpoint in checkpoints]
    assert store.run("fox").parameters == before.parameters
    assert store.run("fox").extra["provenance"] == before.extra["provenance"]
    assert not any(import_runs([out], store).changed.values())


def test_files_that_were_moved_are_the_same_checkpoints_at_their_new_place(store, tmp_path):
    import_runs([make_folder(tmp_path / "a", Made())], store)
    (tmp_path / "a").rename(tmp_path / "moved")
    import_runs([tmp_path / "moved"], store)
    assert [run.name for run in store.runs()] == ["fox"]
    assert [Path(checkpoint.file).parent.name for checkpoint in store.checkpoints("fox")] == ["moved"] * 3


def test_trainings_of_one_name_keep_their_names_when_imported_again(store, tmp_path):
    make_folder(tmp_path / "b", Made(session="2", started_at=STARTED_AT + 900))
    import_runs([tmp_path / "b"], store)
    make_folder(tmp_path / "a", Made(session="1"))
    import_runs([tmp_path / "a", tmp_path / "b"], store)
    assert store.run("fox").extra["sessions"] == ["2"]
    assert store.run("fox (2)").extra["sessions"] == ["1"]
    assert not any(import_runs([tmp_path / "a", tmp_path / "b"], store).changed.values())


def test_a_folder_overwritten_by_a_new_training_is_a_new_run_and_the_old_one_stays(store, out):
    import_runs([make_folder(out, Made(session="1"))], store)
    import_runs([make_folder(out, Made(session="2", seed=7, started_at=STARTED_AT + 900))], store)
    assert (store.run("fox").parameters["seed"], store.run("fox (2)").parameters["seed"]) == (42, 7)


def test_a_run_recorded_here_is_never_overwritten(store, out):
    make_folder(out, Made())
    own = Run("fox", "toy", RunStatus.FINISHED, {"seed": 1})
    store.add_run(own)
    import_runs([out], store)
    assert store.run("fox") == own
    assert store.run("fox (2)").trainer == "kohya"


def test_the_files_of_a_run_recorded_here_are_left_alone(store, out):
    make_folder(out, Made())
    store.add_run(Run("fox", "toy", RunStatus.FINISHED))
    store.add_checkpoint(Checkpoint("fox", 1, file=str(out / "fox-000001.safetensors")))
    summary = import_runs([out], store)
    assert any("was recorded here" in note for note in summary.notes)
    assert [run.name for run in store.runs()] == ["fox"]


def test_a_name_can_be_given_to_one_training_only(store, out):
    make_folder(out, Made())
    import_paths([out], store, name="my fox")
    assert store.run("my fox").extra["sessions"] == ["1234567890"]
    make_folder(out, Made(name="cat", session="2"))
    with pytest.raises(BadParameter, match="cat, fox"):
        import_paths([out], store, name="x")
    with pytest.raises(AlreadyExists, match="my fox"):
        import_paths([out / "cat.safetensors"], store, name="my fox")


def test_damaged_and_unfinished_files_lose_no_other(store, out):
    make_folder(out, Made())
    whole = (out / "fox.safetensors").read_bytes()
    (out / "fox.safetensors").write_bytes(whole[:-5])
    (out / "bad.safetensors").write_bytes(b"\xff" * 100)
    summary = import_runs([out], store)
    assert summary.unfinished == (out / "fox.safetensors",)
    assert set(summary.failed) == {out / "fox.safetensors", out / "bad.safetensors"}
    assert len(epochs(store)) == 2
    (out / "fox.safetensors").write_bytes(whole)
    import_runs([out], store)
    assert len(epochs(store)) == 3


def test_a_damaged_file_that_was_named_is_an_error_after_the_others_are_in(store, out):
    make_folder(out, Made())
    (out / "bad.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(BadFile, match=r"bad\.safetensors"):
        import_runs([out / "bad.safetensors", out / "fox.safetensors"], store)
    assert epochs(store) == [(3, "fox.safetensors")]


@pytest.mark.parametrize("name", ["a.ckpt", "a.pt", "a.bin", "a.safetensors", "a.pkl"])
def test_pickles_are_refused_with_advice_and_never_opened(store, tmp_path, name):
    for head in (b"\x80\x02}q\x00.", b"PK\x03\x04\x00\x00"):
        file = tmp_path / name
        file.write_bytes(head)
        with pytest.raises(BadFile, match="can run code") as caught:
            import_runs([file], store)
        assert "convert" in caught.value.next_step
    summary = import_runs([tmp_path], store)
    assert summary.pickled == (tmp_path / name,)


def test_hidden_files_states_and_links_out_of_the_folder_are_passed_over(store, tmp_path):
    make_folder(tmp_path / "out", Made(with_states=True))
    make_folder(tmp_path / "out" / ".git", Made(name="hidden", session="2"))
    make_folder(tmp_path / "elsewhere", Made(name="other", session="3"))
    save_lora(tmp_path / "out" / "fox-000001-state" / "model.safetensors", {})
    (tmp_path / "out" / "file.safetensors").symlink_to(tmp_path / "elsewhere" / "other.safetensors")
    (tmp_path / "out" / "folder").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "out" / "circle").symlink_to(tmp_path / "out")
    (tmp_path / "out" / "again.safetensors").symlink_to(tmp_path / "out" / "fox.safetensors")
    os.mkfifo(tmp_path / "out" / "pipe")
    summary = import_runs([tmp_path / "out"], store)
    assert [run.name for run in store.runs()] == ["fox"]
    assert any("1 link leads out" in note for note in summary.notes)


def test_a_whole_model_is_no_run(store, tmp_path):
    save_file({"model.diffusion_model.input_blocks.0.0.weight": np.zeros((2, 2), np.float32)}, tmp_path / "model.safetensors")
    summary = import_runs([tmp_path], store)
    assert store.runs() == []
    assert any("holds no LoRA" in note for note in summary.notes)


def test_hostile_texts_end_in_the_store_as_texts(store, out):
    evil = "'); DROP TABLE training_runs; --\0\u202e\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    changed = {"output_name": evil, "sd_model_name": evil, "training_comment": evil, "seed": evil, "session_id": evil, evil: evil}
    save_lora(out / "x.safetensors", metadata(Made(changed=changed), 1, 5))
    save_lora(out / "y.safetensors", metadata(Made(name="../../../etc/passwd", session="2"), 1, 5))
    import_runs([out], store)
    assert len(store.runs()) == 2
    assert not any(import_runs([out], store).changed.values())
    assert store.run("../../../etc/passwd").parameters["seed"] == 42


def test_a_file_whose_name_is_no_text_is_said_and_left_out(store, out):
    make_folder(out, Made())
    shutil.copy(out / "fox.safetensors", os.fsencode(out) + b"/\xff.safetensors")
    summary = import_runs([out], store)
    assert len(store.checkpoints("fox")) == 3
    assert any("not valid UTF-8" in error.message for error in summary.failed.values())


def test_hash_knows_copies_of_files_that_do_not_say_their_hash(store, out):
    save_lora(out / "fox-000001.safetensors", {}, with_hash=False)
    save_lora(out / "fox-000002.safetensors", {}, value=2, with_hash=False)
    save_lora(out / "fox.safetensors", {}, value=2, with_hash=False)
    import_paths([out], store, with_hash=True)
    assert epochs(store) == [(1, "fox-000001.safetensors"), (2, "fox.safetensors")]
    assert store.checkpoints("fox")[1].extra == {"also": [str(out / "fox-000002.safetensors")]}
    assert len(store.checkpoints("fox")[0].tensor_hash) == 64


def test_a_dry_run_changes_nothing_and_says_all(store, out):
    make_folder(out, Made())
    summary = import_paths([out], store, dry_run=True)
    assert [(run.name, run.checkpoints, run.is_new) for run in summary.runs] == [("fox", 3, True)]
    assert store.runs() == []


def test_sample_images_are_stored_with_the_run(store, out):
    make_folder(out, Made())
    (out / "sample").mkdir()
    for epoch in (1, 2):
        Image.new("RGB", (4, 4), (epoch, 0, 0)).save(out / "sample" / f"fox_e{epoch:06d}_00_20240131113000_42.png")
    import_runs([out], store)
    samples = store.samples("fox")
    assert [(sample.epoch, sample.seed) for sample in samples] == [(1, 42), (2, 42)]
    assert store.blob_path(samples[0].image_digest).read_bytes() == (out / "sample" / "fox_e000001_00_20240131113000_42.png").read_bytes()
    assert not any(import_runs([out], store).changed.values())


# As one types it


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(cli, ["init"], catch_exceptions=False)
    return tmp_path


def say(*arguments):
    return CliRunner().invoke(cli, ["import", *arguments], catch_exceptions=True, standalone_mode=False)


def test_the_command_says_what_came_in_what_was_unclear_and_what_to_do_next(lab):
    make_folder(lab / "out", Made(with_metadata=False))
    (lab / "out" / "note.md").write_text("x")
    text = say("out").stdout
    assert "fox  [kohya, new]  3 checkpoints" in text
    assert "unclear: fox.safetensors does not say its epoch" in text
    assert "new or changed: 1 run, 3 checkpoints" in text
    assert "1 other file is of no format known here" in text
    assert "next: lorascope show fox" in text
    assert "nothing new" in say("out").stdout


def test_the_command_names_a_bad_file_after_everything_else_is_in(lab):
    make_folder(lab / "out", Made())
    (lab / "bad.safetensors").write_bytes(b"x" * 50)
    result = say("out", "bad.safetensors")
    assert isinstance(result.exception, BadFile)
    assert "new or changed: 1 run, 3 checkpoints" in result.stdout


def test_the_command_answers_as_json(lab):
    make_folder(lab / "out", Made())
    answer = json.loads(say("out", "--json", "--dry-run").stdout)
    assert (answer["format"], answer["dry_run"], answer["runs"][0]["name"], answer["runs"][0]["checkpoints"]) == (1, True, "fox", 3)
    assert answer["changed"]["runs"] == 0
    assert json.loads(say("out", "--json").stdout)["changed"]["checkpoints"] == 3
