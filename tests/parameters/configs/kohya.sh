#!/usr/bin/env bash
# SDXL, text encoder frozen
NAME="pixel_lady_xl"
export LR=1e-4

accelerate launch --num_cpu_threads_per_process=2 --mixed_precision bf16 \
    sdxl_train_network.py \
    --pretrained_model_name_or_path="/models/sdxl base.safetensors" \
    --train_data_dir '/data/pixel lady' --output_dir "$HOME/out" \
    --output_name="$NAME" \
    --network_module=networks.lora --network_dim 16 --network_alpha=8 \
    --network_args "conv_dim=4" "conv_alpha=1" \
    --learning_rate=$LR --unet_lr="${LR}" --network_train_unet_only \
    --cache_text_encoder_outputs --lr_warmup_steps 5% --max_train_steps 2000 \
    --resolution=1024,1024 --mixed_precision=bf16
