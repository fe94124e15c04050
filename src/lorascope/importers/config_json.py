"""JSON with lines: values by the standard library, lines by a scan of our own over a text that is known to be right."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence

from lorascope.importers.config_parsed import MAX_DEPTH, Parsed, Unreadable, plain_number
from lorascope.parameters.dialects.dialect import Place
from lorascope.records.run import JsonValue

_TOKEN = re.compile(r'[ \t\n\r,:]*(?:("(?:[^"\\]|\\.)*+")|([\[\]{}])|([^\s,:\[\]{}"]+))', re.DOTALL)


def parse_json(text: str) -> Parsed:
    """The document of a JSON text. A key that stands twice is noted; the later one counts, as in every trainer. Raises Unreadable."""
    twice: dict[str, None] = {}

    def unique(pairs: Sequence[tuple[str, JsonValue]]) -> JsonValue:
        members = dict(pairs)
        if len(members) != len(pairs):
            counts = Counter(key for key, _ in pairs)
            twice.update(dict.fromkeys(key for key, count in counts.items() if count > 1))
        return members

    try:
        document = json.loads(
            text,
            object_pairs_hook=unique,
            parse_float=lambda digits: plain_number(float(digits)),
            parse_int=lambda digits: plain_number(int(digits)),
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        raise Unreadable(f"not JSON: {error.msg} (column {error.colno})", error.lineno) from error
    except RecursionError:
        raise Unreadable(f"nested more than {MAX_DEPTH} levels deep") from None
    except ValueError as error:  # a number of more digits than Python reads
        raise Unreadable(f"not JSON that can be read: {error}") from error
    notes = tuple(f"the key {key!r} stands twice in one object; the later one counts" for key in twice)
    return Parsed(document, _lines(text), notes)


def _constant(name: str) -> str:
    return {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}[name]


def _lines(text: str) -> dict[Place, int]:
    """The line of each member and element."""
    starts = [0, *(found.end() for found in re.finditer("\n", text))]
    lines: dict[Place, int] = {}
    open_places: list[Place] = []
    counters: list[int] = []  # the next position in an array; -1 in an object
    place: Place = ()
    key: str | None = None
    for found in _TOKEN.finditer(text):
        string, bracket = found[1], found[2]
        line = bisect_right(starts, found.start(found.lastindex or 0))
        if bracket in {"]", "}"}:
            open_places.pop()
            counters.pop()
            continue
        if open_places and counters[-1] < 0 and key is None:
            key = str(json.loads(string))
            lines[*open_places[-1], key] = line
            continue
        if open_places:
            place = (*open_places[-1], key) if key is not None else (*open_places[-1], counters[-1])
            counters[-1] += counters[-1] >= 0
            lines.setdefault(place, line)
            key = None
        if bracket:
            if len(open_places) > MAX_DEPTH:
                raise Unreadable(f"nested more than {MAX_DEPTH} levels deep", line)
            open_places.append(place)
            counters.append(0 if bracket == "[" else -1)
    return lines
