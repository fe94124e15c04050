"""sd-scripts: a ``config_file`` in TOML, or the arguments of ``train_network.py`` and ``sdxl_train_network.py``.

A config_file becomes the argument parser's namespace without a check: unknown keys, wrong types and values out of the choices pass
without a word. One level of tables is flattened, the later of two equal keys counts, and arrays of tables do not work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lorascope.parameters.catalogue import PARAMETERS
from lorascope.parameters.dialects.argument import Takes
from lorascope.parameters.dialects.dialect import Entry, Translation
from lorascope.parameters.dialects.kohya_arguments import KOHYA_ARGUMENTS
from lorascope.parameters.dialects.launch import LAUNCHER, SCRIPT
from lorascope.parameters.dialects.reading import Reading, text_of
from lorascope.records.run import JsonValue, ParameterValue

NETWORK_ARGS = frozenset(parameter.name for parameter in PARAMETERS if parameter.passed_as.startswith("--network_args "))
SCRIPTS = (
    "train_network.py",
    "sdxl_train_network.py",
    "flux_train_network.py",
    "sd3_train_network.py",
    "lumina_train_network.py",
    "hunyuan_image_train_network.py",
    "anima_train_network.py",
    "train_db.py",
    "fine_tune.py",
    "sdxl_train.py",
)
_OWN = frozenset(
    "network_module network_dim network_alpha network_args network_train_unet_only unet_lr train_data_dir dataset_config in_json "
    "caption_extension save_every_n_epochs max_token_length clip_skip min_bucket_reso max_bucket_reso bucket_no_upscale keep_tokens "
    "shuffle_caption reg_data_dir prior_loss_weight max_train_epochs cache_latents save_model_as sample_prompts optimizer_type".split()
)
_DIRECT = frozenset(parameter.name for parameter in PARAMETERS) & frozenset(KOHYA_ARGUMENTS) - {"network_args"}


class _Kohya:
    """sd-scripts' own configuration."""

    name = "kohya"
    trainer = "kohya"

    def recognizes(self, document: JsonValue) -> bool:
        """Whether a script of sd-scripts is started, or at least two keys are there that only its LoRA scripts have."""
        if not isinstance(document, dict):
            return False
        script = document.get(SCRIPT)
        if isinstance(script, str) and script:
            return script.replace("\\", "/").rsplit("/", 1)[-1] in SCRIPTS
        flat = {key for name, value in document.items() for key in (value if isinstance(value, dict) else [name])}
        return len(flat & _OWN) >= 2 and not flat & {"LoRA_type", "max_resolution", "datasets", "training_method", "lora_rank", "(rank)"}

    def known_keys(self) -> tuple[str, ...]:
        """All keys of the argument parser."""
        return tuple(KOHYA_ARGUMENTS)

    def translate(self, entries: Sequence[Entry]) -> Translation:
        """The settings in our words; they are ours by name, apart from what network_args holds."""
        reading = Reading()
        is_command = any(entry.place == (SCRIPT,) for entry in entries)
        for key, entry in effective(entries, reading).items():
            argument = KOHYA_ARGUMENTS.get(key)
            if argument is None:
                reading.unknown.append(entry)
                continue
            if argument.scripts and argument.scripts != "sdxl":
                reading.keep(entry, key)
                continue
            problem = "" if is_command else argument.problem(entry.value)
            if problem:
                reading.problem(entry, f"{key}: {problem}")
            take_key(key, entry, reading)
        reading.training = text_of(reading.parameters.get("output_name"))
        reading.base_model = text_of(reading.parameters.get("pretrained_model_name_or_path"))
        for key in ("train_data_dir", "reg_data_dir"):
            reading.folder(reading.parameters.get(key))
        return reading.done(entries)


KOHYA = _Kohya()


def effective(entries: Sequence[Entry], reading: Reading) -> dict[str, Entry]:
    """The entry that counts for each key: one level of tables flattened, the later one wins. What sd-scripts never sees is a problem."""
    flat: dict[str, Entry] = {}
    for entry in entries:
        if entry.place[0] in {SCRIPT, LAUNCHER}:
            continue
        if len(entry.place) > 2 or any(isinstance(part, int) for part in entry.place):
            reading.problem(entry, "sd-scripts reads one level of tables and no arrays of tables: this is never seen")
            reading.keep(entry)
            continue
        if len(entry.place) == 1 and entry.value == {}:
            continue  # an empty table
        key = str(entry.place[-1])
        if key in flat:
            reading.note(f"{key} is set twice (lines {flat[key].line} and {entry.line}); the later one counts")
            flat.pop(key)
        flat[key] = entry
    return flat


def take_key(key: str, entry: Entry, reading: Reading) -> None:
    """One key that sd-scripts knows."""
    value = entry.value
    if key == "network_args":
        take_network_args(entry, reading)
    elif key == "caption_extention":
        reading.say("caption_extension", value, entry)
    elif key in {"use_8bit_adam", "use_lion_optimizer"}:
        if value is True and "optimizer_type" not in reading.parameters:
            reading.say("optimizer_type", "AdamW8bit" if key == "use_8bit_adam" else "Lion", entry)
        reading.keep(entry, key)
    elif key not in _DIRECT:
        reading.keep(entry, key)
    else:
        reading.say(key, _said(key, value, reading), entry)


def _said(key: str, value: JsonValue, reading: Reading) -> object:
    """A value as our parameter takes it: lists as text, the first of several learning rates."""
    takes = KOHYA_ARGUMENTS[key].takes
    if key == "text_encoder_lr" and isinstance(value, list):
        if len(value) > 1:
            reading.note("text_encoder_lr has several values: networks.lora reads the first only")
        return value[0] if value else None
    if isinstance(value, list) and takes in {Takes.TEXTS, Takes.FLOATS}:
        return " ".join(str(part) for part in value)
    if takes is Takes.FLOATS and key != "text_encoder_lr":
        return str(value)
    return ",".join(str(part) for part in value) if isinstance(value, list) and key == "face_crop_aug_range" else value


def take_network_args(entry: Entry, reading: Reading) -> None:
    """Each of ``key=value``: under our own name where we have one, the rest stays together as network_args."""
    parts = entry.value if isinstance(entry.value, list) else [entry.value]
    rest: list[str] = []
    for part in parts:
        for word in split_arguments(part):
            name, equals, value = word.partition("=")
            if equals and name in NETWORK_ARGS:
                reading.say(name, value, entry)
            elif equals and name == "dropout":  # LyCORIS's name for it
                reading.say("network_dropout", value, entry)
            else:
                rest.append(word)
    if rest:
        reading.say("network_args", " ".join(rest), entry)


def split_arguments(value: JsonValue) -> Iterator[str]:
    """The key=value words of one argument; several in one text are understood as people meant them."""
    if isinstance(value, str):
        yield from value.split()
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def write_kohya_toml(parameters: Mapping[str, ParameterValue]) -> str:
    """A config_file for sd-scripts that says these parameters and nothing else, in the types it needs; sorted by name.

    Left out is what sd-scripts cannot be told: unset values, derived and lab-only parameters, num_repeats (a folder's name), and keys it
    does not have.
    """
    lines: dict[str, str] = {}
    network_args: list[str] = []
    for name in sorted(parameters):
        value = parameters[name]
        if value is None:
            continue
        if name in NETWORK_ARGS:
            network_args.append(f"{name}={value}")
        elif name == "network_args":
            network_args += str(value).split()
        elif name in _DIRECT and not (name == "max_token_length" and value == 75):
            lines[name] = _written(name, value)
    if network_args:
        lines["network_args"] = f"[{', '.join(_quoted(argument) for argument in network_args)}]"
    return "".join(f"{name} = {lines[name]}\n" for name in sorted(lines))


def _written(name: str, value: ParameterValue) -> str:
    """A value as TOML in the type that sd-scripts expects."""
    takes = KOHYA_ARGUMENTS[name].takes
    if isinstance(value, bool):
        return str(value).lower()
    if takes is Takes.TEXTS:
        return f"[{', '.join(_quoted(part) for part in str(value).split())}]"
    if takes is Takes.FLOATS and name != "text_encoder_lr":
        return f"[{', '.join(repr(float(part)) for part in str(value).split())}]"
    if isinstance(value, int | float):
        return repr(float(value)) if takes in {Takes.FLOAT, Takes.FLOATS} else repr(value)
    return _quoted(str(value))


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escapes = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(escapes.get(sign, sign if sign.isprintable() else f"\\U{ord(sign):08x}") for sign in text) + '"'
