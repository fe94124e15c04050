"""ai-toolkit: a job in YAML or JSON; the training is ``config.process[0]``.

It counts steps, not epochs. With the older ``gradient_accumulation_steps`` a step is a micro-batch; with ``gradient_accumulation`` it
is an update. A list of resolutions trains every image at each of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lorascope.parameters.dialects.ai_toolkit_keys import ALL_KEYS, PROCESS_KEYS, SECTION_KEYS
from lorascope.parameters.dialects.dialect import Entry, Translation
from lorascope.parameters.dialects.reading import Reading, number, text_of
from lorascope.parameters.dialects.shared import Meant, as_it_stands, say_where_agreed
from lorascope.records.run import JsonValue

# the same meaning in the same unit, by section and key
NAMES = {
    "network.conv": "conv_dim",
    "network.conv_alpha": "conv_alpha",
    "network.dropout": "network_dropout",
    "save.save_every": "save_every_n_steps",
    "train.lr": "learning_rate",
    "train.unet_lr": "unet_lr",
    "train.text_encoder_lr": "text_encoder_lr",
    "train.batch_size": "train_batch_size",
    "train.max_grad_norm": "max_grad_norm",
    "train.min_snr_gamma": "min_snr_gamma",
    "train.snr_gamma": "min_snr_gamma",
    "train.gradient_accumulation": "gradient_accumulation_steps",
    "train.noise_offset": "noise_offset",
    "train.gradient_checkpointing": "gradient_checkpointing",
    "train.xformers": "xformers",
    "train.sdp": "sdpa",
    "train.reg_weight": "prior_loss_weight",
    "train.cache_text_embeddings": "cache_text_encoder_outputs",
    "model.is_v_pred": "v_parameterization",
    "training_seed": "seed",
    "pretrained_lora_path": "network_weights",
}
SPELLED = {  # the same meaning; a value that sd-scripts does not have is kept
    "train.optimizer": "optimizer_type",
    "train.lr_scheduler": "lr_scheduler",
    "train.loss_type": "loss_type",
    "train.dtype": "mixed_precision",
    "save.dtype": "save_precision",
}
DATASET = {
    "caption_dropout_rate": "caption_dropout_rate",
    "token_dropout_rate": "caption_tag_dropout_rate",
    "shuffle_tokens": "shuffle_caption",
    "keep_tokens": "keep_tokens",
    "flip_x": "flip_aug",
    "random_crop": "random_crop",
    "cache_latents": "cache_latents",
    "cache_latents_to_disk": "cache_latents_to_disk",
    "buckets": "enable_bucket",
    "num_repeats": "num_repeats",
    "alpha_mask": "alpha_mask",
    "caption_ext": "caption_extension",
    "resolution": "resolution",
}
_OPTIMIZERS = {"adam8bit": "AdamW8bit", "adamw8": "AdamW8bit", "dadaptation": "DAdaptAdam", "prodigyopt": "Prodigy"}


class _AiToolkit:
    """A job of ai-toolkit."""

    name = "ai-toolkit"
    trainer = "ai-toolkit"

    def recognizes(self, document: JsonValue) -> bool:
        """Whether ``config.process`` is a list of processes."""
        config = document.get("config") if isinstance(document, dict) else None
        process = config.get("process") if isinstance(config, dict) else None
        return isinstance(process, list) and any(isinstance(part, dict) and set(part) & PROCESS_KEYS for part in process)

    def known_keys(self) -> tuple[str, ...]:
        """All keys, of every section."""
        return ALL_KEYS

    def translate(self, entries: Sequence[Entry]) -> Translation:
        """The first process in our words; further ones are noted and kept."""
        reading = Reading()
        given: dict[str, Entry] = {}  # by section and key
        datasets: dict[int, dict[str, Entry]] = {}
        for entry in entries:
            match entry.place:
                case ("config", "process", 0, "datasets", int(position), str(key), *rest):
                    _sort_out(entry, "datasets", key, reading)
                    if not rest:
                        datasets.setdefault(position, {})[key] = entry
                case ("config", "process", 0, str(section), str(key), *_) if section in SECTION_KEYS:
                    _sort_out(entry, section, key, reading)
                    given[".".join(str(part) for part in entry.place[3:])] = entry
                case ("config", "process", 0, str(key), *_):
                    _sort_out(entry, "", key, reading)
                    given[key] = entry
                case ("config", "name"):
                    reading.training = text_of(entry.value)
                    reading.say("output_name", entry.value, entry)
                case _:
                    reading.keep(entry)
        if any(entry.place[:2] == ("config", "process") and entry.place[2:3] not in {(0,), ()} for entry in entries):
            reading.note("several processes: only the first is read as the training")
        _say(given, reading)
        _say_datasets([datasets[position] for position in sorted(datasets)], reading)
        return reading.done(entries)


AI_TOOLKIT = _AiToolkit()


def _sort_out(entry: Entry, section: str, key: str, reading: Reading) -> None:
    """Known or unknown; what is known and not ours is kept."""
    known = PROCESS_KEYS if not section else SECTION_KEYS[section]
    if key not in known:
        reading.unknown.append(entry)
        return
    inside = ".".join(str(part) for part in entry.place[3:])
    ours = inside in NAMES or inside in SPELLED or (section == "datasets" and key in DATASET)
    if not ours:
        reading.keep(entry)


def _say(given: Mapping[str, Entry], reading: Reading) -> None:
    """All but the datasets."""
    said = {key: entry for key, entry in given.items() if entry.value is not None}
    for key, name in NAMES.items():
        if key in said:
            reading.say(name, said[key].value, said[key])
    for key, name in SPELLED.items():
        if key in said:
            value = said[key].value
            reading.say(name, _OPTIMIZERS.get(str(value).lower(), value), said[key], refusal="note")
    _say_network(given, reading)
    _say_steps(given, reading)
    _say_parts(given, reading)
    _say_timesteps(given, reading)
    _say_paths(said, reading)
    words = {key: entry for key, entry in said.items() if key.startswith("train.optimizer_params.")}
    if words:
        text = " ".join(f"{key.rpartition('.')[2]}={entry.value}" for key, entry in sorted(words.items()))
        reading.say("optimizer_args", text.replace(", ", ","), next(iter(words.values())))


def _say_paths(said: Mapping[str, Entry], reading: Reading) -> None:
    """The base model, the VAE and where the training writes; [name] stands for the job's name."""
    model, vae, folder = (said.get(key) for key in ("model.name_or_path", "model.vae_path", "training_folder"))
    if model is not None and text_of(model.value):
        reading.say("pretrained_model_name_or_path", model.value, model)
        reading.base_model = text_of(model.value)
    if vae is not None and text_of(vae.value):
        reading.say("vae", vae.value, vae)
    if folder is not None and text_of(folder.value):
        reading.say("output_dir", str(folder.value).replace("[name]", reading.training or "[name]"), folder)


def _say_network(given: Mapping[str, Entry], reading: Reading) -> None:
    """Rank and alpha under their old and new names: ``rank`` and ``linear_alpha`` come before ``linear`` and ``alpha``."""
    for keys, name in ((("network.rank", "network.linear"), "network_dim"), (("network.linear_alpha", "network.alpha"), "network_alpha")):
        entry = next((given[key] for key in keys if key in given and given[key].value is not None), None)
        if entry is not None:
            reading.say(name, entry.value, entry)
    kind = given.get("network.type")
    if kind is not None and str(kind.value).lower() == "lokr":
        factor = given.get("network.lokr_factor")
        reading.say("network_module", "lycoris.kohya", kind)
        reading.say("network_args", "algo=lokr" + (f" factor={factor.value}" if factor is not None else ""), kind)


def _say_steps(given: Mapping[str, Entry], reading: Reading) -> None:
    """Steps are updates, except under the older name of the accumulation: there they are micro-batches."""
    steps, older = given.get("train.steps"), given.get("train.gradient_accumulation_steps")
    accumulation = None if older is None else number(older.value)
    if older is not None and accumulation is not None and accumulation >= 1:
        reading.say("gradient_accumulation_steps", older.value, older)
    if steps is None:
        return
    count = number(steps.value)
    if count is not None and accumulation is not None and accumulation > 1:
        reading.say("max_train_steps", int(count // accumulation), steps)
        reading.note(f"train.steps = {steps.value} counts micro-batches: {int(count // accumulation)} optimizer steps")
    else:
        reading.say("max_train_steps", steps.value, steps)


def _say_parts(given: Mapping[str, Entry], reading: Reading) -> None:
    unet, text = given.get("train.train_unet"), given.get("train.train_text_encoder")
    if text is not None and text.value is False and (unet is None or unet.value is True):
        reading.say("network_train_unet_only", value=True, entry=text)
    elif unet is not None and unet.value is False and text is not None and text.value is True:
        reading.say("network_train_text_encoder_only", value=True, entry=unet)


def _say_timesteps(given: Mapping[str, Entry], reading: Reading) -> None:
    low, high = given.get("train.min_denoising_steps"), given.get("train.max_denoising_steps")
    if low is not None and number(low.value):
        reading.say("min_timestep", low.value, low)
    if high is not None and number(high.value) not in {None, 999.0, 1000.0}:  # the whole range
        reading.say("max_timestep", high.value, high)


def _say_datasets(datasets: Sequence[Mapping[str, Entry]], reading: Reading) -> None:
    """What the datasets agree on, regularization aside."""
    training = []
    for dataset in datasets:
        folder = dataset.get("folder_path") or dataset.get("dataset_path")
        if folder is not None:
            reading.folder(folder.value)
        if "is_reg" in dataset and dataset["is_reg"].value is True:
            if folder is not None:
                reading.say("reg_data_dir", folder.value, folder)
        else:
            training.append(dataset)
    for key, name in DATASET.items():
        say_where_agreed(name, [_in_our_words(key, dataset.get(key), reading) for dataset in training], reading, "datasets")


def _in_our_words(key: str, entry: Entry | None, reading: Reading) -> Meant | None:
    """A dataset's value as our parameter takes it; None where it has no equal."""
    if entry is None:
        return None
    if key == "caption_ext" and isinstance(entry.value, str):
        return Meant(entry, entry.value if entry.value.startswith(".") else f".{entry.value}")
    if key == "resolution" and isinstance(entry.value, list):
        if len(entry.value) == 1:
            return Meant(entry, entry.value[0])
        reading.keep(entry)
        reading.note(f"resolution = {entry.value} trains every image at each size: it has no single value")
        return None
    return as_it_stands(entry)
