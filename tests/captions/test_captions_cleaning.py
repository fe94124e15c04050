"""Properties of cleaning, over captions put together from all that captions are made of."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from lorascope.captions.audit import audit_entry, surroundings
from lorascope.captions.check import Entry
from lorascope.captions.clauses import read_caption
from lorascope.captions.clean import repair
from lorascope.captions.edits import words
from lorascope.captions.sight import Sight
from lorascope.jobs.read_assets import knowledge
from lorascope.records.color import parse_hex
from lorascope.records.finding import FixKind

COLORS = ("brown", "green", "gray", "teal", "very dark blue", "bright green", "red and gold", "checkered", "")
CODES = ("#7e351a", "#03dc73", "#8c8391", "#ABC", "#2961ca")
NOUNS = ("hair", "background", "hat", "clothing", "skin")
PLAIN = (
    "bespoke", "pixel art portrait", "smiling", "sharp pixel edges", "no anti-aliasing", "café", "it's a long( story", "pale skin",
    "highlights) with", "palette: #7e351a, #03dc73", "Palette:#7e351a", "#7e351a", "(#03dc73)", "", " ", "pixel\u00a0art", "donâ€™t",
    "日本語", "\u200b", "a\nb", "日\u200c本", "\U0001f468\u200d\U0001f467", "\u200c", "\u00a0\u200d本",
)  # fmt: skip

codes = st.lists(st.sampled_from(CODES), min_size=1, max_size=3).map(", ".join)
shapes = st.sampled_from((" ({})", "({})", " {}", " (dark {}) too"))
features = st.builds(
    lambda color, noun, code, shape: " ".join(filter(None, [color, noun])) + (shape.format(code) if code else ""),
    st.sampled_from(COLORS), st.sampled_from(NOUNS), st.one_of(st.none(), codes), shapes,
)  # fmt: skip
captions = st.builds(
    lambda parts, separator: separator.join(parts),
    st.lists(st.one_of(features, st.sampled_from(PLAIN)), max_size=9), st.sampled_from((", ", ",", " , ", ". ")),
)  # fmt: skip
backgrounds = st.one_of(st.none(), st.sampled_from(CODES).map(parse_hex), st.tuples(*[st.integers(0, 255)] * 3))
ALL = frozenset({FixKind.SAFE, FixKind.ASK})
TAILS = [f"bespoke, {word}, sharp pixel edges, no anti-aliasing" for word in ("hat", "scarf", "smiling", "frowning", "beard", "glasses")]
OTHERS = [Entry(f"{n}.txt", f"{n}.png", f"{n}.txt", read_caption(text)) for n, text in enumerate(TAILS)]


def situation(text, background):
    sight = None if background is None else Sight.of_colors([background, parse_hex("#7e351a")], background)
    entry = Entry("a.txt", "a.png", "a.txt", read_caption(text), sight=sight)
    return entry, surroundings([entry, *OTHERS], knowledge())


def cleaned(text, background, kinds=ALL):
    return repair(*situation(text, background), kinds)


@settings(max_examples=150, deadline=None)
@given(captions, backgrounds, st.sampled_from((ALL, frozenset({FixKind.SAFE}))))
def test_cleaning_twice_changes_nothing(text, background, kinds):
    entry, around = situation(text, background)
    once = repair(entry, around, kinds).after
    again = Entry("a.txt", "a.png", "a.txt", read_caption(once), sight=entry.sight)
    assert repair(again, around, kinds).after == once


@settings(max_examples=150, deadline=None)
@given(captions, backgrounds)
def test_exactly_the_announced_words_are_lost_and_gained(text, background):
    result = cleaned(text, background)
    lost, gained = Counter(), Counter()
    for edit in result.edits:
        if "â" in edit.removed or "Ã" in edit.removed:
            return
        lost += words(edit.removed)
        gained += words(edit.text)
    expected = words(text)
    expected.subtract(lost)
    expected.update(gained)
    assert words(result.after) == +expected


@settings(max_examples=150, deadline=None)
@given(captions, backgrounds)
def test_nothing_outside_the_edits_changes(text, background):
    result, rebuilt = cleaned(text, background), text
    for number in range(1 + max((edit.pass_number for edit in result.edits), default=0)):
        for edit in sorted((e for e in result.edits if e.pass_number == number), key=lambda e: -e.start):
            assert rebuilt[edit.start : edit.end] == edit.removed
            rebuilt = rebuilt[: edit.start] + edit.text + rebuilt[edit.end :]
    assert rebuilt == result.after


@settings(max_examples=150, deadline=None)
@given(captions, backgrounds)
def test_cleaning_leaves_no_debris_that_was_not_there(text, background):
    after = cleaned(text, background).after
    before = text.replace("\u200b", "")  # what the eye sees: a sign of no width between two commas is debris already
    for debris in (r"\(\s*,", r",\s*\)", r"\(\s*\)", r",\s*,"):
        assert len(re.findall(debris, after)) <= len(re.findall(debris, before))


@settings(max_examples=100, deadline=None)
@given(captions)
def test_without_pixels_no_color_is_claimed(text):
    allowed = words(text.replace("\u200b", "").replace("\u00a0", " "))
    for edit in cleaned(text, None).edits:
        assert not words(edit.text) or edit.check in {"encoding", "typo", "fused_words"}
    assert {word for word in words(cleaned(text, None).after) if word.startswith("#")} <= set(allowed) | {"#"}


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=120), backgrounds)
def test_any_text_at_all_is_audited_and_spans_lie_inside_it(text, background):
    entry, around = situation(text, background)
    for found in audit_entry(entry, around):
        for start, end in found.spans:
            assert 0 <= start < end <= len(text)
    cleaned(text, background)
