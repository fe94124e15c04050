"""What a choice among checkpoints means, in plain sentences: how sure, on what n, and what would decide."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lorascope.evaluation.best_checkpoint import CALLED_FROM, FEWEST_BLOCKS, Choice
from lorascope.evaluation.epoch_effects import Cells, EpochEffects, copied

POWER_FACTOR = 1.959964 + 0.841621  # two-sided 5 %, 80 % power


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a choice rests on. ``luck`` is the expected best of as many equal epochs, in standard errors of an epoch's mean;
    ``low`` and ``high`` are the metric's range.
    """

    cells: Cells
    effects: EpochEffects
    choice: Choice | None
    unit: str
    tolerance: float
    luck: float
    lower_is_better: bool
    low: float = -math.inf
    high: float = math.inf


def number(value: float) -> str:
    """Four significant digits, without an exponent where it can be read without one.

    >>> number(216.5714), number(0.04), number(13640.2)
    ('216.6', '0.04', '13640')
    """
    return f"{value:.0f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"


def listed(epochs: tuple[int, ...]) -> str:
    """Epochs in a sentence.

    >>> listed((8,)), listed((3, 5, 8))
    ('epoch 8', 'epochs 3, 5 and 8')
    """
    names = [str(epoch) for epoch in epochs]
    return f"epoch {names[0]}" if len(names) == 1 else f"epochs {', '.join(names[:-1])} and {names[-1]}"


def detectable(grounds: Grounds) -> float | None:
    """The smallest true difference of two epochs that these prompts would show with 80 % power, in the metric's unit."""
    variance = grounds.effects.noise_variance
    return POWER_FACTOR * math.sqrt(2 * variance / len(grounds.cells.blocks)) if variance else None


def sentences(grounds: Grounds) -> tuple[str, ...]:
    """The notes of a choice, the most important first."""
    choice = grounds.choice
    if choice is None:
        return (_no_choice(grounds), *_data(grounds))
    if len(choice.candidates) == 1:
        return (
            f"Only {listed((choice.leader.epoch,))} can be compared: there is nothing to choose from. Evaluate more checkpoints.",
            *_data(grounds),
        )
    if grounds.effects.within_variance == 0:
        return ("All epochs scored the same on every prompt: nothing tells them apart.", *_data(grounds))
    return tuple(
        filter(
            None, (_verdict(grounds, choice), _shrinkage(grounds, choice), _differ(grounds), _deciding(grounds, choice), *_data(grounds))
        )
    )


def _no_choice(grounds: Grounds) -> str:
    if len(grounds.effects.epochs) < 2:
        return "No two epochs were measured on the same prompt: they cannot be compared. Measure all of them on one set of prompts."
    if copied(grounds.cells):
        return (
            f"Every epoch has one and the same value on all of its {len(grounds.cells.blocks)} prompts, as if one number per checkpoint "
            "were written for each: n is then 1, and noise and difference cannot be told apart. Import the values of each picture."
        )
    return "One value per epoch: noise and difference cannot be told apart. Measure more prompts, or this one with several seeds."


def _verdict(grounds: Grounds, choice: Choice) -> str:
    leader = choice.leader
    others = tuple(epoch for epoch in choice.set90 if epoch != leader.epoch)
    apart = f"{listed(others).capitalize()} cannot be told from it (with it they hold 90 % of the probability)." if others else ""
    if choice.best is None:
        leads = f"epoch {leader.epoch} leads with a probability of {leader.p_best:.2f}, less than {CALLED_FROM}"
        if leader.p_best >= CALLED_FROM and grounds.effects.blocks < FEWEST_BLOCKS:
            leads = f"epoch {leader.epoch} leads with {leader.p_best:.2f}, but {_blocks(grounds.cells)} cannot speak for others"
        elif leader.p_best >= CALLED_FROM and choice.runner_up is not None:
            leads = f"epoch {leader.epoch} and epoch {choice.runner_up.epoch} have the same level"
        return f"No epoch can be called best: {leads}. {apart}"
    return f"Epoch {leader.epoch} is the best with a probability of {leader.p_best:.2f}. {apart}".rstrip()


def _shrinkage(grounds: Grounds, choice: Choice) -> str:
    effects, leader, count = grounds.effects, choice.leader, len(choice.candidates)
    observed = effects.level + float(effects.effects[effects.epochs.index(leader.epoch)])
    standard_error = math.sqrt((effects.noise_variance or 0.0) / len(grounds.cells.blocks))
    by_luck = effects.level + (-1 if grounds.lower_is_better else 1) * grounds.luck * standard_error
    by_luck = min(max(by_luck, grounds.low), grounds.high)
    return (
        f"Epoch {leader.epoch} measured {number(observed)}; shrunk for being picked out of {count}, "
        f"{number(leader.shrunk)} is the better estimate. {count} equal epochs would show a best of about {number(by_luck)} by luck alone."
    )


def _differ(grounds: Grounds) -> str:
    p_value = grounds.effects.p_value
    if p_value is None:
        return ""
    if p_value < 0.05:
        return f"The epochs do differ (F test over prompts, p = {p_value:.2g})."
    return f"That the epochs differ at all is not shown (F test over prompts, p = {p_value:.2g})."


def _deciding(grounds: Grounds, choice: Choice) -> str:
    seen = detectable(grounds)
    if choice.runner_up is None or seen is None:
        return ""
    effects, pair = grounds.effects, (choice.leader.epoch, choice.runner_up.epoch)
    first, second = (float(effects.effects[effects.epochs.index(epoch)]) for epoch in pair)
    now = f"{_blocks(grounds.cells)} show differences of two epochs from {number(seen)} {grounds.unit} on (80 % power)".replace("  ", " ")
    if choice.prompts_to_decide is None:
        return f"{now}; no reasonable number would separate epoch {pair[0]} from epoch {pair[1]}."
    if choice.prompts_to_decide <= len(grounds.cells.blocks):
        return f"{now}."
    images = round(float(np.mean(grounds.cells.images[grounds.cells.images > 0])))
    kind = "seeds" if grounds.cells.by_seed else "prompts"
    each = "" if grounds.cells.by_seed else f" with {_plural(images, 'image')} each"
    return (
        f"{now}; {choice.prompts_to_decide} {kind}{each} would decide between epoch {pair[0]} and epoch {pair[1]} "
        f"if their difference of {number(abs(first - second))} is real."
    )


def _data(grounds: Grounds) -> list[str]:
    """What the data lack."""
    cells, effects, notes = grounds.cells, grounds.effects, []
    left_out = tuple(epoch for epoch in cells.epochs if epoch not in effects.epochs)
    if left_out and len(effects.epochs) > 1:
        notes.append(f"{listed(left_out).capitalize()} shared no prompt with the others and cannot be compared with them.")
    missing, total = int(np.isnan(cells.values).sum()), cells.values.size
    if missing and len(effects.epochs) > 1:
        notes.append(
            f"{missing} of {total} epoch x prompt values are missing: means are of what was measured, shrunk values and probabilities are "
            "adjusted for the prompts each epoch lacks (least squares)."
        )
    counts = set(cells.images[cells.images > 0].tolist())
    if len(counts) > 1:
        notes.append(f"Values average {min(counts)} to {max(counts)} images; all weigh the same.")
    if cells.by_seed:
        notes.append("One prompt: its seeds stand in for prompts, and nothing is said about other prompts.")
    return notes


def _blocks(cells: Cells) -> str:
    return _plural(len(cells.blocks), "seed" if cells.by_seed else "prompt")


def rounded(value: float | None) -> float | None:
    """A number with as many digits as JSON answers carry: more than the data hold, and the same on every machine.

    >>> rounded(216.57142857)
    216.571
    """
    return None if value is None else float(f"{value:.6g}")


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
