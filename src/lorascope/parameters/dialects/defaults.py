"""What each trainer does when its configuration is silent, in our words: for lint rules and for filling in what nobody said.

Only what is known is here; a parameter that is not named has no equal in that trainer, or an unknown default. ``network_alpha`` 0 is
"as the rank".
"""

from __future__ import annotations

from collections.abc import Mapping

from lorascope.parameters.catalogue import trainer_defaults
from lorascope.parameters.dialects.dialect import Dialect
from lorascope.records.run import ParameterValue

# OneTrainer 23df383: TrainConfig.py, ConceptConfig.py
_ONETRAINER: Mapping[str, ParameterValue] = {
    "caption_dropout_rate": 0.0,
    "caption_extension": ".txt",
    "caption_separator": ",",
    "caption_tag_dropout_rate": 0.0,
    "cache_latents": True,
    "clip_skip": 1,
    "enable_bucket": True,
    "flip_aug": True,
    "gradient_accumulation_steps": 1,
    "gradient_checkpointing": True,
    "ip_noise_gamma": 0.0,
    "keep_tokens": 1,
    "learning_rate": 3e-6,
    "lr_scheduler": "constant_with_warmup",
    "lr_scheduler_num_cycles": 1,
    "lr_warmup_steps": 200,
    "masked_loss": False,
    "max_grad_norm": 1.0,
    "max_train_epochs": 100,
    "mixed_precision": "fp16",
    "network_alpha": 1.0,
    "network_dim": 16,
    "network_dropout": 0.0,
    "noise_offset": 0.0,
    "num_repeats": 1,
    "optimizer_type": "AdamW",
    "prior_loss_weight": 1.0,
    "resolution": "512,512",
    "save_precision": "float",
    "sdpa": True,
    "shuffle_caption": False,
    "train_batch_size": 1,
    "v_parameterization": False,
    "zero_terminal_snr": False,
}
# ai-toolkit 27a03a9: toolkit/config_modules.py
_AI_TOOLKIT: Mapping[str, ParameterValue] = {
    "alpha_mask": False,
    "cache_latents": False,
    "cache_latents_to_disk": False,
    "caption_dropout_rate": 0.0,
    "caption_extension": ".txt",
    "caption_tag_dropout_rate": 0.0,
    "enable_bucket": True,
    "flip_aug": False,
    "gradient_accumulation_steps": 1,
    "gradient_checkpointing": True,
    "keep_tokens": 0,
    "learning_rate": 1e-6,
    "loss_type": "l2",
    "lr_scheduler": "constant",
    "max_grad_norm": 1.0,
    "max_train_steps": 1000,
    "min_snr_gamma": None,
    "mixed_precision": "no",
    "network_alpha": 1.0,
    "network_dim": 4,
    "network_train_unet_only": True,
    "noise_offset": 0.0,
    "num_repeats": 1,
    "optimizer_type": "AdamW",
    "prior_loss_weight": 1.0,
    "random_crop": False,
    "resolution": "512,512",
    "save_every_n_steps": 1000,
    "save_precision": "fp16",
    "sdpa": False,
    "shuffle_caption": False,
    "train_batch_size": 1,
    "v_parameterization": False,
    "xformers": False,
}
# SimpleTuner bc8e6ab: its options
_SIMPLETUNER: Mapping[str, ParameterValue] = {
    "caption_dropout_rate": 0.1,
    "gradient_accumulation_steps": 1,
    "learning_rate": 4e-7,
    "max_grad_norm": 2.0,
    "max_train_epochs": 1,
    "min_snr_gamma": None,
    "mixed_precision": "bf16",
    "network_alpha": 0.0,
    "network_dim": 16,
    "network_dropout": 0.1,
    "network_train_unet_only": True,
    "noise_offset": None,
    "num_repeats": 1,
    "save_every_n_steps": 500,
    "train_batch_size": 4,
}
# diffusers: train_text_to_image_lora.py; the DreamBooth scripts differ in batch size (4), epochs (1) and learning rate (5e-4)
_DIFFUSERS: Mapping[str, ParameterValue] = {
    "flip_aug": False,
    "gradient_accumulation_steps": 1,
    "gradient_checkpointing": False,
    "learning_rate": 1e-4,
    "lr_scheduler": "constant_with_warmup",
    "lr_warmup_steps": 500,
    "max_data_loader_n_workers": 0,
    "max_grad_norm": 1.0,
    "max_train_epochs": 100,
    "min_snr_gamma": None,
    "network_alpha": 0.0,
    "network_dim": 4,
    "network_train_unet_only": True,
    "noise_offset": 0.0,
    "optimizer_type": "AdamW",
    "random_crop": True,
    "resolution": "512,512",
    "save_every_n_steps": 500,
    "train_batch_size": 16,
    "xformers": False,
}
_BY_TRAINER = {"ai-toolkit": _AI_TOOLKIT, "diffusers": _DIFFUSERS, "onetrainer": _ONETRAINER, "simpletuner": _SIMPLETUNER}


def defaults_of(dialect: Dialect) -> Mapping[str, ParameterValue]:
    """What the trainer of a dialect does when nothing is said; sorted by name, None is unset or off.

    >>> from lorascope.parameters.dialects.onetrainer import ONETRAINER
    >>> defaults_of(ONETRAINER)["network_dim"]
    16
    """
    values = trainer_defaults() if dialect.trainer == "kohya" else _BY_TRAINER[dialect.trainer]
    return {name: values[name] for name in sorted(values)}
