"""YAML with lines, built from the parser's events: no tag is executed, aliases and depth are bounded, nothing recurses.

Plain words mean what they mean in YAML 1.1 (``no`` and ``on`` are truth values), with one exception that the trainers make as
well: ``1e-4`` is a number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from lorascope.importers.config_parsed import MAX_DEPTH, Parsed, Unreadable, plain_number
from lorascope.parameters.dialects.dialect import Place
from lorascope.records.run import JsonValue

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER: Any = yaml.resolver.Resolver()
_EXPONENT = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+")
_CORE = "tag:yaml.org,2002:"
_NONE, _TRUE = {"null"}, {"yes", "true", "on"}


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being filled. ``key`` waits for its value; ``merged`` came in by ``<<``."""

    value: dict[str, JsonValue] | list[JsonValue]
    place: Place
    anchor: str | None
    key: str | None = None
    merged: dict[str, JsonValue] = field(default_factory=dict)


def parse_yaml(text: str) -> Parsed:
    """The first document of a YAML text. A key that stands twice is noted; the later one counts. Raises Unreadable."""
    building = _Building()
    try:
        for event in _events(text):
            building.take(event)
            if building.is_done:
                break
    except yaml.YAMLError as error:
        mark: Any = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise Unreadable(f"not YAML: {what}", mark.line + 1 if mark else None) from error
    return Parsed(building.document, building.lines, tuple(building.notes))


def _events(text: str) -> Iterator[yaml.Event]:
    loader = _LOADER(text)
    try:
        while loader.check_event():
            yield loader.get_event()
    finally:
        loader.dispose()


class _Building:
    """The document as far as it was read."""

    def __init__(self) -> None:
        self.document: JsonValue = None
        self.lines: dict[Place, int] = {}
        self.notes: list[str] = []
        self.is_done = False
        self.open: list[_Open] = []
        self.anchors: dict[str, JsonValue] = {}

    def take(self, event: yaml.Event) -> None:
        """Take in one event of the parser."""
        mark: Any = event.start_mark  # always there: the events come from a parser
        line = int(mark.line) + 1
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            kind = "map" if isinstance(event, yaml.MappingStartEvent) else "seq"
            self._refuse_tag(event.tag, {None, "!", _CORE + kind}, line)
            if len(self.open) >= MAX_DEPTH:
                raise Unreadable(f"nested more than {MAX_DEPTH} levels deep", line)
            place = self._place(line)
            self.lines.setdefault(place, line)
            self.open.append(_Open({} if kind == "map" else [], place, event.anchor))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._close(line)
        elif isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event, line)
            if event.anchor:
                self.anchors[event.anchor] = value
            self._put(value, line, spelled=event.value)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise Unreadable(f"*{event.anchor} refers to itself or to nothing", line)
            self._put(self.anchors[event.anchor], line, spelled=None)
        elif isinstance(event, yaml.DocumentEndEvent):
            self.is_done = True

    def _close(self, line: int) -> None:
        closed = self.open.pop()
        if isinstance(closed.value, dict):
            for key, value in closed.merged.items():
                closed.value.setdefault(key, value)
        if closed.anchor:
            self.anchors[closed.anchor] = closed.value
        self._put(closed.value, line, spelled=None)

    def _place(self, line: int) -> Place:
        """The place of what comes next."""
        if not self.open:
            return ()
        inner = self.open[-1]
        if isinstance(inner.value, list):
            return (*inner.place, len(inner.value))
        if inner.key is None:
            raise Unreadable("a mapping or list as a key", line)
        return (*inner.place, inner.key)

    def _put(self, value: JsonValue, line: int, *, spelled: str | None) -> None:
        """Put a finished value where it belongs; in a mapping every other one is a key."""
        if not self.open:
            self.document = value
            return
        inner = self.open[-1]
        if isinstance(inner.value, list):
            self.lines.setdefault((*inner.place, len(inner.value)), line)
            inner.value.append(value)
        elif inner.key is None:
            if isinstance(value, dict | list):
                raise Unreadable("a mapping or list as a key", line)
            inner.key = spelled if spelled is not None else str(value)
            if inner.key in inner.value:
                self.notes.append(f"line {line}: the key {inner.key!r} stands twice; the later one counts")
            self.lines[*inner.place, inner.key] = line
        else:
            if inner.key == "<<":
                self._merge(inner, value, line)
            else:
                inner.value[inner.key] = value
            inner.key = None

    def _merge(self, inner: _Open, value: JsonValue, line: int) -> None:
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, dict):
                raise Unreadable("<< takes a mapping or a list of mappings", line)
            for key, member in part.items():
                inner.merged.setdefault(key, member)

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> JsonValue:
        """The value of a scalar as the trainer's loader reads it."""
        is_plain = event.implicit[0]
        if event.tag in {None, "!"}:
            tag = str(_RESOLVER.resolve(yaml.ScalarNode, event.value, (is_plain, not is_plain))) if event.tag is None else _CORE + "str"
        else:
            tag = str(event.tag)
        self._refuse_tag(tag, {_CORE + kind for kind in ("null", "bool", "int", "float", "str", "timestamp", "value", "merge")}, line)
        kind = tag.removeprefix(_CORE)
        if kind == "str" and is_plain and _EXPONENT.fullmatch(event.value):
            kind = "float"
        return _converted(kind, event.value, line)

    @staticmethod
    def _refuse_tag(tag: str | None, allowed: set[str] | set[str | None], line: int) -> None:
        if tag not in allowed:
            raise Unreadable(f"the tag {tag} is not read: a configuration needs none", line)


def _converted(kind: str, text: str, line: int) -> JsonValue:
    """The value of a plain word of this kind."""
    if kind in _NONE:
        return None
    if kind == "bool":
        return text.lower() in _TRUE
    if kind not in {"int", "float"}:
        return text
    try:
        number = yaml.constructor.SafeConstructor().construct_object(yaml.ScalarNode(_CORE + kind, text))
    except (ValueError, yaml.YAMLError) as error:
        raise Unreadable(f"{text[:40]!r} is not a number that can be read", line) from error
    assert isinstance(number, int | float)
    return plain_number(number)
