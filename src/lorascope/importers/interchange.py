"""Reads our own JSON Lines: a header line, then one record a line. Streamed, so that a file may be larger than the memory."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lorascope.errors import BadFile, MissingFile
from lorascope.importers.importer import Imported
from lorascope.importers.interchange_format import FORMAT, KINDS, PROMPT, SUITE, foreign_line, parse
from lorascope.records.dataset import dataset_digest
from lorascope.records.prompt import Prompt, PromptSuite
from lorascope.records.run import JsonValue

# A part is handed on after this many records: enough to write fast, little to hold.
_PART_RECORDS = 5_000
_KINDS = {kind.type: kind for kind in KINDS}
_BOM = b"\xef\xbb\xbf"


class _Interchange:
    """JSON Lines, first line ``{"type": "lorascope", "format": 1}``."""

    name = "lorascope JSON Lines"

    def recognizes(self, head: bytes, path: Path) -> bool:  # noqa: ARG002 - the first line says it all
        """Whether the first line is the header (of whatever format number)."""
        try:
            first = json.loads(head.removeprefix(_BOM).split(b"\n", 1)[0])
        except (ValueError, RecursionError):
            return False
        return isinstance(first, dict) and first.get("type") == "lorascope" and "format" in first

    def read(self, path: Path) -> Iterator[Imported]:
        """The records of a file, a part at a time.

        Raises:
            MissingFile: it is not there or cannot be read.
            BadFile: a line is not what it must be; the message names line and key.
        """
        try:
            file = path.open("rb")
        except OSError as error:
            raise MissingFile(f"cannot be read: {error.strerror}", where=str(path)) from error
        with file:
            yield from read_lines(file, str(path))


INTERCHANGE = _Interchange()


def read_lines(lines: Iterable[bytes], where: str) -> Iterator[Imported]:
    """The records of a file's lines, a part at a time; ``where`` names the file in messages.

    Raises:
        BadFile: a line is not what it must be; the message names line and key.
    """
    reading = _Reading(where)
    for line_number, line in enumerate(lines, 1):
        try:
            reading.take(_decoded(line, first=line_number == 1), line_number)
        except ValueError as error:
            raise BadFile(
                str(error), where=f"{where}:{line_number}", next_step="mend the line and import again; nothing was imported"
            ) from error
        if reading.size >= _PART_RECORDS:
            yield reading.part()
    if not reading.has_header:
        raise BadFile("the file is empty", where=where, next_step='its first line must be {"type": "lorascope", "format": 1}')
    yield reading.part(last=True)


@dataclass(slots=True)
class _Reading:
    """What a file has said so far. ``size`` counts the records of the part being collected."""

    where: str
    has_header: bool = False
    size: int = 0
    collected: defaultdict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    runs: dict[str, tuple[int, int]] = field(default_factory=dict)
    suites: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    prompts: dict[str, dict[str, Prompt]] = field(default_factory=dict)
    needed: set[str] = field(default_factory=set)
    needs: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    draws: Counter[int] = field(default_factory=Counter)  # hashes, not the things themselves: a file may be long
    series: set[int] = field(default_factory=set)
    copies: Counter[int] = field(default_factory=Counter)

    def take(self, record: dict[str, Any] | None, line_number: int) -> None:
        """Take in one line's record; None is a blank line."""
        if record is None:
            return
        kind = record.get("type")
        if not isinstance(kind, str) or not kind.isprintable():
            raise ValueError("key 'type' is missing or is not text")
        if kind == "lorascope" or not self.has_header:
            self._take_header(record)
        elif kind in _KINDS:
            self._take_known(kind, record, line_number)
            self.size += 1
        else:
            content = hash(foreign_line(record))
            self.collected["foreign"].append((record, self.copies[content]))
            self.copies[content] += 1
            self.size += 1

    def _take_header(self, record: dict[str, Any]) -> None:
        if record.get("type") != "lorascope":
            raise ValueError('the first line must be {"type": "lorascope", "format": 1}')
        version = record.get("format")
        if not isinstance(version, int) or isinstance(version, bool) or version < 1:
            raise ValueError(f"format = {json.dumps(version)}: must be {FORMAT}")
        if version > FORMAT:
            raise ValueError(f"format {version} was written by a newer lorascope (this one reads {FORMAT}): update lorascope")
        if len(record) > 2:
            self.notes.append(f"{self.where}: of the first line only type and format are kept")
        self.has_header = True

    def _take_known(self, kind: str, record: dict[str, Any], line_number: int) -> None:
        values = parse(_KINDS[kind], record)
        if kind == "run":
            self._take_run(values["name"], record, line_number)
        elif kind == SUITE.type:
            if values["name"] in self.suites:
                raise ValueError(f"suite {values['name']!r} is defined twice, first in line {self.suites[values['name']][0]}")
            self.suites[values["name"]] = line_number, values
            return
        elif kind == PROMPT.type:
            self._take_prompt(values)
            return
        elif kind == "dataset":
            _check_digest(values)
        elif "run" in values:
            self._note_run(values["run"], line_number)
        if kind == "series":
            self._check_series(values)
        if kind in {"sample", "score"} and values["seed"] is None and "draw" not in record:
            # Two images without a seed are two images: the second must not overwrite the first.
            key = hash((kind, values["run"], values["epoch"], values["prompt"], values.get("metric")))
            values["draw"] = self.draws[key]
            self.draws[key] += 1
        self.collected[_KINDS[kind].part].append(_KINDS[kind].make(**values))

    def _take_run(self, name: str, record: dict[str, Any], line_number: int) -> None:
        content = hash(foreign_line(record))
        if name in self.runs and self.runs[name][1] != content:
            raise ValueError(f"run {name!r} is defined twice, differently; first in line {self.runs[name][0]}")
        self.runs.setdefault(name, (line_number, content))

    def _take_prompt(self, values: dict[str, Any]) -> None:
        suite = values.pop("suite")
        if suite not in self.suites:
            raise ValueError(f"suite = {suite!r}: no suite of this name stands above this line")
        prompts = self.prompts.setdefault(suite, {})
        if values["name"] in prompts:
            raise ValueError(f"name = {values['name']!r}: the suite {suite!r} has this prompt already")
        prompts[values["name"]] = Prompt(**values)

    def _check_series(self, values: dict[str, Any]) -> None:
        key = hash((values["run"], values["metric"]))
        if key in self.series:
            raise ValueError(f"the series {values['metric']!r} of run {values['run']!r} stands above already: put its points into one line")
        self.series.add(key)

    def _note_run(self, run: str, line_number: int) -> None:
        if run not in self.runs and run not in self.needed:
            self.needed.add(run)
            self.needs.append((run, f"{self.where}:{line_number}"))

    def part(self, *, last: bool = False) -> Imported:
        """Hand on what was collected. Suites wait for the end, when all their prompts are known."""
        suites = self.suites.items() if last else ()
        part = Imported(
            suites=tuple(PromptSuite(prompts=tuple(self.prompts.get(name, {}).values()), **values) for name, (_, values) in suites),
            needs=tuple(self.needs),
            notes=tuple(self.notes),
            **{name: tuple(records) for name, records in self.collected.items()},
        )
        self.collected.clear()
        self.needs.clear()
        self.notes.clear()
        self.size = 0
        return part


def _check_digest(values: dict[str, Any]) -> None:
    if values["items"] and dataset_digest(values["items"]) != values["digest"]:
        raise ValueError("digest: is not the digest of the items; the line was changed or damaged")


def _decoded(line: bytes, *, first: bool) -> dict[str, Any] | None:
    """The object of one line, None when it is blank. ValueError says what is wrong."""
    if first:
        line = line.removeprefix(_BOM)
    if not line.strip():
        return None
    try:
        record = json.loads(line.decode(), parse_constant=_refused, parse_float=_finite, object_pairs_hook=_unique)
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 (byte {error.start + 1} of the line)") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at column {error.colno}") from None
    except RecursionError:
        raise ValueError("not JSON that can be read: it is nested too deeply") from None
    if not isinstance(record, dict):
        raise ValueError("must be an object {…}")  # noqa: TRY004
    return record


def _refused(constant: str) -> JsonValue:
    raise ValueError(f"{constant} is not a number: write null, with the reason beside it")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits} is too large a number")
    return number


def _unique(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    record = dict(pairs)
    if len(record) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"key {twice!r} stands twice in one object")
    return record
