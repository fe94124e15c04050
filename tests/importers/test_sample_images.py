"""Sample images by name and place, whole and half-written; the prompts they were drawn with."""

from __future__ import annotations

import io
import json
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from lorascope.errors import BadFile, UnfinishedFile
from lorascope.importers.evidence import Evidence
from lorascope.importers.prompt_file import PROMPT_FILE, prompt_of_line
from lorascope.importers.sample_images import SAMPLE_IMAGES
from lorascope.records.run import CountedIn


def picture(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    info = PngInfo()
    if text:
        info.add_text("parameters", text)
    suffix = {".jpg": "JPEG", ".webp": "WEBP"}.get(path.suffix, "PNG")
    Image.new("RGB", (16, 16), "red").save(path, suffix, **({"pnginfo": info} if suffix == "PNG" else {}))
    return path


def read(path: Path) -> Evidence:
    assert SAMPLE_IMAGES.recognizes(path.read_bytes()[:4096], path)
    (part,) = SAMPLE_IMAGES.read(path)
    (evidence,) = part.evidence
    return evidence


def local(*parts: int) -> float:
    return datetime(*parts).astimezone().timestamp()


def test_kohyas_name_tells_epoch_prompt_seed_and_time(tmp_path):
    evidence = read(picture(tmp_path / "out" / "sample" / "red_fox_v2_e000003_01_20240131120503_42.png"))
    (sample,) = evidence.samples
    assert (evidence.trainer, evidence.training, evidence.folder) == ("kohya", "red_fox_v2", tmp_path / "out")
    assert (sample.number, sample.counted_in, sample.position, sample.seed) == (3, CountedIn.EPOCHS, 1, 42)
    assert sample.drawn_at == local(2024, 1, 31, 12, 5, 3)


def test_kohyas_samples_by_step_and_without_name_or_seed(tmp_path):
    evidence = read(picture(tmp_path / "out" / "sample" / "000500_00_20240131120503.png"))
    (sample,) = evidence.samples
    assert evidence.training is None
    assert (sample.number, sample.counted_in, sample.position, sample.seed) == (500, CountedIn.STEPS, 0, None)


def test_a_name_that_looks_like_a_step_belongs_to_the_name(tmp_path):
    evidence = read(picture(tmp_path / "run_000100_01_e000002_00_20240131120503_1.png"))
    assert evidence.training == "run_000100_01"
    assert evidence.folder == tmp_path


def test_ai_toolkits_name_tells_step_prompt_and_time(tmp_path):
    evidence = read(picture(tmp_path / "fox" / "samples" / "1706700303250__000000250_2.jpg"))
    (sample,) = evidence.samples
    assert (evidence.trainer, evidence.folder) == ("ai-toolkit", tmp_path / "fox")
    assert (sample.number, sample.counted_in, sample.position, sample.drawn_at) == (250, CountedIn.STEPS, 2, 1_706_700_303.25)


def test_onetrainers_folder_tells_the_prompt_and_its_name_the_rest(tmp_path):
    folder = tmp_path / "workspace" / "samples" / "1 - a red fox"
    (between,) = read(picture(folder / "2024-01-31_12-05-03-training-sample-102-2-0.png")).samples
    assert (between.number, between.counted_in, between.position) == (2, CountedIn.EPOCHS, 1)
    evidence = read(picture(folder / "fox2024-01-31_12-05-03-training-sample-110-2-8.jpg"))
    (within,) = evidence.samples
    assert (within.number, within.counted_in, within.drawn_at) == (110, CountedIn.STEPS, local(2024, 1, 31, 12, 5, 3))
    assert evidence.folder == tmp_path / "workspace"


def test_simpletuners_short_name_stands_for_the_prompt(tmp_path):
    evidence = read(picture(tmp_path / "out" / "validation_images" / "step_500_red_fox_1024x1024.png"))
    (sample,) = evidence.samples
    assert (evidence.trainer, evidence.folder, sample.number, sample.prompt_text) == ("simpletuner", tmp_path / "out", 500, "red_fox")


@pytest.mark.parametrize(
    "name", ["fox.png", "IMG_000123_01.png", "e000001_00.png", "0001.jpg", "sample/00001-42.png", "e000001_00_99999999999999_1.png"]
)
def test_other_pictures_are_not_taken_for_samples(tmp_path, name):
    path = picture(tmp_path / name)
    assert not SAMPLE_IMAGES.recognizes(path.read_bytes(), path)


def test_a_text_with_a_samples_name_is_not_a_sample(tmp_path):
    assert not SAMPLE_IMAGES.recognizes(b"hello", tmp_path / "e000003_01_20240131120503_42.png")


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_a_half_written_picture_is_left_for_later(tmp_path, suffix):
    whole = picture(tmp_path / f"1706700303250__000000250_2.{suffix}").read_bytes()
    part = tmp_path / f"1706700303250__000000250_3.{suffix}"
    for length in range(12, len(whole) - 1):
        part.write_bytes(whole[:length])
        with pytest.raises(UnfinishedFile, match="not complete"):
            list(SAMPLE_IMAGES.read(part))


def test_what_a_picture_says_of_itself_is_kept(tmp_path):
    evidence = read(picture(tmp_path / "e000003_01_20240131120503_42.png", "a red fox\nSteps: 20, Seed: 42"))
    assert evidence.kept == {"parameters": "a red fox\nSteps: 20, Seed: 42"}


def test_a_picture_that_claims_a_billion_pixels_is_never_decoded(tmp_path):
    path = picture(tmp_path / "e000003_01_20240131120503_42.png")
    content = bytearray(path.read_bytes())
    content[16:24] = b"\x7f\xff\xff\xff\x7f\xff\xff\xff"
    path.write_bytes(content)
    assert read(path).samples[0].number == 3


@given(st.binary(max_size=300))
def test_garbage_behind_a_pngs_signature_is_refused_in_our_words(tmp_path_factory, garbage):
    path = tmp_path_factory.mktemp("sample") / "e000003_01_20240131120503_42.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + garbage)
    with suppress(BadFile):
        list(SAMPLE_IMAGES.read(path))


def test_an_epoch_too_large_for_the_store_is_not_a_sample(tmp_path):
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "PNG")
    assert not SAMPLE_IMAGES.recognizes(buffer.getvalue(), tmp_path / f"e{'9' * 30}_01_20240131120503_42.png")


# Prompts


def prompts(path: Path) -> Evidence:
    assert PROMPT_FILE.recognizes(path.read_bytes()[:4096], path)
    (part,) = PROMPT_FILE.read(path)
    (evidence,) = part.evidence
    return evidence


def test_kohyas_prompt_lines_are_read_with_all_their_options(tmp_path):
    path = tmp_path / "prompts.txt"
    path.write_text("# foxes\na red fox, sitting --n blurry --w 512 --h 768 --d 42 --l 7.5 --s 28 --ss euler_a\n\na blue fox\n")
    evidence = prompts(path)
    assert evidence.prompts == {0: "a red fox, sitting", 1: "a blue fox"}
    assert evidence.kept == {
        "sampling": {
            "0": {
                "negative_prompt": "blurry", "width": 512, "height": 768, "seed": 42, "scale": 7.5, "sample_steps": 28,
                "sample_sampler": "euler_a",
            }
        }
    }  # fmt: skip
    assert "prompts 1 do not have a fixed seed" in evidence.notes[0]


def test_kohyas_toml_gives_each_prompt_what_all_have(tmp_path):
    path = tmp_path / "prompts.toml"
    path.write_text(
        '[prompt]\nwidth = 512\nseed = 1\n[[prompt.subset]]\nprompt = "a fox"\n[[prompt.subset]]\nprompt = "an owl"\nseed = 2\n'
    )
    evidence = prompts(path)
    assert evidence.prompts == {0: "a fox", 1: "an owl"}
    assert evidence.kept == {"sampling": {"0": {"width": 512, "seed": 1}, "1": {"width": 512, "seed": 2}}}
    assert evidence.notes == ()


def test_kohyas_json_is_a_list_of_tables_or_of_lines(tmp_path):
    tables, lines = tmp_path / "tables.json", tmp_path / "lines.json"
    tables.write_text(json.dumps([{"prompt": "a fox", "negative_prompt": "", "seed": 3}]))
    lines.write_text(json.dumps(["a fox --d 3", "an owl"]))
    assert prompts(tables).prompts == {0: "a fox"}
    assert prompts(lines).prompts == {0: "a fox", 1: "an owl"}


def test_onetrainers_samples_are_prompts_and_a_random_seed_is_none(tmp_path):
    path = tmp_path / "samples.json"
    path.write_text(
        json.dumps([{"enabled": True, "prompt": "a fox", "negative_prompt": "", "seed": 42, "random_seed": True, "cfg_scale": 7}])
    )
    evidence = prompts(path)
    assert evidence.prompts == {0: "a fox"}
    assert "no prompt has a fixed seed" in evidence.notes[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("caption.txt", "a red fox, sitting -- in the snow"),
        ("notes.txt", "run it with:\n# --d 42\npython train.py --network_dim 32"),
        ("config.toml", 'sample_prompts = "prompts.txt"\n[prompt]\nwidth = 1\n'),
        ("list.json", '[{"prompt": "a fox"}]'),
        ("list.json", '["a fox", "an owl"]'),
    ],
)
def test_other_files_are_not_taken_for_prompts(tmp_path, name, text):
    assert not PROMPT_FILE.recognizes(text.encode(), tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.json", b"[" * 100_000),
        ("a.json", b"[[1]]"),
        ("a.json", b'{"prompt": 1}'),
        ("a.toml", b"[prompt]\n"),
        ("a.toml", b"[prompt\n"),
        ("a.txt", b"\xff\xfe a --d 4"),
        ("a.txt", b"a --d 1\n" * 200_000),
    ],
)
def test_files_that_are_no_prompts_are_refused(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadFile) as caught:
        list(PROMPT_FILE.read(path))
    assert caught.value.where == str(path)


@given(st.text())
def test_any_line_is_a_prompt(line):
    assert isinstance(prompt_of_line(line)["prompt"], str)
