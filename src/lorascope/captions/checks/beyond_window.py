"""Words that the text encoder never reads.

CLIP reads 75 tokens (150 or 225 when the trainer chains windows); the rest is dropped without a word. A hex code in
parentheses costs about 7 tokens, so codes and boilerplate push real attributes out. The count is exact. No edit is offered: the
cure is to remove what other checks report, or to move what matters to the front.
"""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Caption, ClauseKind
from lorascope.captions.window import first_unread
from lorascope.captions.wording import is_boilerplate
from lorascope.records.finding import Finding, FixKind, Severity

LONGEST_CHARACTERS = 80  # of a clause in a message


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:
    """A finding over everything beyond the window: an error when attributes are lost, a note when only boilerplate is."""
    if entry.caption is None:
        return
    text, tokenizer = entry.caption.text, around.knowledge.tokenizer
    start = first_unread(text, tokenizer, around.window_tokens)
    if start is None:
        return
    tokens = tokenizer.count(text)
    lost = _lost(entry.caption, start, around)
    shown = ", ".join(f'"{_cut(words)}"' for words in lost[:3]) + (f" and {len(lost) - 3} more" if len(lost) > 3 else "")
    yield CHECK.finding(
        entry,
        f"{tokens} tokens, {tokens - around.window_tokens} too many: "
        + (f"{shown} is never read" if lost else "only boilerplate or codes are cut"),
        spans=[(start, len(text.rstrip()))],
        severity=Severity.ERROR if lost else Severity.NOTE,
        evidence={"tokens": tokens, "window_tokens": around.window_tokens, "lost": [*lost]},
    )


def _lost(caption: Caption, start: int, around: Surroundings) -> list[str]:
    """The clauses that are not read whole, without boilerplate and lists of codes."""
    return [
        clause.text
        for clause in caption.clauses
        if clause.end > start and clause.kind is ClauseKind.WORDS and not is_boilerplate(clause, around)
    ]


def _cut(words: str) -> str:
    """A clause short enough for a message; a caption without a comma is one clause, however long."""
    return words if len(words) <= LONGEST_CHARACTERS else words[:LONGEST_CHARACTERS] + "…"


_FILL = ", ".join(["small gray cat"] * 18)

CHECK = Check(
    name="beyond_window",
    title="beyond the text encoder's window",
    reason="What stands beyond the window is dropped: the model trains without it.",
    severity=Severity.ERROR,
    fix=FixKind.NONE,
    find=find,
    good=(Example("bespoke, brown hair, gray background"), Example(_FILL)),
    bad=(Example(f"{_FILL}, green hat, brown background", ("brown background",)),),
)
