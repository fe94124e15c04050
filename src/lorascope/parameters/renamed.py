"""Other spellings of the parameters' names and values, and ours for each.

Only spellings that mean the same thing in the same unit stand here. A name that a trainer uses for something else
(``epoch`` and ``lr_warmup``, a percentage, in kohya_ss's own files; ``lr_scheduler_type`` in sd-scripts) does not.
"""

from __future__ import annotations

RENAMED = {
    "alpha": "network_alpha",
    "batch_size": "train_batch_size",
    "caption_dropout": "caption_dropout_rate",
    "caption_ext": "caption_extension",
    "caption_extention": "caption_extension",
    "clip_grad_norm": "max_grad_norm",
    "conv_lora_alpha": "conv_alpha",
    "conv_lora_dim": "conv_dim",
    "conv_rank": "conv_dim",
    "debiased_estimation": "debiased_estimation_loss",
    "dim": "network_dim",
    "gradient_accumulation": "gradient_accumulation_steps",
    "image_resolution": "resolution",
    "lora_alpha": "network_alpha",
    "lora_rank": "network_dim",
    "lr": "learning_rate",
    "lr_power": "lr_scheduler_power",
    "max_epochs": "max_train_epochs",
    "max_resolution": "resolution",
    "network_rank": "network_dim",
    "num_train_epochs": "max_train_epochs",
    "optimizer": "optimizer_type",
    "rank": "network_dim",
    "snr_gamma": "min_snr_gamma",
    "vae_path": "vae",
    "warmup_steps": "lr_warmup_steps",
}

# parameter → spelling in lower case → ours
RENAMED_VALUES: dict[str, dict[str, str]] = {
    "mixed_precision": {"none": "no", "fp32": "no", "float16": "fp16", "bfloat16": "bf16"},
    "optimizer_type": {"": "AdamW", "dadaptation": "DAdaptAdamPreprint"},
    "save_precision": {"fp32": "float", "float32": "float", "float16": "fp16", "bfloat16": "bf16"},
    "loss_type": {"mse": "l2", "mae": "l1"},
}
