"""Read a prompt suite from a TOML file, or the demo's own."""

from __future__ import annotations

from pathlib import Path

from lorascope.evaluation.prompts import parse_prompts
from lorascope.jobs.read_assets import color_table, demo_prompts_text
from lorascope.jobs.read_text import read_text
from lorascope.records.prompt import PromptSuite


def read_suite(path: Path | None) -> PromptSuite:
    """The suite in a file; None: the eight prompts of the demo.

    Raises:
        MissingFile: it cannot be read. BadFile: it is no suite (says which key).
    """
    if path is None:
        return parse_prompts(demo_prompts_text(), color_table(), "the demo's prompts")
    return parse_prompts(read_text(path, "prompt suite"), color_table(), str(path))
