"""Reads a question about runs, such as ``network_dim > 32 and (keep_tokens = 1 or status = 'failed')``.

A hand-written reader of a small grammar; nothing is ever executed. Errors say the column and what was expected there::

    where      = conjunction { "or" conjunction }
    conjunction = negation { "and" negation }
    negation   = "not" negation | "(" where ")" | comparison
    comparison = name [ ("=" | "!=" | "<" | "<=" | ">" | ">=" | "contains" | "like") value | ["not"] "in" "(" value { "," value } ")" ]
    value      = number | 'text' | "text" | true | false | none

A name alone means ``= true``. Names may hold letters, digits and ``_ . / : - @``; any other stands between backticks.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from lorascope.analysis.where import And, Comparison, Membership, Name, Not, Or, Value, Where
from lorascope.errors import BadParameter

MOST_CHARACTERS = 4_000
_DEEPEST = 40
_MOST_TERMS = 200
_TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>[+-]?(?:\d[\d_]*(?:\.[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?(?![\w.]))
  | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
  | (?P<quoted>`[^`]+`)
  | (?P<name>[^\W\d][\w./:@-]*)
  | (?P<operator><=|>=|!=|<>|==|=|<|>|\(|\)|,)
  | (?P<end>\Z)
)""",
    re.VERBOSE,
)
_OPERATORS = {"=": "=", "==": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_WORDS = {"and", "or", "not", "in", "contains", "like", "true", "false", "none", "null"}
_CONSTANTS: dict[str, Value] = {"true": True, "false": False, "none": None, "null": None}
_UNUSABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # number text name word operator end
    text: str
    column: int


def parse_where(text: str) -> Where:
    """What a question means.

    >>> parse_where("network_dim = 32")
    Comparison(field=Name(text='network_dim', column=1), operator='=', value=32)

    Raises:
        BadParameter: it cannot be read; the message has the column.
    """
    if len(text) > MOST_CHARACTERS:
        raise BadParameter(f"the condition is longer than {MOST_CHARACTERS} characters", next_step="write a shorter one")
    reader = _Reader(_tokens(text))
    found = reader.either(0)
    reader.expect("end", "and, or, or the end")
    return found


def parse_name(text: str) -> Name:
    """A field alone, as in a list of columns; backticks around it are taken off."""
    name = text.strip()
    return Name(name[1:-1] if len(name) > 2 and name[0] == name[-1] == "`" else name)


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    place = 0
    while not tokens or tokens[-1].kind != "end":
        found = _TOKEN.match(text, place)
        if found is None:
            rest = text[place:]
            column = place + len(rest) - len(rest.lstrip()) + 1
            what = "this text has no end" if text[column - 1] in "'\"`" else f"{text[column - 1]!r} has no meaning here"
            raise _error(column, what)
        kind = str(found.lastgroup)
        word = found[kind]
        column = found.start(kind) + 1
        if kind == "name" and word.lower() in _WORDS:
            kind, word = "word", word.lower()
        elif kind == "quoted":
            kind, word = "name", word[1:-1]
        tokens.append(_Token(kind, word, column))
        place = found.end()
    return tokens


class _Reader:
    """Reads tokens from left to right; every rule of the grammar is a method."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._place = 0
        self._terms = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _take(self, kind: str, *texts: str) -> bool:
        if self._next.kind != kind or (texts and self._next.text not in texts):
            return False
        self._place += kind != "end"
        return True

    def expect(self, kind: str, what: str, *texts: str) -> _Token:
        """The next token, which must be of this kind."""
        token = self._next
        if not self._take(kind, *texts):
            found = f"{token.text!r}" if token.kind != "end" else "the end"
            raise _error(token.column, f"{what} is expected, not {found}")
        return token

    def either(self, depth: int) -> Where:
        """Conjunctions joined by or."""
        parts = [self._all(depth)]
        while self._take("word", "or"):
            parts.append(self._all(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self, depth: int) -> Where:
        parts = [self._one(depth)]
        while self._take("word", "and"):
            parts.append(self._one(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _one(self, depth: int) -> Where:
        if depth > _DEEPEST:
            raise _error(self._next.column, f"more than {_DEEPEST} parentheses or nots are inside each other")
        if self._take("word", "not"):
            return Not(self._one(depth + 1))
        if self._take("operator", "("):
            inner = self.either(depth + 1)
            self.expect("operator", "a closing parenthesis", ")")
            return inner
        return self._comparison()

    def _comparison(self) -> Where:
        self._terms += 1
        if self._terms > _MOST_TERMS:
            raise _error(self._next.column, f"more than {_MOST_TERMS} comparisons")
        token = self.expect("name", "the name of a parameter, metric or field")
        name = Name(token.text, token.column)
        negated = self._next.text == "not" and self._next.kind == "word"
        if negated:
            self._place += 1
        if self._take("word", "in"):
            return Membership(name, self._list(), negated)
        if negated:
            raise _error(self._next.column, "in is expected after not")
        operator = self._next
        if self._take("word", "contains", "like"):
            found, column = self._value()
            if not isinstance(found, str):
                raise _error(column, f"{operator.text} needs a text in quotes")
            return Comparison(name, operator.text, found)
        if not self._take("operator", *_OPERATORS):
            return Comparison(name, "=", value=True)
        found, column = self._value()
        if found is None and _OPERATORS[operator.text] not in {"=", "!="}:
            raise _error(column, "none is neither less nor greater than anything")
        return Comparison(name, _OPERATORS[operator.text], found)

    def _list(self) -> tuple[Value, ...]:
        self.expect("operator", "an opening parenthesis", "(")
        values = [self._value()[0]]
        while self._take("operator", ","):
            values.append(self._value()[0])
        self._terms += len(values)
        self.expect("operator", "a comma or a closing parenthesis", ")")
        return tuple(values)

    def _value(self) -> tuple[Value, int]:
        token = self._next
        if self._take("number"):
            return _number(token), token.column
        if self._take("text"):
            quote = token.text[0]
            text = token.text[1:-1].replace(quote * 2, quote)
            if _UNUSABLE.search(text):
                raise _error(token.column, "this text has a character that no run can have")
            return text, token.column
        if self._take("word", *_CONSTANTS):
            return _CONSTANTS[token.text], token.column
        if token.kind == "name":
            raise _error(token.column, f"a value is expected; a text stands in quotes: '{token.text}'")
        raise _error(token.column, "a number, a text in quotes, true, false or none is expected")


def _number(token: _Token) -> int | float:
    digits = token.text.replace("_", "")
    try:
        whole = int(digits)
    except ValueError:
        found = float(digits)
        if math.isinf(found):
            raise _error(token.column, "this number is too large") from None
        return found
    return whole if abs(whole) < 1 << 63 else float(whole)


def _error(column: int, what: str) -> BadParameter:
    return BadParameter(
        f"the condition cannot be read at column {column}: {what}", next_step="write for example: network_dim >= 32 and keep_tokens = 1"
    )
