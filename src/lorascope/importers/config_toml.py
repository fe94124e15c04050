"""TOML with lines: values by the standard library, lines by a scan of our own that goes through the same text in the same order."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from bisect import bisect_right

from lorascope.importers.config_parsed import MAX_DEPTH, Parsed, Unreadable, plain_number
from lorascope.parameters.dialects.dialect import Place
from lorascope.records.run import JsonValue

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN = re.compile(r"[^,\]}\n#]+")
# The long ones without possessive repeats, which Python before 3.11.5 gets wrong around quotes (CPython issue 106052).
_STRINGS = (
    re.compile(r'"""[^"\\]*(?:(?:\\.|""?(?!"))[^"\\]*)*"{3,5}', re.DOTALL),
    re.compile(r"'''[^']*(?:''?(?!')[^']*)*'{3,5}", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*+"'),
    re.compile(r"'[^'\n]*+'"),
)


def parse_toml(text: str) -> Parsed:
    """The document of a TOML text. Raises Unreadable."""
    scan = _Scan(text)
    try:
        scan.run()  # first: it refuses what would keep the standard library busy for hours (keys of a million parts)
    except _StopScan:
        pass  # both read from top to bottom, so tomllib stops here as well, and says why
    except RecursionError:
        raise Unreadable(f"nested more than {MAX_DEPTH} levels deep") from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at line (\d+), column (\d+)\)$", str(error))
        line = int(place[1]) if place else text.count("\n") + 1
        raise Unreadable(f"not TOML: {str(error).split(' (at ', maxsplit=1)[0]}", line) from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not TOML that can be read: {error}") from error
    return Parsed({key: _json(value) for key, value in document.items()}, scan.lines)


def _json(value: object) -> JsonValue:
    """A TOML value as JSON has it: dates as text, numbers that are not finite as text."""
    if isinstance(value, dict):
        return {str(key): _json(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_json(member) for member in value]
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float):
        return plain_number(value)
    assert isinstance(value, dt.date | dt.time), "TOML has no other kinds of values"
    return value.isoformat()


class _StopScan(Exception):  # noqa: N818 - not an error: tomllib will say what is wrong
    """The text is no TOML from here on."""


class _Scan:
    """Walks through a TOML text and notes the line of each key and each element; values are only stepped over."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.lines: dict[Place, int] = {}
        self.tables: dict[Place, int] = {}  # arrays of tables: how many there are so far
        self.starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def run(self) -> None:
        """Scan the whole text."""
        table: Place = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            line = self.line()
            if self.text.startswith("[[", self.at):
                table = self.opened(self.header(2))
                self.lines[table] = line
            elif self.text[self.at] == "[":
                table = self.resolved(self.header(1))
                self.lines.setdefault(table, line)
            else:
                self.key_and_value(table)
            self.skip(_BLANK)

    def header(self, brackets: int) -> tuple[str, ...]:
        """The key of a table's header."""
        self.at += brackets
        key = self.key()
        self.expect("]" * brackets)
        return key

    def opened(self, key: tuple[str, ...]) -> Place:
        """The place of one more table in an array of tables."""
        array = (*self.resolved(key[:-1]), key[-1])
        self.tables[array] = self.tables.get(array, -1) + 1
        self.lines.setdefault(array, self.line())
        return (*array, self.tables[array])

    def resolved(self, key: tuple[str, ...]) -> Place:
        """The place that a header's key names: in an array of tables it is the last one."""
        place: Place = ()
        for part in key:
            place = (*place, part)
            if place in self.tables:
                place = (*place, self.tables[place])
        return place

    def key_and_value(self, table: Place) -> None:
        """Step over ``key = value`` and note its line; a dotted key notes the tables it goes through as well."""
        line = self.line()
        place = table
        for part in self.key():
            place = (*place, part)
            self.lines.setdefault(place, line)
        if len(place) > MAX_DEPTH:
            raise Unreadable(f"nested more than {MAX_DEPTH} levels deep", line)
        self.expect("=")
        self.skip(_SPACE)
        self.value(place)

    def key(self) -> tuple[str, ...]:
        """The parts of a key, dotted or not."""
        parts: list[str] = []
        while True:
            self.skip(_SPACE)
            quoted = self.text[self.at : self.at + 1] in {'"', "'"}
            start = self.at
            self.step(_STRINGS[2] if self.text[self.at : self.at + 1] == '"' else _STRINGS[3] if quoted else _BARE)
            part = self.text[start : self.at]
            parts.append(_unquoted(part) if quoted else part)
            if len(parts) > MAX_DEPTH:
                raise Unreadable(f"a key of more than {MAX_DEPTH} parts", self.line())
            self.skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return tuple(parts)
            self.at += 1

    def value(self, place: Place) -> None:
        """Step over a value, noting the lines of what is in it."""
        if len(place) > MAX_DEPTH:
            raise Unreadable(f"nested more than {MAX_DEPTH} levels deep", self.line())
        sign = self.text[self.at : self.at + 1]
        if sign == "[":
            self.array(place)
        elif sign == "{":
            self.inline_table(place)
        elif sign in {'"', "'"}:
            long, short = (_STRINGS[0], _STRINGS[2]) if sign == '"' else (_STRINGS[1], _STRINGS[3])
            self.step(long if self.text.startswith(sign * 3, self.at) else short)
        else:
            self.step(_PLAIN)

    def array(self, place: Place) -> None:
        """Step over ``[a, b]``, which may go over several lines."""
        self.at += 1
        position = 0
        self.skip(_BLANK)
        while not self.text.startswith("]", self.at):
            self.lines[*place, position] = self.line()
            self.value((*place, position))
            position += 1
            self.skip(_BLANK)
            if self.text.startswith(",", self.at):
                self.at += 1
                self.skip(_BLANK)
            elif not self.text.startswith("]", self.at):
                raise _StopScan
        self.at += 1

    def inline_table(self, place: Place) -> None:
        """Step over ``{a = 1, b = 2}``."""
        self.at += 1
        self.skip(_SPACE)
        while not self.text.startswith("}", self.at):
            self.key_and_value(place)
            self.skip(_SPACE)
            if self.text.startswith(",", self.at):
                self.at += 1
            elif not self.text.startswith("}", self.at):
                raise _StopScan
        self.at += 1

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Step over what may stand here."""
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def step(self, pattern: re.Pattern[str]) -> None:
        """Step over what must stand here."""
        found = pattern.match(self.text, self.at)
        if found is None:
            raise _StopScan
        self.at = found.end()

    def expect(self, sign: str) -> None:
        """Step over a sign that must stand here."""
        if not self.text.startswith(sign, self.at):
            raise _StopScan
        self.at += len(sign)

    def line(self) -> int:
        """The line (from 1) that is being read."""
        return bisect_right(self.starts, self.at)


def _unquoted(key: str) -> str:
    """A quoted key as text."""
    try:
        return str(next(iter(tomllib.loads(f"{key} = 0"))))
    except tomllib.TOMLDecodeError:
        raise _StopScan from None
