"""Conditions about runs: what they mean, and what is said when they cannot be read."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascope.analysis.where import MetricField, Name, ParameterField, RunField, Which, field_of, fields, holds
from lorascope.analysis.where_text import MOST_CHARACTERS, parse_name, parse_where
from lorascope.errors import BadParameter, NotFound

RUN = {"network_dim": 32, "keep_tokens": 1, "flip_aug": True, "caption": "detailed_v1", "lr": 1e-4, "unset": None, "eval/q": 8.5}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("network_dim = 32", True),
        ("network_dim == 32.0 and keep_tokens <> 2", True),
        ("network_dim > 32 or keep_tokens >= 1", True),
        ("not network_dim > 32", True),
        ("lr <= 1e-4 AND lr >= 0.000_1", True),
        ("flip_aug", True),
        ("flip_aug = 1", True),
        ("not flip_aug", False),
        ("caption like 'detailed%'", True),
        ("caption like '%d_v_'", True),
        ("caption like 'DETAILED%'", False),
        ('caption contains "_v"', True),
        ("caption in ('basic', 'detailed_v1')", True),
        ("network_dim not in (4, 8)", True),
        ("`eval/q` > 8 and eval/q < 9", True),
        ("unset = none", True),
        ("unset != none", False),
        ("unset = 1", False),
        ("unset != 1", False),
        ("not unset = 1", True),
        ("unset not in (1)", False),
        ("unset in (none, 3)", True),
        ("caption > 3", False),
        ("caption != 3", True),
        ("network_dim = '32'", False),
        ("(keep_tokens = 2 or network_dim = 32) and lr = 1e-4", True),
        ("keep_tokens = 2 or network_dim = 32 and lr = 2", False),
    ],
)
def test_what_a_condition_means(text, expected):
    assert holds(parse_where(text), RUN.get) is expected


@pytest.mark.parametrize(
    ("text", "column", "what"),
    [
        ("", 1, "the name"),
        ("network_dim =", 14, "a number"),
        ("network_dim = abc", 15, "'abc'"),
        ("network_dim ! 3", 13, "no meaning"),
        ("caption = 'abc", 11, "no end"),
        ("(keep_tokens = 1", 17, "closing"),
        ("keep_tokens = 1)", 16, "the end"),
        ("keep_tokens like 3", 18, "text in quotes"),
        ("keep_tokens < none", 15, "none"),
        ("lr > 1e999", 6, "too large"),
        ("keep_tokens = 1 lr = 2", 17, "and, or"),
        ("keep_tokens not 3", 17, "in"),
        ("x in ()", 7, "number"),
        ("__import__('os')", 11, "and, or"),
        ("x = 1; drop table training_runs", 6, "no meaning"),
        ("(" * 50 + "x = 1", 42, "parentheses"),
        ("not " * 50 + "x", 165, "parentheses"),
        (" or ".join(["x"] * 300), 1001, "comparisons"),
        ("x = '\0'", 5, "character"),
    ],
)
def test_mistakes_are_named_with_their_column(text, column, what):
    with pytest.raises(BadParameter, match=f"column {column}:.*{what}"):
        parse_where(text)


def test_a_condition_without_measure_is_refused():
    with pytest.raises(BadParameter, match="longer"):
        parse_where("x" * (MOST_CHARACTERS + 1))


@given(st.text(max_size=60) | st.text("(),=<>! 'xand0.e-`\"%", max_size=60))
def test_any_text_is_either_read_or_refused(text):
    with suppress(BadParameter):
        list(fields(parse_where(text)))


class TestNames:
    @pytest.mark.parametrize(
        ("name", "meaning"),
        [
            ("status", RunField("status")),
            ("rank", ParameterField("network_dim")),
            ("best.eval/q", MetricField("eval/q", Which.BEST)),
            ("eval/q", MetricField("eval/q", Which.VALUE)),
            ("max.eval/q", MetricField("eval/q", Which.MAX)),
            ("my.note", ParameterField("my.note")),
            ("parameter.status", ParameterField("status")),
        ],
    )
    def test_a_name_is_a_fact_a_parameter_or_a_metric(self, name, meaning):
        assert field_of(parse_name(name), {"eval/q"}.__contains__, lambda: ["eval/q", "my.note"]) == meaning

    def test_an_unknown_name_is_told_the_nearest(self):
        with pytest.raises(NotFound, match=r"column 7: .*'netwrok_dim'") as caught:
            field_of(Name("netwrok_dim", 7), {}.__contains__, list)
        assert "network_dim" in caught.value.next_step
