"""A background's color word that the pixels refute: "green background" on brown.

The background is the one region that can be found with certainty (a single color along the upper and side edges), so here
the pixels have the last word, and the right word replaces the wrong one when asked to. The words of hair or clothing are
never touched: their pixels cannot be told apart surely. A modifier that does not hold ("bright" on olive) is only noted.
"""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.features import background_feature
from lorascope.captions.naming import best_word, certain_word, judge
from lorascope.records.color import hex_code
from lorascope.records.finding import Edit, Finding, FixKind, Severity
from lorascope.records.run import JsonValue


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:
    """A finding when the background's word is wrong, or one of its modifiers does not hold."""
    seen = entry.sight.background if entry.sight else None
    feature = background_feature(entry.caption) if entry.caption and seen is not None else None
    if seen is None or feature is None or feature.color is None:
        return
    color = feature.color
    verdict = judge(color, seen, around)
    evidence: dict[str, JsonValue] = {"word": color.text, "background": hex_code(seen)}
    if verdict.wrong:
        word = certain_word(seen, around)
        known = f"is {word}" if word else "has no sure name"
        yield CHECK.finding(
            entry,
            f'"{color.text} {feature.noun}", but the background ({hex_code(seen)}) {known}',
            spans=[(color.start, color.end)],
            edits=[Edit(color.start, color.end, word)] if word else (),
            severity=Severity.ERROR if verdict.conflict else Severity.WARNING,
            evidence={**evidence, "distance_oklab": verdict.distance, "better": verdict.better},
        )
        return
    broken = color.phrase.modifiers and around.knowledge.names.broken_modifiers(color.phrase, seen)
    if broken:
        yield CHECK.finding(
            entry,
            f"the background ({hex_code(seen)}) is {' '.join(color.phrase.terms)}, but hardly {' or '.join(broken)}",
            spans=[(color.start, color.end)],
            severity=Severity.NOTE,
            evidence={
                **evidence,
                "modifiers": [*broken],
                "distance_oklab": round(around.knowledge.names.distance(color.phrase, seen), 4),
                "better": best_word(seen, around),
            },
        )


CHECK = Check(
    name="background_word_contradicts_pixels",
    title="background's color word against its pixels",
    reason="A wrong background word teaches the model the wrong color; in a share of captions it destroys color control.",
    severity=Severity.ERROR,
    fix=FixKind.ASK,
    find=find,
    signal=r"background|backdrop|\bbg\b|_bg",
    good=(
        Example("bespoke, brown hair, gray background", background="#8c8391"),
        Example("bespoke, split red and green background", background="#8c8391"),
        Example("bespoke, green background"),
        Example("bespoke, smiling", background="#8c8391"),
        Example("bespoke, light blue background", background="#a5d8ff"),
    ),
    bad=(
        Example("bespoke, brown background, smiling", ("brown",), "bespoke, blue background, smiling", background="#2961ca"),
        Example("her bright green solid background", ("bright green",), "her brown solid background", background="#74462a"),
        Example("1boy, green_background, solo", ("green",), "1boy, brown_background, solo", background="#74462a"),
        Example("The background is green.", ("green",), "The background is red.", background="#cc2028"),
        Example("bright green background", ("bright green",), background="#95a259"),
    ),
)
