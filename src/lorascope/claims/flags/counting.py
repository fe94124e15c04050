"""Counts: F01 what is announced and what is listed, F08 more phases than points can show."""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.claims.claim import Found, Verdict
from lorascope.claims.counting import announced_lists, parts_named
from lorascope.claims.flag import Example, Flag
from lorascope.claims.markdown import Statement
from lorascope.claims.report import Report, found_at

_POINTS_PER_PHASE = 4


def miscounted(report: Report) -> Iterator[Found]:
    """F01: a stated number of things, and another number of them listed."""
    for statement, stated, listed in announced_lists(report):
        yield _counted(statement, stated, listed, "listed below")
    for statement, stated, named, noun in parts_named(report):
        yield _counted(statement, stated, named, f"{noun}s described below")


def _counted(statement: Statement, stated: int, found: int, what: str) -> Found:
    if stated == found:
        return found_at(statement, Verdict.CONSISTENT, f"{found} {what}")
    return found_at(statement, Verdict.INCONSISTENT, f"{stated} stated, {found} {what}", "F01")


def too_many_phases(report: Report) -> Iterator[Found]:
    """F08: more segments than a quarter of the points."""
    for statement, stated, named, noun in parts_named(report):
        curves = report.curves(statement)
        points = max((len(one.points) for one in curves), default=0)
        segments = max(stated, named)
        if noun in {"phase", "stage"} and points >= 3 and segments > points / _POINTS_PER_PHASE:
            said = f"{segments} {noun}s on {points} points: at most {max(1, points // _POINTS_PER_PHASE)} can be told from noise"
            yield found_at(statement, Verdict.MISLEADING, said, "F08")


_CURVE = """| Epoch | Loss |
|---|---|
| 1 | 0.31 |
| 2 | 0.25 |
| 3 | 0.27 |
| 4 | 0.21 |
| 5 | 0.22 |
"""
FLAGS = (
    Flag(
        id="F01",
        title="Stated count differs from what is listed",
        meaning="A number of things is announced, and another number of them follows.",
        misleads="What was counted is not what is shown: something is missing, or was added after the count.",
        remedy="List all of them, or correct the number.",
        find=miscounted,
        fires=(
            Example("Test prompts (4 scenes):\n\n1. a cat\n2. a dog\n3. a horse\n"),
            Example("Training went through three stages:\n\n## Stage 1: warm-up\n\n## Stage 2: learning\n"),
        ),
        silent=(
            Example("Test prompts (3 scenes):\n\n1. a cat\n2. a dog\n3. a horse\n"),
            Example("We trained for 3 epochs:\n\n- on one GPU\n- with AdamW\n"),
        ),
    ),
    Flag(
        id="F08",
        title="More phases than points can show",
        meaning="A curve is cut into phases of fewer than four points each.",
        misleads="Any noisy series can be told as a story of ups and downs; with so few points each phase is one or two draws.",
        remedy="More checkpoints or more prompts, or one sentence about the whole curve.",
        find=too_many_phases,
        fires=(Example(f"{_CURVE}\nThe curve has 3 phases.\n\n### Phase 1\n\n### Phase 2\n\n### Phase 3\n"),),
        silent=(Example(f"{_CURVE}\nWe repeat the recipe in 3 steps.\n\n### Step 1\n\n### Step 2\n\n### Step 3\n"),),
    ),
)
