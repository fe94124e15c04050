"""Words that the text encoder never reads.

CLIP reads 75 tokens (150 or 225 when the trainer chains windows); the rest is dropped without a word. A hex code in
parentheses costs about 7 tokens, so codes and boilerplate push real attributes out. The counts are exact. No edit is offered: the
cure is to remove what other checks report, or to move what matters to the front, and the finding says what stands where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Reader, Surroundings
from lorascope.captions.clauses import Caption, Clause, ClauseKind
from lorascope.captions.features import BACKGROUND_NOUNS
from lorascope.captions.window import ClipTokenizer, first_unread
from lorascope.captions.wording import is_boilerplate
from lorascope.records.finding import Finding, FixKind, Severity

LONGEST_CHARACTERS = 50  # of a clause in a message
SHOWN = 2
LEAST_CODE_SHARE = 0.2  # of all tokens: what codes cost is worth a word


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:
    """A finding over everything beyond the window: an error when attributes are lost, a note when only boilerplate is."""
    if entry.caption is None:
        return
    text, tokenizer = entry.caption.text, around.knowledge.tokenizer
    start = first_unread(text, tokenizer, around.window_tokens)
    if start is None:
        return
    tokens = tokenizer.count(text)
    codes = tokens - _tokens_without_codes(entry.caption, tokenizer) if entry.caption.codes else 0
    lost = [clause for clause in entry.caption.clauses if clause.end > start and _describes(clause, around)]
    move = _to_move(lost, around)
    place = _token_of(text, move, tokenizer) if move else None
    priced = len(entry.caption.codes) > 0 and codes >= LEAST_CODE_SHARE * tokens
    yield CHECK.finding(
        entry,
        f"{tokens} tokens, {tokens - around.window_tokens} too many: "
        + _loss(lost, around)
        + (f"; {len(entry.caption.codes)} codes cost {codes} tokens" if priced else "")
        + (f"; move {_named(move, lost)} to the front: it begins at token {place}" if move and place else ""),
        spans=[(start, len(text.rstrip()))],
        severity=Severity.ERROR if lost else Severity.NOTE,
        evidence={
            "tokens": tokens,
            "window_tokens": around.window_tokens,
            "lost": [clause.text for clause in lost],
            "codes": len(entry.caption.codes),
            "code_tokens": codes,
            "move": move.text if move else None,
            "stands_at_token": place,
        },
    )


def _describes(clause: Clause, around: Surroundings) -> bool:
    """Whether it matters that a clause is read: boilerplate and lists of codes do not."""
    return clause.kind is ClauseKind.WORDS and not is_boilerplate(clause, around)


def _loss(lost: list[Clause], around: Surroundings) -> str:
    """What is not read, in words."""
    if not lost:
        return "only boilerplate or codes are cut"
    shown = ", ".join(f'"{_cut(clause.text)}"' for clause in lost[:SHOWN]) + (f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else "")
    read = f"{shown} {'are' if len(lost) > 1 else 'is'} not read whole"
    return f"unshuffled, {read}, and every shuffle loses others" if around.reader.shuffles else read


def _to_move(lost: list[Clause], around: Surroundings) -> Clause | None:
    """The clause that most needs to be read: the trigger's, else the background's, else none."""
    trigger = (around.trigger or around.likely_trigger).lower()
    for clause in lost:
        if trigger and trigger in clause.text.lower():
            return clause
    return next((clause for clause in lost if not BACKGROUND_NOUNS.isdisjoint(clause.key.split())), None)


def _named(move: Clause, lost: list[Clause]) -> str:
    """A clause by its words, if they are not said already."""
    return "it" if len(lost) == 1 else f'"{_cut(move.text)}"'


def _token_of(text: str, clause: Clause, tokenizer: ClipTokenizer) -> int:
    """At which token a clause begins, counted from 1."""
    return tokenizer.count(text[: clause.start]) + 1


def _tokens_without_codes(caption: Caption, tokenizer: ClipTokenizer) -> int:
    """How many tokens are left without codes and the parentheses that hold nothing else."""
    letters = list(caption.text)
    for code in caption.codes:
        letters[code.start : code.end] = " " * (code.end - code.start)
    return tokenizer.count(re.sub(r"\([\s,/]*\)", " ", "".join(letters)))


def _cut(words: str) -> str:
    """A clause short enough for a message; a caption without a comma is one clause, however long."""
    return words if len(words) <= LONGEST_CHARACTERS else words[:LONGEST_CHARACTERS] + "…"


_FILL = ", ".join(["small gray cat"] * 18)
_CODES = ", ".join(f"red hat (#{shade}1122)" for shade in ("aa", "ab", "ac", "ad", "ae", "af", "a0", "a1", "a2"))
_PROSE = "A small gray cat sits on a big red sofa. " * 7

CHECK = Check(
    name="beyond_window",
    title="beyond the text encoder's window",
    reason="What stands beyond the window is dropped: the model trains without it.",
    severity=Severity.ERROR,
    fix=FixKind.NONE,
    find=find,
    good=(
        Example("bespoke, brown hair, gray background"),
        Example(_FILL),
        Example(f"{_CODES}, brown background", reader=Reader(window_tokens=150)),
        Example(_PROSE[: len(_PROSE) // 2]),
    ),
    bad=(
        Example(f"{_FILL}, green hat, brown background", ("brown background",)),
        Example(f"{_CODES}, brown background", ("hat (#a21122), brown background",)),
        Example(f"{_PROSE}The background is brown.", ("sofa. The background is brown.",)),
    ),
)
