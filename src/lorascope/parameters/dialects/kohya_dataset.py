"""sd-scripts' ``dataset_config`` (TOML or JSON): general, datasets, subsets. A strict schema: any unknown key or wrong type aborts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lorascope.parameters.dialects.dataset_keys import DATASET_KEYS, Level
from lorascope.parameters.dialects.dialect import Entry, Translation
from lorascope.parameters.dialects.reading import Reading
from lorascope.parameters.dialects.shared import Meant, as_it_stands, say_where_agreed
from lorascope.records.run import JsonValue

Subset = tuple[int, int]


class _KohyaDataset:
    """A dataset_config."""

    name = "kohya-dataset"
    trainer = "kohya"

    def recognizes(self, document: JsonValue) -> bool:
        """Whether it has a list of datasets, or a table ``general`` and nothing else that a training has."""
        if not isinstance(document, dict):
            return False
        datasets, general = document.get("datasets"), document.get("general")
        if isinstance(datasets, list):
            known = any(isinstance(part, dict) and ("subsets" in part or set(part) & set(DATASET_KEYS)) for part in datasets)
            return known and not set(document) & {"process", "job", "config"}
        return isinstance(general, dict) and bool(set(general) & set(DATASET_KEYS)) and set(document) <= {"general", "datasets"}

    def known_keys(self) -> tuple[str, ...]:
        """All keys of the schema."""
        return (*DATASET_KEYS, "datasets", "general", "subsets")

    def translate(self, entries: Sequence[Entry]) -> Translation:
        """What all subsets agree on; where they differ there is no one value."""
        reading = Reading()
        given: dict[Level, dict[tuple[int, ...], dict[str, Entry]]] = {level: {} for level in Level}
        for entry in entries:
            level, position = level_of(entry)
            if level is None:
                reading.unknown.append(entry)
                continue
            key = DATASET_KEYS.get(entry_key(entry, level))
            if key is None:
                if entry_key(entry, level) not in {"subsets", ""}:  # an empty table or list says nothing
                    reading.unknown.append(entry)
            elif level not in key.levels:
                reading.problem(entry, f"{key.name} cannot stand in {level.value}: sd-scripts stops at it")
                reading.keep(entry)
            else:
                if not key.wants.accepts(entry.value) and key.name != "custom_attributes":
                    reading.problem(entry, f"{key.name} must be {key.wants.value}: sd-scripts stops at it")
                given[level].setdefault(position, {})[key.name] = entry
        _say(given, reading)
        return reading.done(entries)


KOHYA_DATASET = _KohyaDataset()


def level_of(entry: Entry) -> tuple[Level | None, tuple[int, ...]]:
    """The level an entry stands on, and which dataset and subset that is; None where the schema has nothing."""
    match entry.place:
        case ("general", *_):
            return Level.GENERAL, ()
        case ("datasets", int(dataset), "subsets", int(subset), *_):
            return Level.SUBSET, (dataset, subset)
        case ("datasets", int(dataset), *_):
            return Level.DATASET, (dataset,)
        case ("datasets",):
            return Level.DATASET, ()
        case _:
            return None, ()


def entry_key(entry: Entry, level: Level) -> str:
    """The key of an entry within its level."""
    at = {Level.GENERAL: 1, Level.DATASET: 2, Level.SUBSET: 4}[level]
    return str(entry.place[at]) if len(entry.place) > at else ""


def _say(given: Mapping[Level, Mapping[tuple[int, ...], Mapping[str, Entry]]], reading: Reading) -> None:
    """Say what the subsets agree on: for each of them the innermost value counts."""
    subsets = sorted(given[Level.SUBSET])
    general = given[Level.GENERAL].get((), {})
    datasets = given[Level.DATASET]
    merged = [{**general, **datasets.get(position[:1], {}), **given[Level.SUBSET][position]} for position in subsets]
    training = [subset for subset in merged if not _is_reg(subset)]
    for subset in merged:
        folder = subset.get("image_dir")
        if folder is not None:
            reading.folder(folder.value)
            if _is_reg(subset):
                reading.say("reg_data_dir", folder.value, folder)
    # a file without subsets still says what its datasets would do
    views = training or [{**general, **datasets[position]} for position in sorted(datasets)] or [dict(general)]
    for name, key in DATASET_KEYS.items():
        if key.parameter:
            say_where_agreed(key.parameter, [_meant(view.get(name)) for view in views], reading, "subsets")


def _is_reg(subset: Mapping[str, Entry]) -> bool:
    entry = subset.get("is_reg")
    return entry is not None and entry.value is True


def _meant(entry: Entry | None) -> Meant | None:
    """A size as our text, a range as the argument has it; all else as it stands."""
    if entry is None or not isinstance(entry.value, list):
        return as_it_stands(entry)
    return Meant(entry, ",".join(str(part) for part in entry.value))
