"""Which bucket an image falls into, against cases worked out by hand from the trainer's rules."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascope.errors import BadParameter
from lorascope.parameters.bucket_plan import Bucket, BucketRules, Placement, bucket_sizes, place, plan_buckets
from lorascope.parameters.catalogue import defaults, validate

ENLARGING = BucketRules((512, 512), enable_bucket=True)
OWN_SIZE = BucketRules((512, 512), enable_bucket=True, bucket_no_upscale=True)


@pytest.mark.parametrize(
    ("size", "bucket", "resized"),
    [
        ((512, 512), (512, 512), (512, 512)),
        ((24, 24), (512, 512), (512, 512)),
        ((700, 500), (576, 448), (627, 448)),  # 1.4 lies nearer 576 / 448 = 1.29 than 640 / 384 = 1.67
        ((500, 700), (448, 576), (448, 627)),
        ((4000, 100), (1024, 256), (10240, 256)),
    ],
)
def test_images_are_scaled_to_the_bucket_of_the_nearest_shape(size, bucket, resized):
    assert place(size, ENLARGING) == Placement(bucket, resized)


@pytest.mark.parametrize(
    ("size", "bucket", "resized"),
    [
        ((300, 200), (256, 192), (300, 200)),  # small enough: cut only
        ((64, 64), (64, 64), (64, 64)),
        ((700, 500), (512, 384), (538, 384)),  # 384 high keeps 1.4 better (512 / 384) than 576 wide (576 / 384)
        ((1024, 1024), (512, 512), (512, 512)),
    ],
)
def test_without_enlarging_an_image_makes_its_own_bucket(size, bucket, resized):
    assert place(size, OWN_SIZE) == Placement(bucket, resized)


@pytest.mark.parametrize("size", [(24, 24), (63, 500), (30_000, 10)])
def test_a_side_below_the_steps_is_refused_because_the_trainer_stops(size):
    with pytest.raises(BadParameter, match="bucket_reso_steps") as caught:
        place(size, OWN_SIZE)
    assert "bucket_no_upscale = false" in caught.value.next_step


def test_without_buckets_an_image_of_another_size_is_refused():
    off = BucketRules((512, 512))
    assert place((512, 512), off).bucket == (512, 512)
    for size in [(513, 512), (24, 24)]:
        with pytest.raises(BadParameter, match="buckets are off"):
            place(size, off)


def test_without_buckets_cached_images_are_resized_and_random_crop_cuts_larger_ones():
    assert place((1024, 512), replace(BucketRules((512, 512)), cache_latents=True)) == Placement((512, 512), (1024, 512))
    cropping = replace(BucketRules((512, 512)), random_crop=True)
    assert place((600, 512), cropping).bucket == (512, 512)
    with pytest.raises(BadParameter):
        place((600, 511), cropping)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"bucket_reso_steps": 48}, "multiple of 64"),
        ({"min_bucket_reso": 576}, "exceeds resolution"),
        ({"max_bucket_reso": 256}, "is below resolution"),
        ({"min_bucket_reso": 32}, "at least bucket_reso_steps"),
    ],
)
def test_settings_that_stop_the_trainer_are_refused(change, message):
    with pytest.raises(BadParameter, match=message):
        place((512, 512), replace(ENLARGING, **change))


def test_the_bounds_are_rounded_outward_to_the_steps():
    assert place((2000, 100), replace(ENLARGING, min_bucket_reso=255)) == place((2000, 100), replace(ENLARGING, min_bucket_reso=192))
    assert place((4000, 100), replace(ENLARGING, max_bucket_reso=961)).bucket == (1024, 256)


def test_counts_include_repeats_and_leave_out_what_is_repeated_0_times():
    images = [((512, 512), 10), ((1024, 1024), 2), ((700, 500), 1), ((300, 300), 0)]
    assert plan_buckets(images, OWN_SIZE) == (Bucket(512, 384, 1), Bucket(512, 512, 12))
    assert plan_buckets([], OWN_SIZE) == ()


def test_rules_come_from_validated_parameters():
    rules = BucketRules.of(validate(defaults()))
    assert (rules.resolution, rules.enable_bucket, rules.bucket_no_upscale, rules.cache_latents) == ((512, 512), True, True, True)
    assert BucketRules.of(validate({"resolution": "512"})) == BucketRules((512, 512))
    with pytest.raises(BadParameter, match="resolution is not set"):
        BucketRules.of({})


@given(st.integers(1, 4000), st.integers(1, 4000))
def test_every_image_covers_its_bucket_and_the_bucket_is_one_of_those_offered(width, height):
    placed = place((width, height), ENLARGING)
    assert placed.bucket in bucket_sizes((512, 512), 256, 1024, 64)
    assert placed.resized[0] >= placed.bucket[0]
    assert placed.resized[1] >= placed.bucket[1]


@given(st.integers(1, 4000), st.integers(1, 4000))
def test_an_image_is_never_enlarged_when_that_is_off(width, height):
    try:
        placed = place((width, height), OWN_SIZE)
    except BadParameter:
        return
    assert placed.bucket[0] % 64 == placed.bucket[1] % 64 == 0
    assert placed.bucket[0] <= placed.resized[0] <= width
    assert placed.bucket[1] <= placed.resized[1] <= height


def test_an_image_without_area_is_refused():
    with pytest.raises(BadParameter, match="no area"):
        place((0, 5), ENLARGING)
