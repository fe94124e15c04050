"""The toy base model draws what it is asked for, the same each time, and is read without executing anything foreign."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from lorascope.backends.toy_model import load_pipeline, token_ids
from lorascope.backends.toy_renderer import ToyRenderer
from lorascope.captions.window import ClipTokenizer
from lorascope.errors import BadFile, LorascopeError, MissingFile
from lorascope.evaluation.metric import Picture
from lorascope.evaluation.metrics import metric_named
from lorascope.jobs.read_assets import clip_tokenizer, color_names, demo_base_model, demo_dataset
from lorascope.records.color import parse_hex
from lorascope.records.prompt import Expectation, Prompt, PromptSuite

COLORS = {
    "red": "#cc2028", "orange": "#f2871c", "yellow": "#f6d83a", "green": "#30a646", "teal": "#149696", "blue": "#3058d6",
    "purple": "#7c3aaa", "pink": "#f286b8", "brown": "#744622", "black": "#1a191c", "white": "#f0f0ee", "gray": "#888a8c",
}  # fmt: skip


@pytest.fixture(scope="module")
def renderer() -> ToyRenderer:
    return ToyRenderer(demo_base_model())


def suite(*prompts: Prompt, seeds: tuple[int, ...] = (1,)) -> PromptSuite:
    return PromptSuite("test", prompts, seeds, 8, 2.0, "", 24, 24)


def test_the_asked_background_appears_in_every_color(renderer):
    prompts = [
        Prompt(name, f"sprite, short brown hair, light skin, {name} background", (Expectation("background", name, parse_hex(code)),))
        for name, code in COLORS.items()
    ]
    metric = metric_named("background_color_accuracy")
    by_name = {prompt.name: prompt for prompt in prompts}
    images = list(renderer.render(None, suite(*prompts)))
    readings = [metric.measure(Picture(image.pixels, by_name[image.prompt], None, color_names())) for image in images]
    assert len(readings) == 12
    assert sum(reading.value for reading in readings) >= 11


def test_a_picture_does_not_depend_on_what_is_drawn_with_it(renderer):
    one, other = Prompt("one", "sprite, red hair, blue background"), Prompt("other", "sprite, green heart, white background")
    alone = [image.pixels for image in renderer.render(None, suite(one))]
    together = [
        image.pixels for image in renderer.render(None, suite(other, one, seeds=(7, 1))) if (image.prompt, image.seed) == ("one", 1)
    ]
    assert np.array_equal(alone[0], together[0])


def test_the_toy_tokenizer_costs_what_clip_costs_on_the_demos_captions():
    """Words and codes cost what they cost in CLIP; the pairs "(#" and "),", one token there, are two here."""
    toy, clip = load_pipeline(demo_base_model()).tokenizer, clip_tokenizer()
    assert isinstance(clip, ClipTokenizer)
    captions = [path.read_text("utf-8", "replace") for path in sorted(demo_dataset().glob("*.txt"))[10:60]]
    counted = [len(ids) for ids in toy(captions, add_special_tokens=False).input_ids]
    assert counted == [clip.count(caption) + caption.count("(#") + caption.count("),") for caption in captions]


def test_long_captions_go_through_several_windows():
    toy = load_pipeline(demo_base_model()).tokenizer
    caption = ", ".join(["green background"] * 60)
    assert token_ids(toy, [caption, "short"], 75).shape == (2, 1, 77)
    ids = token_ids(toy, [caption, "short"], 225)
    assert ids.shape == (2, 3, 77)
    assert (ids[:, :, 0] == toy.bos_token_id).all()


def test_a_missing_base_model_is_said(tmp_path):
    with pytest.raises(MissingFile, match="no Stable Diffusion pipeline"):
        load_pipeline(tmp_path)


def test_pickled_weights_are_never_opened(tmp_path):
    base = tmp_path / "base"
    shutil.copytree(demo_base_model(), base)
    (base / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    marker = tmp_path / "executed"
    pickle = b"cos\nsystem\n(S'touch " + str(marker).encode() + b"'\ntR."
    (base / "unet" / "diffusion_pytorch_model.bin").write_bytes(pickle)
    with pytest.raises(BadFile):
        load_pipeline(base)
    assert not marker.exists()


def test_a_pipeline_that_names_foreign_code_is_refused(tmp_path):
    base = tmp_path / "base"
    shutil.copytree(demo_base_model(), base)
    index = json.loads((base / "model_index.json").read_text())
    index["unet"] = ["antigravity_of_somebody", "Unet"]
    (base / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(LorascopeError):
        load_pipeline(base)


def test_a_file_that_is_no_lora_is_said(renderer, tmp_path):
    path = Path(tmp_path / "broken.safetensors")
    path.write_bytes(b"\xff" * 64)
    with pytest.raises(BadFile, match="not a LoRA"):
        list(renderer.render(path, suite(Prompt("one", "sprite"))))
