"""Every key that sd-scripts' LoRA scripts have: what train_network.py and its cousins parse, and so what a config_file can say.

Names, types, choices and defaults as in sd-scripts 48d368f; keys of one model family only carry its name in ``scripts``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from lorascope.parameters.dialects.argument import Argument, Takes

_FLAGS = """
async_upload bucket_no_upscale cache_info cache_latents cache_latents_to_disk color_aug cpu_offload_checkpointing
ddp_gradient_as_bucket_view ddp_static_graph debiased_estimation_loss debug_dataset deepspeed dim_from_weights enable_bucket
enable_wildcard flip_aug fp16_master_weights_and_gradients fp8_base fp8_base_unet full_bf16 full_fp16 fused_backward_pass
gradient_checkpointing highvram ip_noise_gamma_random_strength log_config lowram masked_loss alpha_mask mem_eff_attn
network_train_text_encoder_only network_train_unet_only no_half_vae no_metadata noise_offset_random_strength output_config
persistent_data_loader_workers random_crop resume_from_huggingface sample_at_first save_state save_state_on_train_end
save_state_to_huggingface scale_v_pred_loss_like_noise_pred sdpa shuffle_caption skip_cache_check skip_until_initial_step
torch_compile use_8bit_adam use_lion_optimizer v2 v_parameterization weighted_captions xformers zero3_init_flag
zero3_save_16bit_model zero_terminal_snr
"""
_TEXTS = """
caption_extention caption_prefix caption_suffix conditioning_data_dir config_file console_log_file dataset_class dataset_config
face_crop_aug_range huggingface_path_in_repo huggingface_repo_id huggingface_repo_type huggingface_repo_visibility huggingface_token
in_json log_prefix log_tracker_config log_tracker_name logging_dir metadata_author metadata_description metadata_is_negative_embedding
metadata_license metadata_merged_from metadata_preprocessor metadata_tags metadata_thumbnail metadata_title metadata_trigger_phrase
metadata_usage_hint network_module network_weights offload_optimizer_nvme_path offload_param_nvme_path output_dir output_name
pretrained_model_name_or_path reg_data_dir resolution resume sample_prompts secondary_separator tokenizer_cache_dir train_data_dir
training_comment vae wandb_api_key wandb_run_name
"""
_INTS = """
caption_dropout_every_n_epochs=0 clip_skip ddp_timeout dataset_repeats=1 bucket_reso_steps=64 gradient_accumulation_steps=1
initial_epoch initial_step keep_tokens=0 lr_scheduler_num_cycles=1 lr_scheduler_timescale max_bucket_reso=1024
max_data_loader_n_workers=8 max_timestep max_train_epochs max_train_steps=1600 max_validation_steps min_bucket_reso=256 min_timestep
multires_noise_iterations network_dim sample_every_n_epochs sample_every_n_steps save_every_n_epochs save_every_n_steps
save_last_n_epochs save_last_n_epochs_state save_last_n_steps save_last_n_steps_state save_n_epoch_ratio seed token_warmup_min=1
train_batch_size=1 vae_batch_size=1 validate_every_n_epochs validate_every_n_steps validation_seed
"""
_FLOATS = """
adaptive_noise_scale caption_dropout_rate=0 caption_tag_dropout_rate=0 huber_c=0.1 huber_scale=1 ip_noise_gamma learning_rate=2e-6
lr_scheduler_min_lr_ratio lr_scheduler_power=1 max_grad_norm=1 min_snr_gamma multires_noise_discount=0.3 network_alpha=1
network_dropout noise_offset prior_loss_weight=1 scale_weight_norms token_warmup_step=0 unet_lr v_pred_like_loss validation_split=0
"""
_LISTS = "base_weights lr_scheduler_args network_args optimizer_args"

_SAMPLERS = """
ddim pndm lms euler euler_a heun dpm_2 dpm_2_a dpmsolver dpmsolver++ dpmsingle k_lms k_euler k_euler_a k_dpm_2 k_dpm_2_a
"""
_DYNAMO = "no eager aot_eager inductor aot_ts_nvfuser nvprims_nvfuser cudagraphs ofi fx2trt onnxrt tensort ipex tvm"
_RESIZE = "lanczos nearest bilinear linear bicubic cubic area"
_LEVELS = "DEBUG INFO WARNING ERROR CRITICAL"


def _choice(name: str, choices: str, default: str | None = None) -> Argument:
    return Argument(name, Takes.TEXT, default, tuple(choices.split()))


_SINGLE = (
    Argument("base_weights_multiplier", Takes.FLOATS),
    Argument("caption_extension", Takes.TEXT, ".caption"),
    Argument("caption_separator", Takes.TEXT, ","),
    _choice("console_log_level", _LEVELS),
    Argument("console_log_simple", Takes.FLAG, default=False),
    _choice("dynamo_backend", _DYNAMO, "inductor"),
    _choice("huber_schedule", "constant exponential snr", "snr"),
    Argument("keep_tokens_separator", Takes.TEXT, ""),
    _choice("log_with", "tensorboard wandb all"),
    _choice("loss_type", "l1 l2 huber smooth_l1", "l2"),
    Argument("lr_decay_steps", Takes.INT_OR_FLOAT, 0),
    # no choices: any name is tried, and one that does not exist ends the training when it starts
    Argument("lr_scheduler", Takes.TEXT, "constant"),
    Argument("lr_scheduler_type", Takes.TEXT, ""),
    Argument("lr_warmup_steps", Takes.INT_OR_FLOAT, 0),
    Argument("max_token_length", Takes.INT, None, (75, 150, 225)),  # 75 in a file only, where it is what unset is
    _choice("mixed_precision", "no fp16 bf16", "no"),
    _choice("offload_optimizer_device", "cpu nvme"),
    _choice("offload_param_device", "cpu nvme"),
    Argument("optimizer_type", Takes.TEXT, ""),
    _choice("resize_interpolation", _RESIZE),
    _choice("sample_sampler", _SAMPLERS, "ddim"),
    _choice("save_model_as", "ckpt pt safetensors", "safetensors"),
    _choice("save_precision", "float fp16 bf16"),
    Argument("text_encoder_lr", Takes.FLOATS),
    Argument("zero_stage", Takes.INT, 2, (0, 1, 2, 3)),
)

# one model family each; the same key may mean the same in several
_FAMILIES = {
    "sdxl": "cache_text_encoder_outputs:flag cache_text_encoder_outputs_to_disk:flag disable_mmap_load_safetensors:flag",
    "flux": """
        ae:str apply_t5_attn_mask:flag blocks_to_swap:int clip_l:str controlnet_model_name_or_path:str discrete_flow_shift:float=3
        guidance_scale:float=3.5 model_type:str=flux model_prediction_type:str=sigma_scaled sigmoid_scale:float=1 split_mode:flag
        t5xxl:str t5xxl_max_token_length:int text_encoder_batch_size:int timestep_sampling:str=sigma logit_mean:float=0 logit_std:float=1
        mode_scale:float=1.29 weighting_scheme:str=uniform
    """,
    "sd3": """
        apply_lg_attn_mask:flag clip_g:str clip_g_dropout_rate:float=0 clip_l_dropout_rate:float=0 enable_scaled_pos_embed:flag
        pos_emb_random_crop_rate:float=0 save_clip:flag save_t5xxl:flag t5_dropout_rate:float=0 t5xxl_device:str t5xxl_dtype:str
        training_shift:float=1
    """,
    "lumina": """
        gemma2:str gemma2_max_token_length:int sample_batch_size:int system_prompt:str use_flash_attn:flag use_sage_attn:flag
    """,
    "hunyuan, anima": """
        attn_mode:str byt5:str dit_path:str fp8_scaled:flag fp8_vl:flag flow_shift:float llm_adapter_path:str llm_adapter_lr:float qwen3:str
        qwen3_max_token_length:int split_attn:flag t5_max_token_length:int t5_tokenizer_path:str text_encoder:str
        unsloth_offload_checkpointing:flag vae_chunk_size:int vae_disable_cache:flag
    """,
}


def _with_defaults(names: str, takes: Takes, scripts: str = "") -> Iterable[Argument]:
    """Arguments from words such as ``name`` or ``name=default``."""
    for word in names.split():
        name, _, default = word.partition("=")
        value = (int(default) if takes is Takes.INT else float(default) if takes is Takes.FLOAT else default) if default else None
        yield Argument(name, takes, value, scripts=scripts)


def _of_families() -> Iterable[Argument]:
    for scripts, words in _FAMILIES.items():
        for word in words.split():
            name, _, rest = word.partition(":")
            kind, equals, default = rest.partition("=")
            if kind == "flag":
                yield Argument(name, Takes.FLAG, default=False, scripts=scripts)
            else:
                yield from _with_defaults(f"{name}{equals}{default}", Takes(kind), scripts)


def _all() -> Mapping[str, Argument]:
    arguments = [
        *(Argument(name, Takes.FLAG, default=False) for name in _FLAGS.split()),
        *_with_defaults(_TEXTS, Takes.TEXT),
        *_with_defaults(_INTS, Takes.INT),
        *_with_defaults(_FLOATS, Takes.FLOAT),
        *(Argument(name, Takes.TEXTS) for name in _LISTS.split()),
        *_SINGLE,
        *_of_families(),
    ]
    return MappingProxyType({argument.name: argument for argument in sorted(arguments, key=lambda argument: argument.name)})


KOHYA_ARGUMENTS: Mapping[str, Argument] = _all()
