"""What kohya's metadata says, in our words. Every key is optional, every value is text: each version of sd-scripts wrote others.

Pure: texts in, a ``Reading`` out, and nothing is raised. A value that is not what it should be is kept as it stands, with a note.
The keys: sd-scripts 48d368f, train_network.py and library/train_util.py (get_training metadata).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from lorascope.errors import BadParameter
from lorascope.importers.kohya_datasets import dataset_facts
from lorascope.parameters.catalogue import find, known
from lorascope.records.run import JsonValue, ParameterValue

PREFIX = "ss_"
_UNDERSTOOD_SIGNS = 4096  # a parameter's value is never longer
KEPT_SIGNS = 1_000_000  # a longer value (a picture, a joke) is not kept, only said to have been there
KEPT_KEYS = 2_000  # the trainer writes about 100

# Facts about the training that are no settings: kept under their own key.
FACTS = frozenset(
    "batch_size_per_device total_batch_size session_id training_started_at training_finished_at output_name epoch steps "
    "num_train_images num_reg_images num_validation_images num_batches_per_epoch num_epochs dataset_dirs reg_dataset_dirs "
    "tag_frequency bucket_info datasets sd_model_name sd_model_hash new_sd_model_hash vae_hash new_vae_hash "
    "sd_scripts_commit_hash v2 base_model_version optimizer network_args".split()
)
_RENAMED = {"vae_name": "vae"}
_JSON_KEYS = frozenset("ss_datasets ss_tag_frequency ss_dataset_dirs ss_reg_dataset_dirs ss_bucket_info ss_network_args".split())
_OPTIMIZER = re.compile(r"(?P<path>[\w.]+)(?:\((?P<arguments>.*)\))?", re.DOTALL)
_OUTSIDE_BRACKETS = re.compile(r",(?![^(\[]*[)\]])")


@dataclass(slots=True)
class Reading:
    """What the metadata says. ``notes`` do not name the file; who reads it does."""

    parameters: dict[str, ParameterValue] = field(default_factory=dict)
    kept: dict[str, JsonValue] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def take(self, name: str, text: str) -> None:
        """A parameter's value as text, under kohya's name."""
        value, note = _parsed(name, text)
        self.parameters[find(name).name if known(name) else name] = value
        if note:
            self.notes.append(note)


def read_metadata(metadata: Mapping[str, str]) -> Reading:
    """The parameters under our names and everything else under its own key.

    >>> reading = read_metadata({"ss_network_dim": "32", "ss_optimizer": "torch.optim.adamw.AdamW(weight_decay=0.1)"})
    >>> reading.parameters
    {'network_dim': 32, 'optimizer_type': 'AdamW', 'optimizer_args': 'weight_decay=0.1'}
    """
    reading = Reading()
    if len(metadata) > KEPT_KEYS:
        reading.notes.append(f"{len(metadata):,} keys of metadata: only the first {KEPT_KEYS:,} are kept")
        metadata = {key: metadata[key] for key in sorted(metadata)[:KEPT_KEYS]}
    for key, text in metadata.items():
        name = key.removeprefix(PREFIX)
        if len(text) > KEPT_SIGNS:
            reading.notes.append(f"{_short(key)} holds {len(text):,} characters: left out")
            continue
        if not key.startswith(PREFIX) or name in FACTS or len(text) > _UNDERSTOOD_SIGNS:
            reading.kept[key] = _json(text) if key in _JSON_KEYS else text
        elif name == "text_encoder_lr":
            _take_text_encoder_lr(reading, text)
        elif name == "network_dim" and text == "Dynamic":
            reading.kept[key] = text
            reading.notes.append("the file was resized after the training: its ranks differ from module to module")
        else:
            reading.take(_RENAMED.get(name, name), text)
    _take_optimizer(reading, metadata.get("ss_optimizer"))
    _take_network_args(reading)
    _take_modelspec(reading, metadata)
    _take_dataset(reading, metadata)
    _note_traps(reading, metadata)
    return reading


@lru_cache(maxsize=4096)  # the files of one training say nearly the same
def _parsed(name: str, text: str) -> tuple[ParameterValue, str]:
    """A parameter's value, and a note where it is not what the catalogue allows."""
    if not known(name):
        return _plain(text), ""
    parameter = find(name)
    if text == "None" and not parameter.optional:
        return None, ""
    try:
        return parameter.parse(text), ""
    except BadParameter:
        return text, f"{parameter.name} = {_short(text)} is not {parameter.allowed()}: kept as it stands"


def _plain(text: str) -> ParameterValue:
    """A value of a setting that the catalogue does not know: what Python wrote, read back where that is simple.

    >>> _plain("True"), _plain("None"), _plain("1e-05"), _plain("sigmoid"), _plain("nan")
    (True, None, 1e-05, 'sigmoid', 'nan')
    """
    if text in {"True", "False", "None"}:
        return {"True": True, "False": False, "None": None}[text]
    if re.fullmatch(r"-?[0-9]{1,18}", text):
        return int(text)
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) and "_" not in text else text


def _take_text_encoder_lr(reading: Reading, text: str) -> None:
    """A number, or a list: networks.lora uses only the first, for every text encoder."""
    rates = [rate.strip() for rate in text.strip("[]() ").split(",") if rate.strip()]
    reading.take("text_encoder_lr", rates[0] if rates else "None")
    if len(set(rates)) > 1:
        reading.kept["ss_text_encoder_lr"] = text
        reading.notes.append(f"text_encoder_lr = {text}: networks.lora uses only the first rate, for all text encoders")


def _take_optimizer(reading: Reading, text: str | None) -> None:
    """``path.of.Class(key=value,…)`` is optimizer_type and optimizer_args."""
    match = _OPTIMIZER.fullmatch(text[:_UNDERSTOOD_SIGNS]) if text else None
    if text is None or match is None:
        if text:
            reading.notes.append(f"ss_optimizer = {_short(text)} is not understood: kept as it stands")
        return
    path = match["path"]
    parameter = find("optimizer_type")
    short = path.rpartition(".")[2]
    chosen = next((choice for choice in parameter.choices if choice.lower() == short.lower()), None)
    reading.parameters["optimizer_type"] = chosen or path
    if match["arguments"]:
        parts = [re.sub(r"\s+", "", part) for part in _OUTSIDE_BRACKETS.split(match["arguments"])]
        pairs = [part.partition("=") for part in parts if part]
        written = (f"{key}{sign}{value[1:-1] if value[:1] in {'(', '['} else value}" for key, sign, value in pairs)
        reading.parameters["optimizer_args"] = " ".join(written)


def _take_network_args(reading: Reading) -> None:
    """``{"conv_dim": "8", …}``: values are texts; null is not said."""
    arguments = reading.kept.get("ss_network_args")
    if not isinstance(arguments, dict):
        return
    for name, value in arguments.items():
        if value is None:
            continue
        text = value if isinstance(value, str) else json.dumps(value)
        if name == "dropout":
            if reading.parameters.get("network_dropout") is None:
                reading.take("network_dropout", text)
        elif len(text) <= _UNDERSTOOD_SIGNS:
            reading.take(name, text)


def _take_modelspec(reading: Reading, metadata: Mapping[str, str]) -> None:
    """What only the model specification says, or what ``--no_metadata`` leaves."""
    layer = metadata.get("modelspec.encoder_layer", "")
    if "clip_skip" not in reading.parameters and layer.isdecimal():
        reading.take("clip_skip", layer)
    if metadata.get("modelspec.prediction_type") == "v":
        reading.parameters["v_parameterization"] = True
    low, comma, high = metadata.get("modelspec.timestep_range", "").partition(",")
    if comma:
        reading.take("min_timestep", low.strip())
        reading.take("max_timestep", high.strip())


def _take_dataset(reading: Reading, metadata: Mapping[str, str]) -> None:
    """What both modes say of images, repeats and steps; dataset files and folders."""
    facts = dataset_facts(reading.kept)
    for name, text in facts.settings.items():
        reading.take(name, text)
    if "ss_batch_size_per_device" in metadata:
        reading.take("train_batch_size", metadata["ss_batch_size_per_device"])
    reading.notes += facts.notes
    for ours, key in (("batches_per_epoch", "ss_num_batches_per_epoch"), ("total_steps", "ss_max_train_steps")):
        if key in metadata:
            reading.take(ours, metadata[key])
    batches, accumulated = reading.parameters.get("batches_per_epoch"), reading.parameters.get("gradient_accumulation_steps") or 1
    if isinstance(batches, int) and isinstance(accumulated, int):
        reading.parameters["steps_per_epoch"] = -(-batches // accumulated)
    _compare_batches(reading, facts.bucket_counts)


def _compare_batches(reading: Reading, bucket_counts: tuple[int, ...]) -> None:
    """Whether the batches of an epoch are those that the buckets make."""
    batches, size = reading.parameters.get("batches_per_epoch"), reading.parameters.get("train_batch_size")
    if not bucket_counts or not isinstance(batches, int) or not isinstance(size, int) or size < 1:
        return
    made = sum(-(-count // size) for count in bucket_counts)
    if made != batches:
        processes = -(-made // batches) if batches else 0
        guess = f"; {processes} processes would explain it" if processes > 1 and -(-made // processes) == batches else ""
        reading.notes.append(f"{batches} batches per epoch are written, while the buckets make {made} of {size}{guess}")


def _note_traps(reading: Reading, metadata: Mapping[str, str]) -> None:
    """What reads otherwise than it was."""
    parameters = reading.parameters
    warmup = metadata.get("ss_lr_warmup_steps", "")
    if "." in warmup and isinstance(parameters.get("lr_warmup_steps"), int) and parameters["lr_warmup_steps"]:
        parameters["lr_warmup_steps"] = float(warmup)
        reading.notes.append(f"lr_warmup_steps = {warmup} is a share to the trainer, not a number of steps: the rate never arrived")
    if metadata.get("ss_learning_rate") == "None":
        reading.notes.append("learning_rate is unset: the optimizer chose it by itself")
    if "ss_datasets" in metadata and any(name.startswith("caption_") and name.endswith("_rate") for name in parameters):
        reading.notes.append("caption dropout rates are those of the command line; a dataset file may have set others")
    if "ss_sd_merge_models" in metadata or any(key.startswith("modelspec.merged_from") for key in metadata):
        reading.notes.append("the file was merged from several: its settings are not those of one training")
    if metadata and "ss_session_id" not in metadata and "ss_output_name" not in metadata and "modelspec.title" in metadata:
        reading.notes.append("the trainer was told to write no metadata: most settings are not in the file")


@lru_cache(maxsize=128)  # the vocabulary is large and the same in all files of a training: held once
def _json(text: str) -> JsonValue:
    """A JSON text as what it says, or as it stands. Nobody changes what comes out: it is shared."""
    try:
        value: JsonValue = json.loads(text, parse_constant=str, parse_float=_finite)
    except (ValueError, RecursionError):
        return text
    return value


def _finite(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text


def _short(text: str) -> str:
    return repr(text) if len(text) <= 60 else f"{text[:59]!r}…"
