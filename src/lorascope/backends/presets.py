"""The values a backend uses where the user says nothing. They fit the backend's own scale and mean nothing elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

from lorascope.records.run import ParameterValue

# Chosen on the toy base model; its learning rates are 20 to 50 times those of SD 1.5 and say nothing about it.
TOY_PRESET: Mapping[str, ParameterValue] = {
    "caption_dropout_rate": 0.02,
    "caption_extension": ".txt",
    "conv_alpha": 16.0,
    "conv_dim": 16,
    "keep_tokens": 1,
    "learning_rate": 3e-3,
    "lr_scheduler": "constant_with_warmup",
    "lr_warmup_steps": 20,
    "max_grad_norm": 1.0,
    "max_train_epochs": 8,
    "mixed_precision": "no",
    "network_alpha": 16.0,
    "network_dim": 16,
    "optimizer_type": "AdamW",
    "save_every_n_epochs": 1,
    "save_precision": "fp16",
    "seed": 1,
    "shuffle_caption": True,
    "text_encoder_lr": 1.5e-3,
    "train_batch_size": 4,
    "unet_lr": 3e-3,
    "v_parameterization": True,
}

# What the user says of the first decides the others too: they would otherwise outrank it, as they do in the trainer.
_OUTRANK = {"learning_rate": ("unet_lr", "text_encoder_lr"), "max_train_steps": ("max_train_epochs",)}


def beside(preset: Mapping[str, ParameterValue], said: Mapping[str, ParameterValue]) -> dict[str, ParameterValue]:
    """What is left of a preset beside what the user said: nothing that would overrule or contradict it.

    >>> sorted(beside({"unet_lr": 0.003, "seed": 1}, {"learning_rate": 1e-4}))
    ['seed']
    """
    gone = {name for key, names in _OUTRANK.items() if key in said for name in names}
    if said.get("lr_scheduler") == "constant":
        gone.add("lr_warmup_steps")
    return {name: value for name, value in preset.items() if name not in gone}
