"""What a report leaves open, and what would decide it. As much a finding as the rest."""

from __future__ import annotations

import math

from lorascope.reports.answers import HIGHER, LOWER, Difference
from lorascope.reports.comparison import datasets_differ, differing, has_one_sign, is_decided
from lorascope.reports.evidence import Evidence, RunEvidence
from lorascope.reports.wording import counted, difference_unit, interval, listed, number, p_clause, shortened, visible

MOST_PROMPTS = 2000  # beyond this, asking for more prompts is no advice


def undecided(evidence: Evidence) -> tuple[str, ...]:
    """One sentence or two for each open question, in order of weight."""
    open_ends: list[str] = []
    if len(evidence.runs) > 1:
        open_ends += _cause(evidence)
    for run in evidence.runs:
        open_ends += _choice(run)
    rows = [row for row in (evidence.comparisons[0].differences if evidence.comparisons else ()) if _is_asked(evidence, row.metric)]
    for row in sorted(rows, key=lambda row: row.metric != evidence.metric):
        open_ends += _difference(evidence, row)
    for run in evidence.runs:
        open_ends += _gaps(evidence, run)
    return tuple(open_ends) or ("Nothing that these numbers could show. Other prompts and other metrics were not asked.",)


def _is_asked(evidence: Evidence, metric: str) -> bool:
    """Whether a difference in this metric is a question: the judging one, and where bands say what is usual, only what judges."""
    described = evidence.note(metric).direction not in {HIGHER, LOWER} and all(metric in run.bands for run in evidence.runs)
    return metric == evidence.metric or not described


def _cause(evidence: Evidence) -> list[str]:
    """Whether the difference between two trainings is that of their settings."""
    names = differing(evidence)
    changed = [visible(name) for name in names if name != "seed"] + (["the dataset"] if datasets_differ(evidence) else [])
    open_ends = []
    if len(changed) > 1:
        open_ends.append(
            f"{counted(len(changed), 'thing')} changed at once ({listed(changed)}): no single one can be named as the cause. "
            "A run that changes only one of them would separate them."
        )
    open_ends.append(
        "Each setting was trained once. The intervals say how sure the difference between these two trainings is over prompts; whether "
        "another training seed would give the same is open. Two more trainings of each setting with another seed would show it."
    )
    return open_ends


def _choice(run: RunEvidence) -> list[str]:
    choice, name = run.choice, shortened(run.run.name)
    if choice is None or choice.leader is None:
        return []
    others = [epoch for epoch in choice.cannot_tell if epoch != choice.leader]
    if not others and choice.best_epoch is not None:
        return []
    among = (
        f"Epoch {choice.leader} cannot be told from {'epoch' if len(others) == 1 else 'epochs'} {listed(others)}"
        if others
        else "No epoch stands out"
    )
    why = ""
    if choice.differ_p is not None and choice.differ_p >= 0.05:
        why = f", and the epochs may all be alike ({p_clause(choice.differ_p)})"
    means = f"More prompts than {choice.prompts} would narrow the intervals."
    if choice.prompts_to_decide:
        means = (
            f"About {choice.prompts_to_decide:,} prompts (now {choice.prompts}) would decide it, if the epochs differ as much as it looks."
        )
    return [f"{name}: {among}{why}. {means}"]


def _difference(evidence: Evidence, row: Difference) -> list[str]:
    if row.difference is None or row.low is None or is_decided(row):
        return []
    note = evidence.note(row.metric)
    unit = difference_unit(note.unit)
    bounds = interval(row.low, row.high, note.unit, with_sign=True)
    if has_one_sign(row):
        said = f"the interval of the difference ({bounds} {unit}) leaves one sign, the test does not decide"
        return [f"{visible(note.title)}: {said} ({p_clause(row.p_value)}, {counted(row.n, 'prompt')}). More prompts would."]
    sentence = f"{visible(note.title)}: the difference between the runs may have either sign ({bounds} {unit}, {counted(row.n, 'prompt')})."
    return [f"{sentence} {_more(row, note.unit, unit)}".strip()]


def _more(row: Difference, metric_unit: str, unit: str) -> str:
    """How many prompts would decide, if the difference is as large as it looks: n grows with the square of what is to be seen."""
    if not row.detectable or not row.difference:
        return ""
    needed = math.ceil(row.n * (row.detectable / row.difference) ** 2)
    seen = f"{number(abs(row.difference), metric_unit)} {unit}"
    least = f"{number(row.detectable, metric_unit)} {unit}"
    if needed > MOST_PROMPTS:
        return (
            f"A difference of {least} or more would have shown; if the true one is near {seen}, no reasonable number of prompts decides it."
        )
    return f"A difference of {least} or more would probably have shown; if the true one is {seen}, about {needed} prompts would decide."


def _gaps(evidence: Evidence, run: RunEvidence) -> list[str]:
    """Pictures or numbers that are missing."""
    name, gaps = shortened(run.run.name), []
    if run.run.status.value in {"interrupted", "failed", "running"}:
        gaps.append(f"{name}: the training is {run.run.status.value}; later epochs may change the answer.")
    known = {m.metric for m in run.measurements if m.mean is not None}  # what no picture has is no gap: nothing asked, or no grid
    missing = [m for m in run.measurements if m.not_measurable and m.metric in known and _is_asked(evidence, m.metric)]
    for metric in dict.fromkeys(m.metric for m in missing):
        count = sum(m.not_measurable for m in missing if m.metric == metric)
        title = visible(evidence.note(metric).title).lower()
        reason = next((score.reason for score in run.scores if score.metric == metric and score.value is None and score.reason), "")
        gaps.append(f"{name}: {counted(count, 'picture')} gave no number for {title}{f' ({shortened(reason, 120)})' if reason else ''}.")
    if run.choice and run.choice.seeds == 1:
        gaps.append(f"{name}: every prompt was drawn with one seed only, so each number holds the luck of that one picture.")
    return gaps
