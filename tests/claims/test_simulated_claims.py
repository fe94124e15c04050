"""Recall and false alarms on simulated reports with planted errors, on seeds that nothing was tuned on."""

from __future__ import annotations

from simulated_reports import draw_report, score_reports


def test_planted_errors_are_found_and_right_numbers_are_left_alone():
    score = score_reports(5000, 40)
    assert sum(score.planted.values()) > 100
    assert score.recall >= 0.95
    assert score.false_alarms <= 0.02


def test_the_same_seed_draws_the_same_report():
    assert draw_report(7) == draw_report(7)
    assert draw_report(7) != draw_report(8)
