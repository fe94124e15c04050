"""Causes in how strongly and how long the adapter was trained."""

from __future__ import annotations

import math

from lorascope.analysis.explanation.causes.cause_kind import Aspect, CauseKind, Check, Sign, Trace

# what an adapter that stays near the base model, and one that was driven too far, look like (tiny-scale runs and trainers' reports)
_UNDER = {Aspect.STYLE: -1.0, Aspect.COLOR: -0.5, Aspect.PROMPT: -0.6, Aspect.DETAIL: -0.6, Aspect.DIVERSITY: 0.5, Aspect.OVERALL: -0.8}
_OVER = {Aspect.DIVERSITY: -1.0, Aspect.PROMPT: -0.6, Aspect.COLOR: -0.6, Aspect.STYLE: -0.2, Aspect.DETAIL: -0.4, Aspect.OVERALL: -0.8}

STRENGTH = (
    CauseKind(
        "rank_without_alpha", "rank raised without alpha",
        "the change is multiplied by alpha / dim, so a higher rank at the same alpha gives a weaker adapter, near the base model",
        Check.REVERT, "sd-scripts networks/lora.py (scale = alpha / dim); kohya-ss/sd-scripts#98, #363",
        signs=(Sign("scale", -1, math.log(1.8), 0.26), Sign("bare_dim", 1, math.log(1.8))),
        effects=_UNDER,
        traces={Trace.NORM: -1.0, Trace.EFFECTIVE_RANK: 0.7, Trace.LATE_RISE: 0.4, Trace.LOSS_END: 0.4},
        test="train again with alpha / dim as in the good run",
    ),
    CauseKind(
        "lr_too_high", "learning rate too high",
        "each step moves the weights too far: the adapter learns the training images by heart, colors leak, and the loss is restless",
        Check.REVERT, "kohya_ss#2152, kohya-colab#101 (overbaked); sd-scripts train_util.py: learning_rate",
        signs=(Sign("rate", 1, math.log(2.0), 9e-4),),
        effects=_OVER,
        traces={
            Trace.NORM: 1.0, Trace.LOSS_ROUGHNESS: 0.9, Trace.LATE_FALL: 0.6, Trace.JAGGED: 0.3, Trace.EFFECTIVE_RANK: -0.2,
        },
    ),
    CauseKind(
        "lr_too_low", "learning rate too low",
        "the weights hardly move in the time given: the adapter stays near the base model and is still learning when it stops",
        Check.REVERT, "sd-scripts train_util.py: the default rate is 2e-6; a tenth of the usual rate learned hardly any style in tiny runs",
        signs=(Sign("rate", -1, math.log(2.0), 1.5e-5),),
        effects=_UNDER,
        traces={Trace.NORM: -1.0, Trace.LATE_RISE: 0.6, Trace.LOSS_END: 0.6, Trace.LOSS_ROUGHNESS: -0.3},
    ),
    CauseKind(
        "too_few_steps", "too few steps",
        "training stopped while the adapter was still learning (fewer epochs or repeats, or a larger batch for the same number of epochs)",
        Check.REVERT, "sd-scripts: batches per epoch = sum over buckets of ceil(images x repeats / batch)",
        signs=(Sign("length", -1, math.log(1.5)), Sign("batch", 1, math.log(1.9))),
        effects=_UNDER,
        traces={Trace.NORM: -1.0, Trace.LATE_RISE: 0.8, Trace.LOSS_END: 0.6},
    ),
    CauseKind(
        "too_many_steps", "too many steps",
        "training went on after the best checkpoint: the adapter repeats its training images",
        Check.EVALUATE, "overbaked adapters: kohya-colab#109, sd-scripts#1357",
        signs=(Sign("length", 1, math.log(1.5)), Sign("batch", -1, math.log(1.9))),
        effects=_OVER,
        traces={Trace.NORM: 0.9, Trace.LATE_FALL: 1.0, Trace.LOSS_END: -0.6},
        test="evaluate the earlier checkpoints of this run with the same prompts and seeds: the best lies before the last",
        command="lorascope pick {run} --metric {metric}",
    ),
    CauseKind(
        "te_lr_too_high", "text encoder's rate too high",
        "the text encoder forgets what words meant: prompts are followed less and colors leak from one thing to another",
        Check.REVERT, "sd-scripts train_network.py: text_encoder_lr overrides learning_rate; kohya_ss#2639, #2643",
        signs=(Sign("text_ratio", 1, math.log(2.0), 1.9),),
        effects={Aspect.PROMPT: -1.0, Aspect.COLOR: -0.7, Aspect.DIVERSITY: -0.3, Aspect.OVERALL: -0.7},
        traces={Trace.TEXT_RATIO: 1.0, Trace.NORM: 0.2, Trace.LATE_FALL: 0.5, Trace.LOSS_ROUGHNESS: 0.3},
    ),
    CauseKind(
        "alpha_raised", "alpha / dim raised",
        "the change is multiplied by alpha / dim, so more alpha at the same rank acts as a higher learning rate",
        Check.REVERT, "sd-scripts networks/lora.py; kohya_ss#1919, #1511",
        signs=(Sign("scale", 1, math.log(1.8), 3.0),),
        effects=_OVER,
        traces={Trace.NORM: 1.0, Trace.LATE_FALL: 0.6, Trace.LOSS_ROUGHNESS: 0.5},
        rarity=-1.0,
    ),
    CauseKind(
        "silent_step_default", "the silent default of 1600 steps",
        "with neither epochs nor steps set, sd-scripts stops after 1600 steps, whatever the dataset's size",
        Check.METADATA, "sd-scripts train_util.py: max_train_steps; kohya_ss#2303, #2371, #2379",
        signs=(Sign("silent_steps", 1, 1.0, 1.0),),
        effects=_UNDER,
        traces={Trace.NORM: -0.8, Trace.LATE_RISE: 0.8},
        rarity=-1.5,
        test="compare ss_max_train_steps of the file with epochs x steps per epoch",
        command="lorascope inspect FILE --header",
    ),
    CauseKind(
        "rateless_optimizer_small_rate", "Prodigy or D-Adaptation with an ordinary rate",
        "optimizers that find their own rate multiply it by learning_rate and expect about 1; at 1e-4 nearly nothing is learned",
        Check.REVERT, "sd-scripts train_util.py (optimizer_type); the linter's rule on Prodigy",
        signs=(Sign("rateless", 1, 1.0, 1.0),),
        effects=_UNDER,
        traces={Trace.NORM: -1.0, Trace.LATE_RISE: 0.4, Trace.LOSS_END: 0.6},
        rarity=-1.5,
    ),
    CauseKind(
        "adafactor_ignores_rate", "Adafactor follows its own steps",
        "with relative_step on, Adafactor ignores the configured rate and rewrites the schedule",
        Check.METADATA, "sd-scripts: ss_learning_rate = None and ss_lr_scheduler = adafactor:… in the metadata",
        signs=(Sign("adafactor", 1, 1.0, 1.0),),
        effects={Aspect.STYLE: -0.7, Aspect.PROMPT: -0.4, Aspect.COLOR: -0.4, Aspect.OVERALL: -0.6},
        traces={Trace.NORM: -0.5},
        rarity=-1.5,
        test="read ss_learning_rate and ss_lr_scheduler in the file",
        command="lorascope inspect FILE --header",
    ),
    CauseKind(
        "warmup_too_long", "warm-up too long",
        "the rate never arrives: a number of steps given as 100.0 is read as a ratio, or the warm-up takes most of a short training",
        Check.REVERT, "sd-scripts train_util.py: int_or_float of lr_warmup_steps",
        signs=(Sign("warmup", 1, 0.3, 0.5),),
        effects=_UNDER,
        traces={Trace.NORM: -1.0, Trace.LATE_RISE: 0.8, Trace.LOSS_END: 0.5},
        rarity=-1.5,
    ),
    CauseKind(
        "resume_broke_schedule", "resuming broke the schedule",
        "a resumed training starts its step count, schedule and warm-up again, and its epochs are numbered anew",
        Check.METADATA, "kohya_ss#2771, sd-scripts#2248, #141, #954",
        signs=(Sign("resumed", 1, 1.0),),
        effects=_OVER,
        traces={Trace.LOSS_ROUGHNESS: 0.5, Trace.JAGGED: 0.6},
        rarity=-2.0,
        test="compare steps and epochs in the metadata of consecutive checkpoints",
        command="lorascope inspect FILES --header",
    ),
)  # fmt: skip
