"""A race of checkpoints: pictures are drawn where they can still change the choice, and nowhere else.

Every checkpoint draws a first batch of prompts with one seed. After each round only those that cannot be told from the best (the set that
holds 90 % of the probability) go on: more prompts first, then more seeds, since prompts help before seeds. A checkpoint that comes back
into the set draws what it missed. The race ends when one is the best with 90 % probability, when all that are left are good enough, when
no amount of pictures of this suite would tell them apart, or when pictures run out. Some prompts are held back from the choice: on them
the winner is measured afresh, since a value it was chosen by flatters it. A race asks the same questions in the same order every
time, so that an interrupted one goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from lorascope.evaluation.best_checkpoint import Choice, choose
from lorascope.evaluation.choice_words import POWER_FACTOR
from lorascope.evaluation.epoch_effects import EpochEffects, fit, tabulate
from lorascope.evaluation.metric import Direction
from lorascope.evaluation.needed_images import noise_parts
from lorascope.records.sample import Score

BATCH = 8  # prompts per round
SURE_FROM = 0.9
TOLERANCE_SHARE = 0.05
FEWEST_ROUNDS = 2  # before it is said that no amount of pictures would do: one batch may tie by chance
HOLD_BACK_FROM = 16  # a smaller suite has no prompts to spare
HOLD_BACK_SHARE = 4  # one prompt in four


class Stop(StrEnum):
    """Why a race ended."""

    DECIDED = "decided"
    GOOD_ENOUGH = "good enough"
    OUT_OF_REACH = "out of reach"
    BUDGET = "budget"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True)
class Round:
    """Prompts to draw with one seed."""

    prompts: tuple[str, ...]
    seed: int


@dataclass(frozen=True, slots=True)
class RoundDone:
    """One round: who drew what, and what was known after it. ``leader`` None: noise and difference could not be told apart yet."""

    epochs: tuple[int, ...]
    prompts: int
    seed: int
    images: int
    leader: int | None
    p_best: float | None
    left: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RaceRules:
    """Which way is better, and how many pictures may be asked for (None: as many as the suite has)."""

    metric: str
    direction: Direction
    max_images: int | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Race:
    """How a race went. ``images`` were asked for in all; the suite drawn by everyone would have been ``full_images``."""

    rounds: tuple[RoundDone, ...]
    stop: Stop
    choice: Choice | None
    images: int
    full_images: int


# Draws what is asked for of these epochs, and returns the scores of the metric.
Draw = Callable[[Sequence[int], Round], Sequence[Score]]


def plan(prompts: Sequence[str], seeds: Sequence[int], *, seed: int = 0) -> tuple[tuple[Round, ...], tuple[str, ...]]:
    """The rounds of a suite, prompts in a shuffled order (suites are often sorted by subject), and the prompts that are held back.

    >>> rounds, held = plan([f"p{n}" for n in range(32)], [1, 2])
    >>> [(len(each.prompts), each.seed) for each in rounds], len(held)
    ([(8, 1), (8, 1), (8, 1), (24, 2)], 8)
    """
    names = sorted(prompts)
    shuffled = [names[index] for index in np.random.default_rng(seed).permutation(len(names))]
    spare = len(shuffled) // HOLD_BACK_SHARE if len(shuffled) >= HOLD_BACK_FROM else 0
    held, raced = tuple(shuffled[:spare]), shuffled[spare:]
    first = [Round(tuple(raced[start : start + BATCH]), seeds[0]) for start in range(0, len(raced), BATCH)]
    return (*first, *(Round(tuple(raced), other) for other in seeds[1:])), held


def race(epochs: Sequence[int], rounds: Sequence[Round], draw: Draw, rules: RaceRules) -> Race:
    """Race these checkpoints over the rounds.

    Raises:
        ValueError: there is nothing to race, or no round.
    """
    if not epochs or not rounds:
        raise ValueError("a race needs checkpoints and prompts")
    full = len(epochs) * sum(len(each.prompts) for each in rounds)
    scores: list[Score] = []
    done: list[RoundDone] = []
    drawn: dict[int, int] = dict.fromkeys(epochs, 0)  # rounds that each epoch has drawn
    left, choice, images, stop = tuple(sorted(epochs)), None, 0, Stop.EXHAUSTED
    for number, each in enumerate(rounds, start=1):
        asked = sum(len(rounds[index].prompts) for epoch in left for index in range(drawn[epoch], number))
        if rules.max_images is not None and images + asked > rules.max_images:
            stop = Stop.BUDGET
            break
        for index in range(number):  # a checkpoint that came back catches up
            behind = tuple(epoch for epoch in left if drawn[epoch] <= index)
            scores += draw(behind, rounds[index]) if behind else ()
        drawn |= dict.fromkeys(left, number)
        images += asked
        effects, choice = _judge(scores, rules)
        before, left = left, _left(left, choice)
        leader = choice.leader if choice else None
        done.append(
            RoundDone(
                before, len(each.prompts), each.seed, asked, leader.epoch if leader else None, leader.p_best if leader else None, left
            )
        )
        ended = _ended(scores, effects, choice, rounds, len(done))
        if ended is not None:
            stop = ended
            break
    return Race(tuple(done), stop, choice, images, full)


def _judge(scores: Sequence[Score], rules: RaceRules) -> tuple[EpochEffects | None, Choice | None]:
    cells = tabulate(scores, rules.metric)
    if not cells.epochs:
        return None, None
    effects = fit(cells)
    if len(effects.epochs) < 2 and len(cells.epochs) > 1:
        return effects, None
    return effects, choose(effects, rules.direction, seed=rules.seed, tolerance=TOLERANCE_SHARE * abs(effects.level))


def _left(before: Sequence[int], choice: Choice | None) -> tuple[int, ...]:
    """Who goes on: the 90 % set; everybody while nothing can be said, and who was not measured at all stays."""
    if choice is None:
        return tuple(before)
    known = {candidate.epoch for candidate in choice.candidates}
    return tuple(sorted({*choice.set90, *(epoch for epoch in before if epoch not in known)}))


def _ended(
    scores: Sequence[Score], effects: EpochEffects | None, choice: Choice | None, rounds: Sequence[Round], done: int
) -> Stop | None:  # fmt: skip
    if effects is None or choice is None:
        return None
    if choice.best is not None and choice.best.p_best >= SURE_FROM:
        return Stop.DECIDED
    if effects.within_variance > 0 and set(choice.set90) <= set(choice.near):
        return Stop.GOOD_ENOUGH
    hopeless = done >= FEWEST_ROUNDS and not _within_reach(scores, effects, choice, rounds)
    return Stop.OUT_OF_REACH if hopeless else None


def _within_reach(scores: Sequence[Score], effects: EpochEffects, choice: Choice, rounds: Sequence[Round]) -> bool:
    """Whether, over the whole suite, the widest difference between the leader and those left would exceed its standard error."""
    levels = dict(zip(effects.epochs, effects.effects.tolist(), strict=True))
    widest = max(abs(levels[choice.leader.epoch] - levels[epoch]) for epoch in choice.set90)
    noise = noise_parts(scores, tabulate(scores, scores[0].metric), effects)
    if noise is None or widest == 0:
        return effects.within_variance > 0 and widest > 0
    prompts = len({prompt for each in rounds for prompt in each.prompts})
    return bool(noise.detectable(prompts, len({each.seed for each in rounds})) / POWER_FACTOR <= widest)
