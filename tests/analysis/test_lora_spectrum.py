"""Singular values from factors are those of the multiplied-out change, whatever kind of adapter it is."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lorascope.analysis.lora import spectrum as lora_spectrum
from lorascope.analysis.lora.factors import Change, Factor, change_of, plan
from lorascope.analysis.lora.spectrum import NotFiniteError, grams, inner_product, solve


def random(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def read(tensors, scale=1.0):
    planned = plan({role: tensor.shape for role, tensor in tensors.items()})
    assert not planned.problem
    return change_of(planned, tensors, scale)


def spectrum(change):
    return solve([grams(change)], [change.scale])[0]


def dense_numbers(matrix):
    """The same numbers from the full matrix in float64."""
    values = np.linalg.svd(matrix.astype(np.float64), compute_uv=False)
    shares = values**2 / np.sum(values**2)
    shares = shares[shares > 0]
    reached = np.cumsum(values**2) / np.sum(values**2)
    return {
        "norm": math.sqrt(np.sum(values**2)),
        "spectral_norm": values[0],
        "stable_rank": np.sum(values**2) / values[0] ** 2,
        "effective_rank": math.exp(-np.sum(shares * np.log(shares))),
        "rank_90": int(np.searchsorted(reached, 0.9)) + 1,
        "rank_95": int(np.searchsorted(reached, 0.95)) + 1,
    }


def check(change, matrix):
    found = spectrum(change)
    for name, value in dense_numbers(matrix).items():
        assert getattr(found, name) == pytest.approx(value, rel=2e-5), name


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(1, 30), st.integers(1, 30), st.integers(0, 1000), st.floats(0.01, 10))
def test_a_product_has_the_singular_values_of_the_full_matrix(rank, outputs, inputs, seed, scale):
    up, down = random(outputs, rank, seed=seed), random(rank, inputs, seed=seed + 1)
    check(read({"up": up, "down": down}, scale), scale * (up.astype(np.float64) @ down))


def test_a_convolution_is_flattened():
    up, down = random(20, 4, 1, 1), random(4, 7, 3, 3, seed=1)
    check(read({"up": up, "down": down}), up.reshape(20, 4) @ down.reshape(4, 63))


def test_a_tucker_core_is_multiplied_in():
    up, mid, down = random(20, 4, 1, 1), random(4, 4, 3, 3, seed=1), random(4, 7, 1, 1, seed=2)
    full = np.einsum("ijkl,pi,jr->prkl", mid, up[:, :, 0, 0], down[:, :, 0, 0])
    check(read({"up": up, "mid": mid, "down": down}), full.reshape(20, -1))


@pytest.mark.parametrize("rank", [2, 6])  # the first stays in factors, the second is multiplied out
def test_loha_is_a_product_place_by_place(rank):
    tensors = {
        "hada_w1_a": random(20, rank), "hada_w1_b": random(rank, 24, seed=1),
        "hada_w2_a": random(20, rank, seed=2), "hada_w2_b": random(rank, 24, seed=3),
    }  # fmt: skip
    full = (tensors["hada_w1_a"] @ tensors["hada_w1_b"]) * (tensors["hada_w2_a"] @ tensors["hada_w2_b"])
    check(read(tensors), full)


def test_loha_with_tucker_cores():
    tensors = {
        "hada_w1_a": random(3, 20), "hada_w1_b": random(3, 8, seed=1), "hada_t1": random(3, 3, 2, 2, seed=2),
        "hada_w2_a": random(3, 20, seed=3), "hada_w2_b": random(3, 8, seed=4), "hada_t2": random(3, 3, 2, 2, seed=5),
    }  # fmt: skip
    made = [
        np.einsum("ijkl,jr,ip->prkl", tensors[f"hada_t{index}"], tensors[f"hada_w{index}_b"], tensors[f"hada_w{index}_a"])
        for index in (1, 2)
    ]
    check(read(tensors), (made[0] * made[1]).reshape(20, -1))


def test_lokr_multiplies_the_singular_values_of_its_factors():
    whole, left, right = random(4, 3), random(10, 2, seed=1), random(2, 8, seed=2)
    check(read({"lokr_w1": whole, "lokr_w2_a": left, "lokr_w2_b": right}, 0.5), 0.5 * np.kron(whole, left @ right))


def test_lokr_of_a_convolution():
    whole, second = random(4, 3), random(5, 6, 3, 3, seed=1)
    full = np.kron(whole[:, :, None, None], second)
    check(read({"lokr_w1": whole, "lokr_w2": second}), full.reshape(20, -1))


def test_a_full_matrix():
    matrix = random(12, 30)
    check(read({"diff": matrix}), matrix)


def test_a_rank_above_both_sides_is_multiplied_out():
    up, down = random(6, 50), random(50, 9, seed=1)
    check(read({"up": up, "down": down}), up @ down)


def test_a_singular_factor_is_solved_too():
    down = np.repeat(random(1, 30), 4, axis=0)
    up = random(20, 4, seed=1)
    change = read({"up": up, "down": down})
    assert spectrum(change).stable_rank == pytest.approx(1, abs=1e-6)
    assert spectrum(change).norm == pytest.approx(np.linalg.norm(up @ down), rel=1e-5)


def test_many_modules_of_several_shapes_are_solved_in_their_order():
    changes = [read({"up": random(9, rank, seed=rank), "down": random(rank, 11, seed=rank + 9)}) for rank in (3, 5, 3, 1)]
    together = solve([grams(change) for change in changes], [1.0] * 4)
    assert [found.norm for found in together] == pytest.approx([spectrum(change).norm for change in changes])


def test_numbers_too_small_or_large_for_squares_in_float32_are_measured():
    up, down = random(9, 3), random(3, 8, seed=1)
    norm = np.linalg.norm(up.astype(np.float64) @ down)
    for size in (1e-30, 1e25):
        found = spectrum(read({"up": up * np.float32(size), "down": down}))
        assert found.norm == pytest.approx(size * norm, rel=1e-4)


def test_a_zero_matrix_has_rank_zero():
    found = spectrum(read({"up": np.zeros((9, 3), np.float32), "down": random(3, 8)}))
    assert (found.norm, found.stable_rank, found.rank_90) == (0, 0, 0)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_is_refused(bad):
    up = random(9, 3)
    up[4, 1] = bad
    with pytest.raises(NotFiniteError):
        grams(read({"up": up, "down": random(3, 8)}))
    with pytest.raises(NotFiniteError):
        grams(read({"diff": up}))


@pytest.mark.parametrize("is_product", [False, True])
def test_a_large_matrix_keeps_norm_and_stable_rank(monkeypatch, is_product):
    monkeypatch.setattr(lora_spectrum, "MOST_SIDE", 8)
    left, right = random(40, 12), random(12, 50, seed=1)
    left[:, 0] *= 5
    factor = Factor(left, right) if is_product else Factor(left @ right)
    found = spectrum(Change((factor,), 2.0))
    expected = dense_numbers(2 * (left.astype(np.float64) @ right))
    assert found.norm == pytest.approx(expected["norm"], rel=1e-5)
    assert found.spectral_norm == pytest.approx(expected["spectral_norm"], rel=1e-4)
    assert found.effective_rank is None


def test_half_precision_loses_nothing_that_is_shown():
    """The accuracy of float32 sums on numbers of half precision, against float64, at the size of a real layer."""
    up, down = random(1280, 32).astype(np.float16).astype(np.float32), random(32, 640, seed=1).astype(np.float16).astype(np.float32)
    down *= np.geomspace(1, 1e-3, 32, dtype=np.float32)[:, None]  # a spectrum that falls by six orders of magnitude in energy
    check(read({"up": up, "down": down}), up.astype(np.float64) @ down)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 1000))
def test_the_product_of_two_changes_is_that_of_the_full_matrices(first_rank, second_rank, seed):
    pairs = [(random(12, rank, seed=seed + rank), random(rank, 15, seed=seed + 50 + rank)) for rank in (first_rank, second_rank)]
    first, second = (read({"up": up, "down": down}, 0.5) for up, down in pairs)
    full = [0.5 * up.astype(np.float64) @ down for up, down in pairs]
    assert inner_product(first, second) == pytest.approx(np.sum(full[0] * full[1]), rel=1e-4, abs=1e-4)


def test_a_product_and_a_full_matrix_can_be_compared():
    up, down, matrix = random(12, 3), random(3, 15, seed=1), random(12, 15, seed=2)
    expected = pytest.approx(np.sum((up @ down) * matrix), rel=1e-4)
    product, full = read({"up": up, "down": down}), read({"diff": matrix})
    assert (inner_product(product, full), inner_product(full, product)) == (expected, expected)


def test_changes_of_other_shapes_cannot_be_compared():
    assert inner_product(read({"diff": random(3, 4)}), read({"diff": random(4, 3)})) is None
    assert inner_product(read({"diff": random(3, 4)}), read({"lokr_w1": random(3, 2), "lokr_w2": random(1, 2)})) is None


def test_kronecker_products_are_compared_factor_by_factor():
    first, second, third, fourth = random(3, 2), random(4, 5, seed=1), random(3, 2, seed=2), random(4, 5, seed=3)
    expected = np.sum(np.kron(first, second) * np.kron(third, fourth))
    found = inner_product(read({"lokr_w1": first, "lokr_w2": second}), read({"lokr_w1": third, "lokr_w2": fourth}))
    assert found == pytest.approx(expected, rel=1e-4)
