"""The window map of many captions, or of the test prompts: what is cut, what is lost, what costs how much, what shuffling risks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from lorascope.captions.check import Reader
from lorascope.captions.clauses import CODE, Caption, Clause, ClauseKind
from lorascope.captions.prices import prices, total
from lorascope.captions.shuffling import tag_chances, torn
from lorascope.captions.token_map import clause_tokens
from lorascope.captions.vocabulary import STOPS
from lorascope.captions.window import WINDOWS, ClipTokenizer, first_unread
from lorascope.records.window_map import LongCaption, LostWord, Price, ShuffledTag, WindowMap

MOST_LISTED = 20
LONGEST_LOST_CHARACTERS = 80
EVEN = 0.5


def window_map(
    captions: Iterable[tuple[str, Caption]],
    tokenizer: ClipTokenizer,
    reader: Reader | None = None,
    *,
    is_boilerplate: Callable[[Clause], bool] | None = None,
    most: int = MOST_LISTED,
) -> WindowMap:
    """The map of captions, each with the name it is listed by. ``reader`` says how the trainer reads; ``most`` limits each list."""
    reader = reader or Reader()
    tokens: list[int] = []
    found: list[Price] = []
    words, lost = Counter[str](), Counter[str]()
    longest: list[LongCaption] = []
    chances: dict[str, list[float]] = {}
    torn_captions = halved = 0
    for name, caption in captions:
        tokens.append(tokenizer.count(caption.text))
        found += prices(caption, tokenizer, is_boilerplate or _never)
        words.update({word for clause in caption.clauses for word in _words(clause)})
        if tokens[-1] > reader.window_tokens:
            start = first_unread(caption.text, tokenizer, reader.window_tokens) or 0
            lost.update(_lost_words(caption, start))
            longest.append(LongCaption(name, tokens[-1], " ".join(caption.text[start : start + LONGEST_LOST_CHARACTERS].split())))
        if tokens[-1] > WINDOWS[0]:
            halved += any(clause.torn(reader.window_tokens) for clause in clause_tokens(caption, tokenizer))
        if reader.shuffles:
            torn_captions += bool(torn(caption.text, reader))
            for tag in tag_chances(caption.text, reader, tokenizer):
                chances.setdefault(_tag_name(tag.tag.text), []).append(tag.chance)
    shuffled = [ShuffledTag(tag, len(found), sum(found) / len(found), min(found)) for tag, found in chances.items()]
    return WindowMap(
        window_tokens=reader.window_tokens,
        tokens=tuple(sorted(tokens)),
        cut_at=tuple((window, sum(count > window for count in tokens)) for window in WINDOWS),
        prices=total(found),
        lost_words=tuple(
            LostWord(word, count, words[word]) for word, count in sorted(lost.items(), key=lambda item: (-item[1], item[0]))[:most]
        ),
        longest=tuple(sorted(longest, key=lambda long: (-long.tokens, long.file))[:most]),
        shuffled=tuple(sorted(shuffled, key=lambda tag: (tag.mean_chance, -tag.captions, tag.tag))[:most]),
        tags=sum(map(len, chances.values())),
        below_even=sum(chance < EVEN for found in chances.values() for chance in found),
        torn=torn_captions,
        halved=halved,
    )


def _tag_name(text: str) -> str:
    """The name under which a tag is counted: its words without codes, so that "hair (#7e351a)" and "hair (#03dc73)" are one."""
    return " ".join(CODE.sub(" ", text.lower()).replace("(", " ").replace(")", " ").split()) or "a color code"


def _never(clause: Clause) -> bool:  # noqa: ARG001 - the protocol
    return False


def _words(clause: Clause) -> set[str]:
    return {word for word in clause.key.split() if word not in STOPS and not word.isdigit()} if clause.kind is ClauseKind.WORDS else set()


def _lost_words(caption: Caption, start: int) -> set[str]:
    """The words of the clauses beyond a place; of the clause that is cut there, the words behind it."""
    lost: set[str] = set()
    for clause in caption.clauses:
        if clause.end > start:
            behind = caption.text[max(start, clause.start) : clause.end].lower()
            lost.update(word for word in _words(clause) if clause.start >= start or word in behind)
    return lost
