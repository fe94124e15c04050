"""The machine-readable end of a report, and the check of a report against it: which numbers hold, changed, were edited or added.

The block is one comment that no browser or Markdown shows: the question that the report answers, the source of every reference, and
the numbers of every piece of text as they were written. A report is checked three ways: its text against its block (edited by hand),
its block against a report written anew from the store (changed since, or the block itself was edited), and what carries no reference.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from lorascope.errors import BadFile
from lorascope.records.run import JsonValue
from lorascope.reports.cited_text import NUMBER, Piece, drawings, is_html, pieces
from lorascope.reports.source import Reference, Source
from lorascope.reports.wording import shortened

BEGIN, END = "<!-- lorascope-references ", " -->"
MOST_BYTES = 16_000_000  # of a block; ours have a few hundred kilobytes
MOST_MORE = 200_000  # pieces that somebody may have added
_FIELDS = tuple(field.name for field in fields(Source))
_SHOWN = 90  # characters of a line of the report in a finding


@dataclass(frozen=True, slots=True)
class SealedPiece:
    """A piece of text as it was written: its reference, its place in the report, its numbers, and a digest of its words."""

    reference: str
    place: str
    numbers: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class Block:
    """What a report says of itself. ``plain`` are the digests of pieces without a reference: headings, names, this list itself."""

    request: Mapping[str, JsonValue]
    sources: Mapping[str, Mapping[str, str]]
    pieces: tuple[SealedPiece, ...]
    plain: frozenset[str]
    drawings: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something that does not hold. ``kind``: "edited" (text and reference differ), "changed" (the store says otherwise now), or
    "unreferenced". ``written`` are the numbers in the file, ``expected`` those of the reference or of the store.
    """

    kind: str
    reference: str
    line: int
    where: str
    written: tuple[str, ...]
    expected: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Verification:
    """``numbers`` counts all numbers with a reference in the file, ``hold`` those that were recomputed and are the same; ``removed`` are
    references whose text is gone, ``reworded`` lines whose words were changed while their numbers hold.
    """

    numbers: int
    hold: int
    doubts: tuple[Doubt, ...]
    removed: tuple[str, ...]
    reworded: tuple[int, ...]


def seal(text: str, request: Mapping[str, JsonValue], references: Iterable[Reference]) -> str:
    """The report with its block behind it."""
    sources = {reference.id: asdict(reference.source) for reference in references}
    found = pieces(text)
    body = {
        "format": 1,
        "request": dict(request),
        "references": sources,
        "pieces": [[one.reference, one.place, list(one.numbers), one.digest] for one in _sealed(found, sources)],
        "plain": sorted({piece.digest for piece in found if not piece.reference}),
        "drawings": drawings(text),
    }
    line = json.dumps(body, separators=(",", ":")).replace("<", "\\u003c").replace(">", "\\u003e").replace("--", "-\\u002d")
    return f"{text.rstrip()}\n\n{BEGIN}{line}{END}\n"


def open_block(text: str, where: str) -> tuple[str, Block]:
    """A report without its block, and the block. Raises BadFile when there is none, or it is none of ours."""
    begin = text.rfind(BEGIN)
    end = text.find(END, begin)
    if begin < 0 or end < 0:
        raise BadFile(
            "no references were found in it: it was not written by lorascope report, or its last line is gone",
            where=where,
            next_step="check a report of another kind with: lorascope claims FILE",
        )
    if end - begin > MOST_BYTES:
        raise BadFile(f"its references are larger than {MOST_BYTES // 1_000_000} MB", where=where, next_step="write the report again")
    try:
        return text[:begin] + text[end + len(END) :], _block(json.loads(text[begin + len(BEGIN) : end]))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadFile("its references cannot be read: they were edited or cut", where=where, next_step="write the report again") from error


def check(text: str, block: Block, fresh: Block) -> Verification:
    """Hold a report's text against its block, and the block against one written anew."""
    sealed = {piece.reference: piece for piece in block.pieces}
    now = {piece.place: piece for piece in fresh.pieces}
    doubts: list[Doubt] = []
    seen, reworded = set(), []
    numbers = hold = 0
    found = pieces(text)
    if len(found) > max(MOST_MORE, 2 * (len(block.pieces) + len(block.plain))):
        raise BadFile(
            f"it has {len(found):,} pieces of text with numbers: many more than were written", where="the report",
            next_step="check a report of another kind with: lorascope claims FILE",
        )  # fmt: skip
    listed = _listed(found, block)
    for piece in found:
        if not piece.reference:
            doubts += [] if piece in listed else _without_reference(piece, block, fresh)
            continue
        numbers += len(piece.numbers)
        seen.add(piece.reference)
        of_block = sealed.get(piece.reference)
        doubt = _doubt(piece, of_block, now.get(of_block.place) if of_block else None, block, fresh)
        if doubt:
            doubts.append(doubt)
            hold += max(0, len(piece.numbers) - max(len(doubt.written), len(doubt.expected)))
            continue
        hold += len(piece.numbers)
        fresh_one = now.get(of_block.place) if of_block else None
        if of_block and (of_block.digest != piece.digest or (fresh_one and fresh_one.digest != piece.digest)):
            reworded.append(piece.line)
    if is_html(text) and drawings(text) != block.drawings:
        doubts.append(
            Doubt("edited", "", 0, "pictures and charts", (), (), "a picture, a chart or the page's style is not the one written")
        )
    return Verification(numbers, hold, tuple(doubts), tuple(name for name in sealed if name not in seen), tuple(reworded))


def _doubt(piece: Piece, sealed: SealedPiece | None, now: SealedPiece | None, block: Block, fresh: Block) -> Doubt | None:
    shown = shortened(piece.words, _SHOWN)
    if sealed is None:
        return Doubt("unreferenced", piece.reference, piece.line, "no such reference", piece.numbers, (), shown)
    source = _source(block, sealed.reference)
    where = " · ".join(filter(None, (source.get("about", ""), source.get("metric", ""))))
    if piece.numbers != sealed.numbers:
        return Doubt("edited", piece.reference, piece.line, where, *_differing(piece.numbers, sealed.numbers), shown)
    if now is None:
        return Doubt("changed", piece.reference, piece.line, where, piece.numbers, (), shown)
    if now.numbers != sealed.numbers:
        return Doubt("changed", piece.reference, piece.line, where, *_differing(piece.numbers, now.numbers), shown)
    if source != _source(fresh, now.reference):
        return Doubt("changed", piece.reference, piece.line, f"{where}: what it is said to come from", piece.numbers, now.numbers, shown)
    return None


def _listed(found: Iterable[Piece], block: Block) -> frozenset[Piece]:
    """The lines of the list of references that stand as they were written and that text refers to: with that text they are judged."""
    used = {piece.reference.partition(".")[0] for piece in found if piece.reference}
    said = {name: Source(**{key: source.get(key, "") for key in _FIELDS}) for name, source in block.sources.items() if name in used}
    numbers = {name: tuple(NUMBER.findall(f"{name} {source.words} {source.command}")) for name, source in said.items()}
    plain = [piece for piece in found if not piece.reference and piece.digest in block.plain]
    return frozenset(piece for piece in plain if numbers.get(piece.words.partition(" ")[0]) == piece.numbers)


def _without_reference(piece: Piece, block: Block, fresh: Block) -> list[Doubt]:
    if piece.digest in block.plain and piece.digest in fresh.plain:
        return []
    if not piece.quantities:
        return []
    kind = "changed" if piece.digest in block.plain else "unreferenced"
    return [Doubt(kind, "", piece.line, "", piece.quantities, (), shortened(piece.words, _SHOWN))]


def _differing(written: tuple[str, ...], expected: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The numbers that differ, of two rows of them; all where they are not equally many."""
    if len(written) != len(expected):
        return written, expected
    pairs = [pair for pair in zip(written, expected, strict=True) if pair[0] != pair[1]]
    return tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)


def _source(block: Block, reference: str) -> Mapping[str, str]:
    return block.sources.get(reference.partition(".")[0], {})


def _sealed(found: Iterable[Piece], sources: Mapping[str, Mapping[str, str]]) -> list[SealedPiece]:
    """Every piece with a reference, once: the same sentence in two places is one."""
    sealed: dict[str, SealedPiece] = {}
    places: Counter[str] = Counter()
    for piece in found:
        name, _, part = piece.reference.partition(".")
        if not piece.reference or piece.reference in sealed or name not in sources:
            continue
        place = f"{sources[name]['key']}|{piece.label if part.isdecimal() and part != '0' else part}"
        places[place] += 1
        place += f"|{places[place]}" if places[place] > 1 else ""
        sealed[piece.reference] = SealedPiece(piece.reference, place, piece.numbers, piece.digest)
    return list(sealed.values())


def _block(body: Any) -> Block:
    if body["format"] != 1:
        raise ValueError(body["format"])
    return Block(
        request={str(key): value for key, value in body["request"].items()},
        sources={str(name): {str(key): str(value) for key, value in source.items()} for name, source in body["references"].items()},
        pieces=tuple(
            SealedPiece(str(ref), str(place), tuple(map(str, numbers)), str(digest)) for ref, place, numbers, digest in body["pieces"]
        ),
        plain=frozenset(map(str, body["plain"])),
        drawings=str(body["drawings"]),
    )
