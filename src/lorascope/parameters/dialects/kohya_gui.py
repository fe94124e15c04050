"""kohya_ss: the JSON that its interface saves. It is what the form was set to; the TOML beside it is what ran.

On its way to sd-scripts every value equal to "" or False is left out, and in Python that includes 0: a zero becomes the trainer's own
default. Numbers may be texts. The warm-up is a percentage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lorascope.parameters.catalogue import find, known
from lorascope.parameters.dialects.dialect import Entry, Translation
from lorascope.parameters.dialects.kohya import NETWORK_ARGS, take_key
from lorascope.parameters.dialects.kohya_arguments import KOHYA_ARGUMENTS
from lorascope.parameters.dialects.kohya_gui_keys import GUI_KEYS
from lorascope.parameters.dialects.reading import Reading, keys, number, text_of
from lorascope.parameters.parameter import shown
from lorascope.records.run import JsonValue

_OWN = frozenset("LoRA_type model_list max_resolution epoch lr_warmup noise_offset_type sdxl_no_half_vae LyCORIS_preset".split())
_NOISE = frozenset("noise_offset adaptive_noise_scale multires_noise_iterations multires_noise_discount".split())
_TOGETHER = frozenset("epoch max_train_epochs max_train_steps lr_warmup lr_warmup_steps additional_parameters".split())
NAMES = {"max_resolution": "resolution", "optimizer": "optimizer_type", "lora_network_weights": "network_weights"}
_LYCORIS = {"LoCon", "LoHa", "LoKr", "DyLoRA", "GLoRA", "iA3", "Diag-OFT", "BOFT", "Native Fine-Tuning"}
_MODULES = {
    "Standard": "networks.lora",
    "LoRA": "networks.lora",
    "Kohya LoCon": "networks.lora",
    "LoCon": "networks.lora",
    "LoRA-FA": "networks.lora_fa",
    "Kohya DyLoRA": "networks.dylora",
    "Flux1": "networks.lora_flux",
    "Flux1 OFT": "networks.oft_flux",
}
# what each type passes in network_args beside the algorithm: the interface leaves its other fields unread
_BLOCKS = (
    "down_lr_weight mid_lr_weight up_lr_weight block_lr_zero_threshold block_dims block_alphas conv_block_dims conv_block_alphas "
    "rank_dropout module_dropout loraplus_lr_ratio loraplus_unet_lr_ratio loraplus_text_encoder_lr_ratio"
).split()
_WITH_CONV = {"Kohya LoCon", "LoCon", "LoRA-FA", "Kohya DyLoRA"}
_LYCORIS_OWN = {
    "LoKr": ("factor", "decompose_both"),
    "Diag-OFT": ("constrain", "rescaled"),
    "BOFT": ("constrain", "rescaled"),
    "DyLoRA": ("unit",),
    "iA3": ("train_on_input",),
}
_SHAPE = frozenset(
    "LoRA_type LyCORIS_preset conv_dim conv_alpha factor unit use_tucker use_cp use_scalar rank_dropout_scale train_norm dora_wd "
    "bypass_mode decompose_both constrain rescaled train_on_input".split()
) | frozenset(_BLOCKS)


class _KohyaGui:
    """A saved state or preset of kohya_ss."""

    name = "kohya-gui"
    trainer = "kohya"

    def recognizes(self, document: JsonValue) -> bool:
        """Whether at least two keys are there that only its form has."""
        return len(keys(document) & _OWN) >= 2

    def known_keys(self) -> tuple[str, ...]:
        """All keys of the form."""
        return GUI_KEYS

    def translate(self, entries: Sequence[Entry]) -> Translation:
        """What sd-scripts is told when this is started: zeros and False left out, lengths and rates worked out."""
        reading = Reading()
        given: dict[str, Entry] = {}
        for entry in entries:
            if len(entry.place) != 1 or entry.place[0] not in GUI_KEYS:
                reading.unknown.append(entry)
            else:
                given[str(entry.place[0])] = entry
        for key, entry in given.items():
            _take(key, entry, given, reading)
        _take_shape(given, reading)
        _take_length(given, reading)
        _take_parts(given, reading)
        extra = given.get("additional_parameters")
        if extra is not None and text_of(extra.value):
            _take_additional(extra, reading)
        reading.training = text_of(reading.parameters.get("output_name"))
        reading.base_model = text_of(reading.parameters.get("pretrained_model_name_or_path"))
        for key in ("train_data_dir", "reg_data_dir"):
            reading.folder(reading.parameters.get(key))
        return reading.done(entries)


KOHYA_GUI = _KohyaGui()


def number_of(entry: Entry | None) -> float:
    """A number that may be a text; 0 where there is none."""
    return 0.0 if entry is None else number(entry.value) or 0.0


def _is_empty(value: JsonValue) -> bool:
    """Whether kohya_ss leaves the value out of what it hands to sd-scripts."""
    return value in ("", None, False, 0, [], {}) or (isinstance(value, str) and value.strip() in {"", "0", "0.0", "None", "none"})


def _take(key: str, entry: Entry, given: Mapping[str, Entry], reading: Reading) -> None:
    """One key that stands for itself; the others are read together."""
    if key == "xformers":
        _take_attention(entry, reading)
    elif key in _NOISE:
        _take_noise(key, entry, given.get("noise_offset_type"), reading)
    elif key in {"sdxl_cache_text_encoder_outputs", "sdxl_no_half_vae"}:
        sdxl = given.get("sdxl")
        if entry.value is True and sdxl is not None and sdxl.value is True:
            reading.say(key.removeprefix("sdxl_"), value=True, entry=entry)
        reading.keep(entry)
    elif key == "stop_text_encoder_training":
        reading.keep(entry)
        if not _is_empty(entry.value):
            reading.note(f"stop_text_encoder_training = {entry.value} is not used: kohya_ss ignores it")
    elif key not in _SHAPE | _TOGETHER:
        name = NAMES.get(key, key)
        if name in KOHYA_ARGUMENTS and known(name) and find(name).argument() is not None:
            _say_unless_empty(name, key, entry, reading)
        else:
            reading.keep(entry)


def _take_noise(key: str, entry: Entry, kind: Entry | None, reading: Reading) -> None:
    """Of the two kinds of noise only the chosen one is passed on."""
    if kind is None or kind.value == ("Multires" if key.startswith("multires") else "Original"):
        _say_unless_empty(key, key, entry, reading)
        return
    reading.keep(entry)
    if not _is_empty(entry.value):
        reading.note(f"{key} = {entry.value} is not used: noise_offset_type is {kind.value}")


def _say_unless_empty(name: str, key: str, entry: Entry, reading: Reading) -> None:
    """Say a value, unless kohya_ss leaves it out: then the trainer's own default counts, which is noted where it differs."""
    is_written_back = name == "max_data_loader_n_workers" and number(entry.value) is not None  # the one zero that is passed on
    if is_written_back or not _is_empty(entry.value):
        value = entry.value.replace('"', "") if isinstance(entry.value, str) and name.endswith("_args") else entry.value
        reading.say(name, value, entry)
        return
    default = find(name).trainer_default
    is_number = isinstance(entry.value, int | float | str) and not isinstance(entry.value, bool) and entry.value != ""
    if is_number and default not in (0, 0.0, None, False, "") and not isinstance(default, str):
        reading.keep(entry)
        reading.note(f"{key} = {entry.value} is left out by kohya_ss: sd-scripts trains with its default {shown(default)}")


def _take_attention(entry: Entry, reading: Reading) -> None:
    if entry.value is True or entry.value == "xformers":
        reading.say("xformers", value=True, entry=entry)
    elif entry.value == "sdpa":
        reading.say("sdpa", value=True, entry=entry)


def _take_shape(given: Mapping[str, Entry], reading: Reading) -> None:
    """LoRA_type decides the module and which of the fields are read at all."""
    entry = given.get("LoRA_type")
    kind = str(entry.value) if entry is not None else "Standard"
    lycoris = kind.removeprefix("LyCORIS/") if kind.startswith("LyCORIS/") else ""
    if entry is not None:
        if lycoris:
            reading.say("network_module", "lycoris.kohya", entry)
            _take_lycoris(lycoris, entry, given, reading)
        elif kind in _MODULES:
            reading.say("network_module", _MODULES[kind], entry)
        else:
            reading.problem(entry, f"LoRA_type = {kind!r}: not a type that is known here")
            reading.keep(entry)
    read = ["rank_dropout", "module_dropout", "conv_dim", "conv_alpha"] if lycoris else list(_BLOCKS)
    if kind in _WITH_CONV:
        read += ["conv_dim", "conv_alpha"]
    for key in sorted(_SHAPE & set(given)):
        if key in read and not _is_empty(given[key].value):
            reading.say(key, given[key].value, given[key])
        elif key not in read and key != "LoRA_type":
            reading.keep(given[key])


def _take_lycoris(kind: str, entry: Entry, given: Mapping[str, Entry], reading: Reading) -> None:
    """The arguments of LyCORIS that have no name of ours."""
    algorithm = {"Native Fine-Tuning": "full", "iA3": "ia3"}.get(kind, kind.lower())
    if kind not in _LYCORIS:
        reading.note(f"LyCORIS/{kind} is not an algorithm that is known here")
    words = [f"algo={algorithm}"]
    preset = given.get("LyCORIS_preset")
    if preset is not None and text_of(preset.value):
        words.append(f"preset={preset.value}")
    flags = ("use_tucker", "use_cp", "use_scalar", "rank_dropout_scale", "train_norm", "dora_wd", "bypass_mode")
    words += [
        f"{key}={given[key].value}"
        for key in (*flags, *_LYCORIS_OWN.get(kind, ()))
        if key in given and given[key].value not in (False, "", None, 0)
    ]
    reading.say("network_args", " ".join(words), entry)


def _take_length(given: Mapping[str, Entry], reading: Reading) -> None:
    """Epochs and steps; the warm-up, a percentage unless steps are given."""
    for key in ("max_train_epochs", "max_train_steps"):
        if key in given and not _is_empty(given[key].value):
            reading.say(key, given[key].value, given[key])
    epoch = given.get("epoch")
    if epoch is not None and not _is_empty(epoch.value):
        if "max_train_epochs" in reading.parameters or "max_train_steps" in reading.parameters:
            reading.keep(epoch)
        elif reading.say("max_train_epochs", epoch.value, epoch):
            reading.note(
                f"epoch = {epoch.value}: kohya_ss turns it into steps without counting buckets, so the last epoch may be longer or shorter"
            )
    steps, percent = given.get("lr_warmup_steps"), given.get("lr_warmup")
    if steps is not None and number_of(steps) > 0:
        reading.say("lr_warmup_steps", int(number_of(steps)), steps)
        if percent is not None and number_of(percent) > 0:
            reading.note(f"lr_warmup = {percent.value} (percent) is not used: lr_warmup_steps is set")
            reading.keep(percent)
    elif percent is not None and number_of(percent) > 0:
        if number_of(percent) >= 100:
            reading.problem(percent, "lr_warmup is a percentage of all steps: must be below 100")
            reading.keep(percent)
        else:
            reading.say("lr_warmup_steps", number_of(percent) / 100, percent)
            reading.note(f"lr_warmup = {percent.value} is a percentage: lr_warmup_steps = {shown(number_of(percent) / 100)}")


def _take_parts(given: Mapping[str, Entry], reading: Reading) -> None:
    """A learning rate of 0 trains one part only: the U-Net's or the text encoder's."""
    unet, text = given.get("unet_lr"), given.get("text_encoder_lr")
    if unet is None or text is None:
        return
    rates = text.value if isinstance(text.value, list) else [text.value]
    text_rate = max((number(rate) or 0.0 for rate in rates), default=0.0)
    if text_rate == 0 and number_of(unet) != 0:
        reading.say("network_train_unet_only", value=True, entry=text)
        reading.note("text_encoder_lr = 0: kohya_ss trains the U-Net only")
    elif text_rate != 0 and number_of(unet) == 0:
        reading.say("network_train_text_encoder_only", value=True, entry=unet)
        reading.note("unet_lr = 0: kohya_ss trains the text encoder only")


def _take_additional(entry: Entry, reading: Reading) -> None:
    """Arguments written by hand: they go to sd-scripts as they are and come before the form."""
    name, values = "", list[str]()
    given: dict[str, list[str]] = {}
    for word in str(entry.value).split():
        if word.startswith("--"):
            name, equals, first = word.removeprefix("--").partition("=")
            given[name] = values = [first.strip("\"'")] if equals else []
        elif name:
            values.append(word.strip("\"'"))
    for key, parts in given.items():
        value: JsonValue = True if not parts else parts[0] if len(parts) == 1 else list(parts)
        if key in KOHYA_ARGUMENTS:
            take_key(key, Entry(entry.place, value, entry.line), reading)
        else:
            reading.note(f"additional_parameters: sd-scripts has no --{key}")
    reading.keep(entry)


assert set(_BLOCKS) <= set(NETWORK_ARGS)
