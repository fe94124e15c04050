"""The beginning of a configuration, mended where it was cut off, so that it can be read as a document of its own."""

from __future__ import annotations

import re

from lorascope.importers.config_parsed import MAX_DEPTH, Unreadable
from lorascope.records.run import JsonValue

_JSON_PART = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{},]', re.DOTALL)  # the last text may have no end
# a line that begins a setting: what was open before the cut began at one of the last of them
_BEGINS = {"toml": re.compile(r"""\s*(?:(?:[\w.-]+|"[^"]*"|'[^']*')\s*=|\[)"""), "yaml": re.compile(r"\s*(?:- |[^\s#-][^:]*:)")}
_MOST_TRIES = 60


def document_of_head(text: str, syntax: str) -> JsonValue:
    """The document of a text that may end anywhere. Raises Unreadable where it is not of that syntax at all."""
    if syntax == "json":
        from lorascope.importers.config_json import parse_json

        return parse_json(closed_json(text)).document
    if syntax == "arguments":
        from lorascope.importers.config_arguments import parse_arguments

        return parse_arguments(text).document
    lines = text.split("\n")[:-1]
    for _ in range(_MOST_TRIES):  # an array, a text or a block may be open: without its lines the rest is whole
        try:
            return _parsed("\n".join(lines), syntax)
        except Unreadable:
            begins = (position for position in range(len(lines) - 1, -1, -1) if _BEGINS[syntax].match(lines[position]))
            lines = lines[: next(begins, 0)]
            if not lines:
                raise
    raise Unreadable(f"not {syntax}")


def _parsed(text: str, syntax: str) -> JsonValue:
    if syntax == "toml":
        from lorascope.importers.config_toml import parse_toml

        return parse_toml(text).document
    from lorascope.importers.config_yaml import parse_yaml

    return parse_yaml(text).document


def closed_json(text: str) -> str:
    """A JSON text cut after its last whole member, with every bracket closed that is open there.

    >>> closed_json('{"a": [1, {"b": "c", "d": "e')
    '{"a": [1, {"b": "c"}]}'
    """
    open_brackets: list[str] = []
    end, closers = 0, ""
    for found in _JSON_PART.finditer(text):
        sign = found[0]
        if sign in {"[", "{"}:
            open_brackets.append("]" if sign == "[" else "}")
            if len(open_brackets) > MAX_DEPTH:
                raise Unreadable(f"nested more than {MAX_DEPTH} levels deep")
        elif sign in {"]", "}"}:
            if not open_brackets or open_brackets.pop() != sign:
                raise Unreadable("not JSON: a bracket that was never opened")
            if not open_brackets:
                return text[: found.end()]
        elif sign == ",":
            end, closers = found.start(), "".join(reversed(open_brackets))
    return text[:end] + closers
