"""The interchange format: which records there are, their keys, and both directions between a JSON object and a record.

The keys are the records' own field names. ``docs/reference/interchange.md`` documents every one; a test compares the two.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any

from lorascope.errors import OperationFailed
from lorascope.importers import interchange_keys as read
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.dataset import Dataset
from lorascope.records.hypothesis import Hypothesis, Verdict
from lorascope.records.measurement import Measurement
from lorascope.records.prompt import Prompt, PromptSuite
from lorascope.records.run import CountedIn, JsonValue, Run, RunStatus
from lorascope.records.sample import Sample, Score
from lorascope.records.series import Series

FORMAT = 1
HEADER: Mapping[str, JsonValue] = {"type": "lorascope", "format": FORMAT}

_REQUIRED: Any = object()


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a record. Absent, it has its ``default``; ``always`` writes it even then. Only a key whose default is None may be null.

    ``write`` makes JSON of what ``read`` made of JSON, where that is not the same thing.
    """

    name: str
    read: read.Read
    default: Any = _REQUIRED
    always: bool = False
    write: Callable[[Any], JsonValue] | None = None

    @property
    def required(self) -> bool:
        """Whether a record is refused without it."""
        return self.default is _REQUIRED

    @property
    def nullable(self) -> bool:
        """Whether the value may be null."""
        return self.default is None


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of record: the keys it has and the record they make. Keys it does not know go to the record's ``extra``.

    A record without ``extra`` (a series) has exactly its keys. ``part`` is the field of an Imported that holds such records.
    """

    type: str
    make: Callable[..., Any]
    keys: tuple[Key, ...]
    part: str
    has_extra: bool = True


_IMAGE = (
    Key("run", read.name),
    Key("epoch", read.integer),
    Key("prompt", read.text),
    Key("seed", read.integer, None, always=True),
    Key("draw", read.count, 0),
)

RUN = Kind(
    "run",
    Run,
    (
        Key("name", read.name),
        Key("trainer", read.text, "unknown", always=True),
        Key("status", read.status, RunStatus.IMPORTED, always=True),
        Key("parameters", read.parameters, {}, always=True),
        Key("outcome", read.outcome, {}),
        Key("parent", read.text, None),
        Key("dataset_digest", read.text, None),
        Key("base_model", read.text, None),
        Key("started_at", read.number, None),
        Key("finished_at", read.number, None),
        Key("reason", read.text, ""),
        Key("environment", read.mapping, {}),
        Key("counted_in", read.counted_in, CountedIn.EPOCHS),
    ),
    "runs",
)
CHECKPOINT = Kind(
    "checkpoint",
    Checkpoint,
    (
        Key("run", read.name),
        Key("epoch", read.integer),
        Key("step", read.integer, None),
        Key("samples_seen", read.integer, None),
        Key("file", read.text, None),
        Key("file_bytes", read.integer, None),
        Key("digest", read.text, None),
        Key("mean_loss", read.number, None),
        Key("duration_s", read.number, None),
        Key("saved_at", read.number, None),
        Key("tensor_hash", read.text, None),
    ),
    "checkpoints",
)
SAMPLE = Kind("sample", Sample, (*_IMAGE, Key("image_digest", read.text)), "samples")
SCORE = Kind(
    "score",
    Score,
    (*_IMAGE, Key("metric", read.name), Key("value", read.measured, None, always=True), Key("reason", read.text, "")),
    "scores",
)
MEASUREMENT = Kind(
    "measurement",
    Measurement,
    (
        Key("run", read.name),
        Key("epoch", read.integer),
        Key("metric", read.name),
        Key("unit", read.text),
        Key("mean", read.number, None, always=True),
        Key("low", read.number, None, always=True),
        Key("high", read.number, None, always=True),
        Key("prompts", read.count),
        Key("images", read.count),
        Key("not_measurable", read.count, 0),
    ),
    "measurements",
)
DATASET = Kind(
    "dataset",
    Dataset,
    (
        Key("name", read.text),
        Key("digest", read.name),
        Key("folder", read.text, "", always=True),
        Key("parent", read.text, None),
        Key("note", read.text, ""),
        Key("orphans", read.texts, ()),
        Key("items", read.items, (), always=True),
    ),
    "datasets",
)
SUITE = Kind(
    "suite",
    PromptSuite,
    (
        Key("name", read.name),
        Key("seeds", read.integers, (), always=True),
        Key("steps", read.count, 30, always=True),
        Key("guidance", read.number, 7.5, always=True),
        Key("negative", read.text, "", always=True),
        Key("width_px", read.count, 512, always=True),
        Key("height_px", read.count, 512, always=True),
        Key("trait_words", read.trait_words, {}, write=read.written_words),
    ),
    "suites",
)
PROMPT = Kind(
    "prompt",
    Prompt,
    (
        Key("suite", read.name),
        Key("name", read.name),
        Key("text", read.text),
        Key("expectations", read.expectations, ()),
        Key("traits", read.traits, ()),
    ),
    "prompts",
)

SERIES = Kind(
    "series",
    Series,
    (
        Key("run", read.name),
        Key("metric", read.name),
        Key("steps", read.integers),
        Key("values", read.points, write=lambda values: [read.written_point(value) for value in values]),
        Key("times", read.points, write=lambda times: [read.written_point(time) for time in times]),
    ),
    "series",
    has_extra=False,
)
HYPOTHESIS = Kind(
    "hypothesis",
    Hypothesis,
    (
        Key("name", read.name),
        Key("statement", read.name),
        Key("source", read.text),
        Key("claimed_n", read.count, None, always=True),
        Key("metric", read.name, None),
        Key("direction", read.direction, None),
        Key("threshold", read.number, None),
        Key("prior", read.share, None),
        Key("verdict", read.verdict, Verdict.OPEN, always=True),
        Key("runs", read.texts, ()),
    ),
    "hypotheses",
)

KINDS: tuple[Kind, ...] = (RUN, DATASET, SUITE, PROMPT, CHECKPOINT, SAMPLE, SCORE, MEASUREMENT, SERIES, HYPOTHESIS)


def parse(kind: Kind, record: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of ``kind.make`` that a JSON object gives; unknown keys under ``extra``.

    Raises:
        ValueError: a key is missing or its value is not what it must be; the message names it.
    """
    values: dict[str, Any] = {}
    for key in kind.keys:
        if key.name not in record:
            if key.required:
                raise ValueError(f"key {key.name!r} is missing")
            values[key.name] = key.default
        elif record[key.name] is None and key.nullable:
            values[key.name] = None
        else:
            try:
                values[key.name] = key.read(record[key.name])
            except ValueError as error:
                raise ValueError(f"{key.name} = {_shown(record[key.name])}: {error}") from None
    known = len(kind.keys) + 1 - sum(key.name not in record for key in kind.keys)
    if len(record) > known:
        values["extra"] = {name: value for name, value in record.items() if name not in values and name != "type"}
        if not kind.has_extra:
            raise ValueError(f"key {next(iter(values['extra']))!r}: a {kind.type} has no other keys than {', '.join(_names(kind))}")
    if kind is SERIES:
        _check_lengths(values)
    return values


def _names(kind: Kind) -> list[str]:
    return [key.name for key in kind.keys]


def _check_lengths(series: Mapping[str, Any]) -> None:
    lengths = {name: len(series[name]) for name in ("steps", "values", "times")}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"steps, values and times must be of one length ({', '.join(map(str, lengths.values()))})")


def line(kind: Kind, record: Any, **also: JsonValue) -> str:
    """One record as one line of JSON: its own keys in order, then what else it came with, by name. ``also`` are keys it does not hold."""
    parts: dict[str, Any] = {"type": kind.type}
    for key in kind.keys:
        value = also[key.name] if key.name in also else getattr(record, key.name)
        if key.required or key.always or value != key.default:
            parts[key.name] = value if key.write is None else key.write(value)
    extra: Mapping[str, Any] = record.extra if kind.has_extra else {}
    clash = sorted(extra.keys() & {"type", *_names(kind)})
    if clash:
        raise OperationFailed(f"a {kind.type} has an extra value under the format's own key {clash[0]!r}: {record}")
    return _dumped({**{name: _plain(value) for name, value in parts.items()}, **_ordered(dict(extra))})


def foreign_line(record: Mapping[str, JsonValue]) -> str:
    """A record that is not ours as one line: its type, then its keys by name."""
    return _dumped({"type": record.get("type"), **{name: record[name] for name in sorted(record)}})


def _dumped(record: Mapping[str, Any]) -> str:
    """One line of ASCII; the objects inside have their keys by name, so that equal records give equal lines. No NaN."""
    return json.dumps({name: _ordered(value) for name, value in record.items()}, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _ordered(value[name]) for name in sorted(value)}
    return [_ordered(item) for item in value] if isinstance(value, list) else value


def _shown(value: object) -> str:
    """A value for a message, cut to a readable length."""
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def unlisted_fields(kinds: Iterable[Kind] = KINDS) -> list[str]:
    """The fields of records that no key carries: there must be none, or an export would lose them."""
    missing = []
    for kind in kinds:
        assert isinstance(kind.make, type)
        carried = {key.name for key in kind.keys} | {"extra", "prompts" if kind is SUITE else ""}
        missing += [f"{kind.type}.{field.name}" for field in fields(kind.make) if field.name not in carried]
    return missing
