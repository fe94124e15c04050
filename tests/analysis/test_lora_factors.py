"""Shapes alone say how a module is read, and whether it can be."""

import pytest

from lorascope.analysis.lora.factors import plan, scale_of


@pytest.mark.parametrize(
    ("shapes", "algorithm", "rank"),
    [
        ({"down": (8, 320), "up": (640, 8)}, "LoRA", 8),
        ({"down": (8, 320, 3, 3), "up": (640, 8, 1, 1)}, "LoRA", 8),
        ({"down": (8, 320, 1, 1), "mid": (8, 8, 3, 3), "up": (640, 8, 1, 1)}, "LoCon (Tucker)", 8),
        ({"down": (8, 320), "up": (640, 8), "dora_scale": (640, 1)}, "LoRA + DoRA", 8),
        ({"hada_w1_a": (9, 4), "hada_w1_b": (4, 7), "hada_w2_a": (9, 4), "hada_w2_b": (4, 7)}, "LoHa", 4),
        ({"lokr_w1": (4, 4), "lokr_w2_a": (80, 8), "lokr_w2_b": (8, 80)}, "LoKr", 8),
        ({"lokr_w1": (4, 4), "lokr_w2": (80, 80)}, "LoKr", None),
        ({"lokr_w1": (4, 4), "lokr_w2_a": (8, 80), "lokr_w2_b": (8, 70), "lokr_t2": (8, 8, 3, 3)}, "LoKr", 8),
        ({"a1": (320, 4), "a2": (4, 320), "b1": (640, 4), "b2": (4, 320)}, "GLoRA", 4),
        ({"diff": (640, 320)}, "full", None),
        ({"w_norm": (320,), "b_norm": (320,)}, "norm", None),
        ({"diff_b": (320,)}, "bias", None),
    ],
)
def test_each_kind_of_adapter_is_known_by_its_factors(shapes, algorithm, rank):
    found = plan(shapes)
    assert (found.algorithm, found.rank, found.problem) == (algorithm, rank, "")


@pytest.mark.parametrize(
    ("shapes", "algorithm"),
    [({"oft_blocks": (8, 40, 40)}, "OFT"), ({"oft_blocks": (3, 8, 40, 40)}, "BOFT"), ({"ia3": (320,), "on_input": ()}, "(IA)3")],
)
def test_what_multiplies_the_base_model_needs_it(shapes, algorithm):
    assert (plan(shapes).algorithm, plan(shapes).relative) == (algorithm, True)


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ({"down": (8, 320)}, "up is missing"),
        ({"up": (8, 320)}, "down is missing"),
        ({"down": (8, 320), "up": (640, 4)}, "up 640x4 and down 8x320 do not fit together"),
        ({"down": (0, 320), "up": (640, 0)}, "rank 0"),
        ({"down": (8,), "up": (640, 8)}, "no matrix"),
        ({"down": (8, 320), "up": (640, 8, 3, 3)}, "do not fit"),
        ({"down": (8, 320), "mid": (4, 4, 3, 3), "up": (640, 8)}, "mid 4x4x3x3 does not fit"),
        ({"down": (8, 320, 3, 3), "mid": (8, 8, 3, 3), "up": (640, 8)}, "does not fit"),
        ({"hada_w1_a": (9, 4)}, "hada_w1_b is missing"),
        ({"hada_w1_a": (9, 4), "hada_w1_b": (4, 7), "hada_w2_a": (9, 5), "hada_w2_b": (4, 7)}, "other pair"),
        ({"hada_w1_a": (9, 4), "hada_w1_b": (5, 7), "hada_w2_a": (9, 4), "hada_w2_b": (5, 7)}, "do not fit together"),
        ({"lokr_w1": (4, 4)}, "lokr_w2 is missing"),
        ({"lokr_w1": (4,), "lokr_w2": (8, 8)}, "no matrix"),
        ({"lokr_w1": (4, 4), "lokr_w2_a": (80, 8), "lokr_w2_b": (9, 80)}, "do not fit together"),
        ({"diff": (0, 3)}, "empty"),
        ({"w_norm": (0,)}, "empty"),
        ({"alpha": ()}, "no factors"),
    ],
)
def test_what_cannot_work_is_said_in_words(shapes, words):
    assert words in plan(shapes).problem


@pytest.mark.parametrize(
    "shapes",
    [
        {"down": (10**9, 320), "up": (640, 10**9)},
        {"down": (20_000, 20_000), "up": (20_000, 20_000)},
        {"down": (4000, 320), "up": (640, 4000)},
        {"diff": (10**6, 10**6)},
        {"hada_w1_a": (10**6, 4), "hada_w1_b": (4, 10**6), "hada_w2_a": (10**6, 4), "hada_w2_b": (4, 10**6)},
        {"down": (4, 10**7), "mid": (4, 4, 99, 99), "up": (10**7, 4)},
    ],
)
def test_claims_that_would_fill_the_memory_are_refused(shapes):
    assert plan(shapes).too_large


def test_alpha_scales_by_the_rank():
    assert [scale_of(8, 4), scale_of(8, None), scale_of(8, 0), scale_of(None, 4)] == [0.5, 1, 1, 1]
    assert scale_of(16, 4, square_root=True) == 1
