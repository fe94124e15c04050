"""From files to the reason why a run failed: planted folders, LoRA files and logs, read by the real extractors, in four commands."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from tensorboardX import SummaryWriter

from lorascope.captions.dialect import Dialect
from lorascope.cli.main import cli
from lorascope.jobs.read_dataset import read_dataset
from planted_classes import CLASSES
from planted_defects import dataset
from planted_files import write as write_folder

sys.path.insert(0, str(Path(__file__).parents[1] / "importers"))
sys.path.insert(0, str(Path(__file__).parents[1] / "jobs"))
from kohya_folder import MODULES, STARTED_AT, Made, metadata
from lora_files import write

GOOD = {"background_color_accuracy": 0.88, "palette_adherence": 0.8, "trait_accuracy": 0.75, "memorization": 0.3, "unique_colors": 40.0}
OF_IMAGES = {"prompts": 16, "images": 16}
ITEM = ("image_file", "image_digest", "caption_file", "caption")
EPOCHS = 3
UNET, TEXT = MODULES


def run_cli(*args):
    result = CliRunner().invoke(cli, [str(arg) for arg in args], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    run_cli("init")
    return tmp_path


def imported(lab, *lines):
    file = lab / f"{len(list(lab.glob('*.jsonl')))}.jsonl"
    file.write_text("\n".join(map(json.dumps, [{"type": "lorascope", "format": 1}, *lines])), "utf-8")
    run_cli("import", file)


def measured(run, outcome=()):
    """Measurements of every checkpoint, a little different in each run."""
    for epoch in range(1, EPOCHS + 1):
        for metric, value in (GOOD | dict(outcome)).items():
            luck = 1 + 0.01 * (hashlib.sha256(f"{run}{metric}{epoch}".encode()).digest()[0] / 128 - 1)
            yield {"type": "measurement", "run": run, "epoch": epoch, "metric": metric, "unit": "", "mean": value * luck} | OF_IMAGES


def why(*args):
    return json.loads(run_cli("why", *args, "--json"))


# --- captions -------------------------------------------------------------------------------------------------------------------


def trained_on(name, digest):
    settings = {
        "network_dim": 16, "network_alpha": 16, "learning_rate": 1e-4, "max_train_epochs": EPOCHS, "train_batch_size": 4, "keep_tokens": 1,
        "lr_warmup_steps": 20, "shuffle_caption": True, "mixed_precision": "bf16", "caption_dropout_rate": 0.05,
    }  # fmt: skip
    yield {"type": "run", "name": name, "trainer": "kohya", "status": "finished", "parameters": settings, "dataset_digest": digest}
    yield from ({"type": "checkpoint", "run": name, "epoch": epoch} for epoch in range(1, EPOCHS + 1))


def data_lab(lab, spoil, outcome):
    """Two runs equal in every setting, one of them on a folder that ``spoil`` wrote."""
    write_folder(lab / "clean", dataset(None, Dialect.CODED, 1, count=30))
    spoil(lab / "spoiled")
    lines = []
    for name, folder in (("good", "clean"), ("bad", "spoiled")):
        found = read_dataset(lab / folder)
        items = [{key: getattr(item, key) for key in ITEM} for item in found.items]
        lines.append({"type": "dataset", "name": folder, "digest": found.digest, "folder": str(lab / folder), "items": items})
        lines += [*trained_on(name, found.digest), *measured(name, outcome if name == "bad" else ())]
    imported(lab, *lines)


def conflicting(folder):
    kind = next(each for each in CLASSES if each.check == "background_word_contradicts_pixels")
    write_folder(folder, dataset(replace(kind, share=0.7), Dialect.CODED, 1, count=30))


def uncaptioned(folder):
    write_folder(folder, dataset(None, Dialect.CODED, 1, count=30))
    for at, caption in enumerate(sorted(folder.glob("*.txt"))):
        if at % 3:
            caption.unlink()


DATA = [
    ("caption_hex_conflict", conflicting, {"background_color_accuracy": 0.5, "palette_adherence": 0.7}),
    ("captions_missing", uncaptioned, {"trait_accuracy": 0.4, "background_color_accuracy": 0.6}),
]


@pytest.mark.parametrize(("cause", "spoil", "outcome"), DATA, ids=[cause for cause, *_ in DATA])
@pytest.mark.parametrize("inspect", [False, True], ids=["audited before", "audited by --inspect"])
def test_the_only_difference_is_the_dataset_and_it_is_named(lab, cause, spoil, outcome, inspect):
    data_lab(lab, spoil, outcome)
    if not inspect:
        for folder in ("clean", "spoiled"):
            run_cli("audit", folder)
    said = why("bad", "--inspect") if inspect else why("bad")
    first, others = said["causes"][0], {each["id"]: each for each in said["causes"][1:]}
    assert first["id"] == cause
    assert first["probability"] > 0.6
    assert any("the audit found" in sentence for sentence in first["for"])
    by_settings = sum(others[name]["probability"] for name in ("warmup_too_long", "lr_too_low", "too_few_steps", "color_aug_on"))
    assert by_settings < 0.05
    assert "lr_warmup_steps is 20 in good run good too" in others["warmup_too_long"]["against"]
    assert others["unlisted"]["probability"] < 0.15
    shown = run_cli("why", "bad")
    digest = said["changed"]["dataset"][1]
    assert f"spoiled ({digest[:12]})" in shown
    assert digest not in shown


def test_a_folder_that_has_changed_since_is_not_audited(lab):
    data_lab(lab, conflicting, {"background_color_accuracy": 0.5})
    (lab / "spoiled" / "0000.txt").write_text("something else", "utf-8")
    assert any("has changed since" in note for note in why("bad", "--inspect")["notes"])


# --- files of a training --------------------------------------------------------------------------------------------------------


def tensors(rank, alpha, seed, *, text=1.0, broken=False):
    rng = np.random.default_rng(seed)
    made = {}
    for module, strength in ((UNET, 1.0), (TEXT, text)):
        up = strength * rng.standard_normal((12, rank)) * 0.05 / rank**0.5
        if broken:
            up[:, 0] = np.nan
        made |= {f"{module}.lora_down.weight": rng.standard_normal((rank, 12)), f"{module}.lora_up.weight": up}
        made[f"{module}.alpha"] = np.array(alpha)
    return made


def trained(lab, name, at, *, changed=(), rank=4, alpha=2.0, broken=False, text=1.0, copied_from=None, loss=0.1):
    """The output folder of one training: three files, and its log."""
    made = Made(name, epochs=EPOCHS, session=f"{1000 + at}", started_at=STARTED_AT + 1000.0 * at, dim=rank)
    made = replace(made, changed={"network_alpha": str(alpha), **dict(changed)})
    folder = lab / name
    folder.mkdir()
    for epoch in range(1, EPOCHS + 1):
        values = tensors(rank, alpha, [at, epoch], broken=broken, text=text)
        if copied_from is not None and epoch == EPOCHS:
            values = tensors(rank, alpha, [copied_from, epoch])
        digest = hashlib.sha256(b"".join(values[key].tobytes() for key in sorted(values))).hexdigest()
        stem = name if epoch == EPOCHS else f"{name}-{epoch:06d}"
        texts = metadata(made, epoch, 5 * epoch) | {"sshs_model_hash": digest}
        file = write(folder / f"{stem}.safetensors", values, texts, "F32")
        os.utime(file, (made.started_at + 60.0 * epoch,) * 2)
    with SummaryWriter(str(folder / "logs" / f"{name}20240131120000" / "network_train")) as writer:
        for step in range(1, 16):
            level = float("nan") if broken and step > 8 else loss * (1 + 0.5 / step)
            writer.add_scalar("loss/current", level, step, walltime=made.started_at + step)
    return folder


WEAK = {"palette_adherence": 0.5, "trait_accuracy": 0.55, "background_color_accuracy": 0.7}
BROKEN = {"palette_adherence": 0.2, "trait_accuracy": 0.1, "background_color_accuracy": 0.2}
FILES = [
    ("fp16_overflow", {"changed": {"mixed_precision": "fp16"}, "broken": True}, BROKEN),
    ("text_encoder_dead", {"changed": {"text_encoder_lr": "0.0"}, "text": 0.0}, {"trait_accuracy": 0.4}),
    ("rank_without_alpha", {"rank": 32}, WEAK),
    ("wrong_file_evaluated", {"copied_from": 1}, WEAK),
]


@pytest.mark.parametrize(("cause", "training", "outcome"), FILES, ids=[cause for cause, *_ in FILES])
def test_what_the_files_of_a_training_say_is_read_and_named(lab, cause, training, outcome):
    for at in range(3):
        run_cli("import", trained(lab, f"good-{at}", at))
    run_cli("import", trained(lab, "bad", 3, **training))
    imported(lab, *(line for name in ("good-0", "good-1", "good-2") for line in measured(name)), *measured("bad", outcome))
    said = why("bad", "--inspect")
    assert said["causes"][0]["id"] == cause
    assert said["causes"][0]["probability"] > 0.5
    assert "weight diagnostics" not in said["not_recorded"]
    assert "weight diagnostics" in why("bad")["not_recorded"]  # it is --inspect that opens the files


def test_a_file_that_is_gone_is_said_and_the_rest_is_used(lab):
    for name in ("good-0", "bad"):
        run_cli("import", trained(lab, name, len(name)))
    imported(lab, *measured("good-0"), *measured("bad", WEAK))
    for file in (lab / "bad").glob("*.safetensors"):
        file.unlink()
    said = why("bad", "--inspect")
    assert any("bad: no checkpoint file lies here" in note for note in said["notes"])
    assert said["causes"][0]["id"] == "unlisted"  # equal in all that is recorded, and yet much worse
    assert said["causes"][0]["probability"] < 0.6


# --- the evaluation -------------------------------------------------------------------------------------------------------------


def test_another_protocol_is_named_though_nothing_in_the_training_differs(lab):
    for at, name in enumerate(("good-0", "good-1", "bad")):
        run_cli("import", trained(lab, name, at))
    for name in ("good-0", "good-1", "bad"):
        protocol = {"sampler": "ddim", "steps": 12 if name == "bad" else 30, "guidance": 7.5}
        imported(lab, *measured(name, WEAK if name == "bad" else ()), {"type": "protocol", "run": name, **protocol})
    first = why("bad")["causes"][0]
    assert first["id"] == "eval_protocol_changed"
    assert any("steps 30 -> 12" in sentence for sentence in first["for"])
