"""Causes in the adapter's parts and their numbers."""

from __future__ import annotations

import math

from lorascope.analysis.explanation.causes.cause_kind import Aspect, CauseKind, Check, Sign, Trace

ADAPTER = (
    CauseKind(
        "fp16_overflow", "half precision overflowed",
        "numbers above 65,504 become infinite in fp16: NaN in the weights gives black or empty pictures",
        Check.INSPECT, "sd-scripts#293, #820, #952, #2137: NaN losses and black images under fp16",
        signs=(Sign("half_precision", 1, 1.0),),
        effects={
            Aspect.DETAIL: -1.0, Aspect.STYLE: -0.8, Aspect.PROMPT: -1.0, Aspect.COLOR: -1.0, Aspect.DIVERSITY: 0.0, Aspect.OVERALL: -1.0,
        },
        traces={Trace.BROKEN_WEIGHTS: 1.0, Trace.BROKEN_LOSS: 1.0, Trace.LATE_FALL: 0.9, Trace.LOSS_ROUGHNESS: 0.4},
        test="count the values in the file's tensors that are not finite",
        command="lorascope inspect FILE",
    ),
    CauseKind(
        "text_encoder_dead", "text encoder not trained",
        "text_encoder_lr = 0 or unet-only training leaves the text encoder as it was: new words mean nothing",
        Check.INSPECT, "sd-scripts networks/lora.py: rate 0 skips the group and still saves zeros; kohya_ss#3388, #3430",
        signs=(Sign("text_ratio", -1, math.log(4.0)), Sign("unet_only", 1, 1.0)),
        effects={Aspect.PROMPT: -1.0, Aspect.STYLE: -0.3, Aspect.OVERALL: -0.5},
        traces={Trace.TEXT_RATIO: -1.5, Trace.DEAD_WEIGHTS: 1.0},
        rarity=-1.5,
        test="count the text encoder's modules in the file and see whether they are zero",
        command="lorascope inspect FILE",
    ),
    CauseKind(
        "coverage_changed", "other layers were adapted",
        "another trainer version, module type or conv setting adapts other layers: fewer modules at the same rank",
        Check.INSPECT, "sd-scripts up to v0.9.0 skipped CLIPSdpaAttention (fixed in v0.9.1); Lora_Easy_Training_Colab#7",
        signs=(Sign("conv_dim", -1, 3.0),),
        effects={Aspect.STYLE: -0.8, Aspect.PROMPT: -0.5, Aspect.DETAIL: -0.4, Aspect.OVERALL: -0.6},
        traces={Trace.NORM: -0.4, Trace.DEAD_WEIGHTS: 0.3},
        defects=("coverage",), rarity=-1.5,
        test="compare the number of modules in this file and in the good run's",
        command="lorascope inspect FILE GOOD_FILE",
    ),
    CauseKind(
        "adapter_does_nothing", "the adapter changes nothing",
        "all of its updates are zero: nothing was trained, or it was saved before anything was",
        Check.INSPECT, "sd-scripts#2133, kohya_ss#809: lora_up starts at zero",
        effects={Aspect.STYLE: -1.0, Aspect.COLOR: -0.6, Aspect.PROMPT: -0.6, Aspect.OVERALL: -1.0},
        traces={Trace.DEAD_WEIGHTS: 1.5, Trace.NORM: -1.5, Trace.LOSS_END: 0.6},
        rarity=-2.0,
        test="look whether the file's norm is zero",
        command="lorascope inspect FILE",
    ),
    CauseKind(
        "adapter_dropout", "samples drawn with dropout on",
        "sd-scripts draws its training samples with network_dropout still active; inference has none",
        Check.EVALUATE, "sd-scripts train_network.py: no network.eval() before sample_images",
        signs=(Sign("adapter_dropout", 1, 0.1),),
        effects={Aspect.STYLE: -0.7, Aspect.DETAIL: -0.6, Aspect.OVERALL: -0.5},
        traces={Trace.EFFECTIVE_RANK: 0.3},
        rarity=-1.5,
        test="evaluate the saved file instead of the trainer's own samples",
        command="lorascope evaluate {run}",
    ),
    CauseKind(
        "clip_skip_changed", "clip skip changed",
        "another layer of the text encoder is read in training than in inference; SDXL ignores the setting",
        Check.REVERT, "sd-scripts: hidden_states[-n] with final layer norm for SD 1 and 2",
        signs=(Sign("clip_skip", 1, 1.0), Sign("clip_skip", -1, 1.0)),
        effects={Aspect.PROMPT: -1.0, Aspect.COLOR: -0.4, Aspect.OVERALL: -0.5},
        rarity=-2.0,
    ),
    CauseKind(
        "v_prediction_mismatch", "v-prediction set against the base model",
        "a v-prediction base trained without --v_parameterization (or the other way) gives noise",
        Check.METADATA, "sd-scripts: modelspec.prediction_type is the only place that shows it for SDXL",
        signs=(Sign("v_prediction", 1, 1.0), Sign("v_prediction", -1, 1.0)),
        effects={Aspect.DETAIL: -1.0, Aspect.STYLE: -1.0, Aspect.COLOR: -0.8, Aspect.PROMPT: -0.8, Aspect.OVERALL: -1.0},
        traces={Trace.LOSS_END: 0.8},
        rarity=-2.0,
        test="read modelspec.prediction_type in the file and compare it with the base model's",
        command="lorascope inspect FILE --header",
    ),
)  # fmt: skip
