"""What the proposals of ``lorascope next`` lead to, and how far the predictions of ``lorascope predict`` can be trusted, with known truth.

``python benchmarks/bench_next.py [--worlds N] [--projects N] [--development]``. Everything is seeded; what is tuned is tuned on the
development seeds (1 to 200), what is reported is measured on others.

Proposals: a world has 23 settings under real names, all of which do something in the recipe that is started from, five of which matter by
1.5 to 4.5 standard deviations between two equal runs. "good default": four of five of them are at their best already, so that 80 % of the
moves that do anything hurt; "neutral": the default is anywhere. Every way of choosing runs starts from two runs of the default; what it
leads to is read after 15 and after 30 runs:

- gain: how much better than the default the recommended settings truly are, in those standard deviations, with its 95 % interval over
  worlds; believed: the gain that would be reported; worse: how often they are truly worse than the default (by more than 0.1);
- found: the share of the settings that matter which the analysis of these runs names, with its 95 % interval over worlds; wrong: the share
  of those it names that do not matter.

All but ours recommend the run measured best and believe its number; ours recommends by shrunken values and reports those. "TPE" is
Optuna's sampler on the levels themselves, told the two runs of the default.

Predictions: the last run of a simulated project is predicted from the others of its protocol. covers: how often the 95 % interval holds
what is measured; width: beside the interval of a new run by mean and standard deviation alone; SKIP, RUN: how many got that verdict, and
the share of them that were right: a run to skip is truly no better than the best so far, one to make truly no worse than the one that is
taken for the best.

Goals: intervals cover at least 90 %; SKIP is right at least 90 %; improving gains no less than random search and TPE do, and is worse than
the default no more often than one at a time; explaining finds no less than Plackett-Burman. A number beyond its goal is marked with !.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from multiprocessing import Pool
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from lorascope.analysis.effects.impact import impact
from lorascope.analysis.proposals.designs import plackett_burman
from lorascope.analysis.proposals.prediction import advise, predict_metric, unseen_settings
from lorascope.analysis.proposals.standing import standing_of
from lorascope.jobs.propose import Wish, propose
from lorascope.records.effect import Claim
from lorascope.records.history import History, MetricFacts, Outcome, PastRun
from lorascope.records.proposal import Advice
from lorascope.records.run import ParameterValue, Run, RunStatus
from simulated_projects import CHOICES, NUMBERS, Project, Style, project
from table import keep, show

Config = dict[str, ParameterValue]
METRIC = "style_score"
FACTS = {METRIC: MetricFacts(METRIC, "points", "higher")}
CAUSAL, GOOD_ALREADY = 5, 0.8
BUDGETS = (15, 30)
_LEVELS: Mapping[str, tuple[ParameterValue, ...]] = {
    **{name: NUMBERS[name] for name in (
        "network_dim", "network_alpha", "text_encoder_lr", "max_train_epochs", "train_batch_size", "keep_tokens", "caption_dropout_rate",
        "caption_tag_dropout_rate", "noise_offset", "max_grad_norm", "network_dropout", "min_snr_gamma", "gradient_accumulation_steps",
        "multires_noise_iterations", "max_token_length",
    )},
    "unet_lr": NUMBERS["learning_rate"], "ip_noise_gamma": (0.0, 0.05, 0.1), "lr_scheduler": CHOICES["lr_scheduler"],
    "optimizer_type": ("AdamW", "AdamW8bit", "Lion"), "loss_type": CHOICES["loss_type"],
    "flip_aug": (False, True), "random_crop": (False, True), "bucket_no_upscale": (False, True),
}  # fmt: skip


class Kind(StrEnum):
    """How good the default is."""

    GOOD = "good default"
    NEUTRAL = "neutral"


@dataclass
class World:
    """A truth and the runs made in it so far; the noise of a run has a standard deviation of 1."""

    seed: int
    levels: Mapping[str, tuple[ParameterValue, ...]]
    default: Config
    effects: Mapping[str, Mapping[ParameterValue, float]]
    rng: np.random.Generator
    runs: list[tuple[Config, float]] = field(default_factory=list)

    def true(self, config: Config) -> float:
        """What settings are truly worth."""
        return sum(self._effect(name, config[name]) for name in self.effects)

    def _effect(self, name: str, value: ParameterValue) -> float:
        """Between two levels in proportion, beyond them as at the last."""
        of_level = self.effects[name]
        if value in of_level:
            return of_level[value]
        numbers = sorted((float(level or 0), effect) for level, effect in of_level.items())
        return float(np.interp(float(value or 0), [at for at, _ in numbers], [effect for _, effect in numbers]))

    def make(self, config: Config) -> float:
        """Make a run; what is measured."""
        value = 50 + self.true(config) + float(self.rng.standard_normal())
        self.runs.append((config, value))
        return value

    def history(self) -> History:
        """What an analysis sees."""
        past = []
        for number, (config, value) in enumerate(self.runs):
            run = Run(f"run-{number:03}", "kohya", RunStatus.IMPORTED, config, {METRIC: value}, started_at=1.7e9 + number)
            past.append(PastRun(run, config, {METRIC: Outcome(value)}, classes={METRIC: ""}))
        return History(tuple(past), FACTS)


def world(seed: int, kind: Kind) -> World:
    """A world in which two runs of the default, with two seeds, are made."""
    rng = np.random.default_rng([seed, 24, kind is Kind.GOOD])
    default: Config = {name: values[int(rng.integers(len(values)))] for name, values in _LEVELS.items()}
    default |= {"network_module": "networks.lora", "resolution": "512,512", "seed": 43, "cache_latents": False, "enable_bucket": True}
    default["shuffle_caption"] = True
    effects = {}
    for name in sorted(rng.choice(sorted(_LEVELS), CAUSAL, replace=False)):
        size, own, count = rng.uniform(1.5, 4.5), _LEVELS[name].index(default[name]), len(_LEVELS[name])
        others = [at for at in range(count) if at != own]
        best = int(rng.integers(count)) if kind is Kind.NEUTRAL else own if rng.random() < GOOD_ALREADY else int(rng.choice(others))
        away = np.abs(np.arange(count) - best) / max(best, count - 1 - best)
        effects[str(name)] = {level: float(-size * far) for level, far in zip(_LEVELS[name], away, strict=True)}
    made = World(seed, _LEVELS, default, effects, rng)
    made.make(default)
    made.make(default | {"seed": 44})
    return made


def _other(made: World, config: Config, name: str) -> ParameterValue:
    others = [level for level in made.levels[name] if level != config[name]]
    return others[int(made.rng.integers(len(others)))]


def _best(made: World) -> Config:
    return max(made.runs, key=lambda run: run[1])[0]


def at_random(made: World, budget: int) -> None:
    """A handful of settings drawn anew each time."""
    while len(made.runs) < budget:
        names = made.rng.choice(sorted(made.levels), 8, replace=False)
        made.make(made.default | {str(name): _other(made, made.default, str(name)) for name in names})


def tinkerer(made: World, budget: int) -> None:
    """Five or six settings at once, on the best or on the last run."""
    while len(made.runs) < budget:
        base = _best(made) if made.rng.random() < 0.5 else made.runs[-1][0]
        names = made.rng.choice(sorted(made.levels), int(made.rng.integers(5, 7)), replace=False)
        made.make(base | {str(name): _other(made, base, str(name)) for name in names})


def one_at_a_time(made: World, budget: int) -> None:
    """One setting at once, on the best run."""
    while len(made.runs) < budget:
        base = _best(made)
        name = str(made.rng.choice(sorted(made.levels)))
        made.make(base | {name: _other(made, base, name)})


def screen_and_confirm(made: World, budget: int) -> None:
    """A Plackett-Burman screen of 11 settings, then the levels that looked better, one more at a time; the best is repeated."""
    names = [str(name) for name in made.rng.choice(sorted(made.levels), 11, replace=False)]
    other = {name: _other(made, made.default, name) for name in names}
    rows = plackett_burman()
    values = [made.make(made.default | {name: other[name] for name, sign in zip(names, row, strict=True) if sign > 0}) for row in rows]
    effects = {name: float(np.dot([row[at] for row in rows], values)) / 6 for at, name in enumerate(names)}
    better = [name for name in sorted(effects, key=lambda name: -effects[name]) if effects[name] > 0]
    config = dict(made.default)
    for name in better:
        if len(made.runs) >= budget:
            return
        config = config | {name: other[name]}
        made.make(config)
    while len(made.runs) < budget:
        made.make(_best(made) | {"seed": int(made.rng.integers(1000, 10**6))})


def tpe(made: World, budget: int) -> None:
    """Optuna's TPE with its own defaults."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    choices: dict[str, optuna.distributions.BaseDistribution] = {
        name: optuna.distributions.CategoricalDistribution(values) for name, values in made.levels.items()
    }
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=made.seed))
    for config, value in made.runs:
        params = {name: config[name] for name in choices}
        study.add_trial(optuna.trial.create_trial(params=params, distributions=choices, value=value))
    while len(made.runs) < budget:
        trial = study.ask(choices)
        study.tell(trial, made.make(made.default | trial.params))


def ours(objective: str) -> Callable[[World, int], None]:
    """What ``lorascope next`` proposes, three runs at a time."""

    def make(made: World, budget: int) -> None:
        while len(made.runs) < budget:
            history = made.history()
            found = propose(history, METRIC, Wish(objective, count=min(3, budget - len(made.runs)), seed=made.seed))
            for proposal in found.proposals:
                base = history.find(proposal.base)
                made.make({**(base.settings if base else made.default), **proposal.change})
            if not found.proposals:
                return

    return make


WAYS: Mapping[str, tuple[Callable[[World, int], None], bool]] = {
    "random": (at_random, False),
    "tinkerer": (tinkerer, False),
    "one at a time": (one_at_a_time, False),
    "Plackett-Burman + confirm": (screen_and_confirm, False),
    "TPE": (tpe, False),
    "ours, explain": (ours("explain"), True),
    "ours, improve": (ours("improve"), True),
}


@dataclass(frozen=True, slots=True)
class Led:
    """What one way led to in one world, after one budget."""

    gain: float
    believed: float
    found: int
    claimed: int


def lead(case: tuple[int, Kind, str]) -> list[Led]:
    """One world, one way: after each budget."""
    seed, kind, way = case
    choose, is_ours = WAYS[way]
    made = world(seed, kind)
    choose(made, max(BUDGETS))
    everything, led = made.runs, []
    for budget in BUDGETS:
        made.runs = everything[:budget]
        history = made.history()
        recommended, told = _recommended(made, history, is_ours=is_ours)
        claims = [effect.name for effect in impact(history, METRIC).effects if effect.claim is Claim.MATTERS]
        gain = made.true(recommended) - made.true(made.default)
        led.append(Led(gain, told, sum(one in made.effects for one in claims), len(claims)))
    return led


def measure_ways(seeds: range, workers: int) -> list[dict[str, object]]:
    """One row per kind of world, budget and way of choosing runs."""
    results: dict[tuple[Kind, int, str], list[Led]] = {}
    with Pool(workers) as pool:
        for kind in Kind:
            for way in WAYS:
                for led in pool.map(lead, [(seed, kind, way) for seed in seeds], chunksize=5):
                    for budget, one in zip(BUDGETS, led, strict=True):
                        results.setdefault((kind, budget, way), []).append(one)
                print(f"{kind}, {way}: done", flush=True)
    return [_row(results, *key) for key in sorted(results, key=lambda key: (list(Kind).index(key[0]), key[1], list(WAYS).index(key[2])))]


def _row(results: Mapping[tuple[Kind, int, str], list[Led]], kind: Kind, budget: int, way: str) -> dict[str, object]:
    led = results[kind, budget, way]
    gains, shares = [one.gain for one in led], [one.found / CAUSAL for one in led]
    claimed = sum(one.claimed for one in led)
    rivals = {rival: results[kind, budget, rival] for rival in WAYS}
    to_beat = max(np.mean([one.gain for one in rivals[rival]]) for rival in ("random", "TPE"))
    most_worse = np.mean([one.gain < -0.1 for one in rivals["one at a time"]])
    least_found = np.mean([one.found / CAUSAL for one in rivals["Plackett-Burman + confirm"]])
    worse = float(np.mean([gain < -0.1 for gain in gains]))
    improves, explains = way == "ours, improve", way == "ours, explain"
    return {
        "world": kind.value, "runs": budget, "way": way, "gain": _with_interval(gains, missed=improves and np.mean(gains) < to_beat),
        "believed": round(float(np.mean([one.believed for one in led])), 2),
        "worse": f"{worse:.0%}{' !' if improves and worse > most_worse else ''}",
        "found": _with_interval([100 * one for one in shares], 0, missed=explains and np.mean(shares) < least_found) + " %",
        "wrong": f"{sum(one.claimed - one.found for one in led) / claimed:.0%} of {claimed}" if claimed else "none named",
        "worlds": len(led),
    }  # fmt: skip


def _with_interval(values: Sequence[float], digits: int = 2, *, missed: bool = False) -> str:
    """The mean with its 95 % interval."""
    mean, half = float(np.mean(values)), 1.96 * float(np.std(values, ddof=1)) / len(values) ** 0.5
    return f"{mean:.{digits}f} [{mean - half:.{digits}f}, {mean + half:.{digits}f}]{' !' if missed else ''}"


def _recommended(made: World, history: History, *, is_ours: bool) -> tuple[Config, float]:
    """The settings that would be shipped, and the gain over the default that would be reported."""
    standing = standing_of(history, METRIC)
    if is_ours and standing.model is not None and standing.incumbent is not None:
        config = dict(standing.incumbent.settings)
        value, default = standing.model.true_values([config, made.default])
        return config, value - default
    config, value = max(made.runs, key=lambda run: run[1])
    return config, value - made.runs[0][1]


def measure_predictions(seeds: range, runs: int, style: Style) -> dict[str, object]:
    """One row: the last run of every project, predicted from those before it."""
    covered, widths, skips, makes = [], [], [], []
    for seed in seeds:
        made = project(seed, runs + 1, style)
        last = made.history.runs[-1]
        past = History(made.history.runs[:-1], made.history.metrics)
        standing = standing_of(past, made.metric, asked=[last.settings])
        if not standing.runs or standing.runs[0].classes != last.classes:
            continue
        predicted = predict_metric(standing, past.facts(made.metric), last.settings, None)
        if predicted.expected.low is None or predicted.expected.high is None:
            continue
        values = np.array([standing.value(one) for one in standing.runs])
        measured = last.outcomes[made.metric].value
        covered.append(predicted.expected.low <= measured <= predicted.expected.high)
        naive = 2 * 1.96 * values.std(ddof=1) * np.sqrt(1 + 1 / len(values))
        widths.append((predicted.expected.high - predicted.expected.low) / naive)
        verdict, _ = advise([predicted], [], unseen_settings(standing.runs, last.settings))
        is_better = _true(made, last) > max(_true(made, one) for one in standing.runs)
        skips += [not is_better] if verdict is Advice.SKIP else []
        makes += [_true(made, last) >= _of_incumbent(made, standing.incumbent) - 1e-9] if verdict is Advice.RUN else []
    coverage = float(np.mean(covered))
    return {
        "runs": runs, "style": style.value, "n": len(covered), "covers": f"{coverage:.0%}{'' if coverage >= 0.9 else ' !'}",
        "width": round(float(np.median(widths)), 2), "SKIP": len(skips), "right": _share(skips, goal=0.9), "RUN": len(makes),
        "RUN right": _share(makes),
    }  # fmt: skip


def _share(right: list[bool], goal: float = 0.0) -> str:
    return f"{np.mean(right):.0%}{'' if np.mean(right) >= goal else ' !'}" if right else "-"


def _true(made: Project, past: PastRun) -> float:
    return float(sum(truth.contributions[past.settings[name]] for name, truth in made.effects.items()))


def _of_incumbent(made: Project, incumbent: PastRun | None) -> float:
    return _true(made, incumbent) if incumbent else 0.0


def main() -> None:
    """Measure, print and keep."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--projects", type=int, default=100)
    parser.add_argument("--development", action="store_true", help="the seeds that may be looked at while tuning")
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    start = 1 if asked.development else 3001
    predictions = [
        measure_predictions(range(start, start + asked.projects), runs, style) for style in Style for runs in (8, 20, 50)
    ]  # fmt: skip
    show("predict: the last run of a simulated project", predictions)
    ways = measure_ways(range(start, start + asked.worlds), asked.workers)
    show("next: gains in standard deviations of a run, [95 % interval over worlds]", ways, ["! misses its goal"])
    if not asked.development:
        keep("next", [*predictions, *ways], worlds=asked.worlds, projects=asked.projects)


if __name__ == "__main__":
    main()
