"""What kohya's metadata says of the images: folders, repeats, buckets, and the settings of each dataset and subset.

Mode A is a training on folders (``ss_dataset_dirs``, ``ss_bucket_info``), mode B one with a dataset file (``ss_datasets``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lorascope.records.run import JsonValue

# key of a dataset or subset in mode B -> kohya's parameter
_OF_DATASET = {"batch_size_per_device": "train_batch_size"} | {
    name: name for name in "resolution enable_bucket min_bucket_reso max_bucket_reso resize_interpolation".split()
}
_OF_SUBSET = {
    name: name
    for name in (
        "color_aug flip_aug random_crop shuffle_caption keep_tokens keep_tokens_separator secondary_separator enable_wildcard "
        "caption_prefix caption_suffix"
    ).split()
}
_Object = dict[str, JsonValue]


@dataclass(slots=True)
class DatasetFacts:
    """``settings`` are texts under kohya's names; ``bucket_counts`` are images x repeats of each bucket of every dataset."""

    settings: dict[str, str] = field(default_factory=dict)
    bucket_counts: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list)


def dataset_facts(kept: Mapping[str, JsonValue]) -> DatasetFacts:
    """What is said of the images, of both modes."""
    facts = DatasetFacts()
    datasets = list(_objects(kept.get("ss_datasets")))
    subsets = [subset for dataset in datasets for subset in _objects(dataset.get("subsets"))]
    _agree(facts, datasets, _OF_DATASET)
    _agree(facts, [subset for subset in subsets if subset.get("is_reg") is not True], _OF_SUBSET)
    _count_images(facts, subsets, kept.get("ss_dataset_dirs"))
    infos = [dataset.get("bucket_info") for dataset in datasets] or [kept.get("ss_bucket_info")]
    counts = [_counts(info) for info in infos]
    if all(counts):
        facts.bucket_counts = tuple(count for each in counts for count in each)
    return facts


def _agree(facts: DatasetFacts, parts: list[_Object], names: Mapping[str, str]) -> None:
    """Take what all parts say alike; say what they do not."""
    for key, name in names.items():
        said = list(dict.fromkeys(_text(part[key]) for part in parts if key in part))
        if len(said) == 1:
            facts.settings[name] = said[0]
        elif said:
            facts.notes.append(f"{name} differs between the parts of the dataset: {', '.join(said[:5])}")


def _count_images(facts: DatasetFacts, subsets: list[_Object], folders: JsonValue) -> None:
    """Images without repeats, and their repeats where all have the same."""
    trained = [(part.get("img_count"), part.get("num_repeats")) for part in subsets if part.get("is_reg") is not True]
    if not trained and isinstance(folders, dict):
        trained = [(part.get("img_count"), part.get("n_repeats")) for part in _objects(list(folders.values()))]
    counts = [count for count, _ in trained if type(count) is int and count >= 0]
    if counts and len(counts) == len(trained):
        facts.settings["num_images"] = str(sum(counts))
    repeats = list(dict.fromkeys(str(repeat) for _, repeat in trained if type(repeat) is int))
    if len(repeats) == 1:
        facts.settings["num_repeats"] = repeats[0]
    elif repeats:
        facts.notes.append(f"num_repeats differs between the parts of the dataset: {', '.join(repeats[:5])}")


def _counts(info: JsonValue) -> tuple[int, ...]:
    buckets = info.get("buckets") if isinstance(info, dict) else None
    if not isinstance(buckets, dict):
        return ()
    counts = [bucket.get("count") for bucket in _objects(list(buckets.values()))]
    return tuple(count for count in counts if type(count) is int and count >= 0)


def _objects(value: JsonValue) -> Iterator[_Object]:
    """The objects in a list; whatever else a stranger put there is passed over (it is kept whole elsewhere)."""
    if isinstance(value, list):
        yield from (part for part in value if isinstance(part, dict))


def _text(value: JsonValue) -> str:
    """A JSON value as Python writes it, which is how the other values of the metadata stand."""
    if isinstance(value, list):
        return ",".join(str(part) for part in value)
    return str(value)
