"""What a run's training images look like: read from its dataset, described once, and the bands kept with the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from lorascope.captions.clauses import read_caption
from lorascope.captions.features import background_feature
from lorascope.errors import BadFile, Busy, NotFound
from lorascope.evaluation.choice_words import rounded
from lorascope.evaluation.metrics import METRICS
from lorascope.evaluation.summary import summarize
from lorascope.evaluation.training_bands import TrainingImage, describe
from lorascope.evaluation.training_set import Band, TrainingSet
from lorascope.jobs.read_assets import color_names, color_table
from lorascope.jobs.read_pixels import load_pixels
from lorascope.records.color import parse_hex
from lorascope.records.dataset import Dataset, DatasetItem
from lorascope.records.measurement import Measurement
from lorascope.records.prompt import Expectation, Prompt
from lorascope.records.run import JsonValue, Run, RunStatus
from lorascope.store import Store

MOST_IMAGES = 1000  # of larger datasets as many are looked at, spread evenly
KEPT_AS = "training_bands"  # the key of a run's extra under which its bands lie


def training_set(store: Store, run: Run) -> TrainingSet | None:
    """The run's training images, or None when the dataset is unknown or its images are gone. Images that cannot be read are left out."""
    dataset = _dataset(store, run)
    if dataset is None:
        return None
    return described(Path(str(run.environment.get("dataset_folder") or dataset.folder)), dataset)


def described(folder: Path, dataset: Dataset) -> TrainingSet | None:
    """What the images of a dataset look like, with the bands of every metric; None when none of them can be read."""
    items = sorted(dataset.items, key=lambda item: item.image_file)
    step = max(1, -(-len(items) // MOST_IMAGES))
    return describe(_images(folder, items[::step]), color_names())


def keep_bands(store: Store, run: str, training: TrainingSet) -> None:
    """Keep the bands with the run, so that reports can show them when the images are gone. A run at work elsewhere is left alone."""
    kept: JsonValue = {
        "dataset": store.run(run).dataset_digest,
        "versions": dict(_versions()),
        "bands": {name: [band.low, band.median, band.high, band.n] for name, band in training.bands.items()},
    }
    with suppress(Busy), store.transaction():
        now = store.run(run)
        if now.status is not RunStatus.RUNNING and now.extra.get(KEPT_AS) != kept:
            store.update_run(replace(now, extra={**now.extra, KEPT_AS: kept}))


def kept_bands(run: Run) -> dict[str, Band]:
    """The bands that were kept with a run, of the metrics as they are measured now; empty when there are none."""
    kept = run.extra.get(KEPT_AS)
    if not isinstance(kept, Mapping) or kept.get("dataset") != run.dataset_digest:
        return {}
    bands, versions = kept.get("bands"), kept.get("versions")
    if not isinstance(bands, Mapping) or not isinstance(versions, Mapping):
        return {}
    current = _versions()
    found = {}
    for name, numbers in bands.items():
        if versions.get(name) == current.get(name) is not None and isinstance(numbers, list) and len(numbers) == 4:
            low, median, high, n = (float(number) if isinstance(number, int | float) else 0.0 for number in numbers)
            found[name] = Band(low, median, high, int(n))
    return found


@dataclass(frozen=True, slots=True)
class Beside:
    """A measurement of one checkpoint beside the training images' band; ``band`` is None where there is none."""

    measured: Measurement
    band: Band | None

    @property
    def place(self) -> str | None:
        """Where the mean lies: below, inside or above the band."""
        return self.band.place(self.measured.mean) if self.band is not None and self.measured.mean is not None else None


def beside_training(store: Store, run: str) -> tuple[Beside, ...]:
    """Every metric of the run's last measured checkpoint beside the training images."""
    with store.snapshot():
        bands, measured = kept_bands(store.run(run)), summarize(store.scores(run))
    last = max((one.epoch for one in measured), default=0)
    return tuple(Beside(one, bands.get(one.metric)) for one in measured if one.epoch == last)


def band_json(band: Band | None) -> dict[str, JsonValue] | None:
    """A band as JSON answers carry it."""
    return {"low": rounded(band.low), "median": rounded(band.median), "high": rounded(band.high), "n": band.n} if band else None


def _versions() -> Mapping[str, int]:
    return {metric.name: metric.version for metric in METRICS}


def _dataset(store: Store, run: Run) -> Dataset | None:
    if run.dataset_digest is None:
        return None
    try:
        return store.dataset(run.dataset_digest)
    except NotFound:
        return None


def _images(folder: Path, items: list[DatasetItem]) -> Iterator[TrainingImage]:
    for item in items:
        path = folder / item.image_file
        if not path.is_file():
            continue
        try:
            pixels = load_pixels(path)
        except BadFile:
            continue
        yield TrainingImage(item.image_file, pixels, Prompt(item.image_file, item.caption or "", _expectations(item.caption or "")))


def _expectations(caption: str) -> tuple[Expectation, ...]:
    """The background that a caption claims, when it claims one color."""
    feature = background_feature(read_caption(caption))
    if feature is None:
        return ()
    if feature.color is not None:
        rgb = color_table().get(feature.color.phrase.terms[-1])
        return (Expectation("background", feature.color.text, rgb),) if rgb else ()
    return tuple(Expectation("background", code.color[:7], parse_hex(code.color[:7])) for code in feature.codes[:1])
