"""The picture grid of one run: epochs down, prompts across, one seed large and the others small beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lorascope.records.color import hex_code
from lorascope.records.prompt import Prompt
from lorascope.records.sample import Score
from lorascope.reports.answers import HIGHER
from lorascope.reports.evidence import Evidence, MetricNote, RunEvidence
from lorascope.reports.wording import amount, counted, is_ratio, number, shortened, unit_shown, visible

MET_RATIO = 0.5  # from this share on, a cell's expectation counts as met
MOST_OTHERS = 8  # small pictures beside the large one; more are counted, not drawn
ACCURACY = "_color_accuracy"

Place = tuple[int, str]  # epoch and prompt


@dataclass(frozen=True, slots=True)
class Picture:
    """One image by its digest, with the text that says the same."""

    digest: str
    alt: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One epoch and prompt. ``mark`` is ✓, ✗ or empty, ``value`` the mean over seeds; ``picture`` is None when not sampled."""

    picture: Picture | None
    others: tuple[Picture, ...]
    mark: str
    value: str


@dataclass(frozen=True, slots=True)
class GridRow:
    """One epoch. ``marked``: it is the run's choice; ``note`` says so in words; ``place`` is the run's where rows are of several."""

    epoch: int
    label: str
    note: str
    marked: bool
    cells: tuple[Cell, ...]
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Swatch:
    """What a prompt asks of a feature, such as background in bright green."""

    feature: str
    color: str
    code: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A prompt above its column."""

    name: str
    text: str
    swatches: tuple[Swatch, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows in order of epoch, the base model first. ``note`` says what is drawn and what the marks mean."""

    caption: str
    headings: tuple[Heading, ...]
    rows: tuple[GridRow, ...]
    note: str
    has_pictures: bool


def mark_metric(evidence: Evidence) -> MetricNote:
    """The metric that the marks show: the chosen one if it is a share of what was asked, else the first color accuracy."""
    chosen = evidence.note(evidence.metric)
    scored = {score.metric for run in evidence.runs for score in run.scores}
    fits = [note for note in (chosen, *evidence.metrics) if _is_share(note) and note.name in scored]
    return next((note for note in fits if note is chosen or note.name.endswith(ACCURACY)), chosen)


def _is_share(note: MetricNote) -> bool:
    return note.direction == HIGHER and is_ratio(note.unit)


def prompts_of(evidence: Evidence) -> tuple[Prompt, ...]:
    """The suite's prompts in its order; without a suite, those that were sampled or scored, by name."""
    if evidence.suite:
        return evidence.suite.prompts
    sampled = {sample.prompt for run in evidence.runs for sample in run.samples}
    names = sampled | {score.prompt for run in evidence.runs for score in run.scores}
    return tuple(Prompt(name, "") for name in sorted(names))


def epochs_of(run: RunEvidence) -> tuple[int, ...]:
    """Every epoch that was saved, sampled or scored, in order; 0 is the base model."""
    sampled = {sample.epoch for sample in run.samples} | {score.epoch for score in run.scores}
    return tuple(sorted(sampled | {checkpoint.epoch for checkpoint in run.checkpoints}))


def grid(evidence: Evidence, run: RunEvidence, epochs: tuple[int, ...] | None = None) -> Grid:
    """The grid of one run, of all its epochs or of those named."""
    note, prompts = mark_metric(evidence), prompts_of(evidence)
    pictures = _pictures(evidence, run, note)
    values = _values(run.scores, note.name)
    choice = run.choice
    rows = []
    for epoch in epochs_of(run) if epochs is None else epochs:
        marked = choice is not None and epoch == choice.leader
        said = ("best" if choice and choice.best_epoch == epoch else "leads") if marked else ""
        if epoch == evidence.base_epoch:
            said = "no LoRA"
        cells = tuple(_cell(pictures.get((epoch, prompt.name), ()), values.get((epoch, prompt.name), ()), note) for prompt in prompts)
        rows.append(GridRow(epoch, evidence.epoch_shown(epoch), said, marked, cells))
    return Grid(
        caption=f"{shortened(run.run.name)}: pictures by epoch and prompt",
        headings=headings(prompts),
        rows=tuple(rows),
        note=_legend(evidence, run, note),
        has_pictures=bool(run.samples),
    )


def headings(prompts: tuple[Prompt, ...]) -> tuple[Heading, ...]:
    """The prompts as column headings, each with what it asks for."""
    return tuple(
        Heading(
            shortened(prompt.name, 24),
            visible(prompt.text),
            tuple(Swatch(shortened(asked.feature, 16), shortened(asked.color, 20), hex_code(asked.rgb)) for asked in prompt.expectations),
        )
        for prompt in prompts
    )


def _seed_order(seed: int | None) -> tuple[bool, int]:
    return (seed is None, seed or 0)


def _pictures(evidence: Evidence, run: RunEvidence, note: MetricNote) -> Mapping[Place, tuple[Picture, ...]]:
    """The pictures of every cell in order of seed, so that the same seed is large everywhere."""
    scored = {(score.epoch, score.prompt, score.seed, score.draw): score for score in run.scores if score.metric == note.name}
    found: dict[Place, list[Picture]] = {}
    for sample in sorted(run.samples, key=lambda sample: (sample.epoch, sample.prompt, _seed_order(sample.seed), sample.draw)):
        score = scored.get((sample.epoch, sample.prompt, sample.seed, sample.draw))
        where = "base model" if sample.epoch == evidence.base_epoch else f"epoch {sample.epoch}"
        seed = "seed unknown" if sample.seed is None else f"seed {sample.seed}"
        alt = f"run {shortened(run.run.name)}, {where}, prompt {shortened(sample.prompt, 24)}, {seed}{_measured(score, note)}"
        found.setdefault((sample.epoch, sample.prompt), []).append(Picture(sample.image_digest, alt))
    return {place: tuple(pictures) for place, pictures in found.items()}


def _measured(score: Score | None, note: MetricNote) -> str:
    if score is None or score.value is None:
        return ""
    if note.name.endswith(ACCURACY) and is_ratio(note.unit):
        return f", {note.name.removesuffix(ACCURACY)} {100 * score.value:.0f} % as asked"
    return f", {visible(note.title).lower()} {amount(score.value, note.unit)}"


def _values(scores: tuple[Score, ...], metric: str) -> Mapping[Place, list[float]]:
    found: dict[Place, list[float]] = {}
    for score in scores:
        if score.metric == metric and score.value is not None:
            found.setdefault((score.epoch, score.prompt), []).append(score.value)
    return found


def _cell(pictures: tuple[Picture, ...], values: list[float] | tuple[()], note: MetricNote) -> Cell:
    mean = sum(values) / len(values) if values else None
    mark, value = "", number(mean, note.unit)
    if mean is not None and is_ratio(note.unit):
        value = f"{100 * mean:.0f} %"
        mark = ("✓" if round(100 * mean) >= 100 * MET_RATIO else "✗") if _is_share(note) else ""
    return Cell(pictures[0] if pictures else None, pictures[1 : 1 + MOST_OTHERS], mark, value)


def _legend(evidence: Evidence, run: RunEvidence, note: MetricNote) -> str:
    seeds = sorted({sample.seed for sample in run.samples if sample.seed is not None})
    drawn = ""
    if seeds:
        beside = min(len(seeds) - 1, MOST_OTHERS)
        others = f", {counted(beside, 'more seed')} beside it" if beside else ""
        left_out = f" ({len(seeds) - 1 - beside} more were measured and are not drawn)" if len(seeds) - 1 > beside else ""
        drawn = f"Large: seed {seeds[0]}{others}{left_out}. "
    over = f"mean over {counted(len(evidence.suite.seeds), 'seed')}" if evidence.suite and evidence.suite.seeds else "mean over images"
    title = visible(note.title).lower()
    if _is_share(note):
        return f"{drawn}Below: {title}, {over}; ✓ from {100 * MET_RATIO:.0f} % on, ✗ below."
    unit = f" [{unit_shown(note.unit)}]" if note.unit else ""
    return f"{drawn}Below: {title}{unit}, {over}."
