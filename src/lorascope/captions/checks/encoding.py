"""A caption that is not plain UTF-8 text.

Trainers read UTF-8: other bytes stop the training or turn into signs that nobody wrote. Byte-order marks, carriage returns, signs
without width and unusual spaces are removed safely, other encodings rewritten as UTF-8. Signs that turn the direction of writing are
deleted where nothing is written from right to left; there they hide what a person reads. Full-width commas and spaces are at home
between Chinese and Japanese signs, and stay there. Text that was garbled earlier ("donâ€™t")
is mended only when asked to: its signs are the bytes of UTF-8 read as cp1252 or Mac Roman, and fewer of them are not ASCII when read
right. HTML and templates ("&amp;", "{{name}}") are only noted. A NUL means that the file is no caption.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Caption
from lorascope.captions.edits import delete_each
from lorascope.captions.encoding import Encoding
from lorascope.records.finding import Edit, Finding, FixKind, Severity

_CONTROLS = "\x01-\x08\x0e-\x1f\x7f"
_TURNS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_SPACES = "\x0b\x0c\x85\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_INVISIBLE = re.compile(f"[\u200b\u200c\u200d\u2060\ufeff\u00ad{_CONTROLS}]+|\r\n?|[{_SPACES}]+|\uff0c\\s*")
_DIRECTION = re.compile(f"[{_TURNS}]+")
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff01-\uff60]")  # signs as wide as a full-width comma
_JOINERS = ("\u200c", "\u200d")
_GARBLED = re.compile("[\u00c2-\u00f4\u201a\u221a][^\x00-\x7f]{1,5}")
_MARKUP = re.compile(
    r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});"
    r"|(?<!\{)\{\{\s*(?:name|text|tags?|prompt|caption|description|trigger(?:[ _]?word)?|class|subject|item"
    r"|[^{}\s]*[_.|][^{}]*)\s*\}\}(?!\})"
    r"|\{%[^%]*%\}|\$\{[^{}]*\}"
    r"|</?(?:script|style|iframe|img|svg|a|b|i|u|p|br|hr|div|span|em|strong|ul|ol|li|table|tr|td|h[1-6]|html|body|font)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
SHOWN = 3  # kinds of signs in a message
_MOST_TIMES_GARBLED = 3
_LOST_LETTER = "\ufffd"


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """Findings for the file's encoding, for invisible signs, for garbled letters and for markup."""
    if entry.caption is None:
        return
    text = entry.caption.text
    nul = text.find("\0")
    if nul >= 0:
        yield CHECK.finding(entry, "the file holds a zero byte: it is no text", spans=[(nul, nul + 1)])
        return
    if not entry.encoding.plain:
        yield _foreign(entry)
    if not text.isascii() or not text.replace("\n", "").isprintable():
        yield from _unseen(entry, entry.caption)
    if not text.isascii():
        yield from _garbled(entry, text)
    if "&" in text or "{" in text or "<" in text:
        yield from _markup(entry, text)


def _foreign(entry: Entry) -> Finding:
    mark = "a byte-order mark" if entry.encoding.mark else "no mark"
    return CHECK.finding(
        entry,
        f"written in {entry.encoding.codec} with {mark}, not in plain UTF-8",
        fix=FixKind.SAFE,
        severity=Severity.WARNING,
        evidence={"codec": entry.encoding.codec, "byte_order_mark": bool(entry.encoding.mark)},
    )


def _unseen(entry: Entry, caption: Caption) -> Iterator[Finding]:
    text = caption.text
    spans = [(match.start(), match.end()) for match in _invisible(text)]
    if spans:
        edits = _invisible_edits(caption)
        message = f"signs that look like others, or like nothing: {_named(text, spans)}"
        yield CHECK.finding(entry, message, spans=spans, edits=edits, fix=FixKind.SAFE, severity=Severity.NOTE)
    turns = [(match.start(), match.end()) for match in _DIRECTION.finditer(text)]
    if turns:
        leftward = any(unicodedata.bidirectional(sign) in {"R", "AL"} for sign in text)
        yield CHECK.finding(
            entry,
            "signs that turn the direction of writing: a person reads other words than the text encoder",
            spans=turns,
            edits=() if leftward else [Edit(start, end, "") for start, end in turns],
            fix=FixKind.NONE if leftward else FixKind.SAFE,
            severity=Severity.NOTE if leftward else Severity.WARNING,
        )


def _garbled(entry: Entry, text: str) -> Iterator[Finding]:
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
    lost = [match.span() for match in re.finditer(f"{_LOST_LETTER}+", text)]
    if lost:
        yield CHECK.finding(entry, "letters were lost when the text was converted", spans=lost, severity=Severity.WARNING)


def _markup(entry: Entry, text: str) -> Iterator[Finding]:
    spans = [match.span() for match in _MARKUP.finditer(text)]
    if spans:
        shown = " ".join(text[slice(*spans[0])][:40].split())
        yield CHECK.finding(entry, f'HTML or a template in the words: "{shown}"', spans=spans, severity=Severity.NOTE)


def _named(text: str, spans: list[tuple[int, int]]) -> str:
    """The names of unusual signs, for a message."""
    names = list(dict.fromkeys(_name(text[start:end]) for start, end in spans))
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _name(signs: str) -> str:
    if signs.startswith("\r"):
        return "carriage return"
    return unicodedata.name(signs[0], f"control character U+{ord(signs[0]):04X}").lower()


def _invisible(text: str) -> Iterator[re.Match[str]]:
    """Signs that nobody meant. A joiner within an emoji, or between letters that are not Latin, is part of the writing."""
    for match in _INVISIBLE.finditer(text):
        before, after = text[max(0, match.start() - 1) : match.start()], text[match.end() : match.end() + 1]
        if match.group().rstrip() in {"\uff0c", ""} and match.group()[0] in "\uff0c\u3000" and (_WIDE.match(before) or _WIDE.match(after)):
            continue
        if match.group() not in _JOINERS or not (_is_joined(before) and _is_joined(after)):
            yield match


def _is_joined(sign: str) -> bool:
    return sign > "\u024f" and not _INVISIBLE.match(sign)  # behind the Latin letters


def _invisible_edits(caption: Caption) -> list[Edit]:
    """Replace each invisible sign; a clause of nothing else goes whole, or its comma would be left over."""
    empty = [index for index, clause in enumerate(caption.clauses) if not _INVISIBLE.sub("", clause.text).strip()]
    edits = [*delete_each(caption, empty)]
    starts, ends = [edit.start for edit in edits], [edit.end for edit in edits]
    for match in _invisible(caption.text):
        before = bisect_left(starts, match.end())  # deletions that begin before the sign ends
        if not before or ends[before - 1] <= match.start():
            edits.append(Edit(match.start(), match.end(), _visible(match.group())))
    return edits


def _visible(sign: str) -> str:
    if sign.startswith("\r"):
        return "\n"
    if sign.startswith("\uff0c"):
        return ", "
    return " " if sign[0].isspace() and sign[0] not in "\x1c\x1d\x1e\x1f" else ""


def _mended(text: str) -> Iterator[Edit]:
    """Runs of letters that are UTF-8 bytes read as cp1252 or Mac Roman, perhaps more than once."""
    for match in _GARBLED.finditer(text):
        best = match.group()
        for _ in range(_MOST_TIMES_GARBLED):
            readings = [again for codec in ("cp1252", "mac_roman") if (again := _read_again(best, codec)) is not None]
            best = min(readings, key=_foreign_signs, default=best)
            if not readings or not _GARBLED.search(best):
                break
        if _foreign_signs(best) < _foreign_signs(match.group()):
            yield Edit(match.start(), match.end(), best)


def _foreign_signs(text: str) -> int:
    return sum(not sign.isascii() for sign in text)


def _read_again(garbled: str, codec: str) -> str | None:
    """The text whose UTF-8 bytes, read in a codec, are the garbled one. Five bytes that cp1252 leaves open pass as they are."""
    try:
        data = b"".join(
            sign.encode("latin-1") if codec == "cp1252" and sign in "\x81\x8d\x8f\x90\x9d" else sign.encode(codec) for sign in garbled
        )
        return data.decode("utf-8")
    except UnicodeError:
        return None


CHECK = Check(
    name="encoding",
    title="not plain UTF-8",
    reason="Other bytes stop a training or turn into signs that nobody wrote.",
    severity=Severity.ERROR,
    fix=FixKind.ASK,
    find=find,
    signal="[^\\t\\n\\x20-\\x7e]|&[a-z#]|\\{[{%]|\\$\\{|</?[a-z]",
    good=(
        Example("bespoke, café"),
        Example("bespoke, smiling\n"),
        Example("\U0001f468\u200d\U0001f467 smiling"),
        Example("1girl, >_<, <lora:style:1>, {red|blue}, black & white, <3"),
        Example("小樱\uff0c一个女孩\uff0c微笑, 全角\u3000スペース, {{masterpiece}}, {{{red hair}}}"),
        Example("Ein Mädchen mit weißen Händen, fünf Äpfel, 少女, Ângela, ÉTÉ"),
    ),
    bad=(
        Example("bespoke, café", (), "bespoke, café", encoding=Encoding("cp1252")),
        Example("bespoke, smiling", (), "bespoke, smiling", encoding=Encoding("utf-8", b"\xef\xbb\xbf")),
        Example("1girl, solo", (), "1girl, solo", encoding=Encoding("utf-16-le", b"\xff\xfe")),
        Example("pixel\u00a0art, smi\u200bling\r\n", ("\u00a0", "\u200b", "\r\n"), "pixel art, smiling\n"),
        Example("1girl\uff0csolo, red\x07_hat", ("\uff0c", "\x07"), "1girl, solo, red_hat"),
        Example("a cafÃ© smile", ("Ã©",), "a café smile"),
        Example("done âœ… and \u201aúÖ", ("âœ…", "\u201aúÖ"), "done \u2705 and \u2705"),
        Example("She says â€œhiâ€\x9d.", ("â€œ", "â€\x9d"), "She says \u201chi\u201d."),
        Example("lad, red \u202eeulb\u202c hat (#aa1122)", ("\u202e", "\u202c"), "lad, red eulb hat (#aa1122)"),
        Example("שלום \u200fred", ("\u200f",)),
        Example("A lad &amp; a dog. {{name}} <b>smiles</b>", ("&amp;", "{{name}}", "<b>", "</b>")),
        Example("caf\ufffd, red hat", ("\ufffd",)),
        Example("be\0spoke", ("\0",)),
    ),
)
