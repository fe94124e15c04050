"""Evidence of many files becomes trainings: by session, name, folder and time, whatever the order of the files."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kohya_folder import STARTED_AT, Made, make_folder, make_state, metadata, save_lora

from lorascope.importers.evidence import Authority, Evidence, SampleSeen, SeriesSeen
from lorascope.importers.evidence_memory import recall
from lorascope.importers.grouping import group
from lorascope.importers.kohya_state import KOHYA_STATE
from lorascope.importers.weights_file import WEIGHTS_FILE
from lorascope.records.run import CountedIn, Run, RunStatus


def evidence_of(folder):
    found = []
    for path in sorted(folder.rglob("*")):
        importer = {".safetensors": WEIGHTS_FILE, ".json": KOHYA_STATE}.get(path.suffix)
        found += [each for part in importer.read(path) for each in part.evidence] if importer else []
    return found


def numbers(training):
    return [checkpoint.epoch for checkpoint in training.checkpoints]


def names(training):
    return [Path(checkpoint.file).name for checkpoint in training.checkpoints]


def config(folder, training="fox", authority=Authority.CONFIGURED, file="config.toml", **parameters):
    return Evidence(folder / file, "kohya configuration", folder, "kohya", authority, training, parameters=parameters)


def test_the_files_of_one_session_are_one_run_and_the_final_one_is_its_last_epoch(tmp_path):
    (fox,) = group(evidence_of(make_folder(tmp_path, Made())))
    assert (fox.run.name, fox.run.trainer, fox.run.counted_in) == ("fox", "kohya", CountedIn.EPOCHS)
    assert list(zip(numbers(fox), names(fox), strict=True)) == [
        (1, "fox-000001.safetensors"),
        (2, "fox-000002.safetensors"),
        (3, "fox.safetensors"),
    ]
    assert [checkpoint.step for checkpoint in fox.checkpoints] == [5, 10, 15]
    assert [checkpoint.duration_s for checkpoint in fox.checkpoints] == [None, 60.0, 60.0]
    assert [checkpoint.samples_seen for checkpoint in fox.checkpoints] == [20, 40, 60]
    assert fox.run.started_at == STARTED_AT
    assert fox.run.finished_at == STARTED_AT + 180
    assert fox.run.extra["sessions"] == ["1234567890"]
    assert fox.run.extra["provenance"]["seed"] == {"file": str(tmp_path / "fox.safetensors"), "format": "kohya LoRA"}
    assert fox.run.extra["kept"]["ss_tag_frequency"] == {"2_fox": {"fox": 10, "#ff8800": 3}}
    assert fox.notes == ()


def test_files_saved_by_steps_count_in_steps_and_those_by_epochs_find_their_step(tmp_path):
    (fox,) = group(evidence_of(make_folder(tmp_path, Made(save_every_n_steps=4))))
    assert fox.run.counted_in is CountedIn.STEPS
    assert numbers(fox) == [4, 5, 8, 10, 12, 15]


def test_old_files_without_steps_find_theirs_from_the_steps_of_an_epoch(tmp_path):
    (fox,) = group(evidence_of(make_folder(tmp_path, Made(version="0.6.0", save_every_n_steps=4))))
    assert numbers(fox) == [4, 5, 8, 10, 12, 15]


def test_two_trainings_of_one_name_in_two_folders_are_two_runs(tmp_path):
    make_folder(tmp_path / "a", Made(session="1", started_at=STARTED_AT + 900))
    make_folder(tmp_path / "b", Made(session="2"))
    first, second = group(evidence_of(tmp_path))
    assert [(each.run.name, each.sessions) for each in (first, second)] == [("fox", ("2",)), ("fox (2)", ("1",))]
    assert {checkpoint.run for checkpoint in second.checkpoints} == {"fox (2)"}


def test_a_training_that_overwrote_the_first_files_of_another_is_a_run_of_its_own(tmp_path):
    make_folder(tmp_path, Made(epochs=5, session="1"))
    make_folder(tmp_path, Made(epochs=3, session="2", started_at=STARTED_AT + 5000))
    old, new = group(evidence_of(tmp_path))
    assert (names(old), numbers(old)) == (["fox-000003.safetensors", "fox-000004.safetensors"], [3, 4])
    assert numbers(new) == [1, 2, 3]


def test_a_resumed_training_whose_numbers_go_on_is_one_run(tmp_path):
    make_folder(tmp_path, Made(epochs=3, session="1", with_final=False))
    make_folder(tmp_path, Made(epochs=5, first_epoch=3, session="2", started_at=STARTED_AT + 5000))
    (fox,) = group(evidence_of(tmp_path))
    assert numbers(fox) == [1, 2, 3, 4, 5]
    assert [checkpoint.step for checkpoint in fox.checkpoints] == [5, 10, 15, 20, 25], "the trainer began again at step 0"
    assert fox.sessions == ("1", "2")
    assert [checkpoint.duration_s for checkpoint in fox.checkpoints] == [None, 60.0, None, 60.0, 60.0], "not over the pause"
    assert any("2 sessions" in note for note in fox.notes)


def test_a_resumed_training_whose_numbers_begin_again_counts_on(tmp_path):
    make_folder(tmp_path, Made(epochs=4, session="1", with_final=False, with_states=True))
    make_folder(tmp_path, Made(epochs=2, session="2", started_at=STARTED_AT + 5000))
    (fox,) = group(evidence_of(tmp_path))
    assert list(zip(numbers(fox), names(fox), strict=True)) == [
        (2, "fox-000002.safetensors"),
        (3, "fox-000003.safetensors"),
        (4, "fox-000001.safetensors"),
        (5, "fox.safetensors"),
    ]
    assert any("count on from 3" in note for note in fox.notes)


def test_sessions_of_different_networks_do_not_resume_each_other(tmp_path):
    make_folder(tmp_path, Made(epochs=4, session="1", with_final=False, with_states=True))
    make_folder(tmp_path, Made(epochs=2, session="2", started_at=STARTED_AT + 5000, dim=8))
    assert len(group(evidence_of(tmp_path))) == 2


def test_a_copy_is_noticed_by_its_weights_and_listed_once(tmp_path):
    make_folder(tmp_path / "out", Made())
    (tmp_path / "models").mkdir()
    copy = Path(shutil.copy(tmp_path / "out" / "fox-000002.safetensors", tmp_path / "models" / "the good one.safetensors"))
    (fox,) = group(evidence_of(tmp_path))
    assert names(fox) == ["fox-000001.safetensors", "fox-000002.safetensors", "fox.safetensors"]
    assert fox.checkpoints[1].extra["also"] == [str(copy)]
    assert any("the same weights" in note for note in fox.notes)


def test_a_copy_stripped_of_its_session_is_known_by_its_weights(tmp_path):
    made = make_folder(tmp_path / "out", Made())
    texts = metadata(Made(), 2, 10)
    stripped = {key: text for key, text in texts.items() if key in {"ss_epoch", "ss_steps"}}
    save_lora(tmp_path / "x" / "y.safetensors", stripped, value=10 + STARTED_AT % 97 / 100)
    (fox,) = group(evidence_of(tmp_path))
    assert fox.checkpoints[1].extra["also"] == [str(tmp_path / "x" / "y.safetensors")]
    assert fox.run.extra["folder"] == str(made)


def test_other_weights_under_the_same_number_are_said_and_not_taken(tmp_path):
    make_folder(tmp_path, Made())
    resized = Made(changed={"network_dim": "Dynamic"})
    save_lora(tmp_path / "a" / "fox-000002.safetensors", metadata(resized, 2, 10), value=77.0)
    (fox,) = group(evidence_of(tmp_path))
    assert fox.checkpoints[1].file == str(tmp_path / "fox-000002.safetensors")
    assert any("other weights" in note for note in fox.notes)


def test_a_number_that_no_training_has_is_left_out_and_said(tmp_path):
    found = evidence_of(make_folder(tmp_path, Made()))
    absurd = replace(found[0], checkpoint=replace(found[0].checkpoint, number=2**40))
    (fox,) = group([absurd, *found[1:]])
    assert numbers(fox) == [2, 3]
    assert any("no number of a checkpoint" in note for note in fox.notes)


def test_a_final_file_that_says_nothing_comes_after_the_last_numbered_one(tmp_path):
    (fox,) = group(evidence_of(make_folder(tmp_path, Made(with_metadata=False))))
    assert numbers(fox) == [1, 2, 3]
    assert any("taken to be epoch 3" in note for note in fox.notes)


def test_what_the_trainer_recorded_counts_more_than_what_it_was_configured_with(tmp_path):
    found = evidence_of(make_folder(tmp_path, Made()))
    written = config(tmp_path, network_dim=64, max_train_epochs=10)
    intended = config(tmp_path, authority=Authority.INTENDED, file="gui.json", max_train_epochs=20)
    (fox,) = group([*found, written, intended])
    assert (fox.run.parameters["network_dim"], fox.run.parameters["max_train_epochs"]) == (4, 10)
    assert fox.run.extra["provenance"]["max_train_epochs"]["file"] == str(written.source)
    assert "network_dim = 4 in fox.safetensors, which counts, but 64 in config.toml" in fox.notes
    assert "max_train_epochs = 10 in config.toml, which counts, but 20 in gui.json" in fox.notes


def test_a_dropout_in_a_dataset_file_counts_more_than_the_command_line_s(tmp_path):
    found = evidence_of(make_folder(tmp_path, Made(mode="B")))
    dataset = replace(config(tmp_path, None, caption_dropout_rate=0.2), format="kohya-dataset")
    (fox,) = group([*found, dataset])
    assert fox.run.parameters["caption_dropout_rate"] == 0.2


def test_of_two_trainings_a_configuration_goes_to_the_one_it_does_not_contradict(tmp_path):
    make_folder(tmp_path / "a", Made(session="1", seed=1))
    make_folder(tmp_path / "b", Made(session="2", seed=2, started_at=STARTED_AT + 900))
    (tmp_path / "c").mkdir()
    first, second = group([*evidence_of(tmp_path), config(tmp_path / "c", seed=2, max_train_epochs=3)])
    assert "max_train_epochs" not in first.run.parameters
    assert second.run.parameters["max_train_epochs"] == 3


def test_a_configuration_alone_is_a_run_without_checkpoints(tmp_path):
    (fox,) = group([config(tmp_path, network_dim=64)])
    assert (fox.run.name, fox.run.parameters, fox.checkpoints) == ("fox", {"network_dim": 64}, ())
    assert any("no checkpoint" in note for note in fox.notes)


def test_a_state_alone_is_no_run(tmp_path):
    make_state(tmp_path, Made(), 1, 5)
    assert group(evidence_of(tmp_path)) == []


def picture(folder, number, position=0, counted_in=CountedIn.EPOCHS, training="fox", drawn_at=None, **others):
    file = folder / "sample" / f"{training}_e{number:06d}_{position:02d}.png"
    seen = SampleSeen(file, number, counted_in, position, drawn_at=drawn_at, **others)
    return Evidence(file, "sample image", folder, "kohya", Authority.NAME, training, samples=(seen,))


def test_samples_find_their_run_their_prompt_and_their_number(tmp_path):
    found = evidence_of(make_folder(tmp_path, Made()))
    prompts = Evidence(tmp_path / "prompts.txt", "prompts", tmp_path, "kohya", Authority.CONFIGURED, prompts={1: "a red fox"})
    pictures = [picture(tmp_path, 2, 0), picture(tmp_path, 2, 1, seed=7), picture(tmp_path, 15, 1, CountedIn.STEPS, seed=7)]
    (fox,) = group([*found, prompts, *pictures])
    assert [(drawn.epoch, drawn.prompt, drawn.seed) for drawn in fox.drawn] == [
        (2, "prompt 00", None),
        (2, "a red fox", 7),
        (3, "a red fox", 7),
    ]


def test_a_sample_between_two_epochs_cannot_be_placed_and_is_said(tmp_path):
    found = evidence_of(make_folder(tmp_path, Made()))
    (fox,) = group([*found, picture(tmp_path, 7, 0, CountedIn.STEPS)])
    assert fox.drawn == ()
    assert any("1 sample images cannot be placed" in note for note in fox.notes)


def log(folder, moment, file="events", steps=(1, 2), values=(0.5, 0.4)):
    series = SeriesSeen("loss/current", tuple(steps), tuple(values), tuple(moment + step for step in steps))
    return Evidence(folder / file, "log", folder, "kohya", started_at=moment, finished_at=moment + 10, series=(series,))


def test_a_log_beside_the_output_belongs_to_the_training_of_its_time(tmp_path):
    make_folder(tmp_path / "model", Made(session="1"))
    make_folder(tmp_path / "model", Made(name="cat", session="2", started_at=STARTED_AT + 5000))
    logs = [log(tmp_path / "log", STARTED_AT + 1, "1"), log(tmp_path / "log", STARTED_AT + 5001, "2", (1, 3))]
    fox, cat = group([*evidence_of(tmp_path), *logs])
    assert [each.series[0].steps for each in (fox, cat)] == [(1, 2), (1, 3)]
    assert cat.series[0].run == "cat"


def test_the_logs_of_two_sessions_are_one_series_whose_steps_count_on(tmp_path):
    make_folder(tmp_path, Made(epochs=3, session="1", with_final=False))
    make_folder(tmp_path, Made(epochs=4, first_epoch=3, session="2", started_at=STARTED_AT + 5000))
    logs = [log(tmp_path, STARTED_AT + 1, "1", (1, 11), (0.5, 0.3)), log(tmp_path, STARTED_AT + 5001, "2", (1, 2))]
    (fox,) = group([*evidence_of(tmp_path), *logs])
    assert fox.series[0].steps == (1, 11, 12), "step 11 was logged before the interruption, and again after it"
    assert fox.series[0].values == (0.5, 0.5, 0.4)


def test_a_name_that_a_store_cannot_hold_becomes_one_it_can(tmp_path):
    (odd,) = group([config(tmp_path, "\0../\ud800" + "x" * 500, network_dim=1)])
    assert odd.run.name == "../?" + "x" * 196
    (empty,) = group([config(tmp_path, "\0 ", network_dim=1)])
    assert empty.run.name == "run"


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Everything at once: two folders, resumed sessions, steps, copies, stripped files, configurations, samples and logs."""
    top = tmp_path_factory.mktemp("mixed")
    make_folder(top / "a", Made(session="1", with_states=True, epochs=4, with_final=False))
    make_folder(top / "a", Made(session="2", epochs=2, started_at=STARTED_AT + 5000))
    make_folder(top / "b", Made(name="cat", session="3", save_every_n_steps=4, mode="B"))
    make_folder(top / "b", Made(name="bare", with_metadata=False))
    shutil.copy(top / "a" / "fox.safetensors", top / "b" / "copy.safetensors")
    others = [config(top / "a", seed=7), config(top / "b", "cat", network_dim=3), picture(top / "a", 1, drawn_at=STARTED_AT + 70)]
    others += [picture(top / "a", 2), log(top, STARTED_AT + 5), log(top / "a", STARTED_AT + 5005, "two")]
    return [*evidence_of(top), *others]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_order_of_the_files_makes_no_difference(mixed, data):
    assert group(data.draw(st.permutations(mixed))) == group(mixed)


def test_what_a_run_remembers_of_its_files_gives_the_same_run_again(mixed):
    for training in group([each for each in mixed if not each.samples and not each.series]):
        recalled = [recall(json.loads(json.dumps(source)), training.run) for source in training.run.extra["sources"]]
        assert {each.source for each in recalled} == set(training.sources)
        (again,) = group(recalled)
        assert again.named(training.run.name) == training


@pytest.mark.parametrize("memory", [{}, {"file": 3}, {"file": "a", "format": []}, {"file": "a", "format": "b", "kept": 3}])
def test_a_memory_that_somebody_else_wrote_is_passed_over(memory):
    assert recall(memory, Run("fox", "kohya", RunStatus.IMPORTED)) is None


def test_presets_that_only_share_a_folder_are_plans_of_their_own(tmp_path):
    small = config(tmp_path, None, file="small.json", network_dim=4, learning_rate=1e-4)
    large = config(tmp_path, None, file="large.json", network_dim=128, learning_rate=1e-4)
    named = config(tmp_path, "fox", file="fox.json", network_dim=32)
    trainings = group([small, large, named])
    assert [(each.run.name, each.run.parameters["network_dim"]) for each in trainings] == [("fox", 32), ("large", 128), ("small", 4)]


def test_two_plans_under_one_name_are_two_runs_unless_they_agree(tmp_path):
    one, other = (config(tmp_path, file=f"{dim}.toml", network_dim=dim) for dim in (8, 16))
    same = config(tmp_path, file="again.toml", network_dim=8, seed=1)
    found = [(each.run.name, dict(each.run.parameters)) for each in group([one, other, same])]
    assert found == [("fox", {"network_dim": 16}), ("fox (2)", {"network_dim": 8, "seed": 1})]


def test_a_preset_that_contradicts_a_training_lends_it_nothing(tmp_path):
    make_folder(tmp_path, Made())
    fox, preset = group([*evidence_of(tmp_path), config(tmp_path, None, file="preset.json", network_dim=64, min_timestep=7)])
    assert (fox.run.name, preset.run.name) == ("fox", "preset")
    assert "min_timestep" not in fox.run.parameters
    (joined,) = group([*evidence_of(tmp_path), config(tmp_path, None, network_dim=4, min_timestep=7)])
    assert joined.run.parameters["min_timestep"] == 7, "one that agrees may be of the training"
