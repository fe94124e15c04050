"""OneTrainer: the JSON of a preset, or the self-contained pack that a training leaves in its workspace.

Its warm-up counts micro-batches, or is a ratio where it is at most 1; one resolution may be several; a null learning rate of a part
takes the common one; a part is trained unless its ``train`` is false.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lorascope.parameters.dialects import onetrainer_keys as known
from lorascope.parameters.dialects.dialect import Entry, Place, Translation
from lorascope.parameters.dialects.onetrainer_concepts import say_concepts
from lorascope.parameters.dialects.reading import Reading, by_place, keys, number, stem, text_of
from lorascope.records.run import JsonValue

_OWN = frozenset(
    "training_method model_type base_model_name learning_rate_scheduler learning_rate_warmup_steps concept_file_name concepts peft_type "
    "output_model_destination aspect_ratio_bucketing workspace_dir offset_noise_weight loss_weight_fn".split()
)
# the same meaning in the same unit
NAMES = {
    "lora_rank": "network_dim",
    "lora_alpha": "network_alpha",
    "learning_rate": "learning_rate",
    "unet.learning_rate": "unet_lr",
    "text_encoder.learning_rate": "text_encoder_lr",
    "learning_rate_min_factor": "lr_scheduler_min_lr_ratio",
    "epochs": "max_train_epochs",
    "batch_size": "train_batch_size",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
    "aspect_ratio_bucketing": "enable_bucket",
    "image_caching": "cache_latents",
    "latent_caching": "cache_latents",
    "offset_noise_weight": "noise_offset",
    "perturbation_noise_weight": "ip_noise_gamma",
    "rescale_noise_scheduler_to_zero_terminal_snr": "zero_terminal_snr",
    "force_v_prediction": "v_parameterization",
    "dropout_probability": "network_dropout",
    "text_encoder.dropout_probability": "caption_dropout_rate",
    "masked_training": "masked_loss",
}
_OPTIMIZERS = {
    "ADAGRAD": "Adagrad",
    "ADAM": "Adam",
    "ADAMW": "AdamW",
    "ADAMW_8BIT": "AdamW8bit",
    "ADAFACTOR": "Adafactor",
    "DADAPT_ADA_GRAD": "DAdaptAdaGrad",
    "DADAPT_ADAM": "DAdaptAdam",
    "DADAPT_ADAN": "DAdaptAdan",
    "DADAPT_LION": "DAdaptLion",
    "DADAPT_SGD": "DAdaptSGD",
    "LION": "Lion",
    "LION_8BIT": "Lion8bit",
    "PRODIGY": "Prodigy",
    "RMSPROP": "RMSprop",
    "SGD": "SGD",
}
_SCHEDULERS = {
    "CONSTANT": "constant",
    "LINEAR": "linear",
    "COSINE": "cosine",
    "COSINE_WITH_RESTARTS": "cosine_with_restarts",
    "COSINE_WITH_HARD_RESTARTS": "cosine_with_restarts",
}
_PRECISIONS = {"FLOAT_32": "no", "TFLOAT_32": "no", "FLOAT_16": "fp16", "BFLOAT_16": "bf16"}
_SAVED = {"FLOAT_32": "float", "FLOAT_16": "fp16", "BFLOAT_16": "bf16"}
_PEFT = {"LOHA": "algo=loha", "LOKR": "algo=lokr", "OFT_2": "algo=diag-oft"}


class _OneTrainer:
    """A preset or pack of OneTrainer."""

    name = "onetrainer"
    trainer = "onetrainer"

    def recognizes(self, document: JsonValue) -> bool:
        """Whether at least two keys are there that only OneTrainer has."""
        return len(keys(document) & _OWN) >= 2

    def known_keys(self) -> tuple[str, ...]:
        """All keys, of every level."""
        return known.ALL_KEYS

    def translate(self, entries: Sequence[Entry]) -> Translation:
        """The settings in our words and units."""
        reading = Reading()
        given = by_place(entries)
        for place, entry in given.items():
            if not is_known(place):
                reading.unknown.append(entry)
            elif place[0] != "concepts":
                _take(entry, given, reading)
        _say_parts(given, reading)
        _say_optimizer(given, reading)
        say_concepts(given, reading)
        return reading.done(entries)


ONETRAINER = _OneTrainer()


def is_known(place: Place) -> bool:
    """Whether OneTrainer has a setting at this place."""
    names = [str(part) for part in place if isinstance(part, str)]
    match names:
        case ["concepts", "image", key]:
            home = known.CONCEPT_IMAGE_KEYS
        case ["concepts", "text", key]:
            home = known.CONCEPT_TEXT_KEYS
        case ["concepts", key, *_]:
            home = known.CONCEPT_KEYS
        case ["optimizer", key, *_]:
            home = known.OPTIMIZER_KEYS
        case [part, key] if part in known.PARTS:
            home = known.PART_KEYS
        case _:
            key, home = names[0] if names else "", known.TOP
    return key in home


def _take(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:
    """One setting that has a name or a unit of its own."""
    key, value = entry.key, entry.value
    if key in NAMES:
        if value is not None:
            reading.say(NAMES[key], value, entry)
        return
    taker = _TAKERS.get(key)
    if taker is None:
        reading.keep(entry)
    else:
        taker(entry, given, reading)


def _take_scheduler(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:
    name = _SCHEDULERS.get(str(entry.value))
    warmup = given.get(("learning_rate_warmup_steps",))
    if name == "constant" and warmup is not None and number(warmup.value):
        name = "constant_with_warmup"
    if name is None:
        reading.keep(entry)
        reading.note(f"learning_rate_scheduler = {entry.value}: kept, but lr_scheduler has no such value here")
    else:
        reading.say("lr_scheduler", name, entry)


def _take_warmup(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:
    steps = number(entry.value)
    if steps is None or steps < 0 or steps == 1:
        reading.keep(entry)
        reading.note(f"learning_rate_warmup_steps = {entry.value}: at most 1 is a share of all steps; this one has no equal here")
        return
    accumulation = given.get(("gradient_accumulation_steps",))
    micro_batches = (number(accumulation.value) if accumulation is not None else None) or 1
    if steps <= 1:
        reading.say("lr_warmup_steps", steps, entry)
        return
    reading.say("lr_warmup_steps", int(steps / micro_batches), entry)
    if micro_batches > 1:
        reading.note(f"learning_rate_warmup_steps = {entry.value} counts micro-batches: {int(steps / micro_batches)} optimizer steps")


def _take_cycles(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:  # noqa: ARG001 - all takers are called alike
    cycles = number(entry.value)
    if cycles is not None and cycles >= 1 and cycles == int(cycles):
        reading.say("lr_scheduler_num_cycles", int(cycles), entry)
    else:
        reading.keep(entry)


def _take_clipping(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:  # noqa: ARG001
    reading.say("max_grad_norm", 0.0 if entry.value is None else entry.value, entry)  # null is off


def _take_resolution(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:  # noqa: ARG001
    if isinstance(entry.value, str) and "," in entry.value:
        reading.keep(entry)
        reading.note(f"resolution = {entry.value} trains at several sizes: it has no single value")
    else:
        reading.say("resolution", entry.value, entry)


def _take_precision(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:  # noqa: ARG001
    table, name = (_SAVED, "save_precision") if entry.key == "output_dtype" else (_PRECISIONS, "mixed_precision")
    reading.say(name, table.get(str(entry.value), entry.value), entry, refusal="note")


def _take_loss_weight(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:
    strength = given.get(("loss_weight_strength",))
    if entry.value == "MIN_SNR_GAMMA" and strength is not None:
        reading.say("min_snr_gamma", strength.value, strength)
    elif entry.value == "DEBIASED_ESTIMATION":
        reading.say("debiased_estimation_loss", value=True, entry=entry)
    elif entry.value != "CONSTANT":
        reading.keep(entry)


def _take_gamma(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:  # noqa: ARG001
    if number(entry.value):  # 0 is off, in versions that had this key
        reading.say("min_snr_gamma", entry.value, entry)


def _take_noising(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:  # noqa: ARG001
    share = number(entry.value)
    if share is None or share in (0.0, 1.0):  # the whole range: nothing is restricted
        reading.keep(entry)
        return
    name = "min_timestep" if entry.key.startswith("min") else "max_timestep"
    reading.say(name, int(share * 1000), entry)
    reading.note(f"{entry.key} = {entry.value} is a share of 1000 timesteps: {name} = {int(share * 1000)}")


def _take_attention(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:  # noqa: ARG001
    if isinstance(entry.value, str) and entry.value in {"XFORMERS", "SDP"}:
        reading.say("xformers" if entry.value == "XFORMERS" else "sdpa", value=True, entry=entry)
    else:
        reading.keep(entry)


def _take_checkpointing(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:  # noqa: ARG001
    value = {"ON": True, "CPU_OFFLOADED": True, "OFF": False}.get(str(entry.value), entry.value)
    reading.say("gradient_checkpointing", value, entry)


def _take_layer_skip(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:
    model, skipped = given.get(("model_type",)), number(entry.value)
    if skipped is not None and model is not None and str(model.value).startswith(("STABLE_DIFFUSION_15", "STABLE_DIFFUSION_2")):
        reading.say("clip_skip", int(skipped) + 1, entry)  # 0 skipped layers is the last one, which is 1 here
    else:
        reading.keep(entry)


def _take_kind(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:
    arguments = _PEFT.get(str(entry.value))
    if arguments is None:
        reading.keep(entry)
        return
    factor = given.get(("lokr_decompose_factor",))
    if entry.value == "LOKR" and factor is not None and number(factor.value) is not None:
        arguments += f" factor={factor.value}"
    reading.say("network_module", "lycoris.kohya", entry)
    reading.say("network_args", arguments, entry)


def _take_saving(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:
    unit = given.get(("save_every_unit",)) or given.get(("save_after_unit",))
    name = {"EPOCH": "save_every_n_epochs", "STEP": "save_every_n_steps"}.get("" if unit is None else str(unit.value))
    if name is None:
        reading.keep(entry)
    else:
        reading.say(name, entry.value, entry)


def _take_model(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:  # noqa: ARG001
    if text_of(entry.value):
        reading.say("pretrained_model_name_or_path", entry.value, entry)
        reading.base_model = text_of(entry.value)


def _take_path(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:  # noqa: ARG001
    if text_of(entry.value):
        reading.say({"vae.model_name": "vae", "lora_model_name": "network_weights"}[entry.key], entry.value, entry)


def _take_destination(entry: Entry, given: Mapping[Place, Entry], reading: Reading) -> None:  # noqa: ARG001
    reading.keep(entry)
    if text_of(entry.value):
        reading.training = stem(str(entry.value))
        reading.say("output_name", reading.training, entry)


_TAKERS = {
    "attention_mechanism": _take_attention,
    "base_model_name": _take_model,
    "clip_grad_norm": _take_clipping,
    "gradient_checkpointing": _take_checkpointing,
    "learning_rate_cycles": _take_cycles,
    "learning_rate_scheduler": _take_scheduler,
    "learning_rate_warmup_steps": _take_warmup,
    "lora_model_name": _take_path,
    "loss_weight_fn": _take_loss_weight,
    "max_noising_strength": _take_noising,
    "min_noising_strength": _take_noising,
    "min_snr_gamma": _take_gamma,
    "output_dtype": _take_precision,
    "output_model_destination": _take_destination,
    "peft_type": _take_kind,
    "resolution": _take_resolution,
    "save_after": _take_saving,
    "save_every": _take_saving,
    "text_encoder_layer_skip": _take_layer_skip,
    "train_dtype": _take_precision,
    "unet.gradient_checkpointing": _take_checkpointing,
    "vae.model_name": _take_path,
}


def _say_parts(given: Mapping[Place, Entry], reading: Reading) -> None:
    """Which of U-Net and text encoders are trained."""
    unet = given.get(("unet", "train"))
    texts = [given[place] for part in ("text_encoder", "text_encoder_2") if (place := (part, "train")) in given]
    if unet is not None and unet.value is False and any(text.value is True for text in texts):
        reading.say("network_train_text_encoder_only", value=True, entry=unet)
    elif texts and all(text.value is False for text in texts) and (unet is None or unet.value is True):
        reading.say("network_train_unet_only", value=True, entry=texts[0])


def _say_optimizer(given: Mapping[Place, Entry], reading: Reading) -> None:
    """The optimizer and the arguments that people set."""
    entry = given.get(("optimizer", "optimizer")) or given.get(("optimizer",))
    if entry is not None and isinstance(entry.value, str):
        name = _OPTIMIZERS.get(entry.value)
        reading.other.pop(entry.key, None)
        reading.say("optimizer_type", name or entry.value, entry, refusal="note")
    words = []
    first, second = (given.get(("optimizer", key)) for key in ("beta1", "beta2"))
    if first is not None and second is not None and number(first.value) is not None and number(second.value) is not None:
        words.append(f"betas={first.value},{second.value}")
    for key in ("eps", "weight_decay"):
        found = given.get(("optimizer", key))
        if found is not None and number(found.value) is not None:
            words.append(f"{key}={found.value}")
    if words and entry is not None:
        reading.say("optimizer_args", " ".join(words), entry)
