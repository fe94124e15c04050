"""A caption that is not plain UTF-8 text.

Trainers read UTF-8: other bytes stop the training or turn into signs that nobody wrote. Byte-order marks, carriage returns and
invisible signs are removed safely, other encodings rewritten as UTF-8. Text that was garbled earlier ("donâ€™t") is mended only
when asked to. A NUL means that the file is no caption.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Caption
from lorascope.captions.edits import delete_clauses
from lorascope.captions.encoding import Encoding
from lorascope.records.finding import Edit, Finding, FixKind, Severity

_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]+|\r\n?|[\u00a0\u2007\u202f\u3000]+|\uff0c\\s*")
_JOINERS = ("\u200c", "\u200d")
_GARBLED = re.compile("[\u00c2-\u00f4\u201a\u221a][^\x00-\x7f]{1,5}")


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """Findings for the file's encoding, for invisible signs, and for garbled letters."""
    if entry.caption is None:
        return
    text = entry.caption.text
    nul = text.find("\0")
    if nul >= 0:
        spans = [(nul, nul + 1)]
        yield CHECK.finding(entry, "the file holds a zero byte: it is no text", spans=spans)
        return
    if not entry.encoding.plain:
        mark = "a byte-order mark" if entry.encoding.mark else "no mark"
        yield CHECK.finding(
            entry,
            f"written in {entry.encoding.codec} with {mark}, not in plain UTF-8",
            fix=FixKind.SAFE,
            severity=Severity.WARNING,
            evidence={"codec": entry.encoding.codec, "byte_order_mark": bool(entry.encoding.mark)},
        )
    spans = [(match.start(), match.end()) for match in _invisible(text)]
    if spans:
        edits = _invisible_edits(entry.caption)
        yield CHECK.finding(entry, "invisible or unusual signs", spans=spans, edits=edits, fix=FixKind.SAFE, severity=Severity.NOTE)
    for edit in _mended(text):
        written = text[edit.start : edit.end]
        yield CHECK.finding(
            entry,
            f'"{written}" is a garbled "{edit.text}"',
            spans=[(edit.start, edit.end)],
            edits=[edit],
            fix=FixKind.ASK,
            severity=Severity.WARNING,
        )


def _invisible(text: str) -> Iterator[re.Match[str]]:
    """Signs that nobody meant. A joiner within an emoji, or between letters that are not Latin, is part of the writing."""
    for match in _INVISIBLE.finditer(text):
        before, after = text[max(0, match.start() - 1) : match.start()], text[match.end() : match.end() + 1]
        if match.group() not in _JOINERS or not (_is_joined(before) and _is_joined(after)):
            yield match


def _is_joined(sign: str) -> bool:
    return sign > "\u024f" and not _INVISIBLE.match(sign)  # behind the Latin letters


def _invisible_edits(caption: Caption) -> list[Edit]:
    """Replace each invisible sign; a clause of nothing else goes whole, or its comma would be left over."""
    edits: list[Edit] = []
    empty = [not _INVISIBLE.sub("", clause.text).strip() for clause in caption.clauses]
    first = 0
    while first < len(empty):
        last = first
        while empty[first] and last + 1 < len(empty) and empty[last + 1]:
            last += 1
        if empty[first]:
            edits.append(delete_clauses(caption, first, last))
        first = last + 1
    for match in _invisible(caption.text):
        edit = Edit(match.start(), match.end(), _visible(match.group()))
        if not any(edit.start < other.end and other.start < edit.end for other in edits):
            edits.append(edit)
    return edits


def _visible(sign: str) -> str:
    if sign.startswith("\r"):
        return "\n"
    if sign.startswith("\uff0c"):
        return ", "
    return " " if sign[0].isspace() else ""


def _mended(text: str) -> Iterator[Edit]:
    """Runs of letters that are UTF-8 bytes read as cp1252 or Mac Roman."""
    for match in _GARBLED.finditer(text):
        for codec in ("cp1252", "mac_roman"):
            mended = _read_again(match.group(), codec)
            if mended is not None:
                yield Edit(match.start(), match.end(), mended)
                break


def _read_again(garbled: str, codec: str) -> str | None:
    try:
        return garbled.encode(codec).decode("utf-8")
    except UnicodeError:
        return None


CHECK = Check(
    name="encoding",
    title="not plain UTF-8",
    reason="Other bytes stop a training or turn into signs that nobody wrote.",
    severity=Severity.ERROR,
    fix=FixKind.ASK,
    find=find,
    good=(Example("bespoke, café"), Example("bespoke, smiling\n"), Example("\U0001f468\u200d\U0001f467 smiling")),
    bad=(
        Example("bespoke, café", (), "bespoke, café", encoding=Encoding("cp1252")),
        Example("bespoke, smiling", (), "bespoke, smiling", encoding=Encoding("utf-8", b"\xef\xbb\xbf")),
        Example("pixel\u00a0art, smi\u200bling\r\n", ("\u00a0", "\u200b", "\r\n"), "pixel art, smiling\n"),
        Example("a cafÃ© smile", ("Ã©",), "a café smile"),
        Example("be\0spoke", ("\0",)),
    ),
)
