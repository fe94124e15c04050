"""The trigger word: missing, spelled otherwise, or far behind.

What the trigger stands beside in training is what it calls up later; a picture without it teaches its looks to every prompt. Shuffled
captions keep only their first tags in place, and what stands far behind may not be read at all. Where the user names no trigger, the
clause that at least 80 % of the captions begin with is the likely one, or a word that is none and stands in as many: then its absence is
only noted. A slip in its spelling (one or two letters, in a word that few captions have and no dictionary) is mended when asked to, and
so is a word that ran into it. A trigger that the user named is put in front, or where the other captions have it: "…, in the style of X".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Reader, Surroundings
from lorascope.captions.clauses import Caption
from lorascope.captions.edits import delete_clauses
from lorascope.captions.slips import edit_distance
from lorascope.captions.spelling import is_known
from lorascope.captions.wording import COMMON_SHARE
from lorascope.records.finding import Edit, Finding, FixKind, Severity
from lorascope.records.run import JsonValue

FIRST_CLAUSES = 3
SHORTEST_WITH_SLIP = 4  # letters of a trigger in which one wrong letter is a slip; from 6 on, two may be
SHORTEST_WITH_TWO = 6
SHORTEST_FUSED = 5  # letters of a trigger that is looked for at the beginning of a longer word
USUAL_SHARE = 0.6  # of the captions that say the trigger in the same words
FEW_SHARE = 0.1  # a word in more captions than this is a word of its own

_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:
    """At most one finding: the trigger is missing, misspelled, or too far behind."""
    caption = entry.caption
    trigger = around.trigger or around.likely_trigger
    if caption is None or not trigger or entry.image_file is None:
        return
    text = caption.text
    start = _place(text, trigger.lower())
    if start < 0:
        if text.strip():
            yield _run_together(entry, caption, trigger, around) or _missing(entry, caption, trigger, around)
    elif _is_inside(caption, trigger, around):
        yield _inside(entry, trigger, start)
    elif text.count(",", 0, start) >= _first(around.reader) and around.trigger:
        finding = _behind(entry, caption, start, around)
        if finding:
            yield finding


def _place(text: str, trigger: str) -> int:
    """Where the trigger stands as a word, -1 where it does not. Case does not matter: text encoders read lower case."""
    lower = text.lower()
    if len(lower) != len(text):  # a few letters grow in lower case
        lower = "".join(letter.lower() if len(letter.lower()) == 1 else letter for letter in text)
    start = lower.find(trigger)
    while start >= 0:
        end = start + len(trigger)
        if not (start and lower[start - 1].isalnum() and trigger[0].isalnum()) and not (end < len(lower) and lower[end].isalnum()):
            return start
        start = lower.find(trigger, start + 1)
    if "_" in trigger or " " in trigger:
        match = re.search(r"(?<![^\W_])" + r"[\s_]+".join(map(re.escape, re.split(r"[\s_]+", trigger))) + r"(?![^\W_])", lower)
        return match.start() if match else -1
    return -1


def _first(reader: Reader) -> int:
    """How many clauses count as the first: those that shuffling leaves in place, or a few."""
    return reader.keep_tokens if reader.shuffles and reader.keep_tokens else FIRST_CLAUSES


def _missing(entry: Entry, caption: Caption, trigger: str, around: Surroundings) -> Finding:
    named = bool(around.trigger)
    what = f'the trigger "{trigger}"' if named else f'"{trigger}", which most captions have and which is likely the trigger,'
    evidence: dict[str, JsonValue] = {"trigger": trigger, "named_by_user": named}
    if not named:
        evidence["share"] = round(around.clause_shares.get(trigger, 0.0), 4)
    slip = _slip(caption.text, trigger, around)
    if slip:
        start, end, distance = slip
        written = caption.text[start:end]
        return CHECK.finding(
            entry,
            f'{what} is spelled "{written}"',
            spans=[(start, end)],
            edits=[Edit(start, end, trigger)],
            severity=Severity.ERROR if named else Severity.WARNING,
            evidence={**evidence, "written": written, "edit_distance": distance},
        )
    return CHECK.finding(
        entry,
        f"{what} is missing",
        edits=[_put_in(caption, trigger, around)] if named else (),
        severity=Severity.ERROR if named else Severity.NOTE,
        evidence=evidence,
    )


def _put_in(caption: Caption, trigger: str, around: Surroundings) -> Edit:
    """The trigger in front; or at the end, in the words in which most captions have it there ("in the style of X")."""
    words = _normal(trigger)
    usual = next(
        (
            key
            for key, share in around.clause_shares.items()
            if share >= USUAL_SHARE and key.endswith(f" {words}") and key not in around.head
        ),
        "",
    )
    end = len(caption.text.rstrip(" ,\t\n\r"))
    if usual and caption.clauses and caption.text[end - 1 : end] not in ".!?":
        said = f"{usual.removesuffix(words)}{trigger}"
        begun = usual.removesuffix(words).strip()
        if re.search(rf"(?<!\w){re.escape(begun)}\Z", caption.text[:end], re.IGNORECASE):
            return Edit(end - len(begun), end, said)
        return Edit(end, end, f", {said}")
    at = len(caption.text) - len(caption.text.lstrip())
    return Edit(at, at, f"{trigger}, ")


def _run_together(entry: Entry, caption: Caption, trigger: str, around: Surroundings) -> Finding | None:
    """The trigger with another word right behind it: "inkwash_meired"."""
    if len(trigger) < SHORTEST_FUSED or not around.trigger:
        return None
    match = re.search(rf"(?<![^\W_]){re.escape(trigger)}([^\W\d_]{{3,}})", caption.text, re.IGNORECASE)
    if match is None or is_known(match.group().lower(), around.knowledge.tokenizer):
        return None
    return CHECK.finding(
        entry,
        f'the trigger "{trigger}" has run together with "{match.group(1)}"',
        spans=[match.span()],
        edits=[Edit(match.start(), match.end(), f"{trigger} {match.group(1)}")],
        evidence={"trigger": trigger, "named_by_user": True, "written": match.group()},
    )


def _is_inside(caption: Caption, trigger: str, around: Surroundings) -> bool:
    """Whether the trigger, a tag of its own in most captions, stands here only within another tag that most have ("sousou no frieren")."""
    words = _normal(trigger)
    if not around.trigger or around.clause_shares.get(words, 0.0) < COMMON_SHARE:
        return False
    holders = [clause.key for clause in caption.clauses if words in clause.key]
    return words not in holders and all(around.clause_shares.get(key, 0.0) >= COMMON_SHARE for key in holders)


def _inside(entry: Entry, trigger: str, start: int) -> Finding:
    return CHECK.finding(
        entry,
        f'the trigger "{trigger}" stands only within another tag that most captions have, and not by itself',
        spans=[(start, start + len(trigger))],
        severity=Severity.WARNING,
        evidence={"trigger": trigger, "named_by_user": True},
    )


def _normal(words: str) -> str:
    """Words as the keys of clauses have them."""
    return " ".join(re.split(r"[\s_]+", words.lower().strip()))


def _slip(text: str, trigger: str, around: Surroundings) -> tuple[int, int, int] | None:
    """Words that are the trigger but for a letter or two: where they stand, and how many letters differ."""
    if len(trigger) < SHORTEST_WITH_SLIP:
        return None
    most = 2 if len(trigger) >= SHORTEST_WITH_TWO else 1
    words = list(_WORD.finditer(text))
    length = len(_WORD.findall(trigger)) or 1
    best: tuple[int, int, int] | None = None
    for count in {length, length + 1, max(1, length - 1)}:
        for first, last in zip(words, words[count - 1 :], strict=False):
            written = text[first.start() : last.end()].lower()
            if abs(len(written) - len(trigger)) > most or "," in written or _is_common(written, around):
                continue
            if _are_words(written, trigger, around):
                continue
            distance = edit_distance(written, trigger.lower(), most)
            if 0 < distance <= most and (best is None or distance < best[2]):
                best = (first.start(), last.end(), distance)
    return best


def _are_words(written: str, trigger: str, around: Surroundings) -> bool:
    """Whether these are words of the language where the trigger is made up: "a house" is no slip of "vlhouse"."""
    tokenizer = around.knowledge.tokenizer
    return all(len(word) < 3 or is_known(word, tokenizer) for word in _WORD.findall(written)) and not all(
        is_known(word, tokenizer) for word in _WORD.findall(trigger.lower())
    )


def _is_common(written: str, around: Surroundings) -> bool:
    """Whether many captions have this word: then it is no slip."""
    return around.word_counts.get(written, 0) > max(1, FEW_SHARE * around.captions)


def _behind(entry: Entry, caption: Caption, start: int, around: Surroundings) -> Finding | None:
    """The trigger stands behind other clauses. It is moved only where it is a clause of its own."""
    index = next((index for index, clause in enumerate(caption.clauses) if clause.start <= start < clause.end), 0)
    first = _first(around.reader)
    if index < first:
        return None
    clause = caption.clauses[index]
    whole = clause.text.lower() == around.trigger.lower()
    at = caption.clauses[0].start
    kept = around.reader.shuffles and around.reader.keep_tokens
    return CHECK.finding(
        entry,
        f'the trigger "{around.trigger}" is tag {index + 1}, behind the {first} that '
        + ("shuffling keeps in place" if kept else "come first"),
        spans=[(start, start + len(around.trigger))],
        edits=[Edit(at, at, f"{clause.text}, "), delete_clauses(caption, index, index)] if whole else (),
        severity=Severity.WARNING if kept else Severity.NOTE,
        evidence={"trigger": around.trigger, "clause": index + 1, "first_clauses": first},
    )


_OTHERS = tuple(f"bespoke, {words}" for words in ("red hat", "blue hat", "smiling", "frowning", "a beard", "glasses"))
_TAGS = tuple(f"sks_girl, 1girl, {words}" for words in ("red_hat", "blue_hat", "smile", "frown", "tree", "glasses"))
_PROSE = tuple(f"A photo of ohwx man {words}." for words in ("by a tree", "in a car", "on a hill", "at home", "at sea"))
_STYLE = tuple(f"{words}, in the style of mei_ink" for words in ("a cat", "two hills", "a boat", "rain", "a cup"))
_NAMED = tuple(f"1girl, frieren, sousou no frieren, {words}" for words in ("hat", "staff", "book", "bed", "snow", "field"))

CHECK = Check(
    name="trigger_placement",
    title="trigger missing, misspelled or far behind",
    reason="A picture without the trigger teaches its looks to every prompt; a misspelled trigger is another word.",
    severity=Severity.ERROR,
    fix=FixKind.ASK,
    find=find,
    good=(
        Example("bespoke, brown hair, gray background", trigger="bespoke"),
        Example("pixel art, Bespoke lad, brown hair", trigger="bespoke"),
        Example("sks girl, solo, smile", trigger="sks_girl"),
        Example("A photo of ohwx man by the sea.", trigger="ohwx man"),
        Example("lad, brown hair, gray background"),
        Example("bespoke, green hat", others=_OTHERS),
        Example("1boy, solo, smile", others=tuple(f"1girl, {words}" for words in ("hat", "tree", "car", "house", "sea", "sun"))),
    ),
    bad=(
        Example("lad, brown hair", (), "bespoke, lad, brown hair", trigger="bespoke"),
        Example("bespok, lad, brown hair", ("bespok",), "bespoke, lad, brown hair", trigger="bespoke"),
        Example(
            "lad, brown hair, red hat, bespoke, smiling", ("bespoke",), "bespoke, lad, brown hair, red hat, smiling", trigger="bespoke"
        ),
        Example("lad, brown hair, red hat, bespoke punk", ("bespoke",), trigger="bespoke"),
        Example(
            "1girl, sks_girl, smile",
            ("sks_girl",),
            "sks_girl, 1girl, smile",
            trigger="sks_girl",
            reader=Reader(shuffles=True, keep_tokens=1),
        ),
        Example("sks_gril, 1girl, smile", ("sks_gril",), "sks_girl, 1girl, smile", trigger="sks_girl", others=_TAGS),
        Example("A photo of a man by the sea.", (), "ohwx man, A photo of a man by the sea.", trigger="ohwx man", others=_PROSE),
        Example("A photo of ohxw man by the sea.", ("ohxw man",), "A photo of ohwx man by the sea.", trigger="ohwx man", others=_PROSE),
        Example("lad, green hat", (), others=_OTHERS),
        Example("bespke, green hat", ("bespke",), "bespoke, green hat", others=_OTHERS),
        Example("bespokered hat, lad", ("bespokered",), "bespoke red hat, lad", trigger="bespoke"),
        Example("a fox, in the style of", (), "a fox, in the style of mei_ink", trigger="mei_ink", others=_STYLE),
        Example("1girl, sousou no frieren, tree", ("frieren",), trigger="frieren", others=_NAMED),
    ),
)
