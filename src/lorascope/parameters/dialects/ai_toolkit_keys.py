"""The keys of ai-toolkit's configuration, by the section of ``config.process[]`` that they stand in."""

from __future__ import annotations

_PROCESS = """
accuracy_recovery_adapter adapter datasets decorator device embed embedding first_sample_config guidance logging lorm meta model network
network_weight_list performance_log_every pretrained_lora_path sample save slider sqlite_db_path train training_folder training_seed
trigger_word type validation
"""
_NETWORK = """
alpha conv conv_alpha dropout layer_offloading linear linear_alpha lokr_factor lokr_full_rank lorm network_kwargs normalize
old_lokr_format pretrained_path rank split_multistage_loras transformer_only type
"""
_TRAIN = """
adapter_assist_name_or_path adapter_assist_type adapter_lr adaptive_scaling_factor audio_loss_multiplier auto_memory batch_size
blank_prompt_preservation blank_prompt_preservation_multiplier blended_blur_noise bypass_guidance_embedding cache_text_embeddings
cfg_rescale cfg_scale content_or_style content_or_style_reg correct_pred_norm correct_pred_norm_multiplier diff_output_preservation
diff_output_preservation_class diff_output_preservation_multiplier differential_guidance_scale diffusion_feature_extractor_path
diffusion_feature_extractor_weight disable_sampling do_cfg do_differential_guidance do_guidance_loss do_guidance_loss_cfg_zero
do_paramiter_swapping do_prior_divergence do_random_cfg dtype dynamic_noise_offset ema_config embedding_lr force_consistent_noise
force_first_sample free_u gradient_accumulation gradient_accumulation_steps gradient_checkpointing guidance_loss_target img_multiplier
inverted_mask_prior inverted_mask_prior_multiplier latent_feature_extractor_path latent_feature_loss_weight latent_multiplier
learnable_snr_gos linear_timesteps linear_timesteps2 loss_target loss_type lr lr_scheduler lr_scheduler_params match_adapter_assist
match_adapter_chance match_noise_norm max_cfg_scale max_denoising_steps max_grad_norm max_negative_prompts merge_network_on_save
min_denoising_steps min_snr_gamma negative_prompt next_sample_timesteps noise_multiplier noise_offset noise_scheduler
noisy_latent_multiplier num_train_timesteps optimal_noise_pairing_samples optimizer optimizer_params paramiter_swapping_factor pred_scaler
prompt_dropout_prob prompt_saturation_chance random_noise_multiplier random_noise_shift refiner_lr reg_weight sdp short_and_long_captions
short_and_long_captions_encoder_split show_turbo_outputs single_item_batching skip_first_sample snr_gamma standardize_images
standardize_latents start_step steps switch_boundary_every target_noise_multiplier target_norm_std target_norm_std_value text_encoder_lr
timestep_bias timestep_type train_refiner train_text_encoder train_turbo train_unet unconditional_prompt unet_lr unload_text_encoder
weight_jitter xformers
"""
_MODEL = """
accuracy_recovery_adapter arch assistant_lora_path attn_masking compile dtype experimental_xl extras_name_or_path ignore_if_contains
inference_lora_path is_auraflow is_flux is_lumina2 is_pixart is_pixart_sigma is_ssd is_v2 is_v3 is_v_pred is_vega is_xl
latent_space_version layer_offloading layer_offloading_text_encoder_percent layer_offloading_transformer_percent lora_path low_vram
model_kwargs name_or_path only_if_contains qtype qtype_te quantize quantize_kwargs quantize_te refiner_name_or_path refiner_start_at
split_model_other_module_param_count_scale split_model_over_gpus te_device te_dtype te_name_or_path text_encoder_bits unet_path
unet_sample_size use_flux_cfg use_text_encoder_1 use_text_encoder_2 vae_device vae_dtype vae_path
"""
_SAVE = """
dtype hf_private hf_repo_id max_step_saves_to_keep push_to_hub save_every save_format
"""
_DATASET = """
alpha_mask augmentations augments auto_frame_count bucket_tolerance buckets cache_clip_vision_to_disk cache_latents cache_latents_to_disk
cache_text_embeddings caption_dropout_rate caption_ext caption_type clip_image_augmentations clip_image_from_same_folder clip_image_path
clip_image_shuffle_augmentations control_path control_path_1 control_path_2 control_path_3 control_transparent_color controls dataset_path
debug default_caption do_audio do_i2v extra_values fast_image_size flip_x flip_y folder_path fps full_size_control_images guidance_type
inpaint_path invert_mask is_reg keep_tokens loss_multiplier mask_min_value mask_path network_weight num_frames num_repeats num_workers poi
prefetch_factor random_crop random_scale random_triggers random_triggers_max replacements replay_transforms resolution scale
shrink_video_to_frames shuffle_augmentations shuffle_tokens square_crop standardize_images token_dropout_rate trigger_word type
unconditional_path use_short_captions
"""

PROCESS_KEYS = frozenset(_PROCESS.split())
SECTION_KEYS = {
    "network": frozenset(_NETWORK.split()),
    "train": frozenset(_TRAIN.split()),
    "model": frozenset(_MODEL.split()),
    "save": frozenset(_SAVE.split()),
    "datasets": frozenset(_DATASET.split()),
}
ALL_KEYS = tuple(sorted(PROCESS_KEYS.union(*SECTION_KEYS.values(), {"config", "job", "meta", "name", "process"})))
