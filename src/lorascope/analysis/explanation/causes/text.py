"""Causes in captions and in how the trainer reads them."""

from __future__ import annotations

from lorascope.analysis.explanation.causes.cause_kind import Aspect, CauseKind, Check, Sign, Trace

_WORDS_LOST = {Aspect.PROMPT: -1.0, Aspect.COLOR: -0.8, Aspect.STYLE: 0.0, Aspect.OVERALL: -0.7}

TEXT = (
    CauseKind(
        "keep_tokens_off", "tags no longer kept in front",
        "with shuffling on, keep_tokens holds the first tags (trigger, subject) in place and inside the window; without it they wander",
        Check.REVERT, "sd-scripts train_util.py: keep_tokens counts comma-separated tags; kohya_ss#70, #440",
        signs=(Sign("keep_tokens", -1, 1.0),),
        effects={Aspect.PROMPT: -1.0, Aspect.COLOR: -0.8, Aspect.OVERALL: -0.7},
        traces={Trace.TEXT_RATIO: 0.1},
        defects=("shuffling",),
    ),
    CauseKind(
        "caption_dropout_high", "caption dropout too high",
        "a caption that is dropped is empty for that step: the adapter learns the look and not what the words ask for",
        Check.REVERT, "sd-scripts train_util.py: caption_dropout_rate empties the whole caption, keep_tokens does not protect it",
        signs=(Sign("dropout", 1, 0.12, 0.3),),
        effects=_WORDS_LOST,
        traces={Trace.TEXT_RATIO: -0.6, Trace.LOSS_END: 0.3},
    ),
    CauseKind(
        "caption_hex_conflict", "captions contradict colors",
        "color words or codes in captions disagree with the picture or with each other, so that the words stop meaning the color",
        Check.AUDIT, "tiny runs: wrong words took background accuracy from 97 % to 11 %, half of the captions wrong to 33 %",
        effects={Aspect.COLOR: -1.0, Aspect.PROMPT: -0.3, Aspect.STYLE: -0.2, Aspect.DETAIL: -0.2, Aspect.OVERALL: -0.6},
        traces={Trace.LOSS_END: 0.2},
        defects=("color_conflict",), in_data=True,
        test="audit the dataset's captions against their pixels and look at ten of the findings",
        command="lorascope audit DATASET",
    ),
    CauseKind(
        "captions_missing", "captions missing or not read",
        "images without a caption, or with one under another extension, are trained with an empty text or the class word",
        Check.AUDIT, "sd-scripts: caption_extension defaults to .caption; kohya_ss#927",
        signs=(Sign("extension", 1, 1.0),),
        effects=_WORDS_LOST,
        traces={Trace.TEXT_RATIO: -0.9, Trace.LOSS_END: 0.3},
        defects=("captions_missing",), in_data=True, signs_or_data=True,
        test="count the caption files that the trainer reads (its log says how many images have none)",
        command="lorascope audit DATASET",
    ),
    CauseKind(
        "text_window_truncated", "captions longer than the text window",
        "CLIP reads 75 tokens unless max_token_length says 150 or 225; what stands behind them is not trained",
        Check.AUDIT, "sd-scripts strategy_base.py; a color code costs 6 to 7 tokens; OneTrainer#62, sd-scripts#1398",
        signs=(Sign("window", -1, 60.0),),
        effects={Aspect.PROMPT: -1.0, Aspect.COLOR: -0.8, Aspect.OVERALL: -0.6},
        traces={Trace.LOSS_END: 0.1},
        defects=("beyond_window",), in_data=True, signs_or_data=True, rarity=-0.7,
        test="list the clauses that stand behind the window",
        command="lorascope audit DATASET",
    ),
    CauseKind(
        "stale_text_cache", "stale text-encoder cache",
        "encodings cached on disk do not store their caption: captions that are edited afterwards change nothing",
        Check.METADATA, "sd-scripts strategy_sdxl.py: the cache is matched by file name only",
        signs=(Sign("cached_text", 1, 1.0),),
        effects=_WORDS_LOST,
        rarity=-2.0,
        test="compare the dates of the .npz caches with those of the captions; delete the caches",
    ),
    CauseKind(
        "trigger_fused", "trigger missing or fused with something else",
        "a trigger that is missing, misspelled, or always stands beside the same words does not call the style alone",
        Check.AUDIT, "sd-scripts#1045, PortOS#1320; caption audits",
        effects={Aspect.PROMPT: -0.8, Aspect.STYLE: -0.6, Aspect.OVERALL: -0.6},
        defects=("trigger",), in_data=True, rarity=-1.5,
        test="audit with the trigger named and sample a prompt with and without it",
        command="lorascope audit DATASET --trigger WORD",
    ),
    CauseKind(
        "tags_dropped", "shuffling newly on",
        "shuffled tags lose another tail behind the window at every step, and clauses with commas inside are torn apart",
        Check.REVERT, "sd-scripts train_util.py: shuffle_caption splits at every comma",
        signs=(Sign("shuffle", 1, 1.0),),
        effects={Aspect.PROMPT: -1.0, Aspect.COLOR: -0.6, Aspect.OVERALL: -0.5},
        defects=("shuffling",), rarity=-1.5,
    ),
)  # fmt: skip
