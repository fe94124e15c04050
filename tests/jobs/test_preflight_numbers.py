"""The pre-flight of small folders against numbers worked out by hand."""

from __future__ import annotations

import pytest
from PIL import Image

from lorascope.jobs.check import check

BASE = 'seed = 1\nresolution = "512,512"\nenable_bucket = true\nbucket_no_upscale = true\ncaption_extension = "txt"\n'


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def draw(folder, *sizes):
    folder.mkdir(parents=True, exist_ok=True)
    for number, size in enumerate(sizes):
        Image.new("1", size).save(folder / f"{number}.png")
        (folder / f"{number}.txt").write_text("a cat")


def checked(lab, train, dataset=""):
    (lab / "train.toml").write_text(train)
    (lab / "dataset.toml").write_text(dataset)
    (result,) = check([lab / "train.toml", *([lab / "dataset.toml"] if dataset else [])])
    return result


def plan_of(lab, train, dataset=""):
    return checked(lab, train, dataset).configuration.facts.plan


def buckets(plan):
    return [(bucket.width, bucket.height, bucket.count) for bucket in plan.buckets]


def test_one_folder_at_two_resolutions_with_two_batch_sizes_repeats_and_accumulation(lab):
    draw(lab / "cats", *[(800, 800)] * 5)
    dataset = "".join(
        f"[[datasets]]\nresolution = {side}\nbatch_size = {batch}\n[[datasets.subsets]]\nimage_dir = 'cats'\nnum_repeats = 3\n"
        for side, batch in ((512, 4), (768, 2))
    )
    plan = plan_of(lab, BASE + "gradient_accumulation_steps = 5\nmax_train_epochs = 2\n", dataset)
    assert buckets(plan) == [(512, 512, 15), (768, 768, 15)]
    assert plan.batches_per_epoch == 4 + 8  # 15 in fours, 15 in twos
    assert (plan.steps_per_epoch, plan.total_steps, plan.epochs) == (3, 6, 2)  # 12 batches in fives
    assert plan.samples_seen == 60


def test_regularization_images_are_repeated_in_their_order_until_they_are_as_many(lab):
    draw(lab / "cats", *[(512, 512)] * 5)
    draw(lab / "animals", (512, 512), (512, 512), (384, 512), (384, 512))
    dataset = (
        "[[datasets]]\nbatch_size = 8\n[[datasets.subsets]]\nimage_dir = 'cats'\nnum_repeats = 2\n"
        "[[datasets.subsets]]\nimage_dir = 'animals'\nis_reg = true\n"
    )
    plan = plan_of(lab, BASE + "max_train_epochs = 1\n", dataset)
    assert buckets(plan) == [(384, 512, 2 + 2), (512, 512, 10 + 3 + 3)]  # 4 once, 4 again, and the first 2 a third time
    assert (plan.batches_per_epoch, plan.regularization_per_epoch) == (1 + 2, 10)


def test_steps_that_end_within_an_epoch(lab):
    draw(lab / "images" / "1_cat", *[(512, 512)] * 6)
    train = BASE + 'train_data_dir = "images"\ntrain_batch_size = 2\nmax_train_steps = 10\nsave_every_n_epochs = 1\noutput_name = "cat"\n'
    plan = plan_of(lab, train)
    assert (plan.steps_per_epoch, plan.epochs, plan.whole_epochs) == (3, 4, False)
    assert [file.name for file in plan.files] == [*(f"cat-{epoch:06d}.safetensors" for epoch in (1, 2, 3)), "cat.safetensors"]
    plan = plan_of(lab, train + "max_train_epochs = 2\n")
    assert (plan.total_steps, plan.epochs, len(plan.files)) == (6, 2, 2)


def test_steps_saved_and_deleted_again(lab):
    draw(lab / "images" / "1_cat", *[(512, 512)] * 4)
    train = BASE + 'train_data_dir = "images"\nmax_train_steps = 10\nsave_every_n_steps = 3\nsave_last_n_steps = 4\noutput_name = "cat"\n'
    plan = plan_of(lab, train)
    assert [file.step for file in plan.files] == [6, 9, 10]  # at step 9 the file of step (9 - 4 - 1) // 3 * 3 = 3 is deleted
    assert plan.deleted == 1


def test_so_many_files_at_least(lab):
    draw(lab / "images" / "1_cat", (512, 512))
    plan = plan_of(lab, BASE + 'train_data_dir = "images"\nmax_train_epochs = 10\nsave_every_n_epochs = 1\nsave_n_epoch_ratio = 3\n')
    assert [file.epoch for file in plan.files] == [3, 6, 9, 10]  # every 10 // 3 epochs


@pytest.mark.parametrize(
    ("size", "step", "bucket"),
    [
        ((1000, 700), 32, (992, 672)),  # below the area: its own size, cut
        ((1000, 700), 64, (960, 640)),
        ((1999, 1333), 32, (1248, 832)),  # above it: 1254.0 x 836.2, both cut to 32, a shape of 1.5 either way
    ],
)
def test_sdxl_buckets_of_odd_sizes_without_upscaling(lab, size, step, bucket):
    draw(lab / "images" / "1_cat", size)
    train = BASE.replace("512,512", "1024,1024") + f'train_data_dir = "images"\nbucket_reso_steps = {step}\nmax_train_epochs = 1\n'
    plan = plan_of(lab, train + 'pretrained_model_name_or_path = "sd_xl_base_1.0.safetensors"\n')
    assert buckets(plan) == [(*bucket, 1)]


def test_a_folder_named_with_a_number_alone_is_trained_on(lab):
    draw(lab / "images" / "3", (512, 512))
    result = checked(lab, BASE + 'train_data_dir = "images"\nmax_train_epochs = 1\n')
    assert result.configuration.facts.plan.total_steps == 3
    assert "images-left-out" not in {finding.rule for finding in result.findings}


def test_with_metadata_the_training_folder_holds_the_images_itself(lab):
    draw(lab / "images", (512, 512), (512, 512))
    result = checked(lab, BASE + 'train_data_dir = "images"\nin_json = "meta.json"\nmax_train_epochs = 1\n')
    assert result.configuration.facts.plan.total_steps == 2
    assert "images-left-out" not in {finding.rule for finding in result.findings}


def test_other_base_models_have_no_known_file_size_and_no_window_of_75(lab):
    draw(lab / "images" / "1_cat", (512, 512))
    (lab / "images" / "1_cat" / "0.txt").write_text(", ".join(f"word{number}" for number in range(60)))
    train = BASE + 'train_data_dir = "images"\nmax_train_epochs = 1\n'
    result = checked(lab, train + 'network_module = "networks.lora_flux"\n')
    assert result.configuration.facts.plan.file_bytes is None
    assert "caption-beyond-window" not in {finding.rule for finding in result.findings}
    assert "caption-beyond-window" in {finding.rule for finding in checked(lab, train).findings}


def test_a_training_folder_that_is_the_folder_of_images_trains_nothing(lab):
    draw(lab / "10_cat", (512, 512))
    result = checked(lab, BASE + 'train_data_dir = "10_cat"\nmax_train_epochs = 1\n')
    (finding,) = [finding for finding in result.findings if finding.rule == "images-left-out"]
    assert finding.severity.value == "abort"
    draw(lab / "10_cat" / "2_cat", (512, 512))
    result = checked(lab, BASE + 'train_data_dir = "10_cat"\nmax_train_epochs = 1\n')
    (finding,) = [finding for finding in result.findings if finding.rule == "images-left-out"]
    assert finding.severity.value == "wrong"
