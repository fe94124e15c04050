"""What the two documents claim, statement by statement, each with its line: hypotheses, for the data to judge.

``n`` is the number of runs that the document itself names as its evidence; None where it names none.
"""

from __future__ import annotations

from functools import partial

from lorascope.records.hypothesis import Hypothesis
from lorascope.records.run import JsonValue

TAXONOMY = "parameter-taxonomy.md"
ANALYSIS = "caption-fix-analysis.md"

PERFECT, SDXL, DIM64, DIM128 = "SD15_PERFECT", "SD15_PERFECT_SDXL", "SD15_DIM64_TEST", "SD15_DIM128_TEST"
SLOW, ACCURATE, CORRECTED = "SD15_SLOW_LR", "SD15_ACCURATE_CAPTIONS", "SD15_FINAL_CORRECTED"
KEEP3, FIX = "KEEP_TOKENS_3_EXPERIMENT", "SD15_CAPTION_FIX_EXPERIMENT"


def claim(
    document: str,
    line: int,
    name: str,
    statement: str,
    n: int | None = None,
    runs: tuple[str, ...] = (),
    metric: str | None = None,
    direction: str | None = None,
    threshold: float | None = None,
    prior: float | None = None,
    **extra: JsonValue,
) -> Hypothesis:
    """One claim. ``extra``: said_as (the document's own strong words), expected, notes."""
    return Hypothesis(name, statement, f"{document}:{line}", n, metric, direction, threshold, prior, runs=runs, extra=extra)


of_taxonomy = partial(claim, TAXONOMY)
of_analysis = partial(claim, ANALYSIS, n=1, runs=(FIX,))  # it speaks of one run

ARCHITECTURE = (
    of_taxonomy(
        29,
        "dim_32_keeps_pixel_art",
        "network_dim = 32 keeps the pixel art style",
        runs=(PERFECT, SDXL),
        said_as="PROVEN OPTIMAL",
        contradicts=["dim_64_may_capture_more"],
    ),
    of_taxonomy(
        30,
        "dim_64_and_more_gives_photorealism",
        "network_dim of 64 and more gives photorealism instead of pixel art",
        n=3,
        runs=(DIM64, DIM128),
        said_as="100% FAILURE RATE",
        notes=["the evidence is 3 of 3 runs (line 564); the documents name two"],
        rule="network_dim >= 64",
        contradicts=["dim_64_may_capture_more"],
    ),
    of_taxonomy(31, "dim_128_gives_severe_photorealism", "network_dim = 128 gives severe photorealism", runs=(DIM128,)),
    of_taxonomy(49, "alpha_16_with_dim_32_is_stable", "network_alpha = 16 with network_dim = 32 trains stably", said_as="proven stable"),
    of_taxonomy(50, "high_alpha_adds_to_photorealism", "a higher network_alpha adds to the risk of photorealism when network_dim is high"),
    of_taxonomy(51, "effective_rate_follows_alpha_over_dim", "the effective learning rate is proportional to network_alpha / network_dim"),
    of_taxonomy(58, "conv_dim_helps_accessories", "a convolutional LoRA may render accessories (crowns, sunglasses) more accurately"),
    of_taxonomy(60, "successful_runs_had_no_conv_dim", "all successful runs used conv_dim = 0", runs=(PERFECT, SDXL)),
)
OPTIMIZATION = (
    of_taxonomy(83, "rate_1e_4_converges_fast", "learning_rate = 1e-4 converges fast with good results", runs=(PERFECT,)),
    of_taxonomy(84, "rate_5e_5_is_slower_and_stabler", "learning_rate = 5e-5 converges more slowly but more stably", runs=(SLOW,)),
    of_taxonomy(85, "rate_1e_3_is_unstable", "learning_rate = 1e-3 trains unstably"),
    of_taxonomy(86, "rate_1e_5_is_too_low", "learning_rate = 1e-5 converges extremely slowly"),
    of_taxonomy(104, "constant_with_warmup_in_most_successes", "most successful runs used lr_scheduler = constant_with_warmup"),
    of_taxonomy(105, "cosine_prevents_overtraining", "a cosine schedule may help to prevent overtraining"),
    of_taxonomy(128, "adamw_is_reliable", "optimizer_type = AdamW is reliable", said_as="proven reliable"),
    of_taxonomy(129, "adamw8bit_loses_no_quality", "optimizer_type = AdamW8bit saves memory without loss of quality"),
    of_taxonomy(138, "epochs_1_to_3_are_poor", "quality is often poor at epochs 1 to 3"),
    of_taxonomy(139, "epochs_4_to_6_improve_fast", "quality improves fast at epochs 4 to 6"),
    of_taxonomy(
        140,
        "best_epoch_is_7_to_9",
        "quality peaks at epochs 7 to 9",
        said_as="MOST LIKELY BEST",
        notes=["line 142 expects the best at 5 to 7"],
        contradicts=["best_epoch_is_5_to_7"],
        metric="quality_score",
        direction="higher",
        runs=(PERFECT,),
        epochs=[7, 8, 9],
    ),
    of_taxonomy(141, "overtraining_from_epoch_10", "from epoch 10 on a run risks overtraining"),
    of_taxonomy(
        142,
        "best_epoch_is_5_to_7",
        "the best epoch is 5 to 7 of 10",
        notes=["line 140 has the peak at 7 to 9"],
        metric="quality_score",
        direction="higher",
        runs=(PERFECT,),
        epochs=[5, 6, 7],
    ),
    of_taxonomy(317, "no_accumulation_needed", "gradient_accumulation_steps = 1 works for a dataset of this size"),
    of_taxonomy(334, "fp16_loses_no_quality", "mixed_precision = fp16 is faster without loss of quality"),
    of_taxonomy(341, "xformers_does_not_change_quality", "xformers is faster without any effect on quality"),
    of_taxonomy(405, "min_snr_may_stabilize", "min_snr_gamma may make training more stable"),
    of_taxonomy(
        480, "dim_is_the_first_predictor", "network_dim is the first predictor of photorealism", said_as="#1 predictor of photorealism"
    ),
)
DATA = (
    of_taxonomy(169, "caption_paradox", "more detailed captions did not consistently improve results", n=2, runs=(PERFECT, ACCURATE)),
    of_taxonomy(
        173,
        "captions_matter_less_than_dim",
        "the quality of captions matters less than network_dim",
        notes=["the analysis says the opposite in line 263"],
        contradicts=["captions_beat_hyperparameters"],
    ),
    of_taxonomy(182, "203_images_suffice", "203 images suffice for this task"),
    of_taxonomy(183, "more_images_help_colors", "more images may improve color variety and generalization"),
    of_taxonomy(
        204,
        "keep_tokens_1_gives_wrong_backgrounds",
        "with keep_tokens = 1 backgrounds often have the wrong color",
        metric="background_color_accuracy",
        direction="lower",
        threshold=0.7,
        expected="60 to 70 % of backgrounds right",
        rule="keep_tokens = 1",
    ),
    of_taxonomy(
        205,
        "keep_tokens_3_gives_right_backgrounds",
        "with keep_tokens = 3 nearly all backgrounds have the right color",
        metric="background_color_accuracy",
        direction="higher",
        threshold=0.95,
        expected="95 % and more right",
        said_as="HYPOTHESIS",
        rule="keep_tokens = 3",
    ),
    of_taxonomy(206, "twelve_codes_need_keep_tokens_3", "captions with 12 and more hex codes need keep_tokens = 3"),
    of_taxonomy(
        216, "no_dropout_adheres_to_prompts", "caption_dropout_rate = 0 gives strong adherence to the prompt", n=1, runs=(PERFECT,)
    ),
    of_taxonomy(217, "dropout_gives_variety", "caption_dropout_rate = 0.1 gives better variety", n=1, runs=(SDXL,), said_as="HYPOTHESIS"),
    of_taxonomy(243, "color_aug_disturbs_colors", "color_aug may disturb the learning of exact colors"),
    of_taxonomy(252, "flip_aug_is_safe", "flip_aug is safe for pixel art"),
    of_taxonomy(260, "noise_offset_harms_above_005", "a noise_offset above 0.05 may harm the clarity of pixel art"),
)
EXPERIMENTS = (
    of_taxonomy(
        510,
        "experiment_a_keep_tokens_3",
        "raising keep_tokens from 1 to 3 corrects background colors",
        metric="background_color_accuracy",
        direction="higher",
        threshold=0.3,
        prior=0.85,
        expected="+30 %: 60 % to 90 % and more",
        runs=(KEEP3,),
        notes=["the analysis reports the run: keep_tokens was set back to 1, 3 was slower (line 170)"],
        change={"keep_tokens": [1, 3]},
        baseline=0.6,
    ),
    of_taxonomy(
        518,
        "experiment_b_conv_dim_8",
        "conv_dim = 8 with conv_alpha = 4 renders accessories (a crown) more accurately",
        metric="accessory_accuracy",
        direction="higher",
        threshold=0.2,
        prior=0.45,
        expected="+20 %",
        change={"conv_dim": [0, 8], "conv_alpha": [0, 4]},
    ),
    of_taxonomy(
        527,
        "experiment_c_caption_dropout_01",
        "raising caption_dropout_rate from 0 to 0.1 gives more variety",
        metric="variety",
        direction="higher",
        threshold=0.1,
        prior=0.55,
        expected="+10 %",
        runs=(SDXL,),
        change={"caption_dropout_rate": [0.0, 0.1]},
    ),
    of_taxonomy(
        537,
        "experiment_d_300_images",
        "300 and more images instead of 203 teach colors better",
        metric="quality_score",
        direction="higher",
        prior=0.4,
        expected="+5 to 10 % overall quality",
        change={"num_images": [203, ">= 300"]},
    ),
    of_taxonomy(
        545,
        "experiment_e_rate_5e_5",
        "lowering learning_rate from 1e-4 to 5e-5 may train more stably",
        prior=0.3,
        runs=(SLOW,),
        metric="stability",
        direction="higher",
        expected="slower but more stable convergence",
        change={"learning_rate": [1e-4, 5e-5]},
    ),
)
PATTERNS = (
    of_taxonomy(
        557,
        "pattern_1_photorealism",
        "a network_dim above 32 always gives photorealism and a quality below 5",
        n=3,
        runs=(DIM64, DIM128),
        metric="quality_score",
        direction="lower",
        threshold=5.0,
        said_as="Proven: 100% observed rate",
        notes=["the evidence is 3 of 3 runs (line 564); the documents name two"],
        rule="network_dim > 32",
    ),
    of_taxonomy(
        566,
        "pattern_2_caption_paradox",
        "detailed captions do not save a network_dim above 32, and basic captions work with 32",
        n=1,
        runs=(PERFECT, CORRECTED),
        said_as="Proven",
        notes=["the second run is in progress (line 575)"],
    ),
    of_taxonomy(
        577,
        "pattern_3_convergence_curve",
        "quality is below 7 at epochs 1 to 3, improves at 4 to 6, peaks at 7 to 9, and declines from 10 on",
        n=2,
        runs=(PERFECT, CORRECTED),
        said_as="Proven",
        notes=["of the second run only epochs 1 to 4 are reported, all at 7 (line 145)"],
        metric="quality_score",
        direction="higher",
        epochs=[7, 8, 9],
    ),
    of_taxonomy(
        588,
        "hypothesis_1_keep_tokens_and_captions",
        "with more than 12 hex codes and keep_tokens below 3, fewer than 70 % of backgrounds are right",
        metric="background_color_accuracy",
        direction="lower",
        threshold=0.7,
        rule="caption_hex_codes > 12 and keep_tokens < 3",
    ),
    of_taxonomy(
        595,
        "hypothesis_2_dim_times_alpha",
        "network_dim x network_alpha above 512 gives a high risk of photorealism",
        metric="photorealism",
        direction="higher",
        rule="`network_dim*network_alpha` > 512",
        notes=["dim 64 x alpha 16 is given as an example, dim 32 x alpha 16 as the boundary; no run is named"],
    ),
    of_taxonomy(
        603,
        "hypothesis_3_conv_dim_and_accessories",
        "any conv_dim renders accessories 10 to 20 % more accurately",
        metric="accessory_accuracy",
        direction="higher",
        threshold=0.1,
        change={"conv_dim": [0, "> 0"]},
    ),
)
CAPTION_FIX = (
    of_analysis(
        16,
        "caption_fix_improves_colors",
        "removing 3,621 hex codes from the captions improved color accuracy by 28 %",
        runs=(FIX, KEEP3),
        metric="unique_colors",
        direction="lower",
        expected="216.6 against 301 unique colors",
        notes=["unique colors do not measure accuracy", "one epoch of ten was chosen by the same number", "four settings changed at once"],
        change={"caption_version": ["with_hex_codes", "without_hex_codes"]},
    ),
    of_analysis(
        18, "duplicate_codes_cause_bleeding", "one hex code for two features makes their colors bleed into each other", said_as="CONFIRMED"
    ),
    of_analysis(
        40,
        "three_phases_of_training",
        "training has phases: fast learning, oscillation, recovery",
        notes=["four phases are then described"],
    ),
    of_analysis(57, "epochs_after_8_regress", "training beyond epoch 8 makes the result worse"),
    of_analysis(72, "caption_fix_trains_more_stably", "with repaired captions training is more stable", runs=(FIX, KEEP3)),
    of_analysis(
        79,
        "epoch_5_has_best_green_background",
        "epoch 5 has the most accurate green background",
        metric="unique_colors",
        direction="lower",
        expected="156 colors",
        epochs=[5],
        protocol={"prompt": "green_bg_lad"},
    ),
    of_analysis(
        101, "all_captions_had_issues", "every caption had issues: 202 of 203 duplicate codes, 203 of 203 uncaptioned ones", said_as="100%"
    ),
    of_analysis(
        134, "epoch_8_is_ready", "epoch 8 is ready for production at 9 of 10", metric="quality_score", direction="higher", threshold=9.0
    ),
    of_analysis(140, "pattern_is_reproducible", "the pattern is reproducible", said_as="Reproducible", notes=["no second run is reported"]),
    of_analysis(170, "keep_tokens_3_is_slower", "keep_tokens = 3 learns more slowly than 1", runs=(KEEP3, FIX)),
    of_analysis(
        225,
        "oscillation_at_6_and_7_recovers_at_8",
        "a regression at epochs 6 and 7 recovers at epoch 8",
    ),
    of_analysis(
        232, "caption_fixes_beat_keep_tokens", "repairing captions does more than tuning keep_tokens", runs=(FIX, KEEP3), said_as="proved"
    ),
    of_analysis(
        248,
        "dim_64_may_capture_more",
        "network_dim = 64 might capture more details",
        n=None,
        runs=(),
        notes=["the taxonomy excludes it in line 30"],
    ),
    of_analysis(
        253,
        "best_epoch_is_8_or_9",
        "with longer training the best epoch might be 8 or 9",
        n=None,
        metric="unique_colors",
        direction="lower",
        epochs=[8, 9],
    ),
    of_analysis(257, "augmentation_may_generalize", "slight rotations and flips might improve generalization", n=None, runs=()),
    of_analysis(
        263,
        "captions_beat_hyperparameters",
        "the quality of captions does more than hyperparameters",
        notes=["the taxonomy says the opposite in line 173"],
    ),
)
CLAIMS = (*ARCHITECTURE, *OPTIMIZATION, *DATA, *EXPERIMENTS, *PATTERNS, *CAPTION_FIX)
