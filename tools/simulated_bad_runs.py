"""Simulated histories of 5 to 30 good runs and one bad run, with the truth of what went wrong: ``bad_run(seed, tier)``.

A case has no, one or two planted causes, each with the traces that ``simulated_causes`` derives from how training works, among decoys:
harmless edits that look like a cause, suspicious values in use all along, background findings, audits that missed the defect,
diagnostics that nobody kept, causes outside every list, and mere bad luck. The tiers differ in the size of the shift, in how many
look-alikes stand beside it, and in how often its traces were missed or not recorded.

Keys. ``weights`` (of the last checkpoint): ``norm``, ``unet_norm``, ``text_encoder_norm`` (Frobenius norms of the change of the
weights), ``effective_rank`` (median over modules), ``rank`` (of the file), ``nan_share`` (of the values). ``loss``: ``first``,
``final``, ``roughness`` (standard deviation between neighboring points, as a share of the level), ``nan_share`` (of the steps).
``protocol``: ``prompts``, ``sampler``, ``steps``, ``guidance``, ``lora_weight``, ``metric_version``.

Seeds 1 to 999 are for development; what is reported is measured on seeds from 1001.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lorascope.evaluation.metrics import metric_named
from lorascope.jobs.read_history import settings_of
from lorascope.records.history import History, MetricFacts, Outcome, PastRun
from lorascope.records.run import ParameterValue, Run, RunStatus
from simulated_causes import LISTED, Footprint, plant
from simulated_interchange import Record, records_of
from simulated_settings import IN_USE, LOOK_ALIKES, bold, first_settings, look_alike, neutral_edit, tried
from simulated_traces import METRICS, Project, Traces, dataset_after, first_project, traces

BAD = "bad-run"
DOSE = frozenset({"rank_without_alpha", "lr_too_high", "lr_too_low", "too_few_steps", "too_many_steps"})
DATA = frozenset({"caption_hex_conflict", "captions_missing", "near_duplicate_images", "resampled_images", "dataset_shrunk"})
DROWNING = frozenset({"eval_protocol_changed", "wrong_file_evaluated", "fp16_overflow"})  # beside these another would not be seen
SHOWN_BY = {  # a metric that the project must have for its run to be called bad at all
    "rank_without_alpha": "palette_adherence", "lr_too_high": "memorization", "lr_too_low": "photorealism",
    "too_few_steps": "trait_accuracy",
    "too_many_steps": "memorization", "keep_tokens_off": "trait_accuracy", "caption_dropout_high": "feature_color_accuracy",
    "fp16_overflow": "edge_crispness", "noise_offset_high": "background_color_accuracy", "color_aug_on": "palette_adherence",
    "resolution_mismatch": "edge_crispness", "te_lr_too_high": "color_leak", "caption_hex_conflict": "background_color_accuracy",
    "captions_missing": "trait_accuracy", "near_duplicate_images": "memorization", "resampled_images": "mixed_cells",
    "dataset_shrunk": "memorization", "wrong_file_evaluated": "photorealism",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tier:
    """How hard a case is. ``severity``: size of the shift, in standard deviations between runs; the rest are probabilities."""

    name: str
    severity: tuple[float, float]
    runs: tuple[int, int]
    look_alikes: tuple[int, int]
    bold: float
    finding_missed: float
    not_recorded: float
    no_parent: float
    background: float


TIERS: Mapping[str, Tier] = {
    tier.name: tier
    for tier in (
        Tier("easy", (4.0, 6.0), (12, 30), (0, 1), 0.0, 0.05, 0.0, 0.0, 0.01),
        Tier("standard", (2.3, 3.8), (5, 30), (1, 3), 0.3, 0.25, 0.08, 0.15, 0.02),
        Tier("hard", (1.5, 2.4), (5, 15), (2, 4), 0.6, 0.5, 0.2, 0.3, 0.04),
    )
}
LEAST_BADNESS = 1.4
HARMLESS_TRIES = 0.35  # share of good runs that try something a cause could be
NO_WEIGHTS, NO_LOSS, NO_CURVES, NO_AUDIT, NO_PROTOCOL, NO_HASHES = 0.5, 0.3, 0.35, 0.15, 0.2, 0.35


@dataclass(frozen=True, slots=True)
class BadCase:
    """A history whose run ``run`` came out badly on ``metric``. The truth: ``causes``; ``look_alike``: causes that it only looks like;
    ``in_use``: causes that suspicious values of all its runs would suggest.
    """

    seed: int
    tier: str
    history: History
    run: str
    metric: str
    causes: tuple[str, ...]
    look_alike: tuple[str, ...] = ()
    in_use: tuple[str, ...] = ()
    edits: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class _Kept:
    """What this project keeps of its runs."""

    weights: bool
    loss: bool
    curves: bool
    audit: bool
    protocol: bool
    hashes: bool


def bad_run(seed: int, tier: str = "standard") -> BadCase:
    """One case, the same for the same seed and tier. Nobody asks why of a run that came out well: such draws are made again."""
    start, causes = _start(seed, tier), drawn_causes(seed, tier)
    for attempt in range(100):
        case, badness = _case(np.random.default_rng([*start, attempt]), seed, TIERS[tier], causes)
        if badness >= LEAST_BADNESS:
            return case
    message = f"no bad run came of {causes} in 100 draws"
    raise ValueError(message)


def _start(seed: int, tier: str) -> list[int]:
    return [seed, sorted(TIERS).index(tier)]


def _case(rng: np.random.Generator, seed: int, level: Tier, causes: tuple[str, ...]) -> tuple[BadCase, float]:
    in_use = _in_use(rng, causes)
    kept = _Kept(*(bool(rng.random() >= p) for p in (NO_WEIGHTS, NO_LOSS, NO_CURVES, NO_AUDIT, NO_PROTOCOL, NO_HASHES)))
    project = first_project(rng, level.background, shown_by=[SHOWN_BY[cause] for cause in causes if cause in SHOWN_BY])
    in_parameters = rng.random() < 0.5
    settings = first_settings(rng, images=project.dataset.images if in_parameters else None, in_use=in_use)
    good = _good_runs(rng, project, settings, int(rng.integers(level.runs[0], level.runs[1] + 1)), set(causes))
    parent = good[-1] if rng.random() < 0.6 else good[int(rng.integers(len(good)))]
    planted = [plant(cause, rng, rng.uniform(*level.severity), parent.settings) for cause in causes]
    decoys = _decoys(
        rng, level, parent.settings, causes, [past.settings for past in good], room=6 - sum(_edits_of(footprint) for footprint in planted)
    )
    edited = _Edited.of(rng, parent, planted, [footprint for _, footprint in decoys])
    metric, luck = _worst_metric(rng, project, causes, planted)
    missed = rng.random() < level.finding_missed
    dataset = dataset_after(rng, parent.traces.dataset, [*planted, *(footprint for _, footprint in decoys)], missed=missed)
    if "num_images" in edited.settings:
        edited.settings["num_images"] = dataset.images
    made = traces(rng, project, edited.settings, dataset, planted, luck=luck, donor=parent.traces)
    runs = [*good, _Simulated(BAD, parent.name, edited.settings, made)]
    hidden = _hidden(rng, level, planted, parent.settings)
    has_parent = rng.random() >= level.no_parent
    history = _history(project, runs, kept, hidden, has_parent=has_parent)
    case = BadCase(seed, level.name, history, BAD, metric, causes, tuple(cause for cause, _ in decoys), in_use, tuple(sorted(edited.names)))
    return case, _badness(project, history, metric)


def _badness(project: Project, history: History, metric: str) -> float:
    """How much worse the bad run is than the mean of the good ones, in standard deviations between good runs."""
    *good, bad = (past.outcomes[metric].value for past in history.runs)
    level = project.metrics[metric]
    return (sum(good) / len(good) - bad) * level.sign / level.sd


def drawn_causes(seed: int, tier: str = "standard") -> tuple[str, ...]:
    """What is planted: luck 10 %, outside the catalogue 8 %, one cause 62 %, two 20 %: never two about the dose, nor two about the data."""
    rng = np.random.default_rng(_start(seed, tier))
    kind = rng.random()
    if kind < 0.10:
        return ("noise_only",)
    if kind < 0.18:
        return ("unlisted",)
    first = str(rng.choice(LISTED))
    if kind < 0.80:
        return (first,)
    rivals = next((group for group in (DOSE, DATA) if first in group), frozenset({first}))
    seconds = [cause for cause in LISTED if cause not in rivals | DROWNING]
    return (first,) if first in DROWNING else (first, str(rng.choice(seconds)))


def _in_use(rng: np.random.Generator, causes: tuple[str, ...]) -> tuple[str, ...]:
    near = DOSE if DOSE & set(causes) else frozenset()
    free = [cause for cause in IN_USE if cause not in causes and cause not in near]
    if "te_lr_too_high" in causes:
        free = [cause for cause in free if cause not in {"lr_too_high", "lr_too_low"}]
    count = int(rng.integers(0, 3))
    chosen = sorted(str(cause) for cause in rng.choice(free, size=count, replace=False))
    pairs = ({"lr_too_high", "lr_too_low"}, {"too_few_steps", "too_many_steps"})
    return tuple(chosen[:1]) if any(pair <= set(chosen) for pair in pairs) else tuple(chosen)


@dataclass(frozen=True, slots=True)
class _Simulated:
    name: str
    parent: str | None
    settings: Mapping[str, ParameterValue]
    traces: Traces


@dataclass(slots=True)
class _Edited:
    settings: dict[str, ParameterValue]
    names: set[str]

    @classmethod
    def of(cls, rng: np.random.Generator, parent: _Simulated, planted: list[Footprint], decoys: list[Footprint]) -> _Edited:
        """The parent's settings with the planted edits, the decoys that do not touch them, and neutral ones: 2 to 6 edits in all."""
        settings = dict(parent.settings)
        names: set[str] = set()
        for footprint in planted:
            settings |= footprint.edits
            names |= set(footprint.edits) | ({"dataset"} if footprint.new_dataset else set())
        for footprint in decoys:
            settings |= footprint.edits
            names |= set(footprint.edits) | ({"dataset"} if footprint.new_dataset else set())
        wanted = int(rng.integers(2, 7))
        while len(names) < wanted:
            edit = neutral_edit(rng, settings)
            if not set(edit) & names:
                settings |= edit
                names |= set(edit)
        return cls(settings, names)


def _good_runs(
    rng: np.random.Generator, project: Project, settings: Mapping[str, ParameterValue], count: int, causes: set[str]
) -> list[_Simulated]:  # fmt: skip
    """A lineage of good runs: one to four harmless edits each, some of which look like causes."""
    made = traces(rng, project, settings, project.dataset, [], luck=None)
    runs = [_Simulated("run-001", None, settings, made)]
    while len(runs) < count:
        parent = runs[-1] if rng.random() < 0.7 else runs[int(rng.integers(len(runs)))]
        changed = dict(parent.settings)
        harmless: list[Footprint] = []
        if rng.random() < HARMLESS_TRIES:
            cause = str(rng.choice([cause for cause in LOOK_ALIKES if cause not in causes]))
            found = bold(cause, rng, changed) if rng.random() < 0.5 else look_alike(cause, rng, changed)
            harmless = [found] if found is not None and not _touches(found, causes) else []
        for footprint in harmless:
            changed |= footprint.edits
        for _ in range(int(rng.integers(1, 4))):
            changed |= neutral_edit(rng, changed)
        dataset = dataset_after(rng, parent.traces.dataset, harmless, missed=False)
        if "num_images" in changed:
            changed["num_images"] = dataset.images
        runs.append(
            _Simulated(f"run-{len(runs) + 1:03}", parent.name, changed, traces(rng, project, changed, dataset, harmless, luck=None))
        )
    return runs


def _touches(footprint: Footprint, causes: set[str]) -> bool:
    """Whether a harmless edit of an earlier run would undo or blur a planted cause: the dose must start at 1 with ordinary values."""
    dose = {"network_dim", "network_alpha", "learning_rate", "max_train_epochs", "num_repeats"}
    own = {"keep_tokens_off": "keep_tokens", "resampled_images": "resize_interpolation", "color_aug_on": "cache_latents"}
    return bool(set(footprint.edits) & (dose if causes & DOSE else set())) or any(own.get(cause) in footprint.edits for cause in causes)


def _decoys(
    rng: np.random.Generator, level: Tier, settings: Mapping[str, ParameterValue], causes: tuple[str, ...],
    tried_before: Sequence[Mapping[str, ParameterValue]], *, room: int,
) -> list[tuple[str, Footprint]]:  # fmt: skip
    """Look-alikes that touch nothing planted, as many as there is room for among six edits."""
    low, high = level.look_alikes
    count = int(rng.integers(low, high + 1))
    found: list[tuple[str, Footprint]] = []
    taken = {name for cause in causes for name in _own_names(cause)}
    for cause in (str(one) for one in rng.permutation([one for one in LOOK_ALIKES if one not in causes])):
        full = tried(cause, settings)  # the very value of which good runs have shown that it does no harm here
        is_known = full is not None and any(full.edits.items() <= past.items() for past in tried_before)
        bolder = bold(cause, rng, settings) if rng.random() < level.bold else None
        footprint = full if is_known else bolder or look_alike(cause, rng, settings)
        if footprint is None or len(found) == count or _edits_of(footprint) > room:
            continue
        is_data = footprint.new_dataset
        if set(footprint.edits) & taken or (is_data and (DATA & set(causes) or any(one.new_dataset for _, one in found))):
            continue
        found.append((cause, footprint))
        taken |= set(footprint.edits)
        room -= _edits_of(footprint)
    return found


def _edits_of(footprint: Footprint) -> int:
    return len(footprint.edits) + footprint.new_dataset


def _own_names(cause: str) -> set[str]:
    """Settings that belong to a planted cause, so that no decoy moves them."""
    names = {
        "keep_tokens_off": {"keep_tokens", "shuffle_caption"}, "caption_dropout_high": {"caption_dropout_rate"},
        "fp16_overflow": {"mixed_precision", "full_fp16"}, "noise_offset_high": {"noise_offset"},
        "color_aug_on": {"color_aug", "cache_latents"},
        "resolution_mismatch": {"resolution"}, "te_lr_too_high": {"text_encoder_lr"}, "resampled_images": {"resize_interpolation"},
    }  # fmt: skip
    dose = {"network_dim", "network_alpha", "learning_rate", "unet_lr", "max_train_epochs", "num_repeats", "train_batch_size"}
    return dose if cause in DOSE else names.get(cause, set())


def _worst_metric(
    rng: np.random.Generator, project: Project, causes: tuple[str, ...], planted: list[Footprint]
) -> tuple[str, tuple[str, float] | None]:  # fmt: skip
    """The metric the run is called bad on: the one hit hardest, or, without a cause, the one that bad luck fell on."""
    directed = [name for name in project.metrics if METRICS[name].sign]
    if causes == ("noise_only",):
        metric = str(rng.choice(directed))
        return metric, (metric, float(rng.uniform(1.9, 3.2)))
    harm = {name: sum(project.harm(name, footprint) for footprint in planted) for name in directed}
    return max(sorted(harm), key=lambda name: harm[name]), None


def _hidden(
    rng: np.random.Generator, level: Tier, planted: list[Footprint], before: Mapping[str, ParameterValue]
) -> frozenset[str]:  # fmt: skip
    """Settings that this project's trainer did not record; the culprit may be among them."""
    hidden = {name for name in sorted(before) if rng.random() < 0.06}
    if rng.random() >= level.not_recorded:
        hidden -= {name for footprint in planted for name in footprint.edits}
    else:
        hidden |= {name for footprint in planted for name in footprint.edits}
    return frozenset(hidden)


def _history(project: Project, runs: list[_Simulated], kept: _Kept, hidden: frozenset[str], *, has_parent: bool) -> History:
    past = []
    for index, one in enumerate(runs):
        parent = one.parent if has_parent or one.name != BAD else None
        past.append(_past(project, one, kept, hidden, parent, started_at=1.7e9 + 86400.0 * index))
    return History(tuple(past), {name: _facts(name) for name in sorted(project.metrics)})


def _facts(name: str) -> MetricFacts:
    known = metric_named(name)
    assert known is not None
    return MetricFacts(name, known.unit, str(known.direction), known.low, known.high)


def _past(
    project: Project, one: _Simulated, kept: _Kept, hidden: frozenset[str], parent: str | None, *, started_at: float
) -> PastRun:  # fmt: skip
    made = one.traces
    parameters = {name: value for name, value in sorted(one.settings.items()) if name not in hidden}
    digest = None if "dataset" in hidden else made.dataset.digest
    last = {name: curve[-1] for name, curve in made.curves.items()}
    run = Run(
        one.name, "kohya", RunStatus.IMPORTED, parameters, {name: outcome.value for name, outcome in last.items()},
        parent, digest, "sd15.safetensors", started_at, started_at + made.gpu_hours * 3600,
    )  # fmt: skip
    protocol = dict(made.protocol) if kept.protocol else {}
    label = ",".join(f"{name}={value}" for name, value in sorted(protocol.items()))
    return PastRun(
        run=run,
        settings=settings_of(run),
        outcomes=last if kept.curves else {name: Outcome(outcome.value) for name, outcome in last.items()},
        curves=made.curves if kept.curves else {},
        classes=dict.fromkeys(sorted(project.metrics), label),
        findings=dict(made.dataset.findings) if kept.audit else None,
        images=made.dataset.images if kept.audit or "num_images" in parameters else None,
        weights=made.weights if kept.weights else {},
        loss=made.loss if kept.loss else {},
        protocol=protocol,
        tensor_hashes=made.tensor_hashes if kept.hashes else {},
        gpu_hours=made.gpu_hours,
    )


def to_interchange(case: BadCase) -> list[Record]:
    """The case as records of the interchange format, the truth left out."""
    return records_of(case.history)


def without(case: BadCase, channel: str) -> BadCase:
    """The case with one channel of evidence removed from all runs: what it is worth shows in what is then lost.

    Channels: settings, history (only the parent is left), metrics (only the one that is bad), curves, weights, loss, findings, hashes.
    """
    keep = {case.history.runs[-1].run.parent or case.history.runs[-2].name, case.run}
    runs = [past for past in case.history.runs if channel != "history" or past.name in keep]
    stripped = tuple(_stripped(past, channel, case.metric) for past in runs)
    return replace(case, history=replace(case.history, runs=stripped))


def _stripped(past: PastRun, channel: str, metric: str) -> PastRun:
    if channel == "settings":
        return replace(past, settings={}, run=replace(past.run, parameters={}, dataset_digest=None))
    if channel == "metrics":
        return replace(
            past, outcomes={metric: past.outcomes[metric]}, classes={metric: past.classes[metric]},
            curves={name: curve for name, curve in past.curves.items() if name == metric}, run=replace(past.run, outcome={}),
        )  # fmt: skip
    if channel == "hashes":
        return replace(past, tensor_hashes={}, protocol={}, classes=dict.fromkeys(past.classes, ""))
    if channel == "findings":
        return replace(past, findings=None)
    return replace(past, **{channel: {}}) if channel in {"curves", "weights", "loss"} else past
