"""What others noted of runs, from records of the types parent, finding, weights, loss and protocol: one dictionary of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lorascope.jobs.note_keys import (
    CHECK_KEYS,
    COUNT_KEYS,
    IMAGES_KEYS,
    PARENT_KEYS,
    RUN_KEYS,
    SHARE_KEYS,
    as_number,
    first_of,
    hash_value,
    is_hash,
    loss_numbers,
    protocol_items,
    weights_numbers,
)  # fmt: skip
from lorascope.records.run import JsonValue, ParameterValue, Run
from lorascope.store import Store

TYPES = ("parent", "finding", "weights", "loss", "protocol")
_DATASETS = ("dataset", "dataset_digest", "dataset_version", "caption_version")  # settings that name a run's dataset
_MOST_COUNTED = 10**9


@dataclass(frozen=True, slots=True)
class Notes:
    """By run (``findings`` and ``images`` by run, or by "dataset:" and the digest or name of the dataset they were found in)."""

    parents: dict[str, str] = field(default_factory=dict)
    findings: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    errors: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    images: dict[str, int] = field(default_factory=dict)
    weights: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    losses: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    protocols: dict[str, dict[str, ParameterValue]] = field(default_factory=lambda: defaultdict(dict))
    hashes: dict[str, dict[str, ParameterValue]] = field(default_factory=lambda: defaultdict(dict))

    def findings_of(self, run: Run) -> Mapping[str, int] | None:
        """The findings of a run: its own, else those of its dataset; None where nothing was audited."""
        return next((self.findings[about] for about in _abouts(run) if about in self.findings), None)

    def errors_of(self, run: Run) -> Mapping[str, int]:
        """How many of a run's findings are errors, where that is recorded with them."""
        return next((self.errors[about] for about in _abouts(run) if about in self.findings and about in self.errors), {})

    def images_of(self, run: Run) -> int | None:
        """How many images a run was trained on, where a record or its parameters say."""
        noted = next((self.images[about] for about in _abouts(run) if about in self.images), None)
        if noted is not None:
            return noted
        stated = as_number(run.parameters.get("num_images", run.parameters.get("num_train_images")))
        return int(stated) if stated is not None and 0 < stated < _MOST_COUNTED else None


def read_notes(store: Store, runs: Iterable[Run] = ()) -> Notes:
    """All notes in the store, and those that stand inside the records of ``runs`` (keys findings, weights, loss, protocol).

    A later record of the same run replaces an earlier one, key by key; a note of its own replaces one inside the run's record.
    """
    notes = Notes()
    for run in runs:
        if run.extra:
            _add_inside(notes, run)
    for kind in TYPES:
        for record in store.foreign_records(kind):
            about = _about(record)
            if about is not None:
                _add(notes, kind, about, record)
    return notes


def _about(record: Mapping[str, JsonValue]) -> str | None:
    run, dataset = first_of(record, RUN_KEYS), record.get("dataset")
    return run if isinstance(run, str) else f"dataset:{dataset}" if isinstance(dataset, str) else None


def _abouts(run: Run) -> Iterable[str]:
    yield run.name
    yield f"dataset:{run.dataset_digest}"
    yield from (f"dataset:{run.parameters[name]}" for name in _DATASETS if run.parameters.get(name) is not None)


def _add(notes: Notes, kind: str, about: str, record: Mapping[str, JsonValue]) -> None:
    match kind:
        case "finding":
            _add_finding(notes, about, record)
        case "parent":
            if isinstance(parent := first_of(record, PARENT_KEYS), str):
                notes.parents[about] = parent
        case "weights":
            notes.weights[about] |= weights_numbers(record)
            stated = {name: hash_value(name, value) for name, value in record.items() if is_hash(name) and isinstance(value, str)}
            notes.hashes[about] |= {f"trained:{name}": value for name, value in stated.items() if value is not None}
        case "loss":
            notes.losses[about] |= loss_numbers(record)
        case "protocol":
            items, hashes = protocol_items(record)
            notes.protocols[about] |= items
            notes.hashes[about] |= hashes


def _add_finding(notes: Notes, about: str, record: Mapping[str, JsonValue]) -> None:
    """One check with its count; a record that names a file and no count is one finding, and is added to the others."""
    check, images = first_of(record, CHECK_KEYS), as_number(first_of(record, IMAGES_KEYS))
    if images is not None and 0 < images < _MOST_COUNTED:
        notes.images[about] = int(images)
    of_run = notes.findings[about]
    if not isinstance(check, str):
        return
    count, share = as_number(first_of(record, COUNT_KEYS)), as_number(first_of(record, SHARE_KEYS))
    if count is not None and 0 <= count < _MOST_COUNTED:
        of_run[check] = int(count)
        serious = as_number(record.get("errors"))
        if serious is not None and 0 <= serious <= count:
            notes.errors[about][check] = int(serious)
        elif check in notes.errors.get(about, {}):
            del notes.errors[about][check]
    elif share is not None and 0 <= share <= 1 and (total := notes.images.get(about, 100)):
        of_run[check] = round(share * total)
    elif count is None and share is None:
        of_run[check] = of_run.get(check, 0) + 1


def _add_inside(notes: Notes, run: Run) -> None:
    """What a run's own record says beyond its settings."""
    found = run.extra.get("findings")
    if isinstance(found, dict):  # check → count
        counts = {
            check: int(number) for check, value in found.items() if (number := as_number(value)) is not None and 0 <= number < _MOST_COUNTED
        }
        notes.findings[run.name] |= counts
    elif isinstance(found, list):
        for each in found:
            if isinstance(each, dict):
                _add_finding(notes, run.name, each)
    for kind in ("weights", "loss", "protocol"):
        value = run.extra.get(kind)
        if isinstance(value, dict):
            _add(notes, kind, run.name, value)
    images = as_number(first_of(run.extra, IMAGES_KEYS))
    if images is not None and 0 < images < _MOST_COUNTED:
        notes.images[run.name] = int(images)
