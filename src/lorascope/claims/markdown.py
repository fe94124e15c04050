"""Read a report's Markdown: headings, list items, sentences, tables and code, each with its line and the headings above it.

A reader of our own, of one pass over the lines: what is needed is where a thing stands and under which headings, not how it would be
drawn; and no report, however strange, takes longer than its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

LONGEST_LINE = 4_000  # characters of a line that are looked at
LONGEST_JOINED = 8_000  # and of the lines of one paragraph
MOST_CELLS = 200
_BOLD_ONLY = 7  # the level of a line that is bold from end to end: below every heading
_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_ITEM = re.compile(r"(?:[-*+]|\d{1,4}[.)])\s+(.*)")
_FENCE = re.compile(r"(`{3,}|~{3,})\s*([\w+-]*)")
_BAR = re.compile(r"(?=[\s|:]*-)[\s|:-]+\Z")
_LINK = re.compile(r"!?\[([^\]\[]{0,500})\]\([^()\s]{0,1000}\)")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,300}>|<!--.*?-->")
_DIGIT = re.compile(r"\d")
_QUOTED = re.compile(r"\"[^\"]{1,300}\"|“[^“”]{1,300}”")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_ENDS = re.compile(r"(?<=[a-z0-9)%\"'”][.!?])\s+(?=[A-Z(\"'“])")


class Kind(StrEnum):
    """What a statement is in the document."""

    HEADING = "heading"
    ITEM = "item"
    TEXT = "text"
    ROW = "row"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Statement:
    """The smallest thing that can claim something. ``section``: the headings above it and the list items it stands under.

    ``own`` is the text with everything between quotation marks blanked: what others said is not claimed here.
    """

    document: str
    line: int
    text: str
    kind: Kind
    section: tuple[str, ...] = ()
    raw: str = ""
    depth: int = 0
    own: str = ""
    has_digits: bool = False

    @property
    def under(self) -> str:
        """All headings above, as one text."""
        return " / ".join(self.section)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table, its cells without markup."""

    line: int
    cells: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table. ``line`` is that of its titles."""

    document: str
    line: int
    titles: tuple[str, ...]
    rows: tuple[Row, ...]
    section: tuple[str, ...]

    def column(self, at: int) -> tuple[str, ...]:
        """The cells of one column, "" where a row is short."""
        return tuple(row.cells[at] if at < len(row.cells) else "" for row in self.rows)


@dataclass(frozen=True, slots=True)
class Code:
    """A fenced block. ``line`` is that of its fence; ``lines`` hold number and text."""

    document: str
    line: int
    language: str
    lines: tuple[tuple[int, str], ...]
    section: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A report as it was read."""

    name: str
    statements: tuple[Statement, ...]
    tables: tuple[Table, ...]
    codes: tuple[Code, ...]


def plain(text: str) -> str:
    """Words without markup.

    >>> plain("**Epoch 8** is [best](x.md): `216.6`")
    'Epoch 8 is best: 216.6'
    """
    if "[" in text:
        text = _LINK.sub(r"\1", text)
    if "<" in text:
        text = _TAG.sub("", text)
    text = text.replace("**", "").replace("`", "").replace("~~", "").replace("__", "")
    text = _ESCAPED.sub(r"\1", text) if "\\" in text else text
    text = re.sub(r"(?<![\w*])\*(?=\S)|(?<=\S)\*(?![\w*])", "", text) if "*" in text else text
    return " ".join(text.split())


def own_words(text: str) -> str:
    """The text with what is quoted blanked, every sign in its place.

    >>> own_words('It is "always best" so')
    'It is               so'
    """
    return _QUOTED.sub(lambda found: " " * len(found[0]), text) if '"' in text or "“" in text else text


def read_markdown(text: str, name: str) -> Document:
    """The document in ``text``. Any text can be read; what is no Markdown is sentences."""
    reader = _Reader(name)
    for number, line in enumerate(text.splitlines(), 1):
        reader.take(number, line[:LONGEST_LINE].expandtabs(4).rstrip())
    return reader.finished()


class _Reader:
    """Takes lines one by one; holds the headings, items, table, code and paragraph that are open."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.statements: list[Statement] = []
        self.tables: list[Table] = []
        self.codes: list[Code] = []
        self._headings: list[tuple[int, str]] = []
        self._items: list[tuple[int, str]] = []
        self._lead = ""  # a line that announces a list: "Test prompts:"
        self._paragraph: list[tuple[int, str]] = []
        self._joined = 0  # characters of the open paragraph
        self._rows: list[tuple[int, str]] = []
        self._code: tuple[int, str, str, list[tuple[int, str]]] | None = None

    def take(self, number: int, line: str) -> None:
        stripped = line.strip()
        while stripped.startswith("> ") or stripped == ">":  # a quotation says what it says
            stripped = stripped[1:].strip()
        if self._in_code(number, line, stripped):
            return
        if self._rows and not stripped.startswith("|") and "|" not in stripped:
            self._end_table()
        if not stripped or set(stripped) <= {"-", "*", "_", " "}:
            self._end_paragraph()
            if stripped:
                self._items.clear()
            return
        if stripped.startswith("|") or (self._rows and "|" in stripped) or stripped.count("|") > 1:
            self._end_paragraph()
            self._rows.append((number, stripped))
        elif match := _HEADING.match(stripped):
            self._heading(number, len(match[1]), match[2].rstrip("# "))
        elif (match := _ITEM.match(stripped)) and not stripped.startswith("**"):
            self._item(number, len(line) - len(line.lstrip()), match[1])
        elif stripped.startswith("**") and stripped.rstrip(" :").endswith("**") and stripped.count("**") == 2:
            self._heading(number, _BOLD_ONLY, stripped)
        else:
            self._continue(number, line, stripped)

    def finished(self) -> Document:
        self._end_paragraph()
        self._end_table()
        if self._code:
            self._end_code()
        statements = sorted(self.statements, key=lambda statement: statement.line)
        return Document(self.name, tuple(statements), tuple(self.tables), tuple(self.codes))

    def _in_code(self, number: int, line: str, stripped: str) -> bool:
        fence = _FENCE.match(stripped)
        if self._code is not None:
            if fence and fence[1].startswith(self._code[1]) and not fence[2]:
                self._end_code()
            else:
                self._code[3].append((number, line))
            return True
        if fence:
            self._end_paragraph()
            self._end_table()
            self._code = (number, fence[1], fence[2].lower(), [])
            return True
        return False

    def _end_code(self) -> None:
        assert self._code is not None
        line, _, language, lines = self._code
        self.codes.append(Code(self.name, line, language, tuple(lines), self._section()))
        if language in {"", "text", "txt", "markdown", "md"}:
            for number, text in lines:
                if text.strip():
                    self._say(number, text.strip(), Kind.CODE)
        self._code = None

    def _section(self) -> tuple[str, ...]:
        lead = (self._lead,) if self._lead else ()
        return (*(text for _, text in self._headings), *lead, *(text for _, text in self._items))

    def _say(self, number: int, text: str, kind: Kind, depth: int = 0) -> None:
        words = plain(text)
        own = own_words(words)
        digits = _DIGIT.search(own) is not None
        self.statements.append(Statement(self.name, number, words, kind, self._section(), text, depth, own, digits))

    def _heading(self, number: int, level: int, text: str) -> None:
        self._end_paragraph()
        self._items.clear()
        self._lead = ""
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        self._say(number, text, Kind.HEADING, level)
        self._headings.append((level, plain(text)))

    def _item(self, number: int, indent: int, text: str) -> None:
        self._end_paragraph()
        while self._items and self._items[-1][0] >= indent:
            self._items.pop()
        self._say(number, text, Kind.ITEM, indent)
        if len(self._items) < 20:
            self._items.append((indent, plain(text)))

    def _continue(self, number: int, line: str, stripped: str) -> None:
        if not line.startswith("  "):
            self._items.clear()
            self._lead = ""
        if self._paragraph and not _goes_on(self._paragraph[-1][1], stripped):
            self._end_paragraph()
        self._paragraph.append((number, stripped))
        self._joined += len(stripped)
        if self._joined > LONGEST_JOINED:
            self._end_paragraph()

    def _end_paragraph(self) -> None:
        sentence = ""
        for number, sentence in _sentences(self._paragraph):
            self._say(number, sentence, Kind.TEXT)
        if sentence.rstrip("* ").endswith(":"):
            self._lead = plain(sentence)
        self._paragraph, self._joined = [], 0

    def _end_table(self) -> None:
        lines, self._rows = self._rows, []
        if len(lines) < 2 or not _BAR.match(lines[1][1]):
            for number, text in lines:
                self._say(number, text, Kind.TEXT)
            return
        titles = _cells(lines[0][1])
        rows = tuple(Row(number, _cells(text), text) for number, text in lines[2:] if not _BAR.match(text))
        self.tables.append(Table(self.name, lines[0][0], titles, rows, self._section()))
        for row in rows:
            text = " | ".join(cell for cell in row.cells if cell)
            self.statements.append(
                Statement(self.name, row.line, text, Kind.ROW, self._section(), row.text, 0, own_words(text), has_digits=True)
            )


def _cells(line: str) -> tuple[str, ...]:
    inner = line.strip().removeprefix("|")
    inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
    parts = re.split(r"(?<!\\)\|", inner, maxsplit=MOST_CELLS)
    return tuple(plain(part) for part in parts)


def _goes_on(before: str, line: str) -> bool:
    """Whether a line continues the sentence of the line before: that one is long and unfinished, and this one starts no new thing."""
    if before.endswith((".", "!", "?", ":", ";", "  ", "\\")) or not line:
        return False
    return line[0].islower() or line[0].isdigit() or line[0] in "(`\"'" or (len(before) >= 60 and line[0].isalpha())


def _sentences(lines: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The sentences of a paragraph, each with the line it begins in."""
    if not lines:
        return
    starts, at = [], 0
    for number, text in lines:
        starts.append((at, number))
        at += len(text) + 1
    whole, begin, place = " ".join(text for _, text in lines), 0, 0
    for end in [*(match.end() for match in _ENDS.finditer(whole)), len(whole)]:
        while place + 1 < len(starts) and starts[place + 1][0] <= begin:
            place += 1
        sentence = whole[begin:end].strip()
        if sentence:
            yield starts[place][1], sentence
        begin = end
