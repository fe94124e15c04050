"""A training's whole configuration, from all its files, as the rules look at it.

For sd-scripts a setting of a dataset_config wins over the config_file, nearest to the images first: subset, dataset,
[general], config_file (config_util.py:465). A scope is what then holds for one subset of images.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lorascope.errors import BadParameter
from lorascope.parameters.catalogue import find, known, trainer_defaults
from lorascope.parameters.dialects.dialect import Entry, Translation
from lorascope.parameters.dialects.launch import SCRIPT
from lorascope.parameters.rules.facts import Facts
from lorascope.records.run import JsonValue, ParameterValue

DATASET_DIALECT = "kohya-dataset"
_DEFAULTS = trainer_defaults()
LARGEST = 10**15  # no setting means more; a longer number would not fit a float
_DATASET_NAMES = {"batch_size": "train_batch_size"}  # a dataset_config calls it otherwise
OTHER_FAMILY = "other"  # neither SD 1.5 nor SDXL: FLUX, SD 3 and whatever comes
_OTHERS = ("flux", "sd3", "stable-diffusion-3", "lumina", "hunyuan", "anima_", "qwen", "chroma", "krea")
_XL = ("xl", "pony", "illustrious", "noob")
_SD15 = ("v1-5", "v1-4", "v1.5", "sd15", "sd1.5", "sd-1", "sd_1", "stable-diffusion-v1")
# paths and settings that only the scripts of other families have; kohya_ss says them in every state
_OTHERS_KEYS = ("t5xxl", "clip_l", "clip_g", "ae", "qwen3", "gemma2", "t5xxl_max_token_length", "timestep_sampling", "discrete_flow_shift")
_OTHERS_BOXES = ("flux1_checkbox", "sd3_checkbox", "lumina_checkbox")


@dataclass(frozen=True, slots=True)
class Said:
    """A setting, where it is said, and its value in our words."""

    file: str
    entry: Entry
    value: ParameterValue


@dataclass(frozen=True, slots=True)
class Document:
    """One file of a configuration, in the words of its trainer and in ours.

    ``known_keys`` are all that the trainer has; ``syntax`` is toml, json, yaml, or arguments (a command line).
    """

    file: str
    dialect: str
    trainer: str
    entries: tuple[Entry, ...]
    translation: Translation
    known_keys: tuple[str, ...] = ()
    syntax: str = "toml"

    def entry(self, name: str) -> Entry | None:
        """The last setting of this name, wherever it stands."""
        return next((entry for entry in reversed(self.entries) if last_name(entry) == name), None)


@dataclass(frozen=True, slots=True)
class Scope:
    """The settings that hold for one subset of images, or for the training as a whole.

    ``settings`` are those that somebody said; ``place`` names the subset, ``folder`` is where its images lie.
    """

    settings: Mapping[str, Said] = field(default_factory=dict)
    trainer: str = "kohya"
    place: str = ""
    folder: str | None = None
    dataset: int = 0

    def said(self, name: str) -> Said | None:
        """Where a setting is said; None when it is not, or is said to be unset."""
        found = self.settings.get(name)
        return None if found is None or found.value is None else found

    def value(self, name: str) -> ParameterValue:
        """What holds: what is said, or sd-scripts' default. Of other trainers' defaults nothing is known here."""
        said = self.said(name)
        if said is not None:
            return said.value
        return _DEFAULTS.get(name) if self.trainer == "kohya" else None

    def on(self, name: str) -> bool:
        """Whether a switch is on, or a number is not 0."""
        return bool(self.value(name))

    def number(self, name: str, otherwise: float = 0.0) -> float:
        """A number that holds; ``otherwise`` where there is none."""
        value = self.value(name)
        return otherwise if value is None or isinstance(value, str) else float(max(-LARGEST, min(LARGEST, value)))

    def text(self, name: str) -> str:
        """A text that holds, or an empty one."""
        value = self.value(name)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True, slots=True)
class Configuration:
    """All files of one training. ``training`` holds what no dataset_config says, ``scopes`` what holds for each subset.

    ``family`` is the base model's: "sd15", "sdxl", "other", or "" when nothing tells. ``facts`` are None when no dataset was looked at.
    """

    documents: tuple[Document, ...]
    training: Scope
    scopes: tuple[Scope, ...]
    family: str = ""
    facts: Facts | None = None

    @property
    def trainer(self) -> str:
        """Whose configuration it is."""
        return self.documents[0].trainer if self.documents else "kohya"

    @property
    def file(self) -> str:
        """The file that findings about the whole are put under: the first one."""
        return self.documents[0].file if self.documents else ""

    def of(self, *dialects: str) -> Iterator[Document]:
        """The documents of these dialects."""
        return (document for document in self.documents if document.dialect in dialects)

    def config_files(self) -> Iterator[Document]:
        """sd-scripts' own configuration files; a command line, which the trainer does check, is none."""
        return (document for document in self.of("kohya") if document.syntax != "arguments")

    def has_training(self) -> bool:
        """Whether there is more than a dataset_config: only then are settings of the training said or missing."""
        return any(document.dialect != DATASET_DIALECT for document in self.documents)

    def entries(self, name: str) -> Iterator[tuple[Document, Entry]]:
        """Every setting of this name in any of the files."""
        return ((document, entry) for document in self.documents for entry in document.entries if last_name(entry) == name)


def configure(documents: Sequence[Document], *, family: str = "", facts: Facts | None = None) -> Configuration:
    """Put the files of one training together."""
    trainer = documents[0].trainer if documents else "kohya"
    said: dict[str, Said] = {}
    for document in documents:
        if document.dialect != DATASET_DIALECT:
            said.update(_said(document))
    training = Scope(said, trainer)
    datasets = [document for document in documents if document.dialect == DATASET_DIALECT]
    scopes = tuple(scope for document in datasets for scope in _scopes(document, training)) or (training,)
    return Configuration(tuple(documents), training, scopes, family or family_of(documents, training, scopes), facts)


def last_name(entry: Entry) -> str:
    """The name of a setting without its place: positions in a list are passed over."""
    return next((part for part in reversed(entry.place) if isinstance(part, str)), "")


def family_of(documents: Sequence[Document], training: Scope, scopes: Sequence[Scope]) -> str:
    """The base model's family, from what the configuration names: sdxl, sd15, other, or "" when nothing tells.

    The script and what only one family has come before the base model's name, and its file's name before its folders.
    """
    if any(_is_of_others(document) for document in documents) or any(name in training.text("network_module") for name in _OTHERS):
        return OTHER_FAMILY
    scripts = [str(entry.value) for document in documents if (entry := document.entry(SCRIPT)) is not None]
    if any(script.replace("\\", "/").rsplit("/", 1)[-1].startswith("sdxl_") for script in scripts):
        return "sdxl"
    names = [document.translation.base_model or "" for document in documents] + [training.text("pretrained_model_name_or_path")]
    named = " ".join(names).lower().replace("\\", "/")
    for words in (" ".join(name.rsplit("/", 1)[-1] for name in named.split(" ")), named):
        for family, parts in ((OTHER_FAMILY, _OTHERS), ("sd15", _SD15), ("sdxl", _XL)):
            if any(part in words for part in parts):
                return family
    for document in documents:
        for key in ("sdxl", "model_type", "model_family"):
            entry = document.entry(key)
            if entry is not None and (entry.value is True or "xl" in str(entry.value).lower()):
                return "sdxl"
    return "sdxl" if any(scope.on("cache_text_encoder_outputs") for scope in scopes) else ""


def _is_of_others(document: Document) -> bool:
    """Whether a document says that neither SD 1.5 nor SDXL is trained."""
    script = document.entry(SCRIPT)
    if script is not None and any(name in str(script.value).replace("\\", "/").rsplit("/", 1)[-1] for name in _OTHERS):
        return True
    keys = _OTHERS_KEYS if document.dialect == "kohya" else _OTHERS_BOXES if document.dialect == "kohya-gui" else ()
    return any((entry := document.entry(key)) is not None and bool(entry.value) for key in keys)


def _said(document: Document) -> dict[str, Said]:
    translation = document.translation
    nowhere = Entry((), None)
    return {name: Said(document.file, translation.said_at.get(name, nowhere), value) for name, value in translation.parameters.items()}


def _scopes(document: Document, training: Scope) -> Iterator[Scope]:
    """One scope for every subset of a dataset_config; one for a dataset without subsets."""
    general, datasets, subsets = _layers(document)
    for index in sorted(datasets | {dataset: {} for dataset, _ in subsets}.keys()):
        dataset = {**training.settings, **general, **datasets.get(index, {})}
        places = sorted(place for place in subsets if place[0] == index) or [(index, -1)]
        for place in places:
            settings = {**dataset, **subsets.get(place, {})}
            folder = settings.get("image_dir")
            name = f"datasets[{index}].subsets[{place[1]}]" if place[1] >= 0 else f"datasets[{index}]"
            yield Scope(settings, training.trainer, name, str(folder.value) if folder else None, index)


def _layers(document: Document) -> tuple[dict[str, Said], dict[int, dict[str, Said]], dict[tuple[int, int], dict[str, Said]]]:
    """What [general], each dataset and each subset say."""
    general: dict[str, Said] = {}
    datasets: dict[int, dict[str, Said]] = {}
    subsets: dict[tuple[int, int], dict[str, Said]] = {}
    for entry in document.entries:
        match entry.place:
            case ("general", str(name)):
                general[_ours(name)] = _parsed(document.file, entry, name)
            case ("datasets", int(index), "subsets", int(position), str(name)):
                datasets.setdefault(index, {})
                subsets.setdefault((index, position), {})[_ours(name)] = _parsed(document.file, entry, name)
            case ("datasets", int(index), str(name)):
                datasets.setdefault(index, {})[_ours(name)] = _parsed(document.file, entry, name)
            case _:
                pass
    return general, datasets, subsets


def _ours(name: str) -> str:
    return _DATASET_NAMES.get(name, name)


def _parsed(file: str, entry: Entry, name: str) -> Said:
    """The value in our words; one that cannot be read is as good as unset here: the dialect reports it."""
    return Said(file, entry, parsed_value(_ours(name), entry.value))


def parsed_value(name: str, value: JsonValue) -> ParameterValue:
    """A value as the catalogue reads it; text and numbers of unknown settings as they are, None for what cannot be read."""
    if not known(name):
        return None if isinstance(value, list | dict) else value
    try:
        return find(name).parse(value)
    except BadParameter:
        return None


def distinct(saids: Iterable[Said | None]) -> Iterator[Said]:
    """Each place once, however many scopes it reaches; what is not said is passed over."""
    seen: set[tuple[str, object]] = set()
    for said in saids:
        if said is not None and (said.file, said.entry.place) not in seen:
            seen.add((said.file, said.entry.place))
            yield said


def idle_everywhere(configuration: Configuration, name: str, is_idle: Callable[[Scope], bool]) -> Iterator[Said]:
    """Where a setting is said that does nothing in any of the scopes it reaches: in one where it counts, it is no idle one."""
    counts = {
        (said.file, said.entry.place) for scope in configuration.scopes if not is_idle(scope) and (said := scope.said(name)) is not None
    }
    found = distinct(scope.said(name) for scope in configuration.scopes if is_idle(scope))
    return (said for said in found if (said.file, said.entry.place) not in counts)
