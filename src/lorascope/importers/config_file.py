"""Reads the configuration of any trainer, with the line of each setting: TOML, JSON, YAML, or the arguments of a command.

Nothing is executed, resolved or fetched. What is too large, too deep or too long is refused before it costs memory or time.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lorascope.errors import BadFile, MissingFile
from lorascope.importers.config_parsed import MAX_BYTES, MAX_DEPTH, MAX_VALUES, Parsed, Unreadable
from lorascope.importers.importer import HEAD_BYTES
from lorascope.parameters.dialects.dialect import Entry, Place
from lorascope.records.run import JsonValue

if TYPE_CHECKING:
    from collections.abc import Callable

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

SUFFIXES = {
    ".toml": "toml",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".sh": "arguments",
    ".bash": "arguments",
    ".bat": "arguments",
    ".cmd": "arguments",
    ".ps1": "arguments",
    ".args": "arguments",
    ".txt": "arguments",
    ".env": "arguments",
}


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A configuration as it stands in its file.

    ``syntax`` is toml, json, yaml or arguments. ``entries`` are the leaves of ``document`` in their order: texts, numbers, truth
    values, null, and lists that hold no objects (a list of two numbers is one setting, a list of datasets is many). Numbers
    that are not finite become the texts nan, inf and -inf, those beyond 64 bits their digits. ``text`` is the decoded file,
    without a byte order mark.
    """

    path: Path
    syntax: str
    document: JsonValue
    entries: tuple[Entry, ...]
    text: str
    notes: tuple[str, ...] = ()


def read_config(path: Path) -> ConfigFile:
    """Read one configuration file.

    Raises:
        MissingFile: it is not there or cannot be read.
        BadFile: it is not text, not of its syntax, or too large or deep; the message says what, ``where`` is file:line.
    """
    text = _decoded(_bytes(path), path)
    syntax = _syntax(path, text)
    try:
        parsed = _parser(syntax)(text)
        entries = tuple(_entries(parsed))
    except Unreadable as error:
        where = str(path) if error.line is None else f"{path}:{error.line}"
        raise BadFile(error.message, where=where, next_step=f"mend the file; it was read as {syntax}") from error
    return ConfigFile(path, syntax, parsed.document, entries, text, parsed.notes)


def parsed_head(head: bytes, path: Path) -> JsonValue:
    """What the beginning of a file says as a document, as far as it goes: enough to know whose it is. None where it says nothing."""
    try:
        text = _decoded(head[: -(len(head) % 2) or None] if head.startswith(_UTF_16) else _whole_signs(head), path)
        syntax = _syntax(path, text)
        if len(head) < HEAD_BYTES:
            return _parser(syntax)(text).document
        from lorascope.importers.config_head import document_of_head

        return document_of_head(text, syntax)
    except (BadFile, Unreadable):
        return None


def _whole_signs(head: bytes) -> bytes:
    """The bytes without a sign of UTF-8 that was cut in two."""
    for length in range(1, min(4, len(head) + 1)):
        if head[-length] >= 0xC0:
            return head[:-length]
        if head[-length] < 0x80:
            break
    return head


def _bytes(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise BadFile("this is a folder, a pipe or a device", where=str(path), next_step="name a configuration file")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise MissingFile(f"cannot be read: {getattr(error, 'strerror', None) or error}", where=str(path)) from error
    if len(content) > MAX_BYTES:
        what = f"the file is larger than {MAX_BYTES // 2**20} MiB: no trainer's configuration is"
        raise BadFile(what, where=str(path), next_step="check that this is a configuration")
    return content


def _decoded(content: bytes, path: Path) -> str:
    """The text; a byte order mark decides between UTF-8 and UTF-16 (PowerShell writes the latter)."""
    encoding = "utf-16" if content.startswith(_UTF_16) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadFile(f"not {encoding.upper().removesuffix('-SIG')} text", where=f"{path}:{line}", next_step="save it as UTF-8") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BadFile("holds a zero byte: this is no text file", where=f"{path}:{line}", next_step="save it as UTF-8")
    return text.replace("\r\n", "\n")


def _syntax(path: Path, text: str) -> str:
    """The syntax by the file's ending, or by its first sign where the ending says nothing."""
    known = SUFFIXES.get(path.suffix.lower()) or SUFFIXES.get(path.name.lower())
    if known:
        return known
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    first = lines[0] if lines else ""
    if first.startswith("{"):
        return "json"
    if first.startswith("#!") or any(line.startswith("--") for line in lines):
        return "arguments"
    setting = next((line for line in lines if not line.startswith("#")), "")
    return "toml" if setting.startswith("[") or "=" in setting.split(":", 1)[0] else "yaml"


def _parser(syntax: str) -> Callable[[str], Parsed]:
    """The reader of a syntax, imported when it is needed: YAML takes its time."""
    if syntax == "toml":
        from lorascope.importers.config_toml import parse_toml

        return parse_toml
    if syntax == "json":
        from lorascope.importers.config_json import parse_json

        return parse_json
    if syntax == "yaml":
        from lorascope.importers.config_yaml import parse_yaml

        return parse_yaml
    from lorascope.importers.config_arguments import parse_arguments

    return parse_arguments


def _entries(parsed: Parsed) -> Iterator[Entry]:
    """The leaves in order. Counting what is visited bounds what aliases of YAML unfold to."""
    visited = 0

    def visit(value: JsonValue, place: Place, line: int | None) -> Iterator[Entry]:
        nonlocal visited
        visited += 1
        line = parsed.lines.get(place, line)
        if visited > MAX_VALUES:
            raise Unreadable(f"more than {MAX_VALUES:,} values: no trainer's configuration has so many", line)
        if len(place) > MAX_DEPTH:
            raise Unreadable(f"nested more than {MAX_DEPTH} levels deep", line)
        if isinstance(value, dict) and value:
            for key, member in value.items():
                yield from visit(member, (*place, key), line)
        elif isinstance(value, list) and value:
            below = [found for position, member in enumerate(value) for found in visit(member, (*place, position), line)]
            # a list of plain values is one setting
            yield from below if any(_holds_object(member) for member in value) else (Entry(place, value, line),)
        elif place:
            yield Entry(place, value, line)

    return visit(parsed.document, (), None)


def _holds_object(value: JsonValue) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(_holds_object(member) for member in value))
