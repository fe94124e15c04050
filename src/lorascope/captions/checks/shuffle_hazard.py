"""A comma inside parentheses, in a caption that the trainer shuffles.

Trainers cut a caption at every separator, parentheses or not: "hair (#c06148, #a76857)" becomes two tags, "hair (#c06148" and "#a76857)",
that are shuffled apart. Only reported, and only when the trainer shuffles; tags that it keeps in place are safe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from lorascope.captions.check import Check, Entry, Example, Reader, Surroundings
from lorascope.records.finding import Finding, FixKind, Severity


@cache
def _torn(separator: str) -> re.Pattern[str]:
    """Parentheses that hold a separator; the mouth of ":(" opens none."""
    return re.compile(rf"\((?<![:;=]\()[^()]*{re.escape(separator)}[^()]*\)")


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:
    """One finding for each pair of parentheses that shuffling tears apart."""
    reader = around.reader
    if entry.caption is None or not reader.shuffles or not reader.separator or "(" not in entry.caption.text:
        return
    text = entry.caption.text
    first, last = _shuffled(text, reader)
    for match in _torn(reader.separator).finditer(text):
        pieces = [piece.strip() for piece in match.group().split(reader.separator)]
        if re.search(r"\w", match.group()) and match.end() > first and match.start() < last:
            yield CHECK.finding(
                entry,
                f'shuffling cuts at "{reader.separator}" inside parentheses: "{" ".join(pieces[0].split())}" and '
                f'"{" ".join(pieces[-1].split())}" come apart',
                spans=[match.span()],
                evidence={"separator": reader.separator, "pieces": len(pieces)},
            )


def _shuffled(text: str, reader: Reader) -> tuple[int, int]:
    """From where to where tags are shuffled."""
    mark = reader.keep_tokens_separator
    if mark and mark in text:
        first = text.index(mark)
        last = text.find(mark, first + len(mark))
        return first, last if last >= 0 else len(text)
    at = -1
    for _ in range(reader.keep_tokens):
        at = text.find(reader.separator, at + 1)
        if at < 0:
            return len(text), len(text)
    return max(at, 0), len(text)


_SHUFFLED = Reader(shuffles=True)

CHECK = Check(
    name="shuffle_hazard",
    title="parentheses torn by shuffling",
    reason="The trainer cuts at every comma when it shuffles: what stands in parentheses comes apart.",
    severity=Severity.WARNING,
    fix=FixKind.NONE,
    find=find,
    signal=r"\(",
    good=(
        Example("lad, hair (#c06148, #a76857), smiling"),
        Example("lad, hair (#c06148), (red hat:1.2), (, ), smiling, :(, red, :)", reader=_SHUFFLED),
        Example("hair (#c06148, #a76857), smiling, hat", reader=Reader(shuffles=True, keep_tokens=2)),
        Example("lad (red, white) ||| smiling, hat", reader=Reader(shuffles=True, keep_tokens_separator="|||")),
        Example("lad, hair (#c06148, #a76857); smiling", reader=Reader(shuffles=True, separator=";")),
    ),
    bad=(
        Example("lad, hair (#c06148, #a76857), smiling", ("(#c06148, #a76857)",), reader=_SHUFFLED),
        Example("1girl, (red_hat, blue_scarf:1.2), smile", ("(red_hat, blue_scarf:1.2)",), reader=_SHUFFLED),
        Example("hair (#c06148, #a76857), smiling", ("(#c06148, #a76857)",), reader=Reader(shuffles=True, keep_tokens=1)),
        Example("lad ||| smiling, (red, white) hat", ("(red, white)",), reader=Reader(shuffles=True, keep_tokens_separator="|||")),
        Example("A lad in a room (small, dark) smiles.", ("(small, dark)",), reader=_SHUFFLED),
    ),
)
