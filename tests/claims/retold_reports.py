"""Two reports in our own words, with the numbers and structure of a real project: what was told, and what its numbers say.

``ROWS`` are the statements that a careful reader checked by hand: document, beginning of the line, the verdict, flags that must be raised,
and what the recomputation must contain.
"""

ANALYSIS = """# CAPTION_FIX, what came of it

**Date:** 2025-11-10
**Best checkpoint:** Epoch 8 (`figures_keep_tokens_3-000008.safetensors`)

## In short

The experiment validated and solved the root cause of the wrong colors. By removing 3,621 wrong codes from the captions we got:

- **28% improvement** in color accuracy (216.6 vs 301 unique colors)
- A **reproducible** course of training, with predictable ups and downs

## All checkpoints

| Epoch | Avg Colors | Green BG | vs Target (<250) | Remark |
|-------|-----------|----------|------------------|--------|
| **1** | 323.9 | 314 | ❌ Over | Begins to learn |
| **2** | 335.7 | 296 | ❌ Over | Patterns appear |
| **3** | **272.6** | **208** | ⚠️ Close | A first large improvement |
| **4** | 314.4 | 237 | ✅ Under | Within the target |
| **5** | **238.9** | **156** | ✅ Under | **Best green background** |
| **6** | 313.6 | 291 | ❌ Over | Small regression |
| **7** | 296.0 | **475** | ❌ Over | **Large regression** (overfit) |
| **8** | **216.6** | 222 | ✅ Under | **Best of all** |
| **9** | 277.9 | 321 | ❌ Over | Regression after the peak |
| **Final** | 315.9 | 293 | ❌ Over | Further regression |

The training shows a textbook **3-phase pattern**:

**Phase 1: learning (Epochs 1-5)**
- Color accuracy: steady improvement
- Average colors fell from 335.7 → 238.9

**Phase 2: ups and downs (Epochs 6-7)**
- Epoch 7 was the worst of all on the green background (475 colors)

**Phase 3: recovery (Epoch 8)**
- A plateau is reached

**Phase 4: decline (Epochs 9+)**
- Longer training makes it worse

## Against the experiment before

| Metric | keep_tokens=3 (E9) | CAPTION_FIX (E8) | Improvement |
|--------|-------------------|------------------|-------------|
| **Avg Unique Colors** | 301 | **216.6** | **-28%** |
| **Green BG Colors** | 301 | 222 | **-26%** |
| **Best Epoch** | 9 | 8 | 11% faster |

**A word on Epoch 5:** it has 156 colors on the green background, 48% improvement over the earlier run (301 colors).

## The cause is CONFIRMED: root cause identified in the captions

- Every caption had problems, 100% (202/203 with duplicates, 203/203 with codes)
- Removed 3,621 codes from 203 caption files

## Recommended: Epoch 8

- Score: **9/10**
- Balanced results across all test prompts

```toml
[network_arguments]
network_dim = 32
network_alpha = 16

[training_arguments]
max_train_epochs = 8  # stop at epoch 8
train_batch_size = 4
mixed_precision = "bf16"
optimizer_type = "AdamW"
learning_rate = 1e-4

[dataset]
keep_tokens = 1
caption_dropout_rate = 0.02
```

**Changes since the run before:**
- Removed all codes from the captions
- Reverted keep_tokens from 3 to 1
- Reduced caption_dropout from 0.05 to 0.02
- Reduced max_epochs from 10 to 9
- Changed optimizer to AdamW

**Test prompts (8 scenes):**
1. The green background
2. A lady with brown eyes
3. A lad with sunglasses
4. A lady with gold earrings
5. A lady with red hair
6. A lad with an afro
7. A lady with a blonde bow
8. A lad with green hair

## For the next run

- Stop training at Epoch 8
- This experiment proved that caption fixes do more than keep_tokens, a larger effect than all tuning
- Week 1-2: tried settings
- Week 4: fixed the captions → immediate 28% improvement
- Test network_dim values: 16, 32, 64
- 64 might capture more details
"""

TAXONOMY = """# Parameters, and what we know of them

**Total parameters tracked:** 12+

#### network_dim (rank)
- **Known patterns:**
  - ✅ `network_dim=32` → keeps the style (PROVEN OPTIMAL)
  - ❌ `network_dim=64+` → photographs (100% FAILURE RATE)
- **Recommendation:** ALWAYS use 32
- **Runs:**
  - SD15_PERFECT: dim=32, score=9/10
  - SD15_DIM64: dim=64, score=3/10
  - SD15_DIM128: dim=128, score=2/10

#### conv_dim
- All successful runs used conv_dim=0

#### max_train_epochs
- **Known patterns:**
  - Epochs 7-9: peak quality, most likely best
- **Recommendation:** train to epoch 10, expect best at 5-7
- **Runs:**
  - SD15_CORRECTED: Epochs 1-4 at 7/10, awaiting 5-7

#### keep_tokens
- **Known patterns:**
  - ❌ `keep_tokens=1` → wrong backgrounds (60-70% accuracy)
  - ✅ `keep_tokens=3` → 95%+ background accuracy (HYPOTHESIS)

```json
{
  "network_dim": 32,
  "network_alpha": 16,
  "learning_rate": 0.0001,
  "lr_scheduler": "constant_with_warmup",
  "num_images": 203,
  "keep_tokens": 1,
  "steps_per_epoch": 203
}
```

- Example: 203 images ÷ 1 batch = 203 steps

## Proven patterns

**Pattern 1: photographs**
```
IF network_dim > 32 THEN
    photograph = TRUE (100% observed rate)
```
**Evidence:** 3/3 runs with dim≥64 failed

**Pattern 2: captions and rank**
```
IF caption_detail > basic AND network_dim > 32 THEN
    quality = LOW
IF caption_detail = basic AND network_dim = 32 THEN
    quality = HIGH
```
**Evidence:** SD15_PERFECT (basic captions, dim=32) → 9/10
**Testing:** SD15_CORRECTED (detailed captions, dim=32) → in progress

**Pattern 3: the curve**
```
Epochs 1-3: quality < 7 (learning)
Epochs 7-9: quality peak
```
**Evidence:** Observed in SD15_PERFECT and SD15_CORRECTED
"""

A, T = "analysis.md", "taxonomy.md"
# row, document, beginning of the line, verdict, flags, part of what is recomputed
ROWS = (
    (1, A, "- **28% improvement**", "misleading", {"F02", "F03"}, "28.04 %"),
    (2, A, "| **Green BG Colors**", "misleading", {"F04"}, "26.25 %"),
    (3, A, "**A word on Epoch 5", "misleading", {"F04", "F05"}, "48.17 %"),
    (4, A, "| **Best Epoch**", "misleading", {"F09"}, "51 steps"),
    (5, A, "| **4** | 314.4", "inconsistent", {"F06"}, "314.4 is not < 250"),
    (6, A, "- Color accuracy: steady", "inconsistent", {"F07"}, "2 of 4 steps"),
    (7, A, "- Average colors fell", "misleading", {"F05"}, "26.24 %"),
    (8, A, "| **7** | 296.0", "misleading", {"F04", "F07"}, "313.6 to 296 got better"),
    (9, A, "- A plateau", "inconsistent", {"F07"}, "28.3 %"),
    (10, A, "The training shows a textbook", "inconsistent", {"F01", "F08"}, "4 phases"),
    (11, A, "| **Final**", "misleading", {"F07"}, "321 to 293 got better"),
    (12, A, "- Reduced max_epochs", "inconsistent", {"F10"}, "10 epochs"),
    (13, A, "keep_tokens = 1", "inconsistent", {"F11"}, "3 in the file name"),
    (14, A, "- Stop training at", "misleading", {"F12"}, "scheduler is not stated"),
    (15, A, "## The cause is CONFIRMED", "not derivable", {"F13"}, "5 things changed"),
    (16, A, "- **28% improvement**", "misleading", {"F14"}, "unique colors"),
    (17, A, "- Balanced results", "not derivable", {"F15"}, "by prompt"),
    (17, A, "- Score: **9/10**", "not derivable", {"F16"}, "no rater"),
    (18, A, "- A **reproducible**", "not derivable", {"F17"}, "no second run"),
    (19, A, "- Removed 3,621", "consistent", set(), "17.84 per file"),
    (19, A, "- Every caption had problems", "consistent", set(), "99.51 %"),
    (20, T, "**Evidence:** 3/3 runs", "inconsistent", {"F18"}, "2 with network_dim >= 64"),
    (21, T, "Epochs 1-3: quality", "inconsistent", {"F19"}, "has 7 at epochs 1 to 4"),
    (22, T, "- **Recommendation:** train", "inconsistent", {"F19"}, "at 7 to 9"),
    (23, T, "  - ✅ `keep_tokens=3`", "misleading", {"F20"}, "hypothesis"),
    (24, T, "IF caption_detail > basic", "not derivable", {"F13"}, "all 4 combinations"),
    (25, T, "**Total parameters tracked", "misleading", {"F12"}, "batch size"),
    (26, A, "- 64 might capture", "inconsistent", {"F19"}, "network_dim 64 is excluded"),
)
