"""Turn the published numbers of the caption-fix experiment into a file for ``lorascope import``.

Run it in this folder: ``python convert.py``. It reads samples.csv and fresh_samples.csv and writes caption_fix.jsonl.
"""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

from lorascope.jobs.export_runs import export_runs
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.color import ciede2000
from lorascope.records.prompt import Expectation, Prompt, PromptSuite
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.store import Store

HERE = Path(__file__).parent

# The color names as most people who named colors in the xkcd survey saw them.
RGB = {"bright green": (1, 255, 7), "blue": (3, 67, 223), "gray": (146, 149, 145)}

# prompt → (what it asks for, its background where that is one named color). The exact wording was not published.
PROMPTS = {
    "green_bg_lad": ("bright green background, brown hair, brown eyes", "bright green"),
    "brown_eyes_lady": ("blue solid background, brown hair and eyes", "blue"),
    "golden_earrings": ("gray solid background, black hair", "gray"),
    "sunglasses_lad": ("blue solid background, blonde hair, black shades", "blue"),
    "melon_lady": ("bright green background, white cap, blue jacket", "bright green"),
    "cash_lad": ("split background, bright lime green hair", None),
    "carbon_lad": ("checkered brick background, gray hat", None),
}
FRESH_PROMPTS = {
    "green_bg_verification": "green background verification",
    "lady_brown_eyes": "lady with brown eyes",
    "lad_sunglasses": "lad with sunglasses",
    "lady_gold_earrings": "lady with gold earrings",
    "lady_red_hair": "lady with red hair",
    "lad_afro": "lad with afro",
    "lady_blonde_bow": "lady with blonde bow",
    "lad_green_hair": "lad with green hair",
}

# Only what the analysis states of this run. Of max_train_epochs it states 8, 9 and 10; ten checkpoints were tested.
PARAMETERS = {
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
}
CHECKPOINT_NOTES = {
    8: {"file_name": "bespoke_baby_sd15_lora_keep_tokens_3-000008.safetensors"},
    10: {"label": "Final"},
}


def rows(file: str) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with (HERE / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def suites() -> list[PromptSuite]:
    """The prompts of both tests, with the sampling settings that were published: 30 steps, guidance 7.5, no seed."""
    prompts = []
    for name, (asks, background) in PROMPTS.items():
        expectations = (Expectation("background", background, RGB[background]),) if background else ()
        prompts.append(Prompt(name, asks, expectations))
    fresh = tuple(Prompt(name, asks) for name, asks in FRESH_PROMPTS.items())
    return [PromptSuite("caption_fix", tuple(prompts), seeds=()), PromptSuite("caption_fix_fresh", fresh, seeds=())]


def scores() -> list[Score]:
    """One score a row, and for samples.csv a second one: how far the dominant color is from the asked background."""
    found = []
    for row in rows("samples.csv"):
        image = ("caption_fix", int(row["epoch"]), row["prompt"], None)
        found.append(Score(*image, "unique_colors", int(row["unique_colors_24px"])))
        rgb = [int(row[f"dominant_{channel}"]) for channel in "rgb"]
        seen = {"rgb": rgb, "pixels": int(row["dominant_count"])}
        background = PROMPTS[row["prompt"]][1]
        if background is None:
            reason = "the prompt asks for no background of one color"
            found.append(Score(*image, "dominant_color_difference", None, reason, extra=seen))
        else:
            difference = round(float(ciede2000(rgb, RGB[background])), 2)
            found.append(Score(*image, "dominant_color_difference", difference, extra={**seen, "expected": background}))
    fresh = "caption_fix_fresh"
    again = rows("fresh_samples.csv")
    return found + [Score(fresh, int(row["epoch"]), row["prompt"], None, "unique_colors", int(row["unique_colors_24px"])) for row in again]


def runs() -> list[Run]:
    """The run, and once more as the run of its fresh samples, so that the two tests stay apart."""
    source = "the owner's published analysis and test images; training configuration as recommended there"
    tested = Run("caption_fix", "kohya", RunStatus.FINISHED, PARAMETERS, base_model="SD 1.5", extra={"source": source})
    again = {"source": "the same checkpoints on eight new prompts, one image each", "same_training_as": "caption_fix"}
    return [tested, Run("caption_fix_fresh", "kohya", RunStatus.IMPORTED, PARAMETERS, base_model="SD 1.5", extra=again)]


def main() -> None:
    """Write caption_fix.jsonl."""
    with tempfile.TemporaryDirectory() as folder, Store.open("sqlite://", Path(folder)) as store:
        store.import_runs(runs())
        for suite in suites():
            store.add_suite(suite)
        store.add_checkpoints([Checkpoint("caption_fix", epoch, extra=CHECKPOINT_NOTES.get(epoch, {})) for epoch in range(1, 11)])
        store.add_checkpoints([Checkpoint("caption_fix_fresh", epoch) for epoch in (5, 8)])
        store.add_scores(scores())
        text = "".join(f"{line}\n" for line in export_runs(store))
    (HERE / "caption_fix.jsonl").write_text(text, "ascii")


if __name__ == "__main__":
    main()
