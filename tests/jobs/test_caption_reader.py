"""How a training reads its captions, taken from its configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from lorascope.captions.check import Reader
from lorascope.errors import BadFile, MissingFile
from lorascope.jobs.caption_reader import caption_settings

CONFIG = 'network_module = "networks.lora"\npretrained_model_name_or_path = "model.safetensors"\n'


def written(folder: Path, text: str, name: str = "config.toml") -> Path:
    (folder / name).write_text(CONFIG + text)
    return folder / name


def test_window_shuffling_and_kept_tags_are_taken_from_the_configuration(tmp_path):
    text = 'max_token_length = 150\nshuffle_caption = true\nkeep_tokens = 2\nkeep_tokens_separator = "|||"\ncaption_extension = ".txt"\n'
    found = caption_settings(written(tmp_path, text))
    assert found.reader == Reader(window_tokens=150, shuffles=True, keep_tokens=2, keep_tokens_separator="|||")
    assert found.extension == ".txt"
    assert found.notes == ()


def test_where_nothing_is_said_the_trainer_s_own_defaults_hold(tmp_path):
    found = caption_settings(written(tmp_path, ""))
    assert found.reader == Reader()
    assert found.extension == ".caption"  # sd-scripts' default, which surprises many


def test_a_file_that_is_no_configuration_is_refused(tmp_path):
    (tmp_path / "notes.toml").write_text("not = = toml")
    with pytest.raises(BadFile):
        caption_settings(tmp_path / "notes.toml")
    with pytest.raises(MissingFile):
        caption_settings(tmp_path / "nowhere.toml")
