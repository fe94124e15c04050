"""The window map says in words, bins and tables what is cut and what it costs."""

from __future__ import annotations

import json

from lorascope.records.window_map import LongCaption, LostWord, Price, ShuffledTag, WindowMap
from lorascope.reports.window import bins, sentences, window_json, window_lines, window_view

MAP = WindowMap(
    window_tokens=75,
    tokens=(20, 60, 75, 76, 120),
    cut_at=((75, 2), (150, 0), (225, 0)),
    prices=(Price("codes", 36, 2, 240),),
    lost_words=(LostWord("background", 2, 5),),
    longest=(LongCaption("1\u202e.txt", 120, "green background"),),
    shuffled=(ShuffledTag("green background", 2, 0.4, 0.25),),
    tags=60,
    below_even=3,
    torn=1,
    halved=2,
)


def test_the_numbers_are_said_in_sentences():
    said = sentences(MAP)
    assert said[0] == "2 of 5 captions do not fit into 75 tokens (the median has 75, the longest 120)."
    assert "Codes: in 2 captions, where they cost 120 of the 75 tokens (36 pieces, 240 tokens in all)." in said
    assert 'Lost most often: "background" (2 of 5).' in said
    assert any("3 of 60 tags (5%)" in sentence for sentence in said)


def test_captions_that_fit_are_told_so():
    assert sentences(WindowMap(75, (3, 4), ()))[0].startswith("Every one of 2 captions fits")
    assert sentences(WindowMap(75, (), ())) == ("There are no captions.",)


def test_bins_part_at_the_window():
    found = bins(MAP)
    assert [(bar.first, bar.last, bar.captions, bar.beyond) for bar in found] == [
        (0, 25, 1, False), (26, 50, 0, False), (51, 75, 2, False), (76, 100, 1, True), (101, 125, 1, True),
    ]  # fmt: skip
    assert sum(bar.captions for bar in found) == MAP.captions
    assert len(bins(WindowMap(75, (1, 1_000_000), ()))) == 2


def test_quantiles_are_tokens_of_captions():
    assert [MAP.quantile(share) for share in (0.0, 0.5, 1.0)] == [20, 75, 120]
    assert WindowMap(75, (), ()).quantile(0.5) == 0


def test_the_view_holds_only_tables_with_rows():
    assert [table.rows[0].cells[0] for table in window_view(MAP).tables] == ["codes", "background", "1\\u202e.txt", "green background"]
    assert window_view(WindowMap(75, (3,), ())).tables == ()


def test_lines_fit_a_terminal_and_show_no_hidden_signs():
    lines = window_lines(MAP, "prompts")
    assert any(line.startswith("Tokens of the prompts") for line in lines)
    assert any("too long" in line for line in lines)
    assert "\u202e" not in "".join(lines)
    assert all(len(line) <= 140 for line in lines)


def test_json_is_plain_and_stable():
    found = window_json(MAP)
    assert json.loads(json.dumps(found)) == found
    assert found["format"] == 1
    assert found["cut_at"] == {"75": 2, "150": 0, "225": 0}
    assert found["tokens"]["median"] == 75
