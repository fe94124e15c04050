"""Read what a choice among a run's checkpoints is made from: scores of one kind, of the prompts asked about, twins pooled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lorascope.analysis.paired import compare_paired
from lorascope.errors import BadParameter, NotFound, did_you_mean
from lorascope.evaluation.choice_words import number
from lorascope.evaluation.purposes import Purpose, find_purpose, purposes_of
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.prompt import Prompt
from lorascope.records.run import Run
from lorascope.records.sample import Score
from lorascope.store import Store


@dataclass(frozen=True, slots=True)
class NoiseFloor:
    """The same weights under two numbers: their ``difference`` in a metric (second minus first), over ``n`` prompts, is noise alone."""

    epochs: tuple[int, int]
    difference: float
    n: int


@dataclass(frozen=True, slots=True)
class ToPick:
    """A run with its scores, of the prompts asked about. ``twins``: epoch → the earlier one that has the same weights."""

    run: Run
    checkpoints: tuple[Checkpoint, ...]
    scores: tuple[Score, ...]
    purpose: Purpose | None = None
    twins: Mapping[int, int] = field(default_factory=dict)

    @property
    def saved(self) -> set[int]:
        """The numbers of the checkpoints that were saved."""
        return {checkpoint.epoch for checkpoint in self.checkpoints}

    def of_metric(self, metric: str) -> list[Score]:
        """The scores of a metric, of checkpoints only (epoch 0 is the base model unless it was saved), twins under one number."""
        kept = [score for score in self.scores if score.metric == metric and (score.epoch != 0 or 0 in self.saved)]
        return [replace(score, epoch=self.twins.get(score.epoch, score.epoch)) for score in kept]

    def of_base(self, metric: str) -> list[Score]:
        """The scores of the base model without a LoRA."""
        return [score for score in self.scores if score.metric == metric and score.epoch == 0 and 0 not in self.saved]

    def same_as(self, epoch: int) -> tuple[int, ...]:
        """The other numbers of an epoch's weights."""
        return tuple(sorted(twin for twin, kept in self.twins.items() if kept == epoch))

    def floors(self, metric: str) -> tuple[NoiseFloor, ...]:
        """What scoring the same weights twice gave."""
        found = []
        of_epoch = {
            epoch: [s for s in self.scores if s.metric == metric and s.epoch == epoch] for pair in self.twins.items() for epoch in pair
        }
        for twin, kept in sorted(self.twins.items()):
            paired = compare_paired(of_epoch[kept], of_epoch[twin])
            if paired is not None:
                found.append(NoiseFloor((kept, twin), paired.difference, paired.n))
        return tuple(found)


def read_to_pick(store: Store, run: str, prompts: Sequence[str] = (), purpose: str | None = None) -> ToPick:
    """Everything a choice needs of a run.

    Raises:
        NotFound: no such run or prompt, or no prompt asks for the purpose. BadParameter: both prompts and a purpose are named.
    """
    if prompts and purpose is not None:
        raise BadParameter("a purpose and prompts were named", next_step="name one of them: --purpose or --prompt")
    with store.snapshot():
        recorded = store.run(run)
        every = store.scores(run)
        checkpoints = store.checkpoints(run)
        known = prompts_of_run(store, recorded.name, {score.prompt for score in every}) if purpose is not None else ()
    found = None
    if purpose is not None:
        found = find_purpose(purpose, known)
        if found is None:
            raise _no_purpose(run, purpose, known)
    wanted = set(found.prompts if found else prompts)
    names = sorted({score.prompt for score in every})
    for prompt in sorted(wanted - set(names)):
        raise NotFound(
            f"run {run} has no scores of a prompt {prompt!r}",
            next_step=did_you_mean(prompt, names) or f"it has {', '.join(names) or 'none'}",
        )
    kept = tuple(score for score in every if not wanted or score.prompt in wanted)
    return ToPick(recorded, tuple(checkpoints), kept, found, twins_of(checkpoints))


def prompts_of_run(store: Store, run: str, names: set[str]) -> tuple[Prompt, ...]:
    """The prompts that a run was scored on: as the suites say that it was drawn for, else those that hold all of them."""
    drawn_for = {str(sample.extra.get("suite")) for sample in store.samples(run)}
    suites = store.suites()
    order = sorted(suites, key=lambda suite: (suite.name not in drawn_for, not names <= {p.name for p in suite.prompts}))
    found: dict[str, Prompt] = {}
    for suite in order:
        for prompt in suite.prompts:
            if prompt.name in names:
                found.setdefault(prompt.name, prompt)
    return tuple(found[name] for name in sorted(found))


def twins_of(checkpoints: Iterable[Checkpoint]) -> dict[int, int]:
    """Epoch → an earlier one with the same tensors (by their hash, else by the file's digest)."""
    first: dict[str, int] = {}
    twins: dict[int, int] = {}
    for checkpoint in sorted(checkpoints, key=lambda one: one.epoch):
        marks = [f"{kind}:{mark}" for kind, mark in (("t", checkpoint.tensor_hash), ("f", checkpoint.digest)) if mark]
        seen = [first[mark] for mark in marks if mark in first]
        if seen:
            twins[checkpoint.epoch] = seen[0]
        for mark in marks:
            first.setdefault(mark, seen[0] if seen else checkpoint.epoch)
    return twins


def refuse_mixed(run: str, metric: str, scores: Iterable[Score]) -> None:
    """Values of two units, or of two versions of a rule, are never compared.

    Raises:
        BadParameter: the metric changes its unit or version between images; says at which epochs.
    """
    kept = [score for score in scores if score.metric == metric and score.value is not None]
    for key, default, what in (("unit", None, "unit"), ("version", 1, "version of its rule")):
        said: dict[str, set[int]] = {}
        for score in kept:
            value = score.extra.get(key, default)
            if value is not None:
                said.setdefault(str(value), set()).add(score.epoch)
        if len(said) > 1:
            where = "; ".join(f"{value} at epochs {', '.join(map(str, sorted(epochs)))}" for value, epochs in sorted(said.items()))
            raise BadParameter(
                f"{metric} of run {run} changes its {what}: {where}. Such values cannot be compared",
                next_step="measure all checkpoints by one rule: lorascope evaluate " + run + ", or import the scores of one rule only",
            )


def about_twins(data: ToPick, floors: Sequence[NoiseFloor], unit: str) -> list[str]:
    """What it means that two numbers stand for the same weights."""
    notes = []
    for twin, kept in sorted(data.twins.items()):
        floor = next((one for one in floors if one.epochs == (kept, twin)), None)
        pooled = f"Epochs {kept} and {twin} are the same weights (equal hash) and count as one, epoch {kept}"
        if floor is None or floor.difference == 0:
            notes.append(f"{pooled}.")
        else:
            size = f"{number(abs(floor.difference))} {unit}".rstrip()
            notes.append(f"{pooled}. They scored {size} apart (mean over {floor.n} prompts): that much is noise alone.")
    return notes


def _no_purpose(run: str, purpose: str, known: Sequence[Prompt]) -> NotFound:
    there = purposes_of(known)
    close = did_you_mean(purpose, there)
    listed = ", ".join(there) or "none: the prompts of its suite are not recorded, or expect nothing"
    return NotFound(f"no prompt of run {run} asks for {purpose!r}", next_step=f"{close + ' ' if close else ''}purposes there are: {listed}")
