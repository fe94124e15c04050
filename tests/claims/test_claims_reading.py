"""Reading a report: its blocks with their lines, and which of its digits are numbers."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lorascope.claims.check import check_reports
from lorascope.claims.markdown import Kind, read_markdown
from lorascope.claims.quantity import quantities
from lorascope.claims.series import read_series
from lorascope.claims.settings import conditions_in, read_changes, read_settings
from lorascope.claims.vocabulary import epochs_in, words


def texts(markdown):
    return [(one.line, one.kind, one.text) for one in read_markdown(markdown, "x").statements]


def test_every_statement_has_its_line_and_what_stands_above_it():
    document = read_markdown("# Runs\n\n**Phase 1: early**\n\n- one\n  - two\n\nFirst sentence. Second one\nwith 5 words.\n", "x")
    two, second = document.statements[3], document.statements[-1]
    assert (two.line, two.section) == (6, ("Runs", "Phase 1: early", "one"))
    assert (second.line, second.text, second.kind) == (8, "Second one with 5 words.", Kind.TEXT)


def test_a_table_keeps_its_lines_and_loses_its_markup():
    table = read_markdown("\n| Epoch | Loss |\n|:--|--:|\n| **1** | `0.5` |\n| 2 \\| b | 0.4 |\n", "x").tables[0]
    assert table.line == 2
    assert [(row.line, row.cells) for row in table.rows] == [(4, ("1", "0.5")), (5, ("2 | b", "0.4"))]


def test_code_is_kept_apart_and_an_open_fence_ends_with_the_file():
    document = read_markdown("```toml\nnetwork_dim = 8\nseed = 1\nlearning_rate = 1e-4\n", "x")
    assert [(one.name, one.value, one.line) for one in read_settings(document)] == [
        ("network_dim", 8.0, 2), ("seed", 1.0, 3), ("learning_rate", 1e-4, 4)
    ]  # fmt: skip


def test_lines_without_a_table_bar_are_no_table():
    assert read_markdown("a | b\nc | d\n", "x").tables == ()


@pytest.mark.parametrize(
    "text",
    [
        "2025-11-10", "10.11.2025", "November 10, 2025", "v1.2.3", "#03dc73", "512x512", "SD1.5", "lora_dim32-000008.safetensors",
        "https://a.b/12", "epoch 8", "Epochs 6-7", "E9", "step 1500", "AdamW8bit", "network_dim=64", "line 12", "Week 3", "RTX A4000",
        "outputs/run_2/img_7.png", "12:30", "p = 0.03", "[188, 249]",
    ],
)  # fmt: skip
def test_dates_versions_names_and_references_are_no_numbers(text):
    assert [found.text for found in quantities(f"see {text} there")] == []


@pytest.mark.parametrize(
    ("text", "value", "low", "high", "unit"),
    [
        ("216.6 colors", 216.6, 216.55, 216.65, ""),
        ("3,621 codes", 3621, 3620.5, 3621.5, ""),
        ("-28%", -28, -28.5, -27.5, "%"),
        ("60-70%", 60, 59.5, 70.5, "%"),
        ("1e-4", 1e-4, 0.5e-4, 1.5e-4, ""),
        ("2.5x larger", 2.5, 2.45, 2.55, "x"),
    ],
)
def test_a_number_is_what_it_may_have_been_before_rounding(text, value, low, high, unit):
    found = quantities(text)[0]
    assert (found.value, found.unit) == (value, unit)
    assert (found.low, found.high) == pytest.approx((low, high))


def test_a_share_keeps_its_base_and_a_score_its_scale():
    share, score = quantities("202/203 captions, 9/10")
    assert (share.value, share.total, share.is_score) == (202, 203, False)
    assert score.is_score


def test_from_one_to_another_are_two_numbers_and_a_range_is_one():
    assert [(one.value, one.upper) for one in quantities("from 60% to 90%")] == [(60, None), (90, None)]
    assert [(one.value, one.upper) for one in quantities("60 to 90 images")] == [(60, 90)]


def test_decimal_commas_are_read_where_a_document_writes_them():
    assert [one.value for one in quantities("0,182 bis 62,5 %", comma=True)][:2] == [0.182, 62.5]
    assert quantities("1.234 Bilder", comma=True)[0].value == 1234


def test_what_is_quoted_is_not_claimed():
    assert check_reports([read_markdown('They wrote "28% improvement (100 vs 50 colors)".\n', "x")]) == ()


def test_checkpoints_words_conditions_and_changes():
    assert epochs_in("epochs 1 to 3, E8") == ((1, 3, False), (8, 8, False))
    assert words("Avg. BG colours") == {"mean", "background", "color"}
    assert [str(one) for one in conditions_in("dim=64+ and alpha < 8")] == ["network_dim >= 64", "network_alpha < 8"]
    change = read_changes(read_markdown("- Reduced max_epochs from 10 to 9\n", "x"))[0]
    assert (change.name, change.before, change.after) == ("max_train_epochs", 10, 9)


def test_a_column_knows_its_order_and_which_way_is_better():
    table = read_markdown("| Epoch | Avg loss | Hat (<5) |\n|---|---|---|\n| E1 | 0.5 | ok |\n| Final | 0.4 | ok |\n", "x").tables[0]
    (series,) = read_series(table)
    assert (series.ordered, series.of_all, series.direction, [point.label for point in series.points]) == (
        True,
        True,
        "lower",
        ["1", "final"],
    )


@given(st.text(alphabet='|-#*`>ab1 .%/=\n\t[]()"', max_size=300))
@settings(max_examples=150, deadline=None)
def test_any_text_is_answered_and_twice_the_same(text):
    first = check_reports([read_markdown(text, "x")])
    assert first == check_reports([read_markdown(text, "x")])
    assert all(1 <= claim.place.line <= text.count("\n") + 1 for claim in first)


@pytest.mark.parametrize(
    "line",
    [
        "|" * 5000,
        "a" * 5000,
        "- " * 2500,
        "#" * 5000,
        "[" * 5000,
        "<" * 5000,
        "1," * 2500,
        "1 + " * 1000 + "1 = 3",
        "a/" * 2500,
        "E1 " * 1500,
    ],
    ids=lambda line: line[:3],
)
def test_a_strange_line_takes_no_time(line):
    begun = time.perf_counter()
    check_reports([read_markdown(f"{line}\n" * 5, "x")])
    assert time.perf_counter() - begun < 3
