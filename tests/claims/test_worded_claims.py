"""More ways to say the same thing: each claim once as the tables have it and once wrong."""

from __future__ import annotations

import pytest

from lorascope.claims.check import check_reports
from lorascope.claims.markdown import read_markdown

TABLES = """| Epoch | Val loss | CLIP score |
|---|---|---|
| 1 | 0.90 | 0.251 |
| 2 | 0.70 | 0.262 |
| 3 | 0.80 | 0.270 |
| 4 | 0.40 | 0.284 |
| 5 | 0.60 | 0.279 |

| Run | Accuracy | FID |
|---|---|---|
| base | 61.2 | 44.1 |
| run_a | 72.5 | 37.8 |
| run_b | 70.1 | 35.2 |

"""
RIGHT_AND_WRONG = (
    ("Epoch 4: lowest val loss (0.40)", "Epoch 5: lowest val loss (0.60)"),
    ("Lowest val loss: 0.40 @ epoch 4", "Lowest val loss: 0.60 @ epoch 5"),
    ("Accuracy improved from 0.72 to 0.81 (+12.5%).", "Accuracy improved from 0.72 to 0.81 (+22.5%)."),
    ("FID was reduced by 23.4 (from 61.2 to 37.8).", "FID was reduced by 33.4 (from 61.2 to 37.8)."),
    ("A gain of 0.09 (0.72 → 0.81).", "A gain of 0.19 (0.72 → 0.81)."),
    ("5 of 7 runs succeeded (71%).", "5 of 7 runs succeeded (81%)."),
    ("The mean of 0.63, 0.61 and 0.65 is 0.63.", "The mean of 0.63, 0.61 and 0.65 is 0.66."),
    ("Epoch 5 has the second lowest val loss.", "Epoch 2 has the second lowest val loss."),
    ("The val loss ranges from 0.40 to 0.90.", "The val loss ranges from 0.30 to 0.90."),
    ("2 of 5 epochs are below 0.65 in val loss.", "3 of 5 epochs are below 0.65 in val loss."),
    ("All epochs stay above 0.25 in CLIP score.", "All epochs stay above 0.26 in CLIP score."),
    ("The val loss of epoch 4 is 55.6% lower than that of epoch 1.", "The val loss of epoch 4 is 65% lower than that of epoch 1."),
    ("run_a has the highest accuracy (72.5).", "run_b has the highest accuracy (70.1)."),
    ("run_b reaches an accuracy of 70.1.", "run_b reaches an accuracy of 75.1."),
    ("run_b has the best FID.", "run_a has the best FID."),
    ("run_a improves accuracy by 18.5% over base (72.5 vs 61.2).", "run_a improves accuracy by 28.5% over base (72.5 vs 61.2)."),
    ("Accuracy: 61.2 -> 72.5 (+11.3 points)", "Accuracy: 61.2 -> 72.5 (+13.3 points)"),
    ("CLIP score peaked at epoch 4 (0.284) and then dropped to 0.279.", "CLIP score peaked at epoch 3 (0.270) and then dropped to 0.279."),
    ("Val loss at epoch 2 was 0.70 and at epoch 3 it was 0.80.", "Val loss at epoch 2 was 0.50 and at epoch 3 it was 0.80."),
    ("The average CLIP score across epochs is 0.269.", "The average CLIP score across epochs is 0.289."),
    (
        "The best checkpoint is epoch 4 with val loss 0.40 and CLIP score 0.284.",
        "The best checkpoint is epoch 5 with val loss 0.60 and CLIP score 0.279.",
    ),
    ("12 images × 4 seeds = 48 samples", "12 images × 4 seeds = 58 samples"),
    ("Training took 120 min instead of 150 min, 20% less.", "Training took 120 min instead of 150 min, 30% less."),
    ("Loss dropped 25%, from 0.20 to 0.15.", "Loss dropped 35%, from 0.20 to 0.15."),
    ("Val loss is below 0.5 at epoch 4.", "Val loss is below 0.5 at epoch 5."),
    ("Between epoch 1 and epoch 4 the val loss fell by 56%.", "Between epoch 1 and epoch 4 the val loss fell by 46%."),
    ("CLIP score increased by 13.1% between epoch 1 and epoch 4.", "CLIP score increased by 23.1% between epoch 1 and epoch 4."),
    ("Fehlerquote: 20 % (4/20)", "Fehlerquote: 30 % (4/20)"),
)


def called_inconsistent(sentence):
    claims = check_reports([read_markdown(f"{TABLES}{sentence}\n", "report.md")])
    return any(claim.verdict == "inconsistent" for claim in claims if claim.place.line > TABLES.count("\n"))


@pytest.mark.parametrize(("right", "wrong"), RIGHT_AND_WRONG, ids=[right[:40] for right, _ in RIGHT_AND_WRONG])
def test_a_claim_is_inconsistent_only_when_it_is_wrong(right, wrong):
    assert not called_inconsistent(right)
    assert called_inconsistent(wrong)


def test_tables_alone_contradict_nothing():
    assert not [claim for claim in check_reports([read_markdown(TABLES, "report.md")]) if claim.verdict == "inconsistent"]
