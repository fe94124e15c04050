"""What a comparison means, in sentences: undecided or not, what could have been seen, and what a retraining would add."""

from __future__ import annotations

from collections.abc import Sequence

from lorascope.analysis.paired import PairedDifference
from lorascope.analysis.retraining import SettingsDifference
from lorascope.evaluation.choice_words import number

Retraining = tuple[str, SettingsDifference, tuple[tuple[str, ...], ...]]


def about_metric(metric: str, unit: str, paired: PairedDifference | None, refused: str, same_weights: bool) -> list[str]:  # noqa: FBT001
    """The notes of one metric."""
    if refused:
        return [f"{metric}: not compared, {refused}."]
    if paired is None:
        return [f"{metric}: the two share no prompt, so they cannot be compared."]
    notes = []
    if same_weights:
        notes.append(f"{metric}: both checkpoints are the same weights (equal hash): what differs is noise alone.")
    if paired.by_seed:
        notes.append(f"{metric}: one prompt; its {paired.n} seeds stand in for prompts, and nothing is said about other prompts.")
    elif paired.n == 1:
        notes.append(f"{metric}: one prompt and one pair of values: no interval.")
    elif paired.detectable is None:
        alike = f"the difference is {number(paired.difference)} on each of {paired.n} prompts: no spread"
        notes.append(f"{metric}: {alike}, no interval; what could have been seen cannot be said.")
    if not paired.same_seeds:
        notes.append(f"{metric}: not made with the same sampler seeds; paired by prompt only, which needs more prompts.")
    if paired.detectable is not None:
        what = "seeds" if paired.by_seed else "prompts"
        shown = f"{paired.n} {what} show differences from {number(paired.detectable)} {unit}".rstrip() + " on (80 % power)."
        notes.append(f"{metric}: {'undecided. ' if paired.p_value is not None and paired.p_value >= 0.05 else ''}{shown}")
    return notes


def about_retraining(items: Sequence[Retraining]) -> list[str]:
    """What these differences say of settings rather than of two files."""
    if not items:
        return []
    if all(settings.assumed for _, settings, _ in items):
        unknown = (
            "One training of each: how much a retraining with another seed would move the result is not in these intervals. No two runs "
            "here are equal in everything but the seed, so that noise is unknown: train one of them again with another seed."
        )
        return [unknown, *filter(None, map(_arms, items[:3]))]
    notes = [
        "One training of each: the intervals above are of these two files. As a difference of settings, with the noise of a retraining:"
    ]
    for metric, settings, groups in items:
        if settings.low is None or settings.high is None:
            continue
        groups_said = "; ".join(", ".join(group) for group in groups[:3])
        notes.append(
            f"{metric}: {number(settings.low)} to {number(settings.high)} (95 %); retraining moves it by {number(settings.run_sd)} "
            f"(standard deviation, from {groups_said}, leaning on 4 % of the level)."
        )
        notes += filter(None, [_arms((metric, settings, groups))])
    return notes


def _arms(item: Retraining) -> str:
    """How many trainings of each setting would show the difference, where one is not enough."""
    metric, settings, _ = item
    if settings.arms is None or settings.arms <= 1:
        return ""
    basis = f"retraining assumed to move it by 4 % ({number(settings.run_sd)})" if settings.assumed else "with that noise"
    return f"{metric}: R = {settings.arms} trainings of each would show the difference as measured (80 % power; {basis})."


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
