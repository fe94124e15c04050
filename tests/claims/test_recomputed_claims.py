"""Claims of change, value, count and order, each recomputed from what stands beside it."""

from __future__ import annotations

import pytest

from lorascope.claims.check import check_reports
from lorascope.claims.ledger import NamedRun
from lorascope.claims.markdown import read_markdown
from lorascope.claims.report import Records, StoredSeries
from lorascope.records.hypothesis import Hypothesis

CURVE = "| Epoch | Val loss |\n|---|---|\n| 1 | 0.90 |\n| 2 | 0.70 |\n| 3 | 0.80 |\n| 4 | 0.40 |\n| 5 | 0.60 |\n\n"


def verdict(text, records=None):
    claims = check_reports([read_markdown(text, "report.md")], records)
    last = len(text.rstrip("\n").splitlines())
    return next((str(claim.verdict) for claim in claims if claim.place.line == last), None)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("28% improvement (216.6 vs 301 colors)", "38% improvement (216.6 vs 301 colors)"),
        ("Loss fell from 0.20 to 0.15, down 25%.", "Loss fell from 0.20 to 0.15, down 35%."),
        ("Loss fell from 0.20 to 0.15.", "Loss rose from 0.20 to 0.15."),
        ("Accuracy rose by 12 points (60% → 72%).", "Accuracy rose by 15 points (60% → 72%)."),
        ("It is 2.0x faster (30 min vs 60 min).", "It is 3.0x faster (30 min vs 60 min)."),
        ("The rate doubled from 20% to 41%.", "The rate doubled from 20% to 31%."),
        ("30/40 images (75%) are right.", "30/40 images (85%) are right."),
        ("203 images × 10 epochs = 2,030 steps", "203 images × 10 epochs = 2,300 steps"),
        ("2 + 3 × 4 = 14", "2 + 3 × 4 = 20"),
        (f"{CURVE}Epoch 4 has the lowest val loss.", f"{CURVE}Epoch 5 has the lowest val loss."),
        (f"{CURVE}The val loss of epoch 3 is 0.80.", f"{CURVE}The val loss of epoch 3 is 0.60."),
        (f"{CURVE}The average val loss over all epochs is 0.68.", f"{CURVE}The average val loss over all epochs is 0.58."),
        (f"{CURVE}The val loss falls from epoch 1 to epoch 4.", f"{CURVE}The val loss rises from epoch 1 to epoch 4."),
        ("The error is 0.28, under the limit of 0.30.", "The error is 0.38, under the limit of 0.30."),
        ("Started 2026-01-02\n\nFinished 2026-01-05", "Started 2026-01-05\n\nFinished 2026-01-02"),
        (
            "| Run | Score |\n|---|---|\n| a | 2 |\n| b | 4 |\n| Mean | 3 |",
            "| Run | Score |\n|---|---|\n| a | 2 |\n| b | 4 |\n| Mean | 4 |",
        ),
    ],
    ids=lambda text: text.splitlines()[-1][:40],
)
def test_a_right_claim_holds_and_a_wrong_one_does_not(right, wrong):
    assert verdict(wrong) == "inconsistent"
    assert verdict(right) != "inconsistent"


def test_rounded_numbers_are_given_the_benefit_of_their_rounding():
    assert verdict("A 20% improvement (0.7 vs 0.8 loss)") != "inconsistent"  # 0.7 may be 0.66, 0.8 may be 0.84
    assert verdict("A 20% improvement (0.700 vs 0.800 loss)") == "inconsistent"


def test_a_settings_change_is_no_measurement():
    assert verdict("- Reduced learning_rate from 1e-4 to 5e-5") in {None, "consistent"}


RUNS = (NamedRun("hat_v1", "store", 0, {"network_dim": 32.0, "lr_scheduler": "cosine"}, stored=True),)


def test_a_quoted_value_is_looked_up_in_the_records():
    records = Records(runs=RUNS, series=(StoredSeries("hat_v1", "face_similarity", None, {3: 0.612, 4: 0.655}),))
    assert verdict("# About hat_v1\n\nEpoch 4 has a face similarity of 0.655.", records) == "consistent"
    assert verdict("# About hat_v1\n\nEpoch 4 has a face similarity of 0.755.", records) == "inconsistent"
    assert verdict("# About another\n\nEpoch 4 has a face similarity of 0.755.", records) is None


def test_a_configuration_is_held_against_the_recorded_run():
    text = '# About hat_v1\n\n```toml\nlr_scheduler = "cosine"\nseed = 1\nnetwork_alpha = 8\nnetwork_dim = 16'
    assert verdict(text, Records(runs=RUNS)) == "inconsistent"
    assert verdict(text.replace("16", "32"), Records(runs=RUNS)) != "inconsistent"


def test_a_recommendation_is_held_against_the_ledger():
    ledger = Hypothesis("big_fails", "network_dim of 64 and more gives blur", "notes", extra={"said_as": "100% FAILURE"})
    assert verdict("Try network_dim=64 next.", Records(hypotheses=(ledger,))) == "inconsistent"
    assert verdict("Try network_dim=32 next.", Records(hypotheses=(ledger,))) is None
