"""Which parameters the toy trainer honors, which cannot change its result, and which it refuses by name."""

from __future__ import annotations

from collections.abc import Mapping

from lorascope.backends.optimizer import OPTIMIZERS
from lorascope.records.run import ParameterValue

# Acts here as it does in sd-scripts.
HONORED = frozenset({
    "caption_dropout_every_n_epochs", "caption_dropout_rate", "caption_extension", "caption_prefix", "caption_separator",
    "caption_suffix", "caption_tag_dropout_rate", "clip_skip", "color_aug", "conv_alpha", "conv_dim", "flip_aug",
    "gradient_accumulation_steps", "ip_noise_gamma", "keep_tokens", "keep_tokens_separator", "learning_rate", "loss_type",
    "lr_scheduler", "lr_scheduler_num_cycles", "lr_scheduler_power", "lr_warmup_steps", "max_grad_norm", "max_timestep",
    "max_token_length", "max_train_epochs", "max_train_steps", "min_snr_gamma", "min_timestep", "mixed_precision", "module_dropout",
    "multires_noise_discount", "multires_noise_iterations", "network_alpha", "network_dim", "network_dropout",
    "network_train_unet_only", "noise_offset", "num_repeats", "optimizer_args", "optimizer_type", "rank_dropout",
    "save_every_n_epochs", "save_precision", "scale_weight_norms", "seed", "shuffle_caption", "text_encoder_lr",
    "train_batch_size", "unet_lr",
})  # fmt: skip

# Cannot change the result at this scale (one image size, a lossless VAE, all in memory on a CPU): recorded only.
NEUTRAL = frozenset({
    "adapter_scale", "batches_per_epoch", "bucket_no_upscale", "bucket_reso_steps", "cache_latents", "cache_latents_to_disk",
    "caption_version", "checkpoint_file_size_mb",
    "enable_bucket", "gradient_checkpointing", "lowram", "max_bucket_reso", "max_data_loader_n_workers", "mem_eff_attn",
    "min_bucket_reso", "no_half_vae", "num_images", "persistent_data_loader_workers",
    "resize_interpolation", "resolution", "samples_seen", "sdpa", "steps_per_epoch", "total_steps", "total_training_time_hours",
    "vae_batch_size", "xformers",
})  # fmt: skip

# Values within an honored parameter that this trainer does not have.
_CHOICES = {
    "optimizer_type": tuple(OPTIMIZERS),
    "lr_scheduler": ("linear", "cosine", "cosine_with_restarts", "polynomial", "constant", "constant_with_warmup"),
    "loss_type": ("l1", "l2"),
    "mixed_precision": ("no", "bf16"),
    "save_precision": ("float", "fp16", "bf16"),
}
# What "off" looks like for parameters that are refused only when they are on.
_OFF = (None, False, 0, 0.0, "", "none")
_OFF_VALUES: dict[str, tuple[ParameterValue, ...]] = {
    "network_module": ("networks.lora",),
    "prior_loss_weight": (1.0,),
    "dataset_repeats": (1,),
    "token_warmup_min": (1,),
    "fp8_base": (False,),
    "zero_terminal_snr": (True,),  # the toy base is trained so
    "v_parameterization": (True,),
    "huber_c": (0.1,),
    "huber_schedule": ("snr",),
    "huber_scale": (1.0,),
    "noise_offset_random_strength": (False,),
    "lr_scheduler_timescale": (None,),
    "network_multiplier": (1.0,),
    "base_model": (None,),
}


def refused_parameters(parameters: Mapping[str, ParameterValue]) -> dict[str, str]:
    """The parameters whose values the toy trainer cannot honor, each with the reason."""
    reasons = {}
    for name, value in parameters.items():
        if name in _CHOICES and value is not None and value not in _CHOICES[name]:
            reasons[name] = f"the toy trainer has {', '.join(_CHOICES[name])}, not {value}"
        elif name == "v_parameterization" and value is False:
            reasons[name] = "the toy base model predicts velocities; without it the training would learn noise"
        elif name in HONORED or name in NEUTRAL or value in _OFF_VALUES.get(name, ()) or value in _OFF:
            continue
        else:
            reasons[name] = "the toy trainer has nothing like it"
    return reasons | _contradictions(parameters)


def _contradictions(parameters: Mapping[str, ParameterValue]) -> dict[str, str]:
    """Values that no training can honor, alone or together with others."""
    reasons = {}
    if parameters.get("lr_scheduler") == "constant" and parameters.get("lr_warmup_steps"):
        reasons["lr_warmup_steps"] = "a constant schedule has no warmup; use constant_with_warmup"
    if parameters.get("caption_separator") == "":
        reasons["caption_separator"] = "captions cannot be split at nothing"
    low, high = parameters.get("min_timestep") or 0, parameters.get("max_timestep") or 1000
    if int(str(low)) >= int(str(high)):
        reasons["min_timestep"] = f"{low} is not below max_timestep ({high})"
    return reasons
