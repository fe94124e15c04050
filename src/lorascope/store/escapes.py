r"""Text and JSON as PostgreSQL can keep them: it refuses the sign NUL, half surrogate pairs, and the difference between 1e16 and 10**16.

A sign that it refuses is written as ␛ and four hexadecimal digits: NUL is ␛0000, half a pair is ␛d800, and ␛ itself (the sign U+241B,
seldom seen in captions) is ␛241b. Everything else is stored as it is, so that SQL sees the same text as everybody.

>>> escaped("a lad\0with \N{SYMBOL FOR ESCAPE}")
'a lad␛0000with ␛241b'
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

ESCAPE = "\N{SYMBOL FOR ESCAPE}"
_REFUSED = re.compile(f"[\0\ud800-\udfff{ESCAPE}]")
_ESCAPED = re.compile(f"{ESCAPE}([0-9a-f]{{4}})")
# JSON text that has to be looked at closely, and the tokens it is made of
_SUSPECT = re.compile(r"\\u(?:0000|d[89a-f]|241b)|e\+|-0\.0")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*')
_MINUS_ZERO = "0.00"  # PostgreSQL's numbers have no minus zero, but remember how many digits they were written with


def escaped(text: str) -> str:
    """The same text without the signs that PostgreSQL refuses."""
    return _REFUSED.sub(lambda match: f"{ESCAPE}{ord(match[0]):04x}", text)


def restored(text: str) -> str:
    r"""The inverse of ``escaped``.

    >>> restored("a lad␛0000with ␛241b")
    'a lad\x00with ␛'
    """
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if ESCAPE in text else text


def json_text(value: object) -> str:
    """JSON as it is stored: compact, keys in order, ASCII (so that any text of a caption survives); no NaN, no infinity."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"), sort_keys=True)


def jsonb_text(value: object) -> str:
    r"""JSON that comes back from ``jsonb`` as it went in: every text, and floats as floats.

    >>> print(jsonb_text({"caption": "a\0b", "big": 1e16, "whole": 10**16, "zero": -0.0}))
    {"big":10000000000000000.0,"caption":"a␛0000b","whole":10000000000000000,"zero":0.00}
    """
    text = json_text(value)
    return _TOKEN.sub(lambda match: _storable(match[0]), text) if _SUSPECT.search(text) else text


def _storable(part: str) -> str:
    if part.startswith('"'):
        return json.dumps(escaped(json.loads(part)), ensure_ascii=False) if _SUSPECT.search(part) else part
    if "e+" in part:
        return f"{Decimal(part):f}.0"
    return _MINUS_ZERO if part == "-0.0" else part


def jsonb_value(text: str | bytes) -> Any:
    """The inverse of ``jsonb_text``, keys in order (``jsonb`` sorts them by length)."""
    text = text if isinstance(text, str) else str(text, "utf-8")
    if ESCAPE in text:
        return _restored(json.loads(text, parse_float=_float))
    if _MINUS_ZERO in text:
        return json.loads(text, object_pairs_hook=_in_order, parse_float=_float)
    return json.loads(text, object_pairs_hook=_in_order)


def _in_order(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(sorted(pairs))


def _float(text: str) -> float:
    return -0.0 if text == _MINUS_ZERO else float(text)


def _restored(value: Any) -> Any:
    if isinstance(value, str):
        return restored(value)
    if isinstance(value, list):
        return [_restored(part) for part in value]
    return dict(sorted((restored(key), _restored(part)) for key, part in value.items())) if isinstance(value, dict) else value
