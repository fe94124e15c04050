"""Evidence: F18 a count that the ledger does not bear out, F19 a contradiction, F20 a guess as a finding, F21 certainty from a handful."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lorascope.analysis.intervals import exact_share_interval
from lorascope.claims.claim import Found, Verdict
from lorascope.claims.contradictions import contradicted_curves, contradicted_ranges, contradicted_values
from lorascope.claims.flag import Example, Flag
from lorascope.claims.ledger import NamedRun, meeting
from lorascope.claims.markdown import Kind, Statement
from lorascope.claims.report import Report, found_at, shown
from lorascope.claims.settings import conditions_in, parameter_named
from lorascope.claims.vocabulary import CERTAIN, GUESSED, MET

_SHARE_OF_RUNS = re.compile(
    r"\b(\d{1,4})\s?(?:/|of|out of)\s?(\d{1,4})\s(?:\w+\s){0,2}(?:runs?|trainings?|experiments?|loras|models)\b", re.IGNORECASE
)
_KNOWN = re.compile(r"\b(?:proven|known|established|confirmed|verified)\s(?:patterns?|facts?|findings?|results?|rules?)\b", re.IGNORECASE)
_RATE = re.compile(
    r"\b100\s?%\s*\(?\s*(?:\w+\s){0,2}?(?:rate|success|failure|failures?|observed|of (?:runs|the time|cases))\b|\b(?:rate|success|"
    r"failure)\w*\s*(?:of|:|=)\s*100\s?%",
    re.IGNORECASE,
)
_OPTIMAL = re.compile(r"\bproven (?:optimal|best|stable|reliable)\b", re.IGNORECASE)
_ADVICE = re.compile(r"\b(?:track|record|document|audit|save|check|monitor|use a seed|drop during|learned)\b", re.IGNORECASE)
_DESCRIBED = re.compile(
    r"\b(?:was|were|is|are)\salways\b|\balways\s(?:=\s?)?\d", re.IGNORECASE
)  # of settings: what they were, not what they do
_ENOUGH = 0.9


def counted_evidence(report: Report) -> Iterator[Found]:
    """F18: so many runs are given as evidence, and the ledger has another number of them."""
    for statement in report.statements:
        match = _SHARE_OF_RUNS.search(statement.own)
        if match is None or int(match[2]) == 0:
            continue
        runs = _runs(report, statement)
        found = meeting(runs, statement.own) or (meeting(runs, statement.under) if conditions_in(statement.under) else None)
        if found is None or not runs or not conditions_in(statement.own):
            continue
        count = int(match[2])
        names = ", ".join(run.name for run in found) or "none"
        if len(found) != count:
            said = f"{count} runs are stated; {len(found)} with {' and '.join(map(str, conditions_in(statement.own)))} are listed ({names})"
            yield found_at(statement, Verdict.INCONSISTENT, said, "F18")
        else:
            yield found_at(statement, Verdict.CONSISTENT, f"{count} runs are listed ({names})")


def _runs(report: Report, statement: Statement) -> tuple[NamedRun, ...]:
    own = tuple(run for run in report.runs if run.document == statement.document)
    return own or report.runs or report.records.runs


def contradictions(report: Report) -> Iterator[Found]:
    """F19: a statement against another statement, a listed run, or a hypothesis in the store."""
    yield from contradicted_ranges(report)
    yield from contradicted_curves(report)
    yield from contradicted_values(report)


def guesses_as_findings(report: Report) -> Iterator[Found]:
    """F20: a hypothesis or an unfinished run, marked as a fact or listed among the facts."""
    for statement in report.statements:
        guess = GUESSED.search(statement.own)
        if guess is None or statement.kind in {Kind.CODE, Kind.HEADING} or not statement.section:
            continue
        marked = bool(MET.search(statement.raw[: max(12, statement.raw.find(" ") + 1)])) and "✅" in statement.raw
        listed = any(_KNOWN.search(above) for above in statement.section[-3:])
        if (
            (marked or listed)
            and (statement.kind is Kind.ITEM or listed)
            and not re.search(r"\b(?:no longer|not a|confirmed|validated)\b", statement.own, re.IGNORECASE)
        ):
            where = (
                "marked as a fact"
                if marked
                else f'listed under "{next(above for above in reversed(statement.section) if _KNOWN.search(above)).rstrip(":")}"'
            )
            yield found_at(statement, Verdict.MISLEADING, f'"{guess[0].lower()}", and {where}', "F20")


def certain_from_few(report: Report) -> Iterator[Found]:
    """F21: always, never, proven, 100 %, and an exact lower bound below .9."""
    for statement in report.statements:
        word = _RATE.search(statement.own) or _OPTIMAL.search(statement.own) or CERTAIN.search(statement.own)
        if (
            word is None
            or statement.kind is Kind.HEADING
            or _ADVICE.search(statement.own)
            or _DESCRIBED.search(statement.own)
            or GUESSED.search(statement.own)
        ):
            continue
        if not _about_outcome(statement, word[0]):
            continue
        count, source = _evidence_for(report, statement)
        if count is None or count == 0:
            yield found_at(statement, Verdict.MISLEADING, f'"{word[0]}": no number of runs is given; 29 of 29 would be needed', "F21")
        elif (low := exact_share_interval(count, count).low) < _ENOUGH:
            yield found_at(
                statement,
                Verdict.MISLEADING,
                f'"{word[0]}" from {count} of {count}{source}: the true share may be as low as {shown(100 * low)} %',
                "F21",
            )


def _about_outcome(statement: Statement, word: str) -> bool:
    """Whether a setting's effect is spoken of: a setting, a value of the parameter in the heading above, or a rate."""
    if conditions_in(statement.own) or "%" in word:
        return True
    above = next((known for text in reversed(statement.section) if (known := parameter_named(text.split(" ")[0]))), None)
    values = re.search(r"`[^`]+`|\b\d", statement.raw)
    return bool(above and values)


def _evidence_for(report: Report, statement: Statement) -> tuple[int | None, str]:
    """How many runs a certain statement rests on: as it says itself or the text next to it says, else as the ledger has them."""
    near = [statement, *(report.at(statement.document, statement.line + step) for step in range(1, 8))]
    for one in near:
        if one is not statement and one.section[:-1] != statement.section[:-1] and one.section != statement.section:
            continue
        share = next((number for number in report.numbers(one) if number.total and not number.is_score), None)
        if share and share.total:
            return int(share.total), " (as stated)"
    found = meeting(_runs(report, statement), statement.own)
    return (len(found), " (as listed)") if found is not None else (None, "")


_RUNS = "- RUN_A1: dim=64, score=3/10\n- RUN_A2: dim=128, score=2/10\n- RUN_A3: dim=32, score=8/10\n"
FLAGS = (
    Flag(
        id="F18",
        title="The evidence is counted differently from the ledger",
        meaning="So many runs are given as evidence, and those that are listed or recorded are another number.",
        misleads="Runs are remembered that do not exist, or were left out.",
        remedy="Name the runs.",
        find=counted_evidence,
        fires=(Example(f"{_RUNS}\nEvidence: 3/3 runs with dim>=64 failed.\n"),),
        silent=(Example(f"{_RUNS}\nEvidence: 2/2 runs with dim>=64 failed.\n"),),
    ),
    Flag(
        id="F19",
        title="It contradicts another statement",
        meaning="A rule, a range or a recommendation that another rule, a listed run or a recorded hypothesis contradicts.",
        misleads="Both cannot hold; whoever reads one of them only will plan by it.",
        remedy="Decide by a run, and strike the other one.",
        find=contradictions,
        fires=(
            Example("- The best epochs are epochs 7-9\n- Expect the best at epochs 3-5\n"),
            Example("- ALWAYS use network_dim=32\n\n## Ideas\n\n- Test network_dim=64, which might capture more details\n"),
            Example("Rule:\n\n```\nEpochs 1-3: quality < 7\n```\n\n- RUN_A1: epochs 1-4 at 8/10, dim=32\n"),
        ),
        silent=(
            Example("- The best epochs are epochs 7-9\n- Epochs 8-9 are optimal\n"),
            Example("Rule:\n\n```\nEpochs 1-3: quality < 7\n```\n\n- RUN_A1: epochs 1-4 at 5/10, dim=32\n"),
        ),
    ),
    Flag(
        id="F20",
        title="A hypothesis shown as a finding",
        meaning="Something that is called a hypothesis, expected, untested or in progress is ticked off or stands among the known facts.",
        misleads="The tick is read, the word behind it is not.",
        remedy="Move it to the hypotheses, with the metric that would decide it (lorascope hypothesis add).",
        find=guesses_as_findings,
        fires=(
            Example("## Known Patterns\n\n- ✅ keep_tokens=3 gives 95% accuracy (HYPOTHESIS)\n"),
            Example("## Proven Patterns\n\nThe effect on faces: in progress\n"),
        ),
        silent=(Example("## Hypotheses\n\n- keep_tokens=3 gives 95% accuracy (HYPOTHESIS)\n"),),
    ),
    Flag(
        id="F21",
        title="Certain from a handful",
        meaning="Always, never, proven or 100 %, and the exact lower bound of the share (Clopper and Pearson) is below .9.",
        misleads="3 of 3 is what happens once in eight times by the toss of a coin; the true rate may be 29 %.",
        remedy="Say 3 of 3, with the interval; 29 of 29 would bear the word.",
        find=certain_from_few,
        fires=(
            Example("network_dim=64 gives photographs (100% failure rate).\n"),
            Example("- ALWAYS use network_dim=32\n"),
            Example("network_alpha=16 is proven stable.\n"),
        ),
        silent=(
            Example("network_dim=64 failed with a 100% failure rate (60/60 runs).\n"),
            Example("Always record the seed.\n"),
            Example("network_dim=64 failed in 3 of 3 runs.\n"),
        ),
    ),
)
