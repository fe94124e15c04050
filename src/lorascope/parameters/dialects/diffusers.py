"""diffusers' example scripts for LoRA: train_text_to_image_lora(_sdxl).py, train_dreambooth_lora(_sdxl).py and the advanced ones.

They adapt the attention projections only, take alpha = rank, and crop at random unless told ``center_crop``.
"""

from __future__ import annotations

from collections.abc import Sequence

from lorascope.parameters.dialects.dialect import Entry, Translation
from lorascope.parameters.dialects.launch import LAUNCHER, SCRIPT
from lorascope.parameters.dialects.reading import Reading, name_from, stem, text_of
from lorascope.records.run import JsonValue

_OPTIONS = """
adam_beta1 adam_beta2 adam_epsilon adam_weight_decay adam_weight_decay_text_encoder allow_tf32 aspect_ratio_buckets
bnb_quantization_config_path cache_dir cache_latents caption_column center_crop checkpointing_steps checkpoints_total_limit class_data_dir
class_prompt clip_skip dataloader_num_workers dataset_config_name dataset_name debug_loss do_edm_style_training do_fp8_training
enable_npu_flash_attention enable_xformers_memory_efficient_attention fp8_training freeze_text_encoder_after gradient_accumulation_steps
gradient_checkpointing guidance_scale hub_model_id hub_token image_column image_interpolation_mode instance_data_dir instance_prompt
instance_prompt_column learning_rate local_rank logging_dir logit_mean logit_std lora_alpha lora_bias lora_blocks lora_dropout lora_layers
lora_unet_blocks lr_num_cycles lr_power lr_scheduler lr_warmup_steps max_grad_norm max_sequence_length max_train_samples max_train_steps
mixed_precision mode_scale noise_offset num_class_images num_new_tokens_per_abstraction num_train_epochs num_validation_images offload
optimizer output_dir output_kohya_format pre_compute_text_embeddings precondition_outputs prediction_type pretrained_model_name_or_path
pretrained_vae_model_name_or_path prior_generation_precision prior_loss_weight prodigy_beta3 prodigy_decouple prodigy_safeguard_warmup
prodigy_use_bias_correction push_to_hub random_flip rank repeats report_to resolution resume_from_checkpoint revision sample_batch_size
scale_lr seed snr_gamma system_prompt text_encoder_lr text_encoder_use_attention_mask token_abstraction tokenizer_max_length
tokenizer_name train_batch_size train_data_dir train_text_encoder train_text_encoder_frac train_text_encoder_ti train_text_encoder_ti_frac
upcast_before_saving use_8bit_adam use_blora use_dora validation_epochs validation_images validation_prompt validation_scheduler variant
wandb_project weighting_scheme with_prior_preservation
"""
OPTIONS = frozenset(_OPTIONS.split())
_OWN = frozenset(
    "instance_data_dir instance_prompt with_prior_preservation class_data_dir class_prompt num_class_images dataset_name image_column "
    "caption_column num_train_epochs checkpointing_steps center_crop random_flip validation_prompt validation_epochs rank scale_lr "
    "dataloader_num_workers report_to enable_xformers_memory_efficient_attention".split()
)
NAMES = {
    "class_data_dir": "reg_data_dir",
    "checkpointing_steps": "save_every_n_steps",
    "clip_skip": "clip_skip",
    "dataloader_num_workers": "max_data_loader_n_workers",
    "enable_xformers_memory_efficient_attention": "xformers",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
    "gradient_checkpointing": "gradient_checkpointing",
    "learning_rate": "learning_rate",
    "lora_alpha": "network_alpha",
    "lora_dropout": "network_dropout",
    "lr_num_cycles": "lr_scheduler_num_cycles",
    "lr_power": "lr_scheduler_power",
    "lr_warmup_steps": "lr_warmup_steps",
    "max_grad_norm": "max_grad_norm",
    "max_train_steps": "max_train_steps",
    "noise_offset": "noise_offset",
    "num_train_epochs": "max_train_epochs",
    "output_dir": "output_dir",
    "pretrained_model_name_or_path": "pretrained_model_name_or_path",
    "pretrained_vae_model_name_or_path": "vae",
    "prior_loss_weight": "prior_loss_weight",
    "random_flip": "flip_aug",
    "rank": "network_dim",
    "repeats": "num_repeats",
    "resume_from_checkpoint": "resume",
    "resolution": "resolution",
    "seed": "seed",
    "snr_gamma": "min_snr_gamma",
    "text_encoder_lr": "text_encoder_lr",
    "train_batch_size": "train_batch_size",
    "train_data_dir": "train_data_dir",
    "instance_data_dir": "train_data_dir",
    "cache_latents": "cache_latents",
}
SPELLED = {"lr_scheduler": "lr_scheduler", "mixed_precision": "mixed_precision", "optimizer": "optimizer_type"}


class _Diffusers:
    """The arguments of an example script."""

    name = "diffusers"
    trainer = "diffusers"

    def recognizes(self, document: JsonValue) -> bool:
        """Whether a LoRA script of diffusers is started; without a script, at least two options that only those have."""
        if not isinstance(document, dict):
            return False
        script = document.get(SCRIPT)
        if isinstance(script, str) and script:
            name = stem(script)
            return name.startswith(("train_text_to_image", "train_dreambooth")) and "lora" in name
        names = {key.lstrip("-") for key in document}
        return len(names & _OWN) >= 2 and not names & {"model_family", "model_type", "network_module", "LoRA_type", "lora_rank"}

    def known_keys(self) -> tuple[str, ...]:
        """All options of the scripts."""
        return tuple(sorted(OPTIONS))

    def translate(self, entries: Sequence[Entry]) -> Translation:
        """The options in our words."""
        reading = Reading()
        given: dict[str, Entry] = {}
        for entry in entries:
            if entry.place[0] in {SCRIPT, LAUNCHER}:
                continue
            name = str(entry.place[0]).lstrip("-")
            if name in OPTIONS:
                given[name] = entry
            else:
                reading.unknown.append(entry)
        for key, entry in given.items():
            _take(key, entry, reading)
        if "rank" in given and "lora_alpha" not in given:
            reading.note("alpha is the rank in these scripts, unless lora_alpha is given: the adapter's scale is 1")
        if "dataset_name" in given:
            reading.folder(given["dataset_name"].value)
        if "max_train_steps" in reading.parameters and "max_train_epochs" in reading.parameters:
            reading.note("max_train_steps comes before num_train_epochs here")
            reading.keep(given["num_train_epochs"])
            reading.parameters.pop("max_train_epochs")
            reading.said_at.pop("max_train_epochs")
        arguments = [f"{key.removeprefix('adam_')}={given[key].value}" for key in ("adam_weight_decay", "adam_epsilon") if key in given]
        if arguments:
            at = given["adam_weight_decay"] if "adam_weight_decay" in given else given["adam_epsilon"]
            reading.say("optimizer_args", " ".join(arguments).replace("epsilon=", "eps="), at)
        reading.base_model = text_of(reading.parameters.get("pretrained_model_name_or_path"))
        folder = text_of(reading.parameters.get("output_dir"))
        reading.training = name_from(folder)
        for key in ("train_data_dir", "reg_data_dir"):
            reading.folder(reading.parameters.get(key))
        return reading.done(entries)


DIFFUSERS = _Diffusers()


def _take(key: str, entry: Entry, reading: Reading) -> None:
    """One option; a null is unset."""
    value = entry.value
    if value is None:
        reading.keep(entry)
    elif key == "use_8bit_adam":
        reading.say("optimizer_type", "AdamW8bit" if value is True else "AdamW", entry)
    elif key == "center_crop":
        reading.say("random_crop", value=value is not True, entry=entry)
    elif key == "prediction_type" and value == "v_prediction":
        reading.say("v_parameterization", value=True, entry=entry)
    elif key in NAMES:
        reading.say(NAMES[key], value, entry)
    elif key in SPELLED:
        reading.say(SPELLED[key], value, entry, refusal="note")
    else:
        reading.keep(entry)
