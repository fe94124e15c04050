"""The package's data files, read once: CLIP's merges, the color names, the demo dataset."""

from __future__ import annotations

import gzip
from functools import cache
from importlib.resources import files
from pathlib import Path

from lorascope.captions.check import Knowledge
from lorascope.captions.window import ClipTokenizer
from lorascope.records.color import Rgb, parse_hex
from lorascope.records.color_names import ColorNames

_ASSETS = files("lorascope").joinpath("assets")


@cache
def clip_tokenizer() -> ClipTokenizer:
    """Counts tokens as CLIP's text encoder does."""
    data = _ASSETS.joinpath("clip", "merges.txt.gz").read_bytes()
    return ClipTokenizer.from_merges(gzip.decompress(data).decode("utf-8").splitlines())


@cache
def color_names() -> ColorNames:
    """What color words mean, by the xkcd survey."""
    return ColorNames.from_lines(_ASSETS.joinpath("colors", "xkcd.txt").read_text("utf-8").splitlines())


@cache
def knowledge() -> Knowledge:
    """All that an audit of captions needs to know."""
    return Knowledge(clip_tokenizer(), color_names())


def demo_dataset() -> Path:
    """The folder of the demo's 203 sprites with their defective captions."""
    return Path(str(_ASSETS.joinpath("demo", "sprites")))


def demo_plants() -> Path:
    """The recorded list of the defects planted in the demo's captions (JSON), with the true captions."""
    return Path(str(_ASSETS.joinpath("demo", "planted.json")))


def demo_prompts_text() -> str:
    """The demo's prompt suite, as TOML."""
    return _ASSETS.joinpath("demo", "prompts.toml").read_text("utf-8")


def demo_base_model() -> Path:
    """The folder of the toy base model, a Stable Diffusion pipeline of 24 x 24 pixels."""
    return Path(str(_ASSETS.joinpath("demo", "base")))


@cache
def color_table() -> dict[str, Rgb]:
    """Color name → RGB, by the xkcd survey."""
    lines = _ASSETS.joinpath("colors", "xkcd.txt").read_text("utf-8").splitlines()
    return {name: parse_hex(code) for code, _, name in (line.partition(" ") for line in lines if line.startswith("#"))}
