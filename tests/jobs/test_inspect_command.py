"""lorascope inspect as one types it."""

import json
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))

from lora_files import KOHYA, TEXT, UNET, lora, module, write

from lorascope.cli.main import cli
from lorascope.errors import BadFile
from lorascope.jobs.inspect import diagnose
from lorascope.records.lora import Family, Part
from lorascope.reports.lora_recipe import recipe_toml


def run(*arguments):
    """What a command prints. Errors come out as they are raised."""
    result = CliRunner().invoke(cli, list(map(str, arguments)), catch_exceptions=False, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.stdout


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return write(tmp_path_factory.mktemp("inspect") / "cat-000008.safetensors", lora(Family.SD1, 4, alpha=2.0), KOHYA)


@pytest.fixture(scope="module")
def row(tmp_path_factory):
    """Three checkpoints: the U-Net grows by a tenth each, the text encoder stands still."""
    folder = tmp_path_factory.mktemp("row")
    paths = []
    for epoch in (1, 2, 3):
        tensors = module() | module(TEXT)
        tensors[f"{UNET}.lora_up.weight"] *= 1.1**epoch
        facts = KOHYA | {"ss_epoch": str(epoch), "ss_num_epochs": "3"}
        paths.append(write(folder / f"cat-{epoch:06d}.safetensors", tensors, facts, dtype="F32"))
    return paths


def test_a_file_is_shown_with_what_a_reader_asks_first(whole):
    shown = run("inspect", whole)
    for words in (
        "made by     kohya 48d368f, training cat, epoch 8 of 10, step 408",
        "base model  SD 1.x (v1-5.safetensors)",
        "dim 4, alpha 2, AdamW8bit, rate 0.0001, text encoder rate 5e-05, cosine, warm-up 0.05, batch 4, 203 images",
        "coverage    U-Net 192 of 192 layers, text encoder 72 of 72",
        "rank        4, alpha 2, scale 0.5",
        "effective rank",
        "OUT11",
        "text mlp",
    ):
        assert words in shown
    assert "\x1b" not in shown


def test_json_has_the_keys_that_are_promised(whole):
    answer = json.loads(run("inspect", whole, "--json"))
    assert answer["format"] == 1
    assert answer["file"] == str(whole)
    assert (answer["trainer"], answer["base_model"]) == ("kohya", "v1-5.safetensors")
    assert answer["parameters"]["network_dim"] == 4
    assert (answer["coverage"]["unet_modules"], answer["coverage"]["text_encoder_modules"]) == (192, 72)
    assert (answer["rank"]["min"], answer["rank"]["max"], answer["nan_count"]) == (4, 4, 0)
    assert answer["norm"] > 0
    assert 1 <= answer["stable_rank"] <= 4
    assert len(answer["tensor_hash"]) == 64
    assert answer["notes"] == []
    assert sum(block["modules"] for block in answer["blocks"]) == 192
    assert "modules" not in answer
    assert len(json.loads(run("inspect", whole, "--json", "--modules"))["modules"]) == 264


def test_json_stays_valid_where_numbers_are_not(tmp_path):
    tensors = module(alpha=np.nan) | module(TEXT)
    tensors[f"{TEXT}.lora_up.weight"][0, 0] = np.inf
    answer = json.loads(run("inspect", write(tmp_path / "a.safetensors", tensors), "--json", "--modules"))
    assert (answer["norm"], answer["stable_rank"], answer["nan_count"]) == (None, None, 2)
    assert any("NaN" in note for note in answer["notes"])


def test_the_header_alone_measures_nothing(whole):
    answer = json.loads(run("inspect", whole, "--header", "--json"))
    assert (answer["norm"], answer["nan_count"], answer["tensor_hash"], answer["rank"]["max"]) == (None, None, None, 4)
    assert any("Only the header was read" in note for note in answer["notes"])
    assert "Only the header was read" in run("inspect", whole, "--header")


def test_checkpoints_are_compared_in_a_table_and_in_sentences(row):
    shown = run("inspect", *reversed(row))
    assert "The text encoder stands still in all 3 files" in shown
    assert "it grows" in shown
    assert [line.split()[0] for line in shown.splitlines()[-3:]] == ["1", "2", "3"]
    answer = json.loads(run("inspect", *row, "--json"))
    assert len(answer["files"]) == 3
    assert answer["drift"]["numbers"] == [1, 2, 3]
    unet = answer["drift"]["steps"][0]["parts"][1]
    assert unet["norm"] / unet["norm_before"] == pytest.approx(1.1, rel=1e-4)
    assert unet["cosine"] == pytest.approx(1)


def test_damage_in_one_of_many_comes_first(row, tmp_path):
    tensors = module() | module(TEXT)
    tensors[f"{UNET}.lora_up.weight"][0, 0] = np.nan
    spoiled = write(tmp_path / "cat-000004.safetensors", tensors, KOHYA | {"ss_epoch": "4"}, dtype="F32")
    assert run("inspect", *row, spoiled).startswith("!! cat-000004.safetensors: NaN or infinity in 1 value")


def test_modules_are_listed_on_demand(whole):
    shown = run("inspect", whole, "--modules")
    assert sum(line.startswith("lora_") for line in shown.splitlines()) == 264


def test_the_same_file_gives_the_same_answer(whole):
    assert run("inspect", whole, "--json") == run("inspect", whole, "--json")


def test_names_in_the_file_cannot_move_the_cursor(tmp_path):
    facts = KOHYA | {"ss_output_name": "a\x1b[2J\nb", "ss_sd_model_name": "x\u202ey", "ss_training_comment": "\x07"}
    path = write(tmp_path / "a.safetensors", module("lora_unet_\x1b[31m"), facts)
    for options in ((), ("--modules",), ("--recipe",)):
        shown = run("inspect", path, *options)
        assert not {"\x1b", "\u202e", "\x07"} & set(shown)


# --- a configuration that would train it again


def test_the_recipe_is_toml_with_what_the_file_says(whole):
    made = tomllib.loads(run("inspect", whole, "--recipe"))
    assert made["network_module"] == "networks.lora"
    assert (made["network_dim"], made["network_alpha"], made["save_precision"]) == (4, 2.0, "fp16")
    assert (made["max_train_epochs"], made["train_batch_size"], made["seed"]) == (10, 4, 42)
    assert (made["optimizer_type"], made["lr_warmup_steps"], made["output_name"]) == ("AdamW8bit", 0.05, "cat_again")
    assert "1_cat (203 images)" in run("inspect", whole, "--recipe")


def test_tensors_outweigh_the_metadata_in_a_recipe(tmp_path):
    tensors = lora(Family.SD1, 2, alpha=1.0, conv_rank=3, only=[Part.UNET])
    found = diagnose(write(tmp_path / "a.safetensors", tensors, KOHYA, dtype="BF16"))
    made = tomllib.loads(recipe_toml(found.lora, found.origin))
    assert (made["network_dim"], made["network_alpha"], made["save_precision"]) == (2, 1.0, "bf16")
    assert made["network_train_unet_only"] is True
    assert sorted(made["network_args"]) == ["conv_alpha=1.0", "conv_dim=3"]


def test_a_file_without_metadata_gives_what_its_tensors_say(tmp_path):
    found = diagnose(write(tmp_path / "a.safetensors", lora(Family.SDXL, 2)))
    text = recipe_toml(found.lora, found.origin)
    made = tomllib.loads(text)
    assert (made["network_dim"], made["network_alpha"], made["resolution"]) == (2, 2.0, "1024,1024")
    assert "without max_train_epochs the trainer does 1600 steps" in text


def test_the_check_accepts_the_recipe(whole, tmp_path):
    path = tmp_path / "again.toml"
    recipe = run("inspect", whole, "--recipe")
    assert {finding["rule"] for finding in aborting(path, recipe)} == {"place-not-filled-in"}
    assert aborting(path, recipe.replace("FILL_IN", str(tmp_path))) == [], "once the places are named"


def aborting(path, text):
    path.write_text(text, "utf-8")
    result = CliRunner().invoke(cli, ["check", str(path), "--json"], catch_exceptions=False, standalone_mode=False)
    return [finding for finding in json.loads(result.stdout)["findings"] if finding["severity"] == "abort"]


@pytest.mark.parametrize("other", ["--json", "--header"])
def test_a_recipe_is_of_one_file_alone(whole, other):
    with pytest.raises(Exception, match="--recipe takes one file"):
        run("inspect", whole, "--recipe", other)


def test_a_pickle_is_refused(tmp_path):
    path = tmp_path / "a.pt"
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(BadFile) as caught:
        run("inspect", path)
    assert "safetensors" in caught.value.next_step
