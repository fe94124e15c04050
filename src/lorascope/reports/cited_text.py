"""A report's text taken apart: its pieces (a sentence, a row of a table), the reference of each, and the numbers in it.

Both the writer of a report and its verifier read it with these functions, so that they agree on what a piece is. They read what anybody
may have edited: they take time in proportion to its length, and nothing in it is executed.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

NUMBER = re.compile(r"[+\-\u2212]?\d+(?:[.,]\d+)*(?:[eE][+\-]?\d+)?")
_ALONE = re.compile(r"(?<![\w#.])[+\-\u2212]?\d+(?:[.,]\d+)*")
_ORDINAL = re.compile(r"^[\s#>*-]*\d+(?:\.\d+)*[.)]\s")
_ANCHOR = re.compile(r" ?\[(r\d{1,6}(?:\.\w{1,6})?)\]\(#r\d{1,6}\)")
_PICTURE = re.compile(r"!\[[^\]\n]{0,2000}\]\([^)\n]{0,2000}\)")  # bounded: an opening that is never closed is looked at once, not per sign
_TARGET = re.compile(r"\]\([^)\n]{0,2000}\)")
_TAG = re.compile(r"<[A-Za-z/][^<>]{0,2000}>")
_ID = re.compile(r'\bdata-ref="(r\d{1,6}(?:\.\w{1,6})?)"')
_TAG_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9]{0,20})")
_BLOCKS = frozenset({"tr", "li", "p", "caption", "figcaption", "summary", "h1", "h2", "h3", "h4", "blockquote", "pre", "dt", "dd"})
_OUTER = frozenset(
    {"div", "section", "table", "thead", "tbody", "ul", "ol", "details", "figure", "header", "main", "nav", "body", "article"}
)
_JOINED = frozenset({"b", "i", "em", "strong", "del", "ins", "mark", "u", "code"})
_UNREAD = frozenset({"svg", "style", "title", "script", "template"})
_OPENS = re.compile(r"<(?=[A-Za-z/!?])")  # before anything else a browser shows the sign and what follows
_COMMENT_ENDS = re.compile(r"--!?>")


@dataclass(frozen=True, slots=True)
class Piece:
    """One sentence, heading or row. ``reference`` is the one that stands in it ("" where none does), ``label`` what a row is called;
    ``line`` counts from 1.
    """

    reference: str
    label: str
    words: str
    line: int

    @property
    def numbers(self) -> tuple[str, ...]:
        """All numbers in it, those in names included, as they are written."""
        return tuple(NUMBER.findall(self.words))

    @property
    def quantities(self) -> tuple[str, ...]:
        """Its numbers that are not part of a name and do not count a heading or a list."""
        return tuple(_ALONE.findall(_ORDINAL.sub("", self.words)))

    @property
    def digest(self) -> str:
        """A short digest of its words."""
        return hashlib.blake2b(self.words.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()


_DRAWN = tuple(
    re.compile(rf"<{name}.*?(?={ending}|\Z)", re.IGNORECASE | re.DOTALL)
    for name, ending in (
        ("svg", "</svg>"), ("img", ">"), ("style", "</style>"), ("script", "</script>"), ("iframe", ">"), ("object", ">"), ("embed", ">"),
    )
)  # fmt: skip


def pieces(text: str) -> tuple[Piece, ...]:
    """The pieces of a report that hold a number, in order; HTML is told from Markdown by how it begins."""
    found = _of_html(text) if is_html(text) else _of_markdown(text)
    return tuple(piece for piece in found if piece.reference or piece.numbers)


def is_html(text: str) -> bool:
    """Whether a text is HTML."""
    return text[:200].lstrip("\ufeff \t\r\n").lower().startswith(("<!doctype html", "<html"))


def drawings(text: str) -> str:
    """A digest of the pictures and charts that an HTML report holds, and of what else can show numbers (a script, a frame)."""
    found = hashlib.blake2b(digest_size=8)
    for drawn in _DRAWN:
        for match in drawn.finditer(text):
            found.update(match[0].encode("utf-8", "surrogatepass"))
    return found.hexdigest()


def _of_markdown(text: str) -> Iterator[Piece]:
    for place, line in enumerate(text.split("\n"), 1):
        anchors = _ANCHOR.findall(line)
        shown = _ANCHOR.sub(" ", line)
        shown = _TARGET.sub("]", _PICTURE.sub(" ", shown))
        shown = _TAG.sub(" ", shown).replace("\\", "").replace("~~", "").replace("**", "")
        label = shown.strip().strip("|").partition("|")[0].strip() if line.startswith("|") else ""
        yield from _pieces(anchors, label, " ".join(html.unescape(shown).split()).removeprefix("- "), place)


def _pieces(anchors: list[str], label: str, words: str, line: int) -> Iterator[Piece]:
    """One piece; with two references in it, a piece for each, of which at most one can hold."""
    for reference in anchors or [""]:
        yield Piece(reference, label, words, line)


@dataclass(slots=True)
class _Gathered:
    """The words of one block as they are gathered. ``open_anchor`` is the reference whose own text is being read."""

    line: int
    words: str = ""
    label: str = ""
    open_anchor: str = ""
    anchor_words: str = ""
    anchors: list[str] = field(default_factory=list)

    def read(self, words: str) -> None:
        """Take words in, those of a reference apart."""
        if self.open_anchor:
            self.anchor_words += words
        else:
            self.words += words

    def anchor(self, tag: str, *, closes: bool) -> None:
        """A reference begins or ends. What stands in it and is not its own name is text like any other."""
        if self.open_anchor and self.anchor_words.strip() != self.open_anchor:
            self.words += f" {self.anchor_words}"
        self.open_anchor, self.anchor_words = "", ""
        found = None if closes else _ID.search(tag)
        if found:
            self.open_anchor = found.group(1)
            self.anchors.append(self.open_anchor)

    def cell_ends(self) -> None:
        """The first cell of a row is its label."""
        self.label = self.label or " ".join(html.unescape(self.words).split())

    def pieces(self) -> Iterator[Piece]:
        """What was gathered."""
        self.anchor("", closes=True)
        yield from _pieces(self.anchors, self.label, " ".join(html.unescape(self.words).split()), self.line)


def _of_html(text: str) -> Iterator[Piece]:
    block, line, at, unread = _Gathered(1), 1, 0, ""
    while at < len(text):
        opens = _OPENS.search(text, at)
        sign = opens.start() if opens else len(text)
        if not unread:
            block.read(text[at:sign])
        line += text.count("\n", at, sign)
        if sign == len(text):
            break
        end = _tag_end(text, sign)
        tag, at = text[sign:end], end
        closes, name = tag.startswith("</"), _name(tag)
        if unread or name in _UNREAD:
            unread = "" if closes and name == unread else unread or ("" if closes else name)
        elif name == "a":
            block.anchor(tag, closes=closes)
        elif name in _BLOCKS or name in _OUTER:
            yield from block.pieces()
            block = _Gathered(line)
        elif name not in _JOINED:
            if closes and name in {"th", "td"}:
                block.cell_ends()
            block.read(" ")
        line += tag.count("\n")
    yield from block.pieces()


def _tag_end(text: str, sign: int) -> int:
    """Where a tag or comment that begins at ``sign`` ends; the end of the text when it is never closed."""
    if text.startswith("<!--", sign):
        found = _COMMENT_ENDS.search(text, sign + 2)
        return found.end() if found else len(text)
    return text.find(">", sign) + 1 or len(text)


def _name(tag: str) -> str:
    """The name of a tag; "" for a comment or a declaration."""
    found = _TAG_NAME.match(tag)
    return found.group(1).lower() if found else ""
