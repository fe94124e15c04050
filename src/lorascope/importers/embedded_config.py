"""A trainer's configuration inside another file (as JSON in a LoRA's metadata), read as the same configuration in a file would be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from lorascope.importers.config_file import ConfigFile
from lorascope.importers.config_parsed import MAX_DEPTH, MAX_VALUES
from lorascope.importers.metadata_json import json_in
from lorascope.importers.trainer_config import evidence_of
from lorascope.parameters.dialects.dialect import Dialect, Entry, Place
from lorascope.records.run import JsonValue, ParameterValue


@dataclass(frozen=True, slots=True)
class EmbeddedConfig:
    """What the configuration says; ``kept`` is what has no place among the parameters, ``prompts`` are as in Evidence."""

    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    base_model: str | None = None
    prompts: Mapping[int, str] = field(default_factory=dict)
    kept: Mapping[str, JsonValue] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def embedded_config(path: Path, key: str, text: str | None, dialect: Dialect) -> EmbeddedConfig:
    """The configuration that a file holds under a key; empty where there is none. A text that is none is kept, with a note."""
    if text is None:
        return EmbeddedConfig()
    document = json_in(text)
    entries = tuple(islice(_leaves(document, ()), MAX_VALUES + 1)) if isinstance(document, dict) else ()
    if not 0 < len(entries) <= MAX_VALUES:
        return EmbeddedConfig(kept={key: text}, notes=(f"{path}: {key} is not a configuration that can be read; it is kept as it is",))
    said = evidence_of(ConfigFile(path, "json", document, entries, text), dialect)
    return EmbeddedConfig(said.parameters, said.base_model, said.prompts, said.kept, said.notes)


def _leaves(value: JsonValue, place: Place) -> Iterator[Entry]:
    """The settings with their places; a list of plain values is one setting, and so is what lies too deep."""
    inside = len(place) < MAX_DEPTH
    if isinstance(value, dict) and value and inside:
        for name, member in value.items():
            yield from _leaves(member, (*place, name))
    elif isinstance(value, list) and any(isinstance(member, dict | list) for member in value) and inside:
        for position, member in enumerate(value):
            yield from _leaves(member, (*place, position))
    elif place:
        yield Entry(place, value)
