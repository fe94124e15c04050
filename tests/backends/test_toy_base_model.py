"""Folders that are no pipeline, or a trap, as base models: one clear error each, and nothing in them is run."""

from __future__ import annotations

import json
import pickle
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch")
from lorascope.backends.toy_model import load_pipeline
from lorascope.errors import BadFile, MissingFile
from lorascope.jobs.read_assets import demo_base_model


@pytest.fixture
def base(tmp_path):
    return Path(shutil.copytree(demo_base_model(), tmp_path / "base"))


def edit(file, **values):
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


class Evil:
    """Unpickling it would leave a trace."""

    def __reduce__(self):
        return Path.touch, (Path("unpickled"),)


@pytest.mark.parametrize("origin", [["os", "system"], ["trap", "Trap"], ["lorascope.cli.main", "main"]])
@pytest.mark.parametrize("part", ["unet", "tokenizer", "_class_name", "anything"])
def test_foreign_modules_are_not_imported(base, tmp_path, monkeypatch, part, origin):
    (tmp_path / "trap.py").write_text("raise SystemExit('the trap was run')")
    monkeypatch.syspath_prepend(str(tmp_path))
    edit(base / "model_index.json", **{part: origin})
    with pytest.raises(BadFile, match=f"the module '{origin[0]}', which is not loaded"):
        load_pipeline(base)


@pytest.mark.parametrize(("part", "file"), [("unet", "diffusion_pytorch_model"), ("text_encoder", "pytorch_model")])
def test_pickled_weights_are_never_opened(base, tmp_path, monkeypatch, part, file):
    monkeypatch.chdir(tmp_path)
    for weights in (base / part).glob("*.safetensors"):
        weights.unlink()
    (base / part / f"{file}.bin").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(BadFile, match="cannot be read"):
        load_pipeline(base)
    assert not (tmp_path / "unpickled").exists()


@pytest.mark.parametrize("part", ["scheduler", "text_encoder", "tokenizer", "unet", "vae"])
def test_a_missing_part_is_named(base, part):
    shutil.rmtree(base / part)
    with pytest.raises(BadFile, match=f"has no {part}"):
        load_pipeline(base)


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, "5"])
def test_an_index_that_is_none(base, text):
    (base / "model_index.json").write_text(text)
    with pytest.raises(BadFile, match="the pipeline's index"):
        load_pipeline(base)


@pytest.mark.parametrize("values", [{"sample_size": "x"}, {"block_out_channels": [7, 9]}, {"block_out_channels": 7}])
def test_a_configuration_that_makes_no_model(base, values):
    edit(base / "unet" / "config.json", **values)
    with pytest.raises(BadFile, match="cannot be read"):
        load_pipeline(base)


def test_weights_that_are_cut_off(base):
    file = next((base / "unet").glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(BadFile, match="cannot be read"):
        load_pipeline(base)


def test_no_folder_at_all(tmp_path):
    with pytest.raises(MissingFile, match="no Stable Diffusion pipeline"):
        load_pipeline(tmp_path / "nowhere")
