"""SimpleTuner: config.json (with or without dashes), config.toml, config.env, its data backends, and the LyCORIS file.

A count of 0 epochs or steps is unset. ``repeats`` are extra passes, one fewer than ours. ``noise_offset`` works only with
``offset_noise``. A resolution may be megapixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lorascope.parameters.dialects.dialect import Entry, Translation
from lorascope.parameters.dialects.launch import LAUNCHER, SCRIPT
from lorascope.parameters.dialects.reading import Reading, name_from, number, text_of
from lorascope.parameters.dialects.shared import Meant, as_it_stands, say_where_agreed
from lorascope.parameters.dialects.simpletuner_keys import BACKEND_KEYS, ENVIRONMENT, OPTIONS
from lorascope.records.run import JsonValue

_OWN = frozenset(
    "model_family lora_type data_backend_config resolution_type caption_dropout_probability checkpoint_step_interval lycoris_config "
    "aspect_bucket_rounding base_model_precision validation_num_inference_steps tracker_project_name model_flavour validation_guidance "
    "disable_benchmark minimum_image_size checkpoints_total_limit max_num_steps model_type optimizer_config lr_schedule".split()
)
NAMES = {
    "lora_rank": "network_dim",
    "lora_alpha": "network_alpha",
    "lora_dropout": "network_dropout",
    "init_lora": "network_weights",
    "learning_rate": "learning_rate",
    "text_encoder_lr": "text_encoder_lr",
    "lr_warmup_steps": "lr_warmup_steps",
    "lr_num_cycles": "lr_scheduler_num_cycles",
    "lr_power": "lr_scheduler_power",
    "train_batch_size": "train_batch_size",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
    "gradient_checkpointing": "gradient_checkpointing",
    "max_grad_norm": "max_grad_norm",
    "caption_dropout_probability": "caption_dropout_rate",
    "snr_gamma": "min_snr_gamma",
    "input_perturbation": "ip_noise_gamma",
    "rescale_betas_zero_snr": "zero_terminal_snr",
    "vae_batch_size": "vae_batch_size",
    "seed": "seed",
    "output_dir": "output_dir",
    "huber_c": "huber_c",
    "checkpoint_step_interval": "save_every_n_steps",
    "checkpointing_steps": "save_every_n_steps",
    "checkpoint_epoch_interval": "save_every_n_epochs",
    "pretrained_vae_model_name_or_path": "vae",
    "pretrained_model_name_or_path": "pretrained_model_name_or_path",
}
SPELLED = {
    "optimizer": "optimizer_type",
    "lr_scheduler": "lr_scheduler",
    "mixed_precision": "mixed_precision",
    "loss_type": "loss_type",
    "huber_schedule": "huber_schedule",
}
_MEANING = {  # an option with a value that says something in our words
    ("train_text_encoder", "false"): ("network_train_unet_only", True),
    ("prediction_type", "v_prediction"): ("v_parameterization", True),
    ("lora_type", "lycoris"): ("network_module", "lycoris.kohya"),
    ("attention_mechanism", "xformers"): ("xformers", True),
    ("attention_mechanism", "diffusers"): ("sdpa", True),
}
_UNSET_AT_ZERO = {"num_train_epochs": "max_train_epochs", "max_train_steps": "max_train_steps"}


class _SimpleTuner:
    """One of SimpleTuner's files."""

    name = "simpletuner"
    trainer = "simpletuner"

    def recognizes(self, document: JsonValue) -> bool:
        """Whether it is a list of data backends, a LyCORIS file, or has at least two options that only SimpleTuner has."""
        if isinstance(document, list):
            return any(isinstance(part, dict) and "id" in part and len(set(part) & BACKEND_KEYS) >= 3 for part in document)
        if not isinstance(document, dict) or document.get(SCRIPT):
            return False
        if "algo" in document and ("linear_dim" in document or "apply_preset" in document):
            return True
        names = {option_name(key) for key in document}
        return len(names & _OWN) >= 2 and len(names & OPTIONS) >= 3

    def known_keys(self) -> tuple[str, ...]:
        """All options and the keys of a data backend."""
        return tuple(sorted(OPTIONS | BACKEND_KEYS))

    def translate(self, entries: Sequence[Entry]) -> Translation:
        """The options in our words and units."""
        reading = Reading()
        if any(isinstance(entry.place[0], int) for entry in entries):
            _say_backends(entries, reading)
            return reading.done(entries)
        if any(entry.place == ("algo",) for entry in entries):
            _say_lycoris(entries, reading)
            return reading.done(entries)
        given: dict[str, Entry] = {}
        for entry in entries:
            name = option_name(entry.place[0])
            if entry.place[0] in {SCRIPT, LAUNCHER}:
                continue
            if name in OPTIONS:
                given[name] = entry
            elif name in {"", "lr_schedule", "max_num_steps"} or entry.place[0] in ENVIRONMENT:
                reading.keep(entry)
            else:
                reading.unknown.append(entry)
        _say(given, reading)
        return reading.done(entries)


SIMPLETUNER = _SimpleTuner()


def option_name(key: str | int) -> str:
    """An option's name without dashes; variables of config.env stand in capitals.

    >>> option_name("--lora_rank"), option_name("MAX_NUM_STEPS"), option_name("LEARNING_RATE")
    ('lora_rank', 'max_train_steps', 'learning_rate')
    """
    name = str(key).lstrip("-")
    if name in ENVIRONMENT:
        return ENVIRONMENT[name]
    return name.lower() if name.isupper() else name.replace("-", "_")


def _say(given: Mapping[str, Entry], reading: Reading) -> None:
    for key, entry in given.items():
        value = _shell_value(entry.value)
        if value is None or value == "":
            reading.keep(entry, key)
        elif key in NAMES:
            reading.say(NAMES[key], value, entry)
        elif key in SPELLED:
            reading.say(SPELLED[key], value, entry, refusal="note")
        elif (key, str(value).lower()) in _MEANING:
            name, meant = _MEANING[key, str(value).lower()]
            reading.say(name, meant, entry)
        elif key == "noise_offset":
            _say_noise(entry, given, reading)
        elif key == "resolution":
            _say_resolution(entry, given.get("resolution_type"), reading)
        elif key == "optimizer_config" and isinstance(value, str):
            reading.say("optimizer_args", " ".join(value.split(",")), entry)
        elif key in _UNSET_AT_ZERO and number(value):
            reading.say(_UNSET_AT_ZERO[key], value, entry)
        else:
            reading.keep(entry, key)
    base, run, folder = (text_of(given[key].value) if key in given else None for key in _PLACES)
    reading.base_model, reading.training = base, run or name_from(folder)


_PLACES = ("pretrained_model_name_or_path", "tracker_run_name", "output_dir")


def _shell_value(value: JsonValue) -> JsonValue:
    """A value without the quotes that config.env and old config.json keep inside it."""
    return value.strip("\"'") if isinstance(value, str) else value


def _say_noise(entry: Entry, given: Mapping[str, Entry], reading: Reading) -> None:
    flag = given.get("offset_noise")
    if flag is not None and str(flag.value).lower() == "true":
        reading.say("noise_offset", entry.value, entry)
    else:
        reading.keep(entry, "noise_offset")
        if number(entry.value):
            reading.note(f"noise_offset = {entry.value} is not used: offset_noise is not set")


def _say_resolution(entry: Entry, kind: Entry | None, reading: Reading) -> None:
    """Pixels, or megapixels where the type is ``area`` (its default)."""
    size = number(entry.value)
    if size is not None and size >= 16 and size == int(size):
        reading.say("resolution", int(size), entry)
        return
    reading.keep(entry)
    what = "megapixels" if kind is None or kind.value == "area" else kind.value
    reading.note(f"resolution = {entry.value} is in {what}: it has no single size in pixels")


def _say_backends(entries: Sequence[Entry], reading: Reading) -> None:
    """The image backends: what they agree on."""
    backends: dict[int, dict[str, Entry]] = {}
    for entry in entries:
        match entry.place:
            case (int(position), str(key), *rest):
                if not rest:
                    backends.setdefault(position, {})[key] = entry
                if key in BACKEND_KEYS:
                    reading.keep(entry)
                else:
                    reading.unknown.append(entry)
            case _:
                reading.unknown.append(entry)
    images = [backend for _, backend in sorted(backends.items()) if _text(backend, "dataset_type") in {"", "image"}]
    for backend in images:
        if "instance_data_dir" in backend:
            reading.folder(backend["instance_data_dir"].value)
    training = [backend for backend in images if not _is_regularization(backend)]
    repeats = [_repeats(backend.get("repeats")) for backend in training]
    say_where_agreed("num_repeats", repeats, reading, "backends")
    if any(entry is not None for entry in repeats):
        reading.note("repeats are extra passes: num_repeats is one more")
    sizes = [backend.get("resolution") for backend in training]
    if all(size is not None and (number(size.value) or 0) >= 16 for size in sizes):  # below it is megapixels
        say_where_agreed("resolution", [as_it_stands(size) for size in sizes], reading, "backends")


def _repeats(entry: Entry | None) -> Meant | None:
    count = None if entry is None else number(entry.value)
    return None if entry is None or count is None else Meant(entry, int(count) + 1)


def _text(backend: Mapping[str, Entry], key: str) -> str:
    return str(backend[key].value) if key in backend else ""


def _is_regularization(backend: Mapping[str, Entry]) -> bool:
    return any(backend[key].value is True for key in ("is_regularisation_data", "is_regularization_data") if key in backend)


def _say_lycoris(entries: Sequence[Entry], reading: Reading) -> None:
    """The file that ``lycoris_config`` names: algorithm, dimension, factor."""
    words = []
    for entry in entries:
        key = entry.key
        if key == "algo":
            reading.say("network_module", "lycoris.kohya", entry)
            words.append(f"algo={entry.value}")
        elif key in {"linear_dim", "linear_alpha"} and (number(entry.value) or 0) < 10_000:
            reading.say("network_dim" if key == "linear_dim" else "network_alpha", entry.value, entry)
        elif key == "factor":
            words.append(f"factor={entry.value}")
            reading.keep(entry)
        else:
            reading.keep(entry)
    reading.say("network_args", " ".join(words), next(entry for entry in entries if entry.place == ("algo",)))
