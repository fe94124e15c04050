"""Evaluate until a choice is made: draw more pictures of the checkpoints that may still be the best, and of no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lorascope.backends import BACKENDS, renderer_named
from lorascope.backends.backend import Renderer
from lorascope.errors import BadFile, BadParameter, MissingFile, NotFound, did_you_mean
from lorascope.evaluation.choice_words import listed, number, rounded
from lorascope.evaluation.metric import Direction
from lorascope.evaluation.metrics import METRICS, metric_named
from lorascope.evaluation.racing import Race, RaceRules, Round, Stop, plan, race
from lorascope.evaluation.summary import summarize
from lorascope.jobs.evaluate import EvaluateRequest, Yardstick, draw_and_measure, measure_anew, refuse_mixture
from lorascope.jobs.pick_scores import twins_of
from lorascope.jobs.progress import Progress, Silent
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.measurement import Measurement
from lorascope.records.run import JsonValue, Run
from lorascope.records.sample import Score
from lorascope.store import Store

_WHY = {
    Stop.DECIDED: "one checkpoint is the best with 90 % probability",
    Stop.GOOD_ENOUGH: "all that are left are within 5 % of the best with 80 % probability: any of them will do",
    Stop.OUT_OF_REACH: "those left are so alike that the whole suite would not tell them apart",
    Stop.BUDGET: "the next round would exceed the number of pictures allowed",
    Stop.EXHAUSTED: "the suite has no more prompts or seeds",
}


@dataclass(frozen=True, slots=True)
class Raced:
    """How a race ended. ``drawn``: pictures that were drawn now (others were there). ``fresh``: the winner on the prompts held back,
    None where none were. ``broken``: checkpoints that could not be drawn, with the reason.
    """

    run: str
    metric: str
    race: Race
    drawn: int
    fresh: Measurement | None
    held_back: int
    broken: dict[int, str]
    notes: tuple[str, ...]


def race_checkpoints(
    store: Store, request: EvaluateRequest, metric: str | None = None, max_images: int | None = None, progress: Progress | None = None
) -> Raced:
    """Race a run's checkpoints on a suite. Interrupted, it goes on where it was: every round of a checkpoint is recorded whole.

    ``metric`` None: the accuracy of what the prompts ask for. ``max_images`` limits the pictures asked for, those held back for the
    winner included.

    Raises:
        NotFound: no such run, no checkpoints, or no such metric. BadParameter: as ``evaluate``; or too few pictures are allowed.
    """
    run = store.run(request.run)
    metric = metric or _own_metric(request)
    known = metric_named(metric)
    if known is None or known.direction is Direction.NONE:
        judging = [one.name for one in METRICS if one.direction is not Direction.NONE]
        raise NotFound(f"no metric {metric!r} that judges pictures", next_step=did_you_mean(metric, judging) or ", ".join(judging))
    refuse_mixture(store, run.name, request.suite)
    checkpoints = _one_of_each(store.checkpoints(run.name))
    if not checkpoints:
        raise NotFound(f"run {run.name} has no checkpoints", next_step="nothing was saved, or nothing imported: lorascope show " + run.name)
    rounds, held = plan([prompt.name for prompt in request.suite.prompts], request.suite.seeds)
    least = len(checkpoints) * len(rounds[0].prompts)
    if max_images is not None and max_images < least:
        raise BadParameter(
            f"{max_images} pictures are too few: the first round is {len(checkpoints)} checkpoints x {len(rounds[0].prompts)} prompts",
            next_step=f"allow {least} at least",
        )
    spare = max_images is None or max_images >= least + len(held)
    limit = max_images - len(held) if max_images is not None and spare else max_images
    track = _Track(store, run, request, metric, progress or Silent())
    track.prepare(checkpoints)
    found = race(sorted(checkpoints), rounds, track.draw, RaceRules(metric, known.direction, limit))
    fresh = track.fresh(found, held) if spare else None
    track.progress.finish(f"{track.drawn} pictures")
    return Raced(run.name, metric, found, track.drawn, fresh, len(held), track.broken, _notes(found, fresh, held, track.broken))


def _own_metric(request: EvaluateRequest) -> str:
    """What the suite's prompts ask for most: the background's color, other colors, things; else the background."""
    asked = [expected.feature for prompt in request.suite.prompts for expected in prompt.expectations]
    things = [trait for prompt in request.suite.prompts for trait in prompt.traits]
    if "background" in asked or not (asked or things):
        return "background_color_accuracy"
    return "feature_color_accuracy" if asked else "trait_accuracy"


def _one_of_each(checkpoints: Sequence[Checkpoint]) -> dict[int, Checkpoint]:
    """Checkpoints by epoch; the same weights under a second number need no second set of pictures."""
    twins = twins_of(checkpoints)
    return {checkpoint.epoch: checkpoint for checkpoint in checkpoints if checkpoint.epoch not in twins}


class _Track:
    """Draws what a race asks for and is not there; loads the base model when the first picture is needed."""

    def __init__(self, store: Store, run: Run, request: EvaluateRequest, metric: str, progress: Progress) -> None:
        self._store, self._run, self._request, self._metric = store, run, request, metric
        self.progress = progress
        self._yardstick = Yardstick(store, run, request)
        self._renderer: Renderer | None = None
        self._checkpoints: dict[int, Checkpoint] = {}
        self.broken: dict[int, str] = {}
        self.drawn = 0

    def prepare(self, checkpoints: dict[int, Checkpoint]) -> None:
        """Everything that needs no picture: the suite is recorded, and old pictures are measured by new rules."""
        suite = self._request.suite
        self._checkpoints = checkpoints
        self.progress.start(f"race {self._run.name}", len(checkpoints) * len(suite.prompts) * len(suite.seeds))
        measure_anew(self._store, self._run, suite, self._yardstick)

    def draw(self, epochs: Sequence[int], each: Round) -> list[Score]:
        """The scores of a round, drawn where they are not there."""
        wanted = {(prompt, each.seed) for prompt in each.prompts}
        for epoch in epochs:
            there = {(sample.prompt, sample.seed) for sample in self._store.samples(self._run.name, epoch)}
            missing = {prompt for prompt, _ in wanted - there}
            if missing and epoch not in self.broken:
                self._draw_one(epoch, missing, each.seed)
        scores = self._store.scores(self._run.name, self._metric)
        return [score for score in scores if score.epoch in epochs and (score.prompt, score.seed) in wanted]

    def _draw_one(self, epoch: int, prompts: set[str], seed: int) -> None:
        suite = self._request.suite
        part = replace(suite, prompts=tuple(prompt for prompt in suite.prompts if prompt.name in prompts), seeds=(seed,))
        renderer = self._ready()
        try:
            draw_and_measure(self._store, self._run, self._checkpoints[epoch], part, renderer, self._yardstick, self.progress)
        except (BadFile, MissingFile) as error:  # one broken checkpoint is no reason to stop the race of the others
            self.broken[epoch] = str(error)
            return
        self.drawn += len(prompts)

    def _ready(self) -> Renderer:
        if self._renderer is None:
            if self._run.trainer not in BACKENDS:
                own = ", ".join(BACKENDS)
                raise BadParameter(
                    f"run {self._run.name} was trained with {self._run.trainer}; lorascope draws pictures only for runs of its own ({own})",
                    next_step="import scores measured elsewhere; lorascope pick then says which checkpoints to draw more of",
                )
            base = self._request.base_model or Path(str(self._run.environment.get("base_model_folder", "")))
            self._renderer = renderer_named(self._run.trainer, base)
            self._renderer.check(self._request.suite)
            self._store.add_suite(self._request.suite)
        return self._renderer

    def fresh(self, found: Race, held: Sequence[str]) -> Measurement | None:
        """The winner on the prompts that had no part in choosing it."""
        if not held or found.choice is None:
            return None
        scores = self.draw((found.choice.leader.epoch,), Round(tuple(held), self._request.suite.seeds[0]))
        return next(iter(summarize(scores, METRICS)), None)


def _notes(found: Race, fresh: Measurement | None, held: Sequence[str], broken: dict[int, str]) -> tuple[str, ...]:
    notes = [f"Stopped: {_WHY[found.stop]}."]
    if found.full_images > found.images:
        share = 1 - found.images / found.full_images
        notes.append(
            f"{found.images} pictures instead of {found.full_images}: {share:.0%} saved by not drawing more of those out of the race."
        )
    choice = found.choice
    if choice is None:
        notes.append("Nothing can be chosen: noise and difference cannot be told apart, or nothing could be measured.")
    elif choice.best is None:
        notes.append(f"No checkpoint can be called the best; {listed(choice.set90)} cannot be told apart.")
    if fresh is not None and fresh.mean is not None and choice is not None:
        interval = f" ({number(fresh.low)} to {number(fresh.high)})" if fresh.low is not None and fresh.high is not None else ""
        notes.append(
            f"On {fresh.prompts} prompts held back from the race, epoch {choice.leader.epoch} measured {number(fresh.mean)}{interval}: "
            "that value was not picked for being high."
        )
    elif not held:
        notes.append(
            "The suite has fewer than 16 prompts: none was held back, so the winner's value flatters it. Measure it on fresh prompts."
        )
    notes += [f"Epoch {epoch} could not be drawn and is out of the race: {reason}." for epoch, reason in sorted(broken.items())]
    return tuple(notes)


def answer(raced: Raced) -> dict[str, JsonValue]:
    """The race as JSON."""
    choice, fresh = raced.race.choice, raced.fresh
    return {
        "metric": raced.metric,
        "stop": str(raced.race.stop),
        "images": raced.race.images,
        "full_images": raced.race.full_images,
        "drawn": raced.drawn,
        "rounds": [
            {
                "epochs": list(done.epochs), "prompts": done.prompts, "seed": done.seed, "images": done.images, "leader": done.leader,
                "p_best": done.p_best, "left": list(done.left),
            }
            for done in raced.race.rounds
        ],
        "best": {"epoch": choice.best.epoch, "p_best": choice.best.p_best} if choice and choice.best else None,
        "leader": {"epoch": choice.leader.epoch, "p_best": choice.leader.p_best} if choice else None,
        "cannot_tell": list(choice.set90) if choice and len(choice.set90) > 1 else [],
        "held_back": raced.held_back,
        "fresh": {
            "mean": rounded(fresh.mean), "low": rounded(fresh.low), "high": rounded(fresh.high),
            "prompts": fresh.prompts, "n": fresh.images,
        } if fresh else None,
        "notes": list(raced.notes),
    }  # fmt: skip
