"""Write down what two published documents say of nine training runs, as a file for ``lorascope import``.

Run it in this folder: ``python make_history.py``. It writes history.jsonl. The claims are in claims.py; README.md names the documents.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from claims import ANALYSIS, CLAIMS, TAXONOMY

from lorascope.importers.interchange_format import HEADER, HYPOTHESIS, RUN, foreign_line, line
from lorascope.records.run import JsonValue, ParameterValue, Run, RunStatus

HERE = Path(__file__).parent
# "Visual quality scores (0-10)": who gave them, looking at what, is said nowhere.
SCALE = "0 to 10, by eye; no rater, no method, no number of images is named"


def run(name: str, stated: dict[str, ParameterValue], lines: dict[str, list[int]], outcome: dict[str, float], **extra: JsonValue) -> Run:
    """A run with only what the documents state of it; ``lines`` are the places, by document."""
    sources: list[JsonValue] = [f"{document}: line {', '.join(map(str, numbers))}" for document, numbers in lines.items()]
    scale: dict[str, JsonValue] = {"quality_score_scale": SCALE} if any(name.startswith("quality_score") for name in outcome) else {}
    return Run(name, "unknown", RunStatus.IMPORTED, stated, outcome, extra={"stated_in": sources, **scale, **extra})


RUNS = (
    run(
        "SD15_PERFECT",
        {"network_dim": 32, "learning_rate": 1e-4, "caption_dropout_rate": 0.0},
        {TAXONOMY: [34, 89, 144, 170, 216, 574]},
        {"quality_score": 9, "best_epoch": 7},
        captions="basic",
        remarks=["converged by epoch 7", "strong prompt adherence"],
    ),
    run(
        "SD15_PERFECT_SDXL",
        {"network_dim": 32, "caption_dropout_rate": 0.1},
        {TAXONOMY: [35, 217, 531]},
        {"quality_score": 9},
        remarks=["better variety, marked as a hypothesis"],
        notes=["called the SDXL variant (line 531) while its name begins with SD15: the base model is left open"],
    ),
    run(
        "SD15_DIM64_TEST",
        {"network_dim": 64},
        {TAXONOMY: [36]},
        {"quality_score": 3},
        remarks=["photorealistic"],
        notes=["alpha is not stated of this run; line 600 speaks of dim 64 with alpha 16 without naming one"],
    ),
    run("SD15_DIM128_TEST", {"network_dim": 128}, {TAXONOMY: [37]}, {"quality_score": 2}, remarks=["severe photorealism"]),
    run(
        "SD15_SLOW_LR",
        {"learning_rate": 5e-5},
        {TAXONOMY: [90]},
        {},
        remarks=["still improving at epoch 10", "inconclusive"],
    ),
    run("SD15_ACCURATE_CAPTIONS", {}, {TAXONOMY: [171]}, {"quality_score": 7}, captions="more detailed"),
    run(
        "SD15_FINAL_CORRECTED",
        {"network_dim": 32},
        {TAXONOMY: [145, 172, 575, 584]},
        {"quality_score_epochs_1_to_4": 7},
        captions="most detailed",
        remarks=["testing, in progress; epochs 5 to 7 are awaited"],
        notes=["line 584 gives it as evidence of a quality peak at epochs 7 to 9, line 145 says that only epochs 1 to 4 were there"],
    ),
    run(
        "KEEP_TOKENS_3_EXPERIMENT",
        {"keep_tokens": 3, "caption_dropout_rate": 0.05, "optimizer_type": "AdamW8bit", "max_train_epochs": 10},
        {ANALYSIS: [65, 69, 70, 71, 72, 74, 170, 171, 172, 173, 322]},
        {"best_epoch": 9, "avg_unique_colors": 301, "green_background_colors": 301},
        remarks=["delayed convergence"],
        notes=[
            "its average over all prompts (line 69) and its number for one prompt (lines 70 and 74) are both 301",
            "all but keep_tokens is stated as what the next run was changed from (lines 171 to 173)",
        ],
    ),
    run(
        "SD15_CAPTION_FIX_EXPERIMENT",
        {
            "caption_dropout_rate": 0.02,
            "keep_tokens": 1,
            "learning_rate": 1e-4,
            "mixed_precision": "bf16",
            "network_alpha": 16,
            "network_dim": 32,
            "num_images": 203,
            "optimizer_type": "AdamW",
            "resolution": "512,512",
            "shuffle_caption": True,
            "text_encoder_lr": 5e-5,
            "train_batch_size": 4,
            "unet_lr": 1e-4,
        },
        {ANALYSIS: [4, 134, 148, 149, 153, 154, 155, 156, 157, 158, 161, 162, 163, 164, 309]},
        {"quality_score": 9, "best_epoch": 8},
        same_training_as="caption_fix",
        remarks=["3,621 hex codes were removed from 203 caption files", "its scores, image by image, are in examples/caption_fix"],
        notes=[
            "max_train_epochs is left open: 8 (line 152), 9 (line 172), nine saved (line 310), ten checkpoints tested (lines 25 to 36)",
            "the checkpoint's file is called keep_tokens_3 (line 6), the configuration says keep_tokens = 1 (line 161)",
            "epoch 4 is ticked as below the target of 250 colors at 314.4 (line 30)",
            "four things changed at once: captions, keep_tokens, caption_dropout_rate, optimizer_type (lines 168 to 173)",
        ],
    ),
)


# Its file is named as kohya's trainer names them (line 6); "SD1.5 Epoch 8" stands in line 240.
ALL = (*RUNS[:-1], replace(RUNS[-1], trainer="kohya", base_model="SD 1.5", parent="KEEP_TOKENS_3_EXPERIMENT"))


def main() -> None:
    """Write history.jsonl."""
    lines = [
        foreign_line(HEADER),
        *(line(RUN, run) for run in ALL),
        *(line(HYPOTHESIS, claim) for claim in CLAIMS),
    ]
    (HERE / "history.jsonl").write_text("".join(f"{text}\n" for text in lines), "ascii")


if __name__ == "__main__":
    main()
