"""A choice among checkpoints under conditions, in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

from lorascope.evaluation.best_checkpoint import CALLED_FROM
from lorascope.evaluation.choice_words import listed
from lorascope.evaluation.joint_choice import JointChoice, JointEpoch


def joint_sentences(choice: JointChoice, metric: str, where: str | None, metrics: Sequence[str]) -> tuple[str, ...]:
    """What the conditions leave, and what no other checkpoint beats."""
    said = []
    if where is not None:
        said.append(_of_condition(choice, metric, where))
    if len(metrics) > 1:
        front = tuple(row.epoch for row in choice.epochs if row.p_pareto >= CALLED_FROM)
        names = " and ".join(metrics) if len(metrics) == 2 else f"{', '.join(metrics[:-1])} and {metrics[-1]}"
        one = len(front) == 1
        if front:
            said.append(f"{listed(front).capitalize()} {'is' if one else 'are'} probably beaten by no other in both {names}.".replace(
                "in both", "in both" if len(metrics) == 2 else "in all of"))  # fmt: skip
        else:
            said.append(f"Of no checkpoint can be said that no other beats it in {names}.")
    return tuple(said)


def best_feasible(choice: JointChoice) -> JointEpoch | None:
    """The checkpoint that is the best of those that meet the conditions, where its probability reaches one half."""
    leader = leader_feasible(choice)
    return leader if leader is not None and leader.p_best_feasible >= CALLED_FROM else None


def leader_feasible(choice: JointChoice) -> JointEpoch | None:
    """The most probable one, however improbable; None when no draw had any."""
    ranked = sorted(choice.epochs, key=lambda row: (-row.p_best_feasible, row.epoch))
    return ranked[0] if ranked and ranked[0].p_best_feasible > 0 else None


def _of_condition(choice: JointChoice, metric: str, where: str) -> str:
    likely = tuple(row.epoch for row in choice.epochs if row.p_feasible >= CALLED_FROM)
    leader = leader_feasible(choice)
    if not likely or leader is None:
        most = max(choice.epochs, key=lambda row: (row.p_feasible, -row.epoch))
        return (
            f"No checkpoint can be said to meet {where}: the likeliest is epoch {most.epoch}, with a probability of {most.p_feasible:.2f}; "
            f"that none does has a probability of {choice.p_none:.2f}."
        )
    best = best_feasible(choice)
    meets = f"{listed(likely).capitalize()} probably {'meets' if len(likely) == 1 else 'meet'} {where}"
    if best is None:
        return f"{meets}; none of them can be called the best by {metric}: epoch {leader.epoch} leads with {leader.p_best_feasible:.2f}."
    return f"{meets}; epoch {best.epoch} is the best of those by {metric} with a probability of {best.p_best_feasible:.2f}."
