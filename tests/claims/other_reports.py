"""Small reports as other people write them: each with what is wrong in it (line begins → flags or verdict), everything else being right.

None of these projects exists. Of each: its text, and the beginning of a line → what must be said of it, a flag or "inconsistent". No other
line may be called inconsistent.
"""

FACES = (
    """# Face LoRA for M. (SDXL)

Trained 2026-02-11 on an RTX 4090 with kohya v0.8.7, 1024x1024, 31 photos.

| Epoch | Face similarity | Val loss |
|------:|----------------:|---------:|
| 2 | 0.512 | 0.1312 |
| 4 | 0.604 | 0.1187 |
| 6 | 0.655 | 0.1154 |
| 8 | 0.671 | 0.1169 |
| 10 | 0.662 | 0.1203 |

- Best face similarity: epoch 8 (0.671)
- The lowest val loss is at epoch 10.
- Face similarity rose from 0.512 to 0.671, an increase of 31%.
- From epoch 8 to epoch 10 the val loss rises, and face similarity falls.
- Val loss improved by 22% (0.1312 → 0.1154).
- 31 images × 10 repeats × 10 epochs = 3,100 samples
- Training is reliable.
""",
    {"- The lowest val loss": "inconsistent", "- Val loss improved by 22%": "inconsistent", "- Training is reliable": "F17"},
)
STYLE = (
    """# Watercolor style, three ranks

| Run | network_dim | Style accuracy (%) | File size (MB) |
|---|---|---|---|
| wc_r8 | 8 | 71.2 | 19 |
| wc_r16 | 16 | 78.5 | 38 |
| wc_r32 | 32 | 77.9 | 75 |
| Mean | | 75.9 | 44 |

Rank 16 is 7.3 points better than rank 8 (78.5 % vs 71.2 %).
Rank 32 makes files 2.5x larger (75 MB vs 38 MB).
Of 40 images 31/40 (77.5%) were recognized as watercolor.
In the blind test 12/40 (35%) were called photos.
""",
    {"Rank 32 makes files": "inconsistent", "In the blind test": "inconsistent"},
)
TARGETS = (
    """# Pixel robots

## Results

| Checkpoint | Palette error | Target (<= 0.30) | Note |
|---|---|---|---|
| E1 | 0.52 | fail | |
| E2 | 0.41 | fail | better |
| E3 | 0.28 | pass | better |
| E4 | 0.33 | pass | slight regression |
| E5 | 0.27 | pass | recovered |

Error falls consistently over all epochs.
E5 is the best checkpoint.
The palette error of E3 is 0.28, below the limit of 0.30.
The palette error of E2 is 0.41, below the limit of 0.30.
""",
    {
        "| E4": "F06",
        "Error falls consistently": "F07",
        "The palette error of E2": "inconsistent",
        "E5 is the best": "",
    },
)
GERMAN = (
    """# Bericht: Aquarell-LoRA

| Epoche | Verlust |
|---|---|
| 1 | 0,182 |
| 2 | 0,151 |
| 3 | 0,129 |
| 4 | 0,13 |

Loss fell from 0,182 to 0,129, a reduction of 29,1 %.
Loss fell from 0,182 to 0,129, a reduction of 40 %.
Accuracy went from 62,5 % to 75,0 %, up 12,5 points.
""",
    {"Loss fell from 0,182 to 0,129, a reduction of 40": "inconsistent"},
)
CAPTIONS = (
    """# Does caption cleaning help?

We compared two runs that differ in the captions only, both with three training seeds.

| Metric | Old captions | New captions | Change |
|---|---|---|---|
| CLIP score | 0.281 | 0.304 | +8.2% |
| FID | 41.0 | 37.5 | -8.5% |
| LPIPS | 0.44 | 0.41 | -9.8% |

Cleaned 1,240 tags from 124 caption files.
Prompts used (4 scenes):

1. harbor at dawn
2. old library
3. night market
4. snowed-in cabin

The improvement in CLIP score is 0.023 (0.304 ± 0.011).
""",
    {"| LPIPS": "inconsistent"},
)
PROXY = (
    """# Logo LoRA

Likeness improved by 25% (loss fell from 0.12 to 0.09).

The adapter works well for all subjects.

I rate it 8/10.

- Changed optimizer from AdamW to Prodigy
- Changed network_alpha from 8 to 16

## Changes

- Changed learning_rate from 1e-4 to 5e-5
- Raised network_dim from 16 to 32

The better quality is due to the lower learning rate.
""",
    {"Likeness improved": "F14", "The adapter works": "F15", "I rate it": "F16", "The better quality": "F13"},
)
NOTEBOOK = (
    """# Notes on anime_v3

Weights: anime_v3_dim64-000006.safetensors

```toml
network_dim = 32
network_alpha = 16
learning_rate = 1e-4
max_train_epochs = 6
train_batch_size = 2
seed = 7
lr_scheduler = "cosine"
```

- ALWAYS use network_dim=32
- In 5/5 runs with network_dim=32 the lines were clean
- LORA_A1: dim=32, lines clean, 8/10 by two blinded raters
- LORA_A2: dim=32, lines clean, 7/10 by two blinded raters

Next run: stop at epoch 4.
""",
    {
        "```toml": "F12",
        "network_dim = 32": "F11",
        "- ALWAYS use": "F21",
        "- In 5/5 runs": "F18",
        "Next run: stop": "F12",
    },
)
TIMELINE = (
    """# How we got there

- Week 1: tried ranks
- Week 2: tried learning rates
- Week 3: fixed the captions → immediate improvement

Crashed runs were excluded.
All successful runs used bf16.
Test prompts:

1. a lighthouse in a storm, oil painting
2. a fox

Training caption: "a lighthouse in a storm, oil painting"
Known facts:

- ✅ flip_aug helps faces (untested)
""",
    {
        "- Week 3": "F27",
        "Crashed runs were excluded": "F28",
        "All successful runs": "F28",
        "1. a lighthouse": "F25",
        "- ✅ flip_aug": "F20",
    },
)
HONEST = (
    """# Dog LoRA, honest notes (v1.2.0, 2026-01-05)

Photos: 42, size 768x768, SD 1.5, seeds 1, 2, 3.

| Epoch | Mean similarity | n |
|---|---|---|
| 1 | 0.41 | 24 |
| 2 | 0.55 | 24 |
| 3 | 0.61 | 24 |
| 4 | 0.63 | 24 |
| 5 | 0.62 | 24 |

Epoch 4 has the highest mean similarity, 0.63 ± 0.05; epochs 3 to 5 cannot be told apart.
Similarity rises from epoch 1 to epoch 4.
Compared with the base model (0.22) epoch 3 is 0.39 better.
18/24 images (75%) show the right breed; for 14/24 (58%) the collar is right, too.
The three replicates gave 0.63, 0.61 and 0.64, so it is reproducible within 0.02.
42 photos × 5 repeats = 210 steps per epoch at batch 1.
Color jitter may help; whether it does is unknown.
Loss at 1e-4 was 0.11; see https://example.org/run/12345 for the 3 curves.
Cost: 4.5 h on an A100, $1.10 per hour, about $5.
""",
    {},
)
SUMMARY = (
    """Summary of the run "castle_02"

The mean FID over all epochs is 33.5.

| Epoch | FID |
|---|---|
| 1 | 41.2 |
| 2 | 35.9 |
| 3 | 30.4 |
| 4 | 28.1 |
| 5 | 29.0 |

FID at epoch 3 is 30.4.
FID at epoch 5 is 27.0.
FID improves steadily until epoch 4; epoch 4 is the best epoch.
The curve shows two phases:

- Phase 1: fast
- Phase 2: slow
- Phase 3: flat
""",
    {"The mean FID": "inconsistent", "FID at epoch 5": "inconsistent", "The curve shows two": "F01"},
)
SHARES = (
    """## Hands

Success rate: 100% (4/4 images)
Old: hands right in 5/8 images, new: better, 7/8 images.
The success rate doubled from 20 % to 40 %.
The success rate halved from 20 % to 15 %.
Between 60% and 70% of the hands are right.
""",
    {"Success rate: 100%": "F29", "Old: hands right": "F22", "The success rate halved": "inconsistent"},
)
PROTOCOL = (
    """# Old against new

| Metric | Old | New | Change |
|---|---|---|---|
| Similarity | 0.60 | 0.66 | +10% |
| Guidance scale | 7.5 | 5.0 | |
| Steps | 30 | 30 | |
| Best epoch | 12 | 9 | 25% faster |

Started: 2026-03-02
Finished: 2026-03-01
""",
    {"| Similarity": "F03", "| Best epoch": "F09", "Finished": "inconsistent"},
)
REPORTS = {
    "faces": FACES, "style": STYLE, "targets": TARGETS, "german": GERMAN, "captions": CAPTIONS, "proxy": PROXY, "notebook": NOTEBOOK,
    "timeline": TIMELINE, "honest": HONEST, "summary": SUMMARY, "shares": SHARES, "protocol": PROTOCOL,
}  # fmt: skip
