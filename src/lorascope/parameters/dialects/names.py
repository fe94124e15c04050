"""What other trainers call a parameter of ours: the same thing under their own names, for people who come from them."""

from __future__ import annotations

from collections.abc import Mapping

from lorascope.parameters.dialects import ai_toolkit, diffusers, kohya_gui, onetrainer, onetrainer_concepts, simpletuner
from lorascope.parameters.dialects.dataset_keys import DATASET_KEYS
from lorascope.parameters.dialects.defaults import defaults_of
from lorascope.parameters.dialects.dialect import Dialect
from lorascope.records.run import ParameterValue

# in other units, or together with something else: said in words
_IN_WORDS: Mapping[str, Mapping[str, str]] = {
    "kohya_ss": {
        "lr_warmup_steps": "lr_warmup (percent)",
        "max_train_epochs": "epoch",
        "network_module": "LoRA_type",
        "network_train_unet_only": "text_encoder_lr = 0",
        "noise_offset": "noise_offset, with noise_offset_type = Original",
    },
    "OneTrainer": {
        "clip_skip": "text_encoder_layer_skip + 1",
        "lr_scheduler": "learning_rate_scheduler",
        "lr_warmup_steps": "learning_rate_warmup_steps (micro-batches; at most 1 is a share)",
        "max_grad_norm": "clip_grad_norm (null is off)",
        "max_timestep": "max_noising_strength x 1000",
        "min_snr_gamma": "loss_weight_strength, with loss_weight_fn = MIN_SNR_GAMMA",
        "min_timestep": "min_noising_strength x 1000",
        "mixed_precision": "train_dtype",
        "network_module": "peft_type",
        "network_train_unet_only": "text_encoder.train = false",
        "num_repeats": "concepts[].balancing",
        "optimizer_type": "optimizer.optimizer",
        "pretrained_model_name_or_path": "base_model_name",
        "resolution": "resolution (several with commas)",
        "save_every_n_epochs": "save_every, with save_every_unit = EPOCH",
        "save_precision": "output_dtype",
        "vae": "vae.model_name",
    },
    "ai-toolkit": {
        "gradient_accumulation_steps": "train.gradient_accumulation, or train.gradient_accumulation_steps (then steps are micro-batches)",
        "max_train_steps": "train.steps",
        "min_snr_gamma": "train.min_snr_gamma, train.snr_gamma",
        "network_alpha": "network.linear_alpha",
        "network_dim": "network.linear",
        "network_train_unet_only": "train.train_text_encoder = false",
        "pretrained_model_name_or_path": "model.name_or_path",
    },
    "SimpleTuner": {
        "max_train_epochs": "num_train_epochs (0 is unset)",
        "max_train_steps": "max_train_steps (0 is unset)",
        "noise_offset": "noise_offset, with offset_noise",
        "num_repeats": "repeats + 1",
        "optimizer_args": "optimizer_config",
        "resolution": "resolution, with resolution_type (pixels or megapixels)",
        "save_every_n_steps": "checkpoint_step_interval",
    },
    "diffusers": {
        "network_alpha": "lora_alpha",
        "optimizer_type": "optimizer, use_8bit_adam",
        "random_crop": "not center_crop",
        "train_data_dir": "train_data_dir, instance_data_dir",
    },
}


def defaults_elsewhere(name: str) -> Mapping[str, ParameterValue]:
    """Trainer → what it does with this parameter when nothing is said, where that is known.

    >>> defaults_elsewhere("network_dim")["OneTrainer"]
    16
    """
    found = {trainer: defaults_of(dialect) for trainer, dialect in _DIALECTS.items()}
    return {trainer: defaults[name] for trainer, defaults in found.items() if name in defaults}


def names_elsewhere(name: str) -> Mapping[str, str]:
    """Trainer → what it calls this parameter, where that is another name than ours or needs a word.

    >>> names_elsewhere("network_dim")["OneTrainer"]
    'lora_rank'
    """
    found: dict[str, str] = {}
    key = next((key.name for key in DATASET_KEYS.values() if key.parameter == name and key.name != name), None)
    if key is not None:
        found["sd-scripts dataset_config"] = key
    for trainer, names in _TABLES.items():
        said = _IN_WORDS[trainer].get(name) or next((theirs for theirs, ours in names.items() if ours == name), None)
        if said is not None and said != name:
            found[trainer] = said
    return found


_TABLES: Mapping[str, Mapping[str, str]] = {
    "kohya_ss": kohya_gui.NAMES,
    "OneTrainer": onetrainer.NAMES | {f"concepts[].{'.'.join(place)}": name for place, name in onetrainer_concepts.NAMES.items()},
    "ai-toolkit": ai_toolkit.NAMES | ai_toolkit.SPELLED | {f"datasets[].{key}": name for key, name in ai_toolkit.DATASET.items()},
    "SimpleTuner": simpletuner.NAMES | simpletuner.SPELLED,
    "diffusers": diffusers.NAMES | diffusers.SPELLED,
}
_DIALECTS: Mapping[str, Dialect] = {
    "OneTrainer": onetrainer.ONETRAINER,
    "ai-toolkit": ai_toolkit.AI_TOOLKIT,
    "SimpleTuner": simpletuner.SIMPLETUNER,
    "diffusers": diffusers.DIFFUSERS,
}
