"""A note to whoever writes the captions, left in one: "get lip color", "describe it better".

Notes, questions to a captioning model and its polite answers end up in captions when files are merged by script. The model learns
them as if they were in the picture. Reported with the clause that holds them; deleted only when asked to, since a picture of a
person explaining something, or of the band Imagine Dragons, is none of it: the words must be an order or an answer. Of an answer
("Sure! Here is a caption: a lad smiles") only the preamble is deleted, and what it announces stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import ClauseKind
from lorascope.captions.edits import delete_each
from lorascope.captions.openings import openings
from lorascope.captions.quotes import is_quoted
from lorascope.records.finding import Edit, Finding, FixKind, Severity

LONGEST_SHOWN = 120  # characters of a note in a message
_PARTS = "hair|eyes?|lips?|skin|face|clothing|clothes|outfit|background|hat|beard|palette"
_THE = "the|his|her|their|its"
_WHAT = rf"it|this|that|them|{_THE}|a|an|how|what|why|where|each|every|all|any|more|better|in|as|image|picture|colou?rs?|{_PARTS}"
_ORDERS = (
    rf"(?:describe|explain) (?:{_WHAT})\b",
    r"imagine (?:that|you|your|if|how|what|it|this|explaining|describing|telling)\b",
    r"get (?:[\w/]+ ){0,3}?(?:colou?rs?|hex(?: codes?)?)\b",
    (
        rf"(?:add|fix|check|find|use|change|correct|mention|include|specify|note) (?:{_THE}|right|correct|{_PARTS}) "
        r"(?:\w+ ){0,2}?(?:colou?rs?|hex)\b"
    ),
    r"(?:do not|do ?n.?t|never) forget\b(?!-)",
    r"(?:make|be) sure (?:to|that|you|the|it|this|its|all)\b",
    r"remember to\b",
    r"(?:note|nb|todo|to do|fixme)(?: to \w+)? ?:",
    r"write (?:a|the) (?:caption|description|prompt)\b",
    r"(?:please|pls) (?:describe|explain|add|note|mention|include|write|fix|check|make|get)\b",
    r"here(?:.s| is) (?:a|an|the|your) (?:\w+ )?(?:caption|description|prompt)\b",
    r"(?:sure|certainly|of course)! (?:here|i)\b",
    r"i.?m sorry,? (?:but )?(?:i|as)\b",
    r"i (?:cannot|can.?t|am unable to) (?:describe|see|view|help|assist|identify|provide)\b",
    r"as an ai(?: language)? model\b",
    r"(?:fix|check|change|crop|redo|rename|recaption|retag|replace) (?:this|the|that|it|these)\b[^,]*\b(?:later|again|pls|please)\b",
    r"(?:maybe|perhaps) (?:delete|remove|skip|crop|redo|replace)\b",
)
# What a captioning model says before the caption itself.
_PREAMBLE = re.compile(
    r"\s*(?:(?:sure|certainly|of course|absolutely|okay|ok)(?: thing)?[!,.]*\s+)?"
    r"(?:here(?:.s| is) (?:a|an|the|your) (?:[^:.!?\n]{0,60} )?(?:caption|description|prompt)\b[^:.!?\n]{0,80}[:.]\s*"
    r"|as an ai(?: language)? model,? [^:.!?\n]{0,80}:\s*)(?=[^\W_]|[\"\u201c])",
    re.IGNORECASE,
)
_MARK = re.compile(r"(?<![\w-])(?:TODO|FIXME|TBD)(?![\w-])(?! [Ll]ist)")
_ORDER = re.compile(rf"(?:(?:and|but|also|then|please|pls) )*(?:{'|'.join(_ORDERS)})")
_INSIDE = re.compile(
    r"\bhow you would (?:see|describe|explain|call|say|draw)\b|\bas an ai(?: language)? model\b|\bdescribe it (?:better|more|again)\b"
    r"|\bexplain (?:it|this) to (?:someone|somebody|a blind)\b|\bdo ?n.?t forget (?:to|the|his|her|about)\b",
    re.IGNORECASE,
)
_FIRST_WORDS = frozenset(
    "describe explain imagine get add fix check find use change correct mention include specify note do don dont never make be "
    "remember nb todo to fixme write please pls here sure certainly of i as and but also then crop redo rename recaption retag replace "
    "maybe perhaps absolutely okay ok".split()
)
_INSIDE_STEMS = ("todo", "fixme", "tbd", "how you would", "as an ai", "describe it", "explain it", "explain this", "forget")


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """One finding for each clause or sentence that is an order, and for each give-away in the midst of one."""
    if entry.caption is None:
        return
    caption, lowered = entry.caption, entry.caption.text.lower()
    if openings(caption).isdisjoint(_FIRST_WORDS) and not any(stem in lowered for stem in _INSIDE_STEMS):
        return
    orders = [index for index, clause in enumerate(caption.clauses) if clause.kind is ClauseKind.WORDS and _is_order(clause.text)]
    preamble = _PREAMBLE.match(caption.text)
    if preamble:
        yield _answer(entry, preamble)
    spoken = preamble.end() if preamble else 0
    orders = [index for index in orders if caption.clauses[index].start >= spoken and not is_quoted(caption, caption.clauses[index].start)]
    told = frozenset(orders)
    for index in orders:
        clause = caption.clauses[index]
        yield CHECK.finding(
            entry,
            f'"{_cut(clause.text)}" is a note to whoever writes captions, and nothing in the picture',
            spans=[(clause.start, clause.end)],
            edits=delete_each(caption, [index]) if len(orders) < len(caption.clauses) else (),
            evidence={"words": clause.text},
        )
    for match in (*_INSIDE.finditer(caption.text), *_MARK.finditer(caption.text)):
        if match.start() >= spoken and caption.clause_at(match.start()) not in told and not is_quoted(caption, match.start()):
            yield CHECK.finding(
                entry,
                f'"{match.group()}" is a note to whoever writes captions; what else of it has to go, only you know',
                spans=[match.span()],
                evidence={"words": match.group()},
            )


def _answer(entry: Entry, preamble: re.Match[str]) -> Finding:
    """What a captioning model said before the caption; only that goes."""
    start = len(preamble.group()) - len(preamble.group().lstrip())
    words = preamble.group().strip()
    return CHECK.finding(
        entry,
        f'"{_cut(words)}" is said by the captioning model, not of the picture',
        spans=[(start, start + len(words))],
        edits=[Edit(start, preamble.end(), "")],
        evidence={"words": words},
    )


def _cut(words: str) -> str:
    """Words short enough for a message."""
    plain = " ".join(words.split())
    return plain if len(plain) <= LONGEST_SHOWN else plain[:LONGEST_SHOWN] + "…"


def _is_order(text: str) -> bool:
    return _ORDER.match(text.lower().replace("_", " ").lstrip("(*-> ")) is not None


CHECK = Check(
    name="leaked_instruction",
    title="note to the writer",
    reason="The model learns a note as if it were in the picture.",
    severity=Severity.WARNING,
    fix=FixKind.ASK,
    find=find,
    signal=(
        r"(?:\b|_)(?:describe|explain|imagine|get|note|nb|todo|to do|fixme|write|please|pls|forget|sure|remember|certainly|sorry)(?:\b|_)"
        r"|(?:\b|_)(?:add|fix|check|find|use|change|correct|mention|include|specify)[ _].*(?:colou?r|hex)"
        r"|of course|here.{1,4}(?:a|an|the|your)\b|i (?:cannot|can.?t|am unable)|how[ _]you[ _]would|as[ _]an[ _]ai|\btbd\b"
        r"|(?:\b|_)(?:fix|check|change|crop|redo|rename|recaption|retag|replace)[ _].*(?:later|again|pls|please)"
        r"|(?:maybe|perhaps)[ _](?:delete|remove|skip|crop|redo|replace)"
    ),
    good=(
        Example("bespoke, a person explaining something, imagine dragons, musical note, note, getting colored, forget-me-not"),
        Example("1girl, sketch, describing, sure, get_up, colorful, use_of_color, here, writing, please_hug_me"),
        Example('A lad holds a sign that says "don\'t forget the milk". He tries to explain the map to make sure that she can get home.'),
        Example("checkered hat, noted, get well soon card, red hat (#aa1122)"),
    ),
    bad=(
        Example("lad, red hat, get lip color, smiling", ("get lip color",), "lad, red hat, smiling"),
        Example("describe the hair better, lad, hat (#aa1122)", ("describe the hair better",), "lad, hat (#aa1122)"),
        Example("1girl, solo, dont_forget_the_background", ("dont_forget_the_background",), "1girl, solo"),
        Example("A lad smiles. Describe it better. The wall is red.", ("Describe it better.",), "A lad smiles. The wall is red."),
        Example("Sure! Here is a caption. A lad smiles.", ("Sure! Here is a caption.",), "A lad smiles."),
        Example("Here's a detailed description of the image: lad, hat", ("Here's a detailed description of the image:",), "lad, hat"),
        Example("lad with a hat like how you would describe a punk", ("how you would describe",)),
        Example("explain it", ("explain it",)),
        Example("A dog on a leash. TODO describe the background.", ("TODO",)),
        Example("lad, fix the lighting here later, red hat", ("fix the lighting here later",), "lad, red hat"),
    ),
)
