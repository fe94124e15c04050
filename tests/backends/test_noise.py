"""Noise and loss options do what their names say."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from diffusers import DDIMScheduler  # noqa: E402

from lorascope.backends.noise import NoiseRules  # noqa: E402


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


LATENTS = torch.zeros(64, 12, 12, 12)


def test_plain_noise_is_standard_normal():
    noise = NoiseRules().noise(LATENTS, seeded())
    assert abs(float(noise.mean())) < 0.01
    assert abs(float(noise.std()) - 1) < 0.01


def test_noise_offset_moves_whole_channels():
    plain, offset = NoiseRules().noise(LATENTS, seeded()), NoiseRules(noise_offset=0.5).noise(LATENTS, seeded())
    shift = offset - plain
    assert torch.allclose(shift, shift[..., :1, :1].expand_as(shift), atol=1e-6)
    assert abs(float(shift[..., 0, 0].std()) - 0.5) < 0.05


def test_pyramid_noise_has_unit_spread_and_low_frequencies():
    noise = NoiseRules(multires_noise_iterations=6, multires_noise_discount=0.8).noise(LATENTS, seeded())
    plain = NoiseRules().noise(LATENTS, seeded())
    assert abs(float(noise.std()) - 1) < 1e-3
    assert float(noise.mean(dim=(2, 3)).std()) > 2 * float(plain.mean(dim=(2, 3)).std())


def test_each_level_of_the_pyramid_shrinks_the_whole_picture(monkeypatch):
    """Level n is smaller than the latents by r^n, with r from 2 to 4: never by the product of the levels before."""
    sides, interpolate = [], torch.nn.functional.interpolate
    monkeypatch.setattr(
        "lorascope.backends.noise.functional.interpolate", lambda x, **how: sides.append(x.shape[-1]) or interpolate(x, **how)
    )
    for seed in range(20):
        NoiseRules(multires_noise_iterations=3).noise(torch.zeros(1, 4, 256, 256), seeded(seed))
    for level in range(3):
        assert all(256 // 4**level <= side <= 256 // 2**level for side in sides[level::3]), sides[level::3]


def test_timesteps_stay_between_their_bounds():
    times = NoiseRules(min_timestep=200, max_timestep=400).timesteps(5000, seeded())
    assert (int(times.min()), int(times.max())) == (200, 399)


@pytest.mark.parametrize(("prediction", "extra"), [("epsilon", 0), ("v_prediction", 1)])
def test_min_snr_weighs_by_the_published_rule(prediction, extra):
    """Weight min(SNR, gamma) / SNR, or / (SNR + 1) for v-prediction."""
    scheduler = DDIMScheduler(prediction_type=prediction)
    times = torch.tensor([900])
    alpha = scheduler.alphas_cumprod[900]
    snr = float(alpha / (1 - alpha))
    ones, zeros = torch.ones(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    weighted = NoiseRules(min_snr_gamma=5).loss(scheduler, ones, zeros, times)
    assert float(weighted) == pytest.approx(min(snr, 5) / (snr + extra), rel=1e-4)


def test_min_snr_survives_a_zero_terminal_snr():
    scheduler = DDIMScheduler(prediction_type="v_prediction", rescale_betas_zero_snr=True)
    loss = NoiseRules(min_snr_gamma=5).loss(scheduler, torch.ones(1, 3, 2, 2), torch.zeros(1, 3, 2, 2), torch.tensor([999]))
    assert float(loss) == pytest.approx(0, abs=1e-6)
