"""A model card: what a promoted checkpoint is, what it was trained on, what was measured, and what is not known.

Markdown with the YAML head that model hubs read. The license is left as a gap for its author to fill: nobody else can.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lorascope.records.run import ParameterValue
from lorascope.reports.wording import number, visible

_UNKNOWN = "not recorded"
_UNREADABLE = re.compile("[\u2028\u2029\ufffe\uffff]")  # in JSON's strings as they are; YAML folds the first two and refuses the others


@dataclass(frozen=True, slots=True)
class CardMetric:
    """A measured metric of the checkpoint, with its 95 % interval and what is behind it."""

    name: str
    unit: str
    mean: float
    low: float | None
    high: float | None
    prompts: int
    images: int


@dataclass(frozen=True, slots=True)
class CardSample:
    """A sample picture: its place beside the card, what was asked, and the seed."""

    file: str
    prompt: str
    seed: int | None


@dataclass(frozen=True, slots=True)
class Card:
    """Everything a card says. ``decision`` are sentences on why this checkpoint; ``limits`` what is not known or does not hold."""

    run: str
    epoch: int
    purpose: str
    file: str | None
    digest: str | None
    base_model: str | None
    trainer: str
    trigger: str | None
    dataset: str
    settings: Mapping[str, ParameterValue]
    metrics: Sequence[CardMetric]
    decision: Sequence[str]
    limits: Sequence[str]
    inference: Sequence[str]
    samples: Sequence[CardSample]


def model_card(card: Card) -> str:
    """The card as Markdown."""
    parts = [
        _head(card),
        f"# {_plain(card.run)}, epoch {card.epoch}",
        f"A LoRA for {_plain(card.base_model or 'a base model that is ' + _UNKNOWN)}, chosen for: **{_plain(card.purpose)}**.",
        "> **License: to be chosen.** Write `license:` into the head of this file. It depends on the images and on the base model.",
        "## How to use it\n\n" + _list(card.inference),
        "## Why this checkpoint\n\n" + _list(card.decision),
        "## Measured\n\n" + _metrics(card.metrics),
        "## Trained on\n\n" + _list([card.dataset, f"trainer: {card.trainer}"]) + "\n\n" + _settings(card.settings),
        "## Limits\n\n" + _list(card.limits),
    ]
    if card.samples:
        shown = "\n\n".join(f"![{_plain(one.prompt)}]({one.file})\n\n{_plain(one.prompt)} ({_seed(one.seed)})" for one in card.samples)
        parts.append("## Samples\n\nNot selected: the first prompts of the evaluation, by name.\n\n" + shown)
    if card.digest:
        parts.append(f"File `{card.file}`, BLAKE2b-128 of its bytes `{card.digest}`.")
    return "\n\n".join(parts) + "\n"


def _head(card: Card) -> str:
    """The YAML head. Texts are written as JSON strings, which YAML reads as they are, whatever is in them."""
    lines = ["---", "# license: choose one; hubs show the card as unlicensed until then"]
    if card.base_model:
        lines.append(f"base_model: {_quoted(card.base_model)}")
    lines += ["library_name: diffusers", "pipeline_tag: text-to-image", "tags:", "  - lora", "  - text-to-image", "  - stable-diffusion"]
    if card.trigger:
        lines.append(f"instance_prompt: {_quoted(card.trigger)}")
    if card.samples:
        lines.append("widget:")
        for one in card.samples:
            lines += [f"  - text: {_quoted(one.prompt)}", "    output:", f"      url: {_quoted(one.file)}"]
    return "\n".join([*lines, "---"])


def _quoted(text: str) -> str:
    return _UNREADABLE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(visible(text), ensure_ascii=False))


def _plain(text: str) -> str:
    """Somebody's words in one line, without signs that would begin markup or HTML."""
    line = " ".join(visible(text).split()).replace("&", "&amp;")
    for sign in "\\`*_[]<>|#":
        line = line.replace(sign, "\\" + sign if sign not in "<>" else {"<": "&lt;", ">": "&gt;"}[sign])
    return line


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {_plain(one)}" for one in lines) if lines else f"- {_UNKNOWN}"


def _metrics(metrics: Sequence[CardMetric]) -> str:
    if not metrics:
        return "Nothing was measured of this checkpoint."
    rows = ["| metric | mean | 95 % interval | unit | prompts | images |", "|---|---|---|---|---|---|"]
    for one in metrics:
        interval = "none" if one.low is None or one.high is None else f"{number(one.low)} to {number(one.high)}"
        rows.append(f"| {_plain(one.name)} | {number(one.mean)} | {interval} | {_plain(one.unit)} | {one.prompts} | {one.images} |")
    return "\n".join(rows)


def _settings(settings: Mapping[str, ParameterValue]) -> str:
    if not settings:
        return f"Settings: {_UNKNOWN}."
    return "| setting | value |\n|---|---|\n" + "\n".join(
        f"| {_plain(name)} | {_plain(str(value))} |" for name, value in sorted(settings.items())
    )


def _seed(seed: int | None) -> str:
    return "no seed" if seed is None else f"seed {seed}"
