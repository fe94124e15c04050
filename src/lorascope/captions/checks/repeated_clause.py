"""The same clause twice: "red hat, smiling, wearing a red hat".

A repetition spends tokens of the text encoder's window and weighs the clause double. The first one stays. Clauses are the same when
their words are, whatever stands before them ("wearing", "with", "a"), in whichever case, with underscores or spaces. In prose only
whole sentences are compared. Each line of tags is a caption of its own (trainers read the first alone, or one at random). Where several
people are in the picture, a clause may be said of each of them: then the fix is made only when asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Caption, Clause, ClauseKind
from lorascope.captions.dialect import Dialect
from lorascope.captions.edits import delete_each
from lorascope.captions.openings import openings
from lorascope.captions.people import several_people
from lorascope.records.finding import Finding, FixKind, Severity

SHOWN, LONGEST_SHOWN = 3, 80  # clauses in a message, and their characters
FEWEST_LETTERS = 3  # shorter clauses are faces (":d") and marks: only the very same text is a repetition
FEWEST_WORDS = 2  # of a sentence: "Yes. Yes." is speech
_LEADING = frozenset("wearing with a an the and".split())
_COMMANDS = frozenset(
    {"BREAK", "AND", "ADDCOMM", "ADDROW", "ADDCOL", "ADDBASE"}
)  # of prompt languages; they part a prompt, as often as wanted
_NAMES = frozenset({"new york"})


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """One finding over all repetitions of a caption."""
    if entry.caption is None:
        return
    clauses = entry.caption.clauses
    differ = len({clause.key for clause in clauses}) == len(clauses)
    if differ and (entry.caption.dialect is Dialect.PROSE or openings(entry.caption).isdisjoint(_LEADING)):
        return
    again = _again(entry.caption)
    if not again:
        return
    said = ", ".join(f'"{_cut(clauses[index].text)}"' for index in again[:SHOWN])
    said += f" and {len(again) - SHOWN} more" if len(again) > SHOWN else ""
    yield CHECK.finding(
        entry,
        f"said before in this caption: {said}",
        spans=[(clauses[index].start, clauses[index].end) for index in again],
        edits=delete_each(entry.caption, again),
        fix=FixKind.ASK if several_people(entry.caption.text) else FixKind.SAFE,
        evidence={"repetitions": len(again)},
    )


def _cut(words: str) -> str:
    """Words short enough for a message."""
    plain = " ".join(words.split())
    return plain if len(plain) <= LONGEST_SHOWN else plain[:LONGEST_SHOWN] + "…"


def _again(caption: Caption) -> list[int]:
    """The clauses that say what an earlier one has said."""
    seen: set[str] = set()
    again = []
    quotes, end = 0, 0
    for index, clause in enumerate(caption.clauses):
        if caption.dialect is not Dialect.PROSE and "\n" in caption.text[end : clause.start]:
            seen = set()
        end = clause.end
        quoted, quotes = quotes % 2 == 1 or '"' in clause.text, quotes + clause.text.count('"')
        same = _same(clause, caption.dialect)
        if not same or quoted:
            continue
        if same in seen:
            again.append(index)
        seen.add(same)
    return again


def _same(clause: Clause, dialect: Dialect) -> str:
    """What two clauses must share to say the same; empty for what may be said as often as one likes."""
    key = clause.key
    if clause.kind is not ClauseKind.WORDS or clause.text in _COMMANDS or key in _NAMES:
        return ""
    if dialect is Dialect.PROSE:
        return key if key.count(" ") + 1 >= FEWEST_WORDS else ""
    if len(key) < FEWEST_LETTERS:
        return "" if key.isdigit() else "=" + clause.text.casefold()
    first, _, rest = key.partition(" ")
    while rest and first in _LEADING:
        key = rest
        first, _, rest = key.partition(" ")
    return key + _weight(clause.text)


def _weight(text: str) -> str:
    """A tag with another weight is not the same tag."""
    weight = re.search(r":\s*[\d.]+\s*[)\]]", text)
    return weight.group() if weight else ""


CHECK = Check(
    name="repeated_clause",
    title="clause said twice",
    reason="A repetition spends tokens of the window and weighs its clause double.",
    severity=Severity.WARNING,
    fix=FixKind.ASK,
    find=find,
    good=(
        Example("bespoke, red hat, red scarf, hat with a feather"),
        Example("1girl, solo, :d, ;d, :), ;), hair, hair_ribbon, (red_hat:1.2), red_hat"),
        Example("1girl, BREAK, red_hat, BREAK, blue_hat"),
        Example("a street in New York, New York, at night, 3, 3"),
        Example('a shop sign that says "hello, hello, hello", red door'),
        Example("She wears a very, very long scarf, and he wears a long, long coat. He smiles. She smiles."),
        Example("red hat (#aa1122), red hat (#11aa22)"),
        Example("a cat on a wall, oil painting\ncat, wall, oil painting"),
    ),
    bad=(
        Example("red hat, smiling, wearing a red hat", ("wearing a red hat",), "red hat, smiling"),
        Example(
            "lad, brown hair (#7e351a), smiling, brown hair (#7e351a)", ("brown hair (#7e351a)",), "lad, brown hair (#7e351a), smiling"
        ),
        Example("1girl, red_hat, solo, Red Hat, red_hat, smile", ("Red Hat", "red_hat"), "1girl, red_hat, solo, smile"),
        Example("1girl, red_hat ||| solo, red_hat", ("red_hat",), "1girl, red_hat ||| solo"),
        Example("2girls, red_hat, smile, red_hat", ("red_hat",), "2girls, red_hat, smile"),
        Example("A lad smiles. The wall is green. A lad smiles.", ("A lad smiles.",), "A lad smiles. The wall is green."),
    ),
)
