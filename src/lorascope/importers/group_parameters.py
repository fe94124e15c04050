"""Puts the parameters of one training together: whose word counts, where each value comes from, and what was contradicted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lorascope.importers.evidence import Authority, Evidence
from lorascope.importers.training import Lineage
from lorascope.records.run import JsonValue, ParameterValue

CONTRADICTIONS_SHOWN = 10
# The trainer writes down what its command line said of these, although a dataset file may have said otherwise.
_DATASET_FILE_DECIDES = frozenset(
    "caption_dropout_rate caption_dropout_every_n_epochs caption_tag_dropout_rate face_crop_aug_range".split()
)


@dataclass(frozen=True, slots=True)
class Agreed:
    """The parameters that count, the file and format each came from, what else all say alike, and what was contradicted."""

    parameters: dict[str, ParameterValue]
    provenance: dict[str, JsonValue]
    kept: dict[str, JsonValue]
    notes: list[str]


def agree(lineage: Lineage) -> Agreed:
    """The one value of every parameter: the highest authority's, then the latest session's and checkpoint's."""
    ranked = _ranked(lineage)
    parameters: dict[str, ParameterValue] = {}
    said_by: dict[str, Evidence] = {}
    notes: list[str] = []
    for each in ranked:
        for name, value in each.parameters.items():
            winner = said_by.get(name)
            if winner is None or (name in _DATASET_FILE_DECIDES and _is_dataset_file(each) and not _is_dataset_file(winner)):
                if winner is not None and parameters[name] != value:
                    notes.append(f"{name} = {value!r} in {each.source.name} counts: it stands in a dataset file, which the metadata ignore")
                parameters[name], said_by[name] = value, each
    shown = dict.fromkeys((*notes, *_contradictions(ranked, parameters, said_by)))
    provenance: dict[str, JsonValue] = {name: {"file": str(each.source), "format": each.format} for name, each in sorted(said_by.items())}
    return Agreed(dict(sorted(parameters.items())), provenance, _kept(ranked), _limited(list(shown)))


def _ranked(lineage: Lineage) -> list[Evidence]:
    """All evidence, the most trusted first."""

    def rank(position: int, each: Evidence) -> tuple[int, int, int, str]:
        step = each.checkpoint.step or each.checkpoint.number or 0 if each.checkpoint else 0
        return -each.authority, -position, -step, str(each.source)

    placed = [
        (len(lineage.sessions) - 1 - back, each) for back, session in enumerate(reversed(lineage.sessions)) for each in session.evidence
    ]
    placed += [(0, each) for each in lineage.others]
    return [each for _, each in sorted(placed, key=lambda pair: rank(*pair))]


def _is_dataset_file(each: Evidence) -> bool:
    return "dataset" in each.format and each.authority is Authority.CONFIGURED


def _contradictions(ranked: list[Evidence], parameters: Mapping[str, ParameterValue], said_by: Mapping[str, Evidence]) -> Iterator[str]:
    """Each other value once, with the first file that says it."""
    told: set[tuple[str, str]] = set()
    for each in ranked:
        for name, value in each.parameters.items():
            winner = said_by[name]
            if winner is each or same(parameters[name], value) or name in _DATASET_FILE_DECIDES or each.authority is Authority.NAME:
                continue
            if (name, repr(value)) not in told:
                told.add((name, repr(value)))
                sessions = each.session and winner.session and each.session != winner.session
                where = "in the last session, but" if sessions else f"in {winner.source.name}, which counts, but"
                yield f"{name} = {parameters[name]!r} {where} {value!r} in {each.source.name}"


def same(one: ParameterValue, other: ParameterValue) -> bool:
    """Whether two files say the same, each in its own way; what one of them leaves unset contradicts nothing.

    >>> same(1, 1.0), same(1, True), same("/models/v1-5.safetensors", "v1-5.safetensors"), same(None, 3), same("AdamW", "adamw")
    (True, False, True, True, True)
    """
    if one is None or other is None:
        return True
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, str) and isinstance(other, str):
        low, high = one.replace("\\", "/").lower(), other.replace("\\", "/").lower()
        return low.rpartition("/")[2] == high.rpartition("/")[2]
    return one == other


def _limited(notes: list[str]) -> list[str]:
    more = len(notes) - CONTRADICTIONS_SHOWN
    return notes if more <= 0 else [*notes[:CONTRADICTIONS_SHOWN], f"{more} more values are contradicted"]


def _kept(ranked: list[Evidence]) -> dict[str, JsonValue]:
    """What all that say it say alike; what differs stays with each file. A large vocabulary is so held once."""
    values: dict[str, JsonValue] = {}
    differing: set[str] = set()
    for each in ranked:
        for key, value in () if each.samples else each.kept.items():
            if (first := values.setdefault(key, value)) is not value and first != value:
                differing.add(key)
    return {key: values[key] for key in sorted(values) if key not in differing}
