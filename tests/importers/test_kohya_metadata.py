"""kohya's metadata in our words: every version, both modes, and what reads otherwise than it was."""

from __future__ import annotations

import json

import pytest
from kohya_folder import Made, metadata, save_lora

from lorascope.importers.kohya_metadata import KEPT_SIGNS, read_metadata
from lorascope.importers.kohya_names import parse_stem
from lorascope.importers.weights_file import WEIGHTS_FILE
from lorascope.parameters.catalogue import find, known
from lorascope.records.run import CountedIn

VERSIONS = ("0.3.0", "0.4.0", "0.4.3", "0.4.5", "0.5.1", "0.6.3", "0.6.5", "0.7.1", "0.8.6", "0.10.0")


def read(made=None, **changed):
    return read_metadata(metadata(made or Made(changed=changed), epoch=2, step=10))


def evidence(path):
    (part,) = WEIGHTS_FILE.read(path)
    return part.evidence[0]


def saved(tmp_path, stem, made=None, epoch=2, step=10, **others):
    return evidence(save_lora(tmp_path / f"{stem}.safetensors", metadata(made or Made(), epoch, step), **others))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("mode", "AB")
def test_every_version_gives_typed_parameters_and_loses_no_key(version, mode):
    texts = metadata(Made(version=version, mode=mode), epoch=2, step=10)
    reading = read_metadata(texts)
    assert reading.parameters["network_dim"] == 4
    assert reading.parameters["learning_rate"] == 0.0001
    assert reading.parameters["seed"] == 42
    for name, value in reading.parameters.items():
        if known(name) and value is not None:
            assert find(name).parse(value) == value, name
    for key in texts:
        name = key.removeprefix("ss_")
        assert key in reading.kept or known(name) or name in reading.parameters or name == "vae_name", key


def test_both_modes_say_the_same_of_the_images():
    shared = ("train_batch_size", "resolution", "num_images", "num_repeats", "keep_tokens", "shuffle_caption", "min_bucket_reso")
    folders, dataset_file = (read(Made(mode=mode)).parameters for mode in "AB")
    assert {name: folders[name] for name in shared} == {name: dataset_file[name] for name in shared}
    assert folders["num_images"] == 10, "without repeats: ss_num_train_images has them"


def test_what_differs_between_subsets_is_left_open_and_said():
    subset = {"img_count": 3, "num_repeats": 1, "keep_tokens": 1}
    datasets = json.dumps([{"batch_size_per_device": 4, "subsets": [subset, {**subset, "keep_tokens": 3, "num_repeats": 5}]}])
    reading = read(datasets=datasets, keep_tokens=None, dataset_dirs=None)
    assert "keep_tokens" not in reading.parameters
    assert reading.parameters["num_images"] == 6
    assert any("keep_tokens differs" in note and "1, 3" in note for note in reading.notes)


def test_the_optimizer_is_its_type_and_its_arguments():
    parameters = read().parameters
    assert parameters["optimizer_type"] == "AdamW8bit"
    assert parameters["optimizer_args"] == "weight_decay=0.1 betas=0.9,0.99"
    assert read(optimizer="torch.optim.adamw.AdamW").parameters["optimizer_type"] == "AdamW"
    assert read(optimizer="some.lab.Own").parameters["optimizer_type"] == "some.lab.Own"
    assert any("not understood" in note for note in read(optimizer="<lambda>").notes)


def test_network_arguments_become_parameters_and_null_is_not_said():
    arguments = {"conv_dim": "8", "conv_alpha": "4", "dropout": None, "algo": "locon", "rank_dropout": "0.1"}
    parameters = read(network_args=json.dumps(arguments)).parameters
    assert (parameters["conv_dim"], parameters["conv_alpha"], parameters["rank_dropout"], parameters["algo"]) == (8, 4.0, 0.1, "locon")
    assert parameters["network_dropout"] is None


def test_a_learning_rate_of_none_was_the_optimizer_s_own():
    reading = read(learning_rate="None", lr_scheduler="adafactor:0.0004")
    assert reading.parameters["learning_rate"] is None
    assert any("the optimizer chose it" in note for note in reading.notes)


def test_of_several_text_encoder_rates_the_first_counts():
    assert read(text_encoder_lr="[5e-05]").parameters["text_encoder_lr"] == 5e-05
    reading = read(text_encoder_lr="[5e-05, 1e-05]")
    assert reading.parameters["text_encoder_lr"] == 5e-05
    assert reading.kept["ss_text_encoder_lr"] == "[5e-05, 1e-05]"
    assert any("only the first" in note for note in reading.notes)


def test_a_warm_up_of_100_point_0_is_a_share():
    assert read(lr_warmup_steps="100").parameters["lr_warmup_steps"] == 100
    assert read(lr_warmup_steps="0.05").parameters["lr_warmup_steps"] == 0.05
    assert any("never arrived" in note for note in read(lr_warmup_steps="100.0").notes)


def test_batches_that_do_not_follow_from_the_buckets_are_said():
    assert not any("batches per epoch" in note for note in read().notes)
    assert any("7 batches per epoch are written, while the buckets make 5" in note for note in read(num_batches_per_epoch="7").notes)
    assert any("2 processes would explain it" in note for note in read(num_batches_per_epoch="3").notes)


def test_a_bad_value_is_kept_as_it_stands_with_a_note():
    reading = read(keep_tokens="many", seed="1; DROP TABLE training_runs")
    assert reading.parameters["keep_tokens"] == "many"
    assert reading.parameters["seed"] == "1; DROP TABLE training_runs"
    assert sum("kept as it stands" in note for note in reading.notes) == 2


def test_unknown_settings_are_kept_under_the_trainer_s_own_key():
    parameters = read(guidance_scale="3.5", weighting_scheme="sigma_sqrt", new_flag="True").parameters
    assert (parameters["guidance_scale"], parameters["weighting_scheme"], parameters["new_flag"]) == (3.5, "sigma_sqrt", True)


def test_the_vocabulary_is_kept():
    assert read().kept["ss_tag_frequency"] == {"2_fox": {"fox": 10, "#ff8800": 3}}
    assert read(tag_frequency="{broken").kept["ss_tag_frequency"] == "{broken"
    assert read(tag_frequency='{"a": NaN, "b": 1e999}').kept["ss_tag_frequency"] == {"a": "NaN", "b": "1e999"}


def test_a_giant_value_is_left_out_and_said():
    reading = read(training_comment="x" * (KEPT_SIGNS + 1))
    assert "ss_training_comment" not in reading.kept
    assert any("1,000,001 characters: left out" in note for note in reading.notes)
    assert len(read_metadata({f"ss_{number}": "1" for number in range(10_000)}).parameters) <= 2_000


def test_a_step_file_counts_completed_epochs_and_an_epoch_file_its_own(tmp_path):
    step_file = saved(tmp_path, "fox-step00000007", epoch=1, step=7).checkpoint
    assert (step_file.counted_in, step_file.number, step_file.step) == (CountedIn.STEPS, 7, 7)
    epoch_file = saved(tmp_path, "fox-000002").checkpoint
    assert (epoch_file.counted_in, epoch_file.number, epoch_file.step, epoch_file.samples_seen) == (CountedIn.EPOCHS, 2, 10, 40)
    final = saved(tmp_path, "fox", epoch=3, step=15).checkpoint
    assert (final.number, final.is_final) == (3, True)


def test_a_renamed_file_is_known_by_what_it_holds(tmp_path):
    found = saved(tmp_path, "my best one", epoch=1, step=7)
    assert (found.training, found.checkpoint.counted_in, found.checkpoint.number) == ("fox", CountedIn.STEPS, 7)
    assert not found.checkpoint.is_final
    assert any("was renamed" in note for note in found.notes)


def test_ranks_and_alphas_that_nobody_wrote_are_read_from_the_shapes(tmp_path):
    bare = saved(tmp_path, "fox", Made(changed={"network_dim": "None"}), dim=6)
    assert bare.parameters["network_dim"] == 6
    old = saved(tmp_path, "old", Made(version="0.3.0"), with_alpha=False)
    assert old.parameters["network_alpha"] == 4.0
    assert any("there is no alpha" in note for note in old.notes)
    resized = saved(tmp_path, "resized", Made(changed={"network_dim": "Dynamic", "network_alpha": "Dynamic"}))
    assert any("resized" in note for note in resized.notes)
    assert "network_dim" not in resized.parameters


def test_a_file_without_metadata_is_known_by_its_name(tmp_path):
    bare = evidence(save_lora(tmp_path / "fox-000004.safetensors", {}, with_hash=False))
    assert (bare.training, bare.checkpoint.number, bare.session, bare.trainer) == ("fox", 4, None, "unknown")


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("fox-000003", ("fox", 3, CountedIn.EPOCHS)),
        ("fox-step00000500", ("fox", 500, CountedIn.STEPS)),
        ("a-000001-000002", ("a-000001", 2, CountedIn.EPOCHS)),
        ("at-step00000500", (None, 500, CountedIn.STEPS)),
        ("epoch-000002", (None, 2, CountedIn.EPOCHS)),
        ("last", (None, None, CountedIn.EPOCHS)),
        ("fox", ("fox", None, CountedIn.EPOCHS)),
        ("fox-12", ("fox-12", None, CountedIn.EPOCHS)),
    ],
)
def test_names_say_the_training_and_the_number(stem, expected):
    named = parse_stem(stem)
    assert (named.training, named.number, named.counted_in) == expected
