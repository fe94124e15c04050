"""Debris of careless edits: "(, )", ",,", " ,", a comma at the end, runs of spaces, lines.

Each costs a token or joins what should be apart. Commas and spaces are brought to ", " and nothing else is touched: not numbers (1,000),
weights, escapes, braces, quotations or faces (":,)"). A caption that has no space behind any of its commas is written so on purpose.
Lines are joined only when asked to: sd-scripts reads the first line alone, but with wildcards each line is a caption of its own. Where
most captions have several lines of tags, that is meant; paragraphs of sentences are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.dialect import Dialect
from lorascope.captions.quotes import is_quoted
from lorascope.records.finding import Edit, Finding, FixKind, Severity

_EMPTY = r"(?<![\\:;=])\([\s,]*\)"
_RUN = re.compile(rf"(?:[ \t\n,]|{_EMPTY})+")
_FACE = re.compile(r"[^\w\s\"'\u2018-\u201f()\[\]{}<>*&%.!?#\u2e80-\uffff]")
MEANT_SHARE = 0.5  # of the captions have several lines: then they are meant
NEAR_CHARACTERS = 16  # of a caption on both sides of a place in a message
_FARTHEST = 300  # characters from a comma to the braces around it
_OPEN = frozenset("([")
_MOUTH = re.compile(r"(?:^|[\s,])[:;=>]['-]?[(\[]$")  # of a face


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:
    """One finding over all debris of a caption, and one over its line breaks."""
    if entry.caption is None:
        return
    text = entry.caption.text
    if text.count(",") == text.count(", ") and not _may_hold_debris(text):
        return
    debris, lines = _edits(text, entry.caption.dialect)
    if text.count('"') % 2 == 0:
        debris = [edit for edit in debris if not is_quoted(entry.caption, edit.start)]
    if debris:
        yield CHECK.finding(
            entry,
            f"stray commas, spaces or parentheses in {len(debris)} {'place' if len(debris) == 1 else 'places'}: {_shown(text, debris)}",
            spans=[_span(edit) for edit in debris],
            edits=debris,
            fix=FixKind.SAFE,
            severity=Severity.NOTE,
            evidence={"places": len(debris)},
        )
    if lines:
        paragraphs = "\n\n" in text or text.lstrip().partition("\n")[0].rstrip().endswith((".", "!", "?"))
        meant = around.lined_share >= MEANT_SHARE and not paragraphs
        yield CHECK.finding(
            entry,
            f"{len(lines) + 1} lines: trainers read the first one alone (kohya's enable_wildcard: one of them at random)"
            + ("; most captions here have several, so they are left alone" if meant else ""),
            spans=[_span(edit) for edit in lines],
            edits=() if meant else lines,
            severity=Severity.NOTE if meant else None,
            evidence={"lines": len(lines) + 1},
        )


def _shown(text: str, debris: list[Edit]) -> str:
    """The first place of debris with the words around it."""
    start, end = _span(debris[0])
    end = min(end, start + NEAR_CHARACTERS)
    return f'"{" ".join(text[max(0, start - NEAR_CHARACTERS) : end + NEAR_CHARACTERS].splitlines()).strip()}"'


def _may_hold_debris(text: str) -> bool:
    """Whether any of what debris begins with is there (commas without a space are counted elsewhere)."""
    if "  " in text or " ," in text or "\t" in text or text[:1] in " ,\n" or text[-2:] == ", ":
        return True
    if "(" in text and ("()" in text or "( " in text or "(," in text or " )" in text):
        return True
    line = text.find("\n")
    return line >= 0 and line + 1 < len(text)


def _span(edit: Edit) -> tuple[int, int]:
    """What an edit changes; for a space put in, the comma before it."""
    return (edit.start, edit.end) if edit.end > edit.start else (edit.start - 1, edit.end)


def _edits(text: str, dialect: Dialect) -> tuple[list[Edit], list[Edit]]:
    """The edits that remove debris, and those that join lines."""
    if not re.search(r"\w", text):
        return [], []
    debris: list[Edit] = []
    lines: list[Edit] = []
    on_purpose = ", " not in text and len(re.findall(r",(?=\S)", text)) > 1
    for match in _RUN.finditer(text):
        run = match.group()
        wanted = _wanted(match, text, dialect)
        if run == "," and wanted == ", " and (on_purpose or _is_part_of_something(text, match.start())):
            continue
        if not run.strip() and text[max(0, match.start() - 1) : match.start()] == "(" and _is_a_sign(text[match.end() : match.end() + 1]):
            continue  # a face: "( ･ω･)"
        if wanted != run:
            joins = "\n" in run and match.start() > 0 and match.end() < len(text)
            (lines if joins else debris).append(_least(Edit(match.start(), match.end(), wanted), run))
    return debris, lines


def _wanted(match: re.Match[str], text: str, dialect: Dialect) -> str:
    """What should stand in place of a run of commas, spaces and empty parentheses."""
    run, before, after = match.group(), text[max(0, match.start() - 5) : match.start()], text[match.end() : match.end() + 1]
    outside = re.sub(_EMPTY, "", run)
    if not after:
        return run if outside == run and not run.strip() and len(run) < 2 else "\n" * outside.endswith("\n")
    if not before:
        return run if run == " " else ""
    if before[-1] in _OPEN and not _MOUTH.search(before) and not before.endswith("\\("):
        return ""
    if after[0] in ")]":
        return "" if "," in outside and not before.endswith((":", ";", "=")) else run
    return _between_words(run, outside, before[-1], after[0], dialect)


def _between_words(run: str, outside: str, before: str, after: str, dialect: Dialect) -> str:
    """The same for a run between words; ``outside`` is the run without empty parentheses."""
    if "," in outside:
        return ", "
    if "\n" in outside:
        return " " if dialect is Dialect.PROSE or before in ".!?|;:" or after == "|" else ", "
    if not outside:
        return " " if before.isalnum() and after.isalnum() else ""
    return " " if "\t" in outside or len(outside) > 1 or outside != run else run


def _is_part_of_something(text: str, at: int) -> bool:
    """Whether a comma without a space belongs to a number, a face, a quotation, an escape, braces, or a weighted group."""
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    if (before.isdigit() and after.isdigit()) or before in "\\|" or after in "|\"'\u2019\u201d\r\u00a0\u200b":
        return True
    if _FACE.match(before) or _FACE.match(after) or (before > "\u2e7f" and after > "\u2e7f") or before in ":;=><" or after in ":;=><":
        return True
    if re.search(r"(?:^|[\s,(])\w$", text[max(0, at - 2) : at]) and re.match(r"\w(?:$|[\s,)])", text[at + 1 : at + 3]):
        return True
    return _stands_between(text, at, "{", "}") or _stands_between(text, at, "<", ">") or _is_weighted(text, at)


def _is_a_sign(sign: str) -> bool:
    """Whether this is neither letter, digit nor ASCII."""
    return sign > "~" and not sign.isalnum()


def _stands_between(text: str, at: int, opened: str, closed: str) -> bool:
    first = max(0, at - _FARTHEST)
    return text.rfind(opened, first, at) > text.rfind(closed, first, at) and text.find(closed, at, at + _FARTHEST) >= 0


def _is_weighted(text: str, at: int) -> bool:
    """Whether a place lies in parentheses that end with a weight: "(red,white:1.2)"."""
    end = text.find(")", at, at + _FARTHEST)
    return _stands_between(text, at, "(", ")") and re.search(r":\s*[\d.]+\s*$", text[at:end]) is not None


def _least(edit: Edit, run: str) -> Edit:
    """The same edit without what it would write again at its ends."""
    start, end, wanted = edit.start, edit.end, edit.text
    while wanted and run and wanted[-1] == run[-1]:
        wanted, run, end = wanted[:-1], run[:-1], end - 1
    while wanted and run and wanted[0] == run[0]:
        wanted, run, start = wanted[1:], run[1:], start + 1
    return Edit(start, end, wanted)


CHECK = Check(
    name="stray_punctuation",
    title="stray punctuation",
    reason="Debris costs tokens, and a line break hides from the trainer all that follows it.",
    severity=Severity.WARNING,
    fix=FixKind.ASK,
    find=find,
    signal=r",\s*,|\s,|,\S|,\s*$|^[\s,]|[ \t]{2}|\t|\n\s*\S|\([\s,]*\)|\([\s,]|[\s,]\)",
    good=(
        Example("bespoke, brown hair (#7e351a, #03dc73), 1,000 stars, eyes at (8,12)\n"),
        Example("1girl, :,), ^_^, (:, :(, >,<, o,o, (red_hat:1.2), poster_\\(object\\), {red,blue}, (red,white:1.3)"),
        Example("1girl,solo,red_hat,smile"),
        Example('A lad says "hello," and waves. The price is 1,000 coins.'),
        Example("1girl, <lora:style,v2:1>, smile ||| hat, red"),
    ),
    bad=(
        Example("lad, hair (, ), red hat (), smiling", (" (, )", " ()"), "lad, hair, red hat, smiling"),
        Example("lad, , red hat (#aa1122),, hat", (", ", ","), "lad, red hat (#aa1122), hat"),
        Example("1girl , solo,red_hat,   smile,", (" ", ",", "  ", ","), "1girl, solo, red_hat, smile"),
        Example("lad, (, ), hair (#aa1122, ), hat (, #03dc73)", (", (, )", ", ", ", "), "lad, hair (#aa1122), hat (#03dc73)"),
        Example(", A lad  with a hat ,red.,\n", (", ", " ", " ,", ","), "A lad with a hat, red.\n"),
        Example("1girl, solo\nred_hat,\nsmile", ("\n", "\n"), "1girl, solo, red_hat, smile"),
        Example("A lad smiles.\nHe wears a hat.", ("\n",), "A lad smiles. He wears a hat."),
    ),
)
