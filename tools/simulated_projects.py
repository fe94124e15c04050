"""Simulated projects with known truth: ``project(seed, runs)`` is a history of 45 settings, of which five matter (or none).

Settings are edited the way people do: a *tinkerer* changes five or six at once on the best or the last run, a *careful* one changes one,
a *sweeper* draws a handful at random. About half of the settings have names that a trainer knows, the others ``p01`` and so on, and
which of them matter is drawn without regard to the name: nothing can be learned from it. Effects are linear over the levels, a
threshold, or a peak. Some projects change the protocol of their evaluation midway, which shifts all later numbers and is recorded.

Sizes are in standard deviations between two runs of the same settings (``REPLICATE_SD``, in the metric's unit). Seeds 1 to 999 are for
development; what is reported is measured on seeds from 1001.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from lorascope.records.history import History, MetricFacts, Outcome, PastRun
from lorascope.records.run import ParameterValue, Run, RunStatus
from simulated_interchange import Record, records_of

METRIC = "style_score"
LEVEL, REPLICATE_SD = 50.0, 2.0
SETTINGS, CAUSAL = 45, 5
PROTOCOLS: tuple[Mapping[str, ParameterValue], ...] = ({"prompts": "suite-a", "guidance": 7.5}, {"prompts": "suite-b", "guidance": 7.5})
REPLICATES = 0.04  # share of runs that repeat an earlier one with another training seed

NUMBERS: Mapping[str, tuple[ParameterValue, ...]] = {  # real names, with the levels people use
    "network_dim": (8, 16, 32, 64, 128),
    "network_alpha": (1.0, 8.0, 16.0, 32.0),
    "learning_rate": (2e-5, 5e-5, 1e-4, 2e-4, 4e-4),
    "text_encoder_lr": (1e-5, 2e-5, 5e-5, 1e-4),
    "max_train_epochs": (6, 8, 10, 14, 20),
    "num_repeats": (2, 5, 10),
    "train_batch_size": (1, 2, 4, 8),
    "keep_tokens": (0, 1, 2, 3),
    "caption_dropout_rate": (0.0, 0.02, 0.05, 0.1),
    "caption_tag_dropout_rate": (0.0, 0.05, 0.1),
    "noise_offset": (0.0, 0.03, 0.05, 0.1),
    "clip_skip": (1, 2),
    "max_grad_norm": (0.5, 1.0, 2.0),
    "network_dropout": (0.0, 0.05, 0.1, 0.2),
    "lr_scheduler_num_cycles": (1, 2, 3, 4),
    "prior_loss_weight": (0.5, 0.8, 1.0),
    "min_snr_gamma": (1.0, 5.0, 8.0),
    "gradient_accumulation_steps": (1, 2, 4),
    "multires_noise_iterations": (0, 4, 6, 8),
    "max_token_length": (75, 150, 225),
}
BOOLEANS = (
    "flip_aug",
    "color_aug",
    "shuffle_caption",
    "bucket_no_upscale",
    "full_fp16",
    "weighted_captions",
    "cache_latents",
    "random_crop",
)
CHOICES: Mapping[str, tuple[ParameterValue, ...]] = {
    "lr_scheduler": ("constant", "cosine", "cosine_with_restarts", "linear"),
    "optimizer_type": ("AdamW", "AdamW8bit", "Lion", "Prodigy"),
    "mixed_precision": ("fp16", "bf16"),
    "loss_type": ("l2", "huber", "smooth_l1"),
    "caption_version": ("v1", "v2", "v3"),
}


class Style(StrEnum):
    """How settings are edited from run to run."""

    TINKERER = "tinkerer"
    CAREFUL = "careful"
    SWEEPER = "sweeper"


class World(StrEnum):
    """Whether any setting matters."""

    ORDINARY = "ordinary"
    NO_EFFECT = "no effect"


@dataclass(frozen=True, slots=True)
class Truth:
    """What one setting does: its shape and how far its levels lie apart, in the metric's unit (level → contribution)."""

    shape: str
    contributions: Mapping[ParameterValue, float]


@dataclass(frozen=True, slots=True)
class Project:
    """A history, and the truth: ``effects`` of the settings that matter, whether they were ever varied or not."""

    seed: int
    style: Style
    world: World
    history: History
    metric: str
    effects: Mapping[str, Truth]
    protocol_changed_at: int | None

    @property
    def causes(self) -> frozenset[str]:
        """The settings that made a difference among runs of one protocol in this history: those that can be found at all."""
        found = set()
        for name, truth in self.effects.items():
            by_class: dict[str, set[float]] = {}
            for past in self.history.runs:
                by_class.setdefault(past.classes[self.metric], set()).add(truth.contributions[past.settings[name]])
            if any(len(values) > 1 for values in by_class.values()):
                found.add(name)
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class _Setting:
    name: str
    levels: tuple[ParameterValue, ...]
    ordered: bool
    popularity: float


def project(
    seed: int, runs: int, style: Style | None = None, world: World | None = None, *, no_effect_share: float = 0.1, settings: int = SETTINGS
) -> Project:  # fmt: skip
    """One project of so many runs. Without ``style`` 60 % tinker, 20 % are careful, 20 % sweep; a tenth of the worlds has no effect."""
    rng = np.random.default_rng([seed, runs, 45])
    drawn_style = list(Style)[int(rng.choice(3, p=[0.6, 0.2, 0.2]))]
    drawn_world = World.NO_EFFECT if rng.random() < no_effect_share else World.ORDINARY
    style, world = style or drawn_style, world or drawn_world
    known = _settings(rng, settings)
    effects = _effects(rng, known) if world is World.ORDINARY else {}
    changed_at = int(rng.integers(runs // 3, 2 * runs // 3 + 1)) if rng.random() < 0.5 and runs >= 6 else None
    offset = float(rng.choice([-1, 1]) * rng.uniform(1, 3) * REPLICATE_SD)
    configs, parents, values = _work(rng, known, effects, style, runs)
    if changed_at is not None:
        values = [value + offset * (index >= changed_at) for index, value in enumerate(values)]
    past = [_past(index, *each, changed_at) for index, each in enumerate(zip(configs, parents, values, strict=True))]
    facts = {METRIC: MetricFacts(METRIC, "points", "higher")}
    return Project(seed, style, world, History(tuple(past), facts), METRIC, effects, changed_at)


def to_history(made: Project) -> History:
    """What analyses are given."""
    return made.history


def to_interchange(made: Project) -> list[Record]:
    """The project as records of the interchange format, the truth left out."""
    return records_of(made.history)


def _settings(rng: np.random.Generator, count: int) -> list[_Setting]:
    """45 settings, half of them under real names; some are edited far more often than others."""
    real: list[tuple[str, tuple[ParameterValue, ...], bool]] = [
        *((name, levels, True) for name, levels in NUMBERS.items()),
        *((name, (False, True), True) for name in BOOLEANS),
        *((name, levels, False) for name, levels in CHOICES.items()),
    ]
    kept = [real[int(index)] for index in rng.permutation(len(real))[: count // 2]]
    while len(kept) < count:
        kept.append((f"p{len(kept) - count // 2 + 1:02}", *_opaque_levels(rng)))
    popularity = 1.0 / np.arange(1, count + 1) ** 0.8
    order = rng.permutation(count)
    return [_Setting(*kept[int(place)], float(weight)) for place, weight in zip(order, popularity, strict=True)]


def _opaque_levels(rng: np.random.Generator) -> tuple[tuple[ParameterValue, ...], bool]:
    kind, count = rng.choice(["int", "float", "log", "bool", "enum"], p=[0.25, 0.2, 0.2, 0.2, 0.15]), int(rng.integers(3, 6))
    if kind == "bool":
        return (False, True), True
    if kind == "enum":
        return tuple("abcde"[:count]), False
    if kind == "log":
        return tuple(float(f"{10.0 ** (step - 5):.3g}") for step in range(count)), True
    return tuple(2 * step if kind == "int" else round(0.1 * step, 1) for step in range(count)), True


def _effects(rng: np.random.Generator, known: list[_Setting]) -> dict[str, Truth]:
    """Five settings that matter. People do edit what matters: popular ones are likelier to be among them."""
    weights = np.array([setting.popularity for setting in known])
    chosen = rng.choice(len(known), size=min(CAUSAL, len(known)), replace=False, p=weights / weights.sum())
    found = {}
    for index in sorted(int(one) for one in chosen):
        setting = known[index]
        size = float(rng.choice([-1, 1]) * rng.uniform(1.5, 4.5) * REPLICATE_SD)
        shape = str(rng.choice(["linear", "threshold", "peak"])) if setting.ordered and len(setting.levels) > 2 else "linear"
        shape = shape if setting.ordered else "enum"
        shares = _shape(rng, shape, len(setting.levels))
        found[setting.name] = Truth(shape, {level: size * float(share) for level, share in zip(setting.levels, shares, strict=True)})
    return found


def _shape(rng: np.random.Generator, shape: str, count: int) -> np.ndarray:
    """What each level contributes, between 0 and 1."""
    at = np.arange(count) / (count - 1)
    if shape == "threshold":
        return (np.arange(count) >= rng.integers(1, count)).astype(float)
    if shape == "peak":
        top = float(rng.choice(at[1:-1]))
        return 1 - (np.abs(at - top) / max(top, 1 - top)) ** 2
    if shape == "enum":
        shares = rng.permutation(np.linspace(0, 1, count))
        return np.asarray(np.where((rng.random(count) < 0.4) & (shares < 1), 0.0, shares))
    return at


_Config = dict[str, ParameterValue]


def _work(
    rng: np.random.Generator, known: list[_Setting], effects: Mapping[str, Truth], style: Style, runs: int
) -> tuple[list[_Config], list[int | None], list[float]]:  # fmt: skip
    """The runs one after another: what was set, which run it was changed from, what came out."""
    swept = sorted(known, key=lambda setting: -setting.popularity)[: int(rng.integers(6, 16))]
    configs: list[_Config] = [{setting.name: setting.levels[int(rng.integers(len(setting.levels)))] for setting in known} | {"seed": 42}]
    parents: list[int | None] = [None]
    values = [_outcome(rng, effects, configs[0])]
    best = 0
    while len(configs) < runs:
        last = len(configs) - 1
        parent = {Style.TINKERER: best if rng.random() < 0.5 else last, Style.CAREFUL: best, Style.SWEEPER: 0}[style]
        if rng.random() < REPLICATES:
            config = configs[parent] | {"seed": int(rng.integers(1, 10_000))}
        elif style is Style.SWEEPER:
            config = configs[0] | {setting.name: setting.levels[int(rng.integers(len(setting.levels)))] for setting in swept}
        else:
            bundle = int(rng.integers(5, 7)) if style is Style.TINKERER and rng.random() > 0.06 else 1
            config = configs[parent] | _edit(rng, known, configs[parent], bundle)
        configs.append(config)
        parents.append(parent)
        values.append(_outcome(rng, effects, config))
        best = len(values) - 1 if values[-1] > values[best] else best
    return configs, parents, values


def _edit(rng: np.random.Generator, known: list[_Setting], config: _Config, count: int) -> _Config:
    weights = np.array([setting.popularity for setting in known])
    chosen = rng.choice(len(known), size=min(count, len(known)), replace=False, p=weights / weights.sum())
    edits: _Config = {}
    for index in chosen:
        setting = known[int(index)]
        others = [level for level in setting.levels if level != config[setting.name]]
        edits[setting.name] = others[int(rng.integers(len(others)))]
    return edits


def _outcome(rng: np.random.Generator, effects: Mapping[str, Truth], config: _Config) -> float:
    signal = sum(truth.contributions[config[name]] for name, truth in effects.items())
    return LEVEL + signal + REPLICATE_SD * float(rng.standard_normal())


def _past(index: int, config: _Config, parent: int | None, value: float, changed_at: int | None) -> PastRun:
    protocol = PROTOCOLS[changed_at is not None and index >= changed_at]
    value = float(f"{value:.6g}")
    run = Run(
        f"run-{index + 1:04}", "kohya", RunStatus.IMPORTED, config, {METRIC: value}, None if parent is None else f"run-{parent + 1:04}",
        None, None, 1.7e9 + 86400.0 * index, None,
    )  # fmt: skip
    label = ",".join(f"{name}={setting}" for name, setting in sorted(protocol.items()))
    return PastRun(
        run, config | {"trainer": "kohya"}, {METRIC: Outcome(value)}, {}, {METRIC: label}, protocol=protocol
    )  # fmt: skip
