"""What the text encoder reads of a dataset's captions, and of the prompts it will be tested with."""

from __future__ import annotations

from collections.abc import Mapping

from lorascope.captions.check import Reader
from lorascope.captions.clauses import read_caption
from lorascope.captions.window_map import window_map
from lorascope.captions.wording import is_boilerplate
from lorascope.jobs.audit import AuditResult
from lorascope.jobs.read_assets import clip_tokenizer
from lorascope.records.window_map import WindowMap


def captions_window(result: AuditResult) -> WindowMap:
    """The window map of an audited dataset, read as its trainer will read it."""
    captions = [(entry.file, entry.caption) for entry in result.entries if entry.caption is not None and entry.image_file is not None]
    around = result.around
    return window_map(captions, around.knowledge.tokenizer, around.reader, is_boilerplate=lambda clause: is_boilerplate(clause, around))


def prompts_window(prompts: Mapping[str, str], reader: Reader) -> WindowMap:
    """The window map of prompts (name → text). They are not shuffled."""
    plain = Reader(trainer=reader.trainer, window_tokens=reader.window_tokens)
    return window_map([(name, read_caption(text)) for name, text in prompts.items()], clip_tokenizer(), plain)
