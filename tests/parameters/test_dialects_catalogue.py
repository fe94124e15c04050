"""The catalogue against what sd-scripts really does: every parameter that changes a training, with the trainer's own default."""

import pytest

from lorascope.parameters.catalogue import find
from lorascope.parameters.dialects.dataset_keys import DATASET_KEYS
from lorascope.parameters.dialects.kohya_arguments import KOHYA_ARGUMENTS
from lorascope.parameters.parameter import Category

# name → what sd-scripts 48d368f does when nothing is said
ARCHITECTURE = {
    "network_dim": 4, "network_alpha": 1.0, "conv_dim": None, "conv_alpha": 1.0, "network_module": None, "network_dropout": None,
    "rank_dropout": None, "module_dropout": None, "scale_weight_norms": None, "block_dims": None, "block_alphas": None,
    "conv_block_dims": None, "conv_block_alphas": None, "down_lr_weight": None, "mid_lr_weight": None, "up_lr_weight": None,
    "block_lr_zero_threshold": 0.0, "loraplus_lr_ratio": None, "loraplus_unet_lr_ratio": None, "loraplus_text_encoder_lr_ratio": None,
    "network_train_unet_only": False, "network_train_text_encoder_only": False, "network_args": None, "v2": False,
}  # fmt: skip
OPTIMIZATION = {
    "learning_rate": 2e-6, "unet_lr": None, "text_encoder_lr": None, "lr_scheduler": "constant", "lr_scheduler_type": None,
    "lr_scheduler_args": None, "lr_warmup_steps": 0, "lr_decay_steps": 0, "lr_scheduler_num_cycles": 1, "lr_scheduler_power": 1.0,
    "lr_scheduler_min_lr_ratio": None, "lr_scheduler_timescale": None, "optimizer_type": "AdamW", "optimizer_args": None,
    "max_train_epochs": None, "max_train_steps": 1600, "train_batch_size": 1, "gradient_accumulation_steps": 1, "max_grad_norm": 1.0,
    "save_every_n_epochs": None, "save_every_n_steps": None, "save_last_n_epochs": None, "seed": None, "min_snr_gamma": None,
    "prior_loss_weight": 1.0, "initial_epoch": None, "initial_step": None, "skip_until_initial_step": False,
}  # fmt: skip
DATA = {
    "caption_version": None, "num_images": None, "num_repeats": 1, "dataset_repeats": 1, "reg_data_dir": None, "resolution": None,
    "caption_extension": ".caption", "shuffle_caption": False, "keep_tokens": 0, "keep_tokens_separator": "", "caption_dropout_rate": 0.0,
    "caption_dropout_every_n_epochs": 0, "caption_tag_dropout_rate": 0.0, "token_warmup_min": 1, "token_warmup_step": 0,
    "enable_wildcard": False, "caption_prefix": None, "caption_suffix": None, "secondary_separator": None, "caption_separator": ",",
    "max_token_length": 75, "clip_skip": 1, "weighted_captions": False, "validation_split": 0.0, "validation_seed": None,
    "class_tokens": None,
}  # fmt: skip
AUGMENTATION_AND_LOSS = {
    "color_aug": False, "flip_aug": False, "random_crop": False, "face_crop_aug_range": None, "noise_offset": None,
    "noise_offset_random_strength": False, "adaptive_noise_scale": None, "multires_noise_iterations": None, "multires_noise_discount": 0.3,
    "ip_noise_gamma": None, "ip_noise_gamma_random_strength": False, "zero_terminal_snr": False, "min_timestep": 0, "max_timestep": 1000,
    "loss_type": "l2", "huber_schedule": "snr", "huber_c": 0.1, "huber_scale": 1.0, "debiased_estimation_loss": False,
    "v_parameterization": False, "v_pred_like_loss": None, "scale_v_pred_loss_like_noise_pred": False, "masked_loss": False,
    "alpha_mask": False, "conditioning_data_dir": None,
}  # fmt: skip
BUCKETS = {
    "enable_bucket": False, "bucket_no_upscale": False, "bucket_reso_steps": 64, "min_bucket_reso": 256, "max_bucket_reso": 1024,
    "resize_interpolation": None,
}  # fmt: skip
PRECISION_AND_MEMORY = {
    "mixed_precision": "no", "full_fp16": False, "full_bf16": False, "save_precision": None, "gradient_checkpointing": False,
    "xformers": False, "sdpa": False, "mem_eff_attn": False, "cache_latents": False, "cache_latents_to_disk": False,
    "cache_text_encoder_outputs": False, "cache_text_encoder_outputs_to_disk": False, "vae": None, "no_half_vae": False, "fp8_base": False,
    "fp8_base_unet": False, "lowram": False, "max_data_loader_n_workers": 8, "vae_batch_size": 1, "skip_cache_check": False,
    "persistent_data_loader_workers": False, "torch_compile": False, "pretrained_model_name_or_path": None, "base_weights": None,
    "base_weights_multiplier": None, "network_weights": None, "dim_from_weights": False, "resume": None, "no_metadata": False,
    "training_comment": None,
}  # fmt: skip
DERIVED = ("adapter_scale", "batches_per_epoch", "checkpoint_file_size_mb", "samples_seen", "steps_per_epoch", "total_steps")
ROWS = {**ARCHITECTURE, **OPTIMIZATION, **DATA, **AUGMENTATION_AND_LOSS, **BUCKETS, **PRECISION_AND_MEMORY}

# What sd-scripts has and a training's outcome does not depend on: files, names, logs, samples, uploads, other model families.
NO_PARAMETERS = frozenset(
    """
    async_upload cache_info caption_extention config_file console_log_file console_log_level console_log_simple cpu_offload_checkpointing
    dataset_class dataset_config ddp_gradient_as_bucket_view ddp_static_graph ddp_timeout debug_dataset deepspeed dynamo_backend
    fp16_master_weights_and_gradients fused_backward_pass highvram huggingface_path_in_repo huggingface_repo_id huggingface_repo_type
    huggingface_repo_visibility huggingface_token in_json log_config log_prefix log_tracker_config log_tracker_name log_with logging_dir
    max_validation_steps metadata_author metadata_description metadata_is_negative_embedding metadata_license metadata_merged_from
    metadata_preprocessor metadata_tags metadata_thumbnail metadata_title metadata_trigger_phrase metadata_usage_hint
    offload_optimizer_device offload_optimizer_nvme_path offload_param_device offload_param_nvme_path output_config resume_from_huggingface
    sample_at_first sample_every_n_epochs sample_every_n_steps sample_prompts sample_sampler save_last_n_epochs_state save_last_n_steps
    save_last_n_steps_state save_model_as save_n_epoch_ratio save_state save_state_on_train_end save_state_to_huggingface
    tokenizer_cache_dir use_8bit_adam use_lion_optimizer validate_every_n_epochs validate_every_n_steps wandb_api_key wandb_run_name
    zero3_init_flag zero3_save_16bit_model zero_stage
    """.split()
)


@pytest.mark.parametrize("name", ROWS)
def test_the_catalogue_has_it_with_the_trainers_own_default(name):
    parameter = find(name)
    assert parameter.name == name
    assert parameter.trainer_default == ROWS[name]
    assert parameter.meaning.endswith(".")
    assert parameter.source


@pytest.mark.parametrize("name", DERIVED)
def test_what_follows_from_the_others_is_there_and_never_passed_on(name):
    assert find(name).category is Category.DERIVED
    assert find(name).argument() is None


def test_every_key_of_sd_scripts_is_a_parameter_or_named_as_none():
    keys = {argument.name for argument in KOHYA_ARGUMENTS.values() if argument.scripts in {"", "sdxl"}}
    assert keys - set(ROWS) - NO_PARAMETERS == {"output_dir", "output_name", "train_data_dir", "disable_mmap_load_safetensors"}
    assert keys >= NO_PARAMETERS


def test_every_dataset_key_is_a_parameter_or_none_on_purpose():
    none = {key.name for key in DATASET_KEYS.values() if not key.parameter}
    assert none == {"cache_info", "custom_attributes", "image_dir", "is_reg", "metadata_file"}
    assert {find(key.parameter).name for key in DATASET_KEYS.values() if key.parameter} <= set(ROWS) | {"network_multiplier"}
