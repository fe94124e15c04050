"""A tiny CLIP model of the real classes, made here and read back from its folder: no network, no downloaded weights."""

from __future__ import annotations

import gzip
import importlib.util
import json
from importlib.resources import files

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from lorascope.backends.clip_scorer import load_scorer  # noqa: E402
from lorascope.captions.window import _byte_letters  # noqa: E402
from lorascope.errors import BadFile, MissingExtra, MissingFile  # noqa: E402
from lorascope.jobs.evaluate import png_bytes  # noqa: E402
from lorascope.jobs.score_pictures import score_pictures  # noqa: E402
from lorascope.records.prompt import Prompt, PromptSuite  # noqa: E402
from lorascope.records.run import Run, RunStatus  # noqa: E402
from lorascope.records.sample import Sample  # noqa: E402
from lorascope.store import Store  # noqa: E402

RED = np.full((24, 24, 3), (204, 32, 40), np.uint8)
BLUE = np.full((30, 40, 3), (48, 88, 214), np.uint8)


def save_tiny_clip(folder, seed=0):
    """A CLIP model of 64 px pictures with random weights, with the tokenizer's real merges."""
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    merges = gzip.decompress(files("lorascope").joinpath("assets", "clip", "merges.txt.gz").read_bytes()).decode("utf-8").splitlines()
    pairs = [tuple(line.split()) for line in merges if line and not line.startswith("#")]
    letters = list(_byte_letters().values())
    tokens = [*letters, *(letter + "</w>" for letter in letters), *("".join(pair) for pair in pairs), "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    torch.manual_seed(seed)
    small = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2, "num_hidden_layers": 1}
    text = {**small, "vocab_size": len(vocabulary), "eos_token_id": len(vocabulary) - 1, "bos_token_id": len(vocabulary) - 2}
    config = CLIPConfig(text_config=text, vision_config={**small, "image_size": 64, "patch_size": 16}, projection_dim=8)
    CLIPModel(config).save_pretrained(folder)
    side = {"height": 64, "width": 64}
    processor = CLIPImageProcessor(size={"shortest_edge": 64}, crop_size=side)
    CLIPProcessor(processor, CLIPTokenizer(vocab=vocabulary, merges=pairs)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_tiny_clip(tmp_path_factory.mktemp("clip") / "tiny")


def test_pictures_are_scored_by_the_cosine_with_their_own_prompt(folder):
    scorer = load_scorer(folder)
    both = scorer.score([RED, BLUE], ["a red square", "a blue square"])
    assert both == [*scorer.score([RED], ["a red square"]), *scorer.score([BLUE], ["a blue square"])]
    assert all(-100 <= score <= 100 for score in both)
    assert scorer.score([RED], ["a red square"]) != scorer.score([RED], ["a lad with a hat"])
    assert scorer.score([], []) == []


def test_the_score_is_what_the_model_itself_computes(folder):
    from PIL import Image
    from transformers import CLIPModel, CLIPProcessor

    model, processor = (
        CLIPModel.from_pretrained(folder, local_files_only=True),
        CLIPProcessor.from_pretrained(folder, local_files_only=True),
    )
    inputs = processor(text=["a red square"], images=[Image.fromarray(RED)], return_tensors="pt")
    with torch.inference_mode():
        logit = model.eval()(**inputs).logits_per_image / model.logit_scale.exp()
    assert load_scorer(folder).score([RED], ["a red square"])[0] == pytest.approx(100 * float(logit), abs=1e-3)


def test_the_metric_is_named_by_the_weights_so_that_two_models_never_mix(folder, tmp_path):
    again, other = save_tiny_clip(tmp_path / "copy"), save_tiny_clip(tmp_path / "other", seed=1)
    assert load_scorer(folder).metric == load_scorer(again).metric
    assert load_scorer(folder).metric != load_scorer(other).metric
    assert load_scorer(folder).metric.startswith("clip_score_")


def test_a_prompt_longer_than_the_window_is_cut_and_scored(folder):
    assert np.isfinite(load_scorer(folder).score([RED], ["very " * 300 + "red"])[0])


def test_a_pickle_is_never_opened(folder, tmp_path):
    trap = tmp_path / "pickled"
    trap.mkdir()
    (trap / "config.json").write_text((folder / "config.json").read_text())
    (trap / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch owned'\ntR.")
    with pytest.raises(BadFile, match="can run code") as caught:
        load_scorer(trap)
    assert "safetensors" in caught.value.next_step
    assert str(trap) in caught.value.next_step


@pytest.mark.parametrize(
    ("files_there", "error", "said"),
    [
        ({}, MissingFile, "no weights"),
        ({"model.safetensors": b"junk"}, MissingFile, "no config.json"),
        ({"model.safetensors": b"junk", "config.json": b"{"}, BadFile, "no JSON"),
        ({"model.safetensors": b"junk", "config.json": b"[]"}, BadFile, "no configuration"),
        ({"model.safetensors": b"junk", "config.json": b'{"model_type": "bert"}'}, BadFile, "not clip"),
        ({"model.safetensors": b"junk", "config.json": b'{"model_type": "clip"}'}, BadFile, "cannot be read"),
        ({"open_clip_config.json": b"{}"}, BadFile, "no open_clip_model.safetensors"),
        ({"open_clip_config.json": b"{}", "open_clip_model.safetensors": b"x", "w.bin": b"x"}, BadFile, "a pickle"),
        (
            {"open_clip_config.json": b'{"model_cfg": {"text_cfg": {"hf_model_name": "x/y"}}}', "open_clip_model.safetensors": b"x"},
            BadFile,
            "fetched from a hub",
        ),
    ],
)
def test_a_folder_that_holds_no_such_model_is_refused_with_what_is_wrong(files_there, error, said, tmp_path):
    for name, data in files_there.items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(error, match=said) as caught:
        load_scorer(tmp_path)
    assert caught.value.next_step


def test_a_model_of_open_clip_asks_for_open_clip(tmp_path):
    if importlib.util.find_spec("open_clip"):
        pytest.skip("open_clip is installed")
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": {}}))
    (tmp_path / "open_clip_model.safetensors").write_bytes(b"x")
    with pytest.raises(MissingExtra) as caught:
        load_scorer(tmp_path)
    assert "open_clip_torch" in caught.value.next_step


def test_weights_that_are_not_all_there_are_refused_and_not_made_up(folder, tmp_path):
    from safetensors.torch import load_file, save_file

    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    weights = load_file(tmp_path / "model.safetensors")
    del weights["text_projection.weight"]
    save_file(weights, tmp_path / "model.safetensors", {"format": "pt"})
    with pytest.raises(BadFile, match="weights are missing"):
        load_scorer(tmp_path)


def test_every_picture_of_the_suite_is_scored_once_against_its_own_prompt(folder, tmp_path):
    suite = PromptSuite("two", (Prompt("red", "a red square"), Prompt("blue", "a blue square")), (1,))
    with Store.open("sqlite://", tmp_path / "blobs") as store:
        store.add_run(Run("run", "toy", RunStatus.FINISHED))
        store.add_suite(suite)
        samples = [
            Sample("run", epoch, name, 1, store.put_blob(png_bytes(pixels)), extra={"suite": of})
            for epoch, name, pixels, of in (
                (0, "red", RED, "two"),
                (0, "blue", BLUE, "two"),
                (1, "red", BLUE, "two"),
                (1, "blue", RED, "other"),
            )
        ]
        store.add_evaluation(samples, [])
        metric, count = score_pictures(store, "run", suite, load_scorer(folder))
        assert (metric, count) == (load_scorer(folder).metric, 3)
        assert score_pictures(store, "run", suite, load_scorer(folder)) == (metric, 0)
        scores = {(score.epoch, score.prompt): score for score in store.scores("run", metric)}
    assert scores[0, "red"].value == load_scorer(folder).score([RED], ["a red square"])[0]
    assert scores[1, "red"].value == load_scorer(folder).score([BLUE], ["a red square"])[0]
    assert (1, "blue") not in scores
    assert scores[0, "red"].extra["unit"] == "cosine x 100"


def test_no_folder_is_said_so(tmp_path):
    with pytest.raises(MissingFile, match="no such folder"):
        load_scorer(tmp_path / "nowhere")
