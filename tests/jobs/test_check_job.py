"""``lorascope check`` as a job: files put together, folders looked at, corrected copies."""

from __future__ import annotations

import os
import zlib

import pytest
from PIL import Image

from lorascope.errors import AlreadyExists, BadFile, MissingFile
from lorascope.jobs.check import check
from lorascope.jobs.fix_config import fix_config, fixed_path, write_fix

BASE = 'seed = 1\nmax_train_epochs = 10\nresolution = "512,512"\nenable_bucket = true\ncaption_extension = ".txt"\n'


@pytest.fixture
def lab(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def draw(folder, *sizes, caption="a cat", start=0):
    folder.mkdir(parents=True, exist_ok=True)
    for number, size in enumerate(sizes, start):
        Image.new("1", size).save(folder / f"{number}.png")
        if caption is not None:
            (folder / f"{number}.txt").write_text(caption)


def written(lab, text, name="train.toml"):
    (lab / name).write_text(text)
    return lab / name


def rules_of(checked):
    return {finding.rule: finding.severity.value for finding in checked.findings}


def test_a_training_folder_with_repeats_and_regularization(lab):
    draw(lab / "images" / "10_cat", (512, 512), (512, 512))
    draw(lab / "images" / "2_dog", (512, 384))
    draw(lab / "reg" / "1_animal", (512, 512))
    config = written(lab, BASE + 'train_data_dir = "images"\nreg_data_dir = "reg"\ntrain_batch_size = 4\nbucket_no_upscale = true\n')
    (checked,) = check([config])
    plan = checked.configuration.facts.plan
    assert [(bucket.width, bucket.height, bucket.count) for bucket in plan.buckets] == [(512, 384, 2), (512, 512, 20 + 22)]
    assert plan.batches_per_epoch == 1 + 11
    assert plan.regularization_per_epoch == 22
    assert rules_of(checked)["regularization-multiplies-steps"] == "note"


def test_what_a_training_folder_passes_over_is_said(lab):
    draw(lab / "images" / "10_cat", (512, 512))
    draw(lab / "images" / "dogs", (512, 512))
    draw(lab / "images", (512, 512))
    (checked,) = check([written(lab, BASE + 'train_data_dir = "images"\n')])
    assert [finding.message for finding in checked.findings if finding.rule == "images-left-out"] == [
        "not trained on: 1 image outside of its folders",
        "not trained on: its name does not begin with a number of repeats",
    ]
    assert checked.configuration.facts.plan.shown_per_epoch == 10


def test_a_folder_given_for_the_dataset_is_read_as_it_stands(lab):
    draw(lab / "10_cat", (512, 512))
    (checked,) = check([written(lab, BASE)], dataset=lab / "10_cat")
    assert checked.configuration.facts.plan.shown_per_epoch == 10


def test_a_dataset_config_is_followed_from_the_folder_of_the_file(lab, tmp_path_factory):
    draw(lab / "cats", (512, 512), (512, 512), (512, 512))
    written(
        lab,
        "[[datasets]]\nresolution = 512\nbatch_size = 2\nenable_bucket = true\n[[datasets.subsets]]\nimage_dir = 'cats'\nnum_repeats = 3\n",
        "data.toml",
    )
    config = written(lab, 'dataset_config = "data.toml"\nmax_train_epochs = 2\nnetwork_dim = 4\ncaption_extension = ".txt"\n')
    os.chdir(tmp_path_factory.mktemp("elsewhere"))
    (checked,) = check([config])
    assert [document.dialect for document in checked.configuration.documents] == ["kohya", "kohya-dataset"]
    assert checked.configuration.facts.plan.total_steps == 2 * 5
    assert (
        "dataset_config = nowhere.toml is not here: it was not checked"
        in check([written(lab, 'dataset_config = "nowhere.toml"\nseed = 1\n')])[0].notes
    )


def test_one_dataset_config_goes_with_each_of_several_configurations(lab):
    data = written(lab, "[[datasets]]\nresolution = 512\n[[datasets.subsets]]\nimage_dir = 'cats'\n", "data.toml")
    results = check([written(lab, "network_dim = 4\n", "a.toml"), data, written(lab, "network_dim = 8\n", "b.toml")])
    assert [[document.file for document in result.configuration.documents] for result in results] == [
        [str(lab / "a.toml"), str(data)],
        [str(lab / "b.toml"), str(data)],
    ]


def test_captions_are_read_as_the_trainer_reads_them(lab):
    draw(lab / "1_cat", *[(512, 512)] * 6)
    (lab / "1_cat" / "1.txt").write_bytes(b"")
    (lab / "1_cat" / "2.txt").write_bytes(b"caf\xe9")
    (lab / "1_cat" / "3.txt").write_text("a cat\nsecond line\n")
    (lab / "1_cat" / "4.txt").write_text(", ".join(["small gray cat"] * 20))  # 79 tokens: the last clause is cut
    (lab / "1_cat" / "5.txt").unlink()
    (checked,) = check([written(lab, BASE)], dataset=lab / "1_cat")
    messages = {finding.rule: finding.message for finding in checked.findings if finding.rule.startswith(("caption-", "only-first"))}
    assert "1 image (5.png) without a .txt caption" in messages["caption-not-found"]
    assert 'the class "cat"' in messages["caption-not-found"]
    assert "1 image (3.png): only the first line" in messages["only-first-line-read"]
    assert "1 of 6 captions" in messages["caption-beyond-window"]
    assert "3 words are lost (4.png: 79 tokens)" in messages["caption-beyond-window"]
    broken = [finding.message for finding in checked.findings if finding.rule == "caption-unreadable"]
    assert [message.split(":")[1].strip() for message in broken] == [
        "the caption is empty; sd-scripts stops at it",
        "the caption is not UTF-8; sd-scripts stops at it",
    ]


def test_broken_images_are_findings_and_the_rest_is_counted(lab):
    draw(lab / "1_cat", (512, 512))
    (lab / "1_cat" / "a.png").write_bytes(b"no image")
    (lab / "1_cat" / "b.png").write_bytes((lab / "1_cat" / "0.png").read_bytes()[:20])
    os.mkfifo(lab / "1_cat" / "c.png")
    (checked,) = check([written(lab, BASE)], dataset=lab / "1_cat")
    assert sum(finding.rule == "unreadable-image" for finding in checked.findings) >= 2
    assert checked.configuration.facts.plan.shown_per_epoch == 1


def test_sprites_of_24_px_divide_by_zero_without_upscaling(lab):
    draw(lab / "1_art", (24, 24), (24, 24))
    (checked,) = check([written(lab, BASE + "bucket_no_upscale = true\n")], dataset=lab / "1_art")
    (finding,) = (finding for finding in checked.findings if finding.rule == "image-does-not-fit")
    assert "divides by zero" in finding.message
    assert checked.configuration.facts.plan is None
    assert "below bucket_reso_steps" in checked.configuration.facts.no_plan


def test_a_cache_older_than_its_caption_image_or_vae_is_stale(lab):
    draw(lab / "1_cat", (512, 512), (512, 512), (512, 512))
    for number, name in enumerate(("0_te_outputs.npz", "1_0512x0512_sdxl.npz", "2.npz")):
        (lab / "1_cat" / name).write_bytes(b"")
        os.utime(lab / "1_cat" / name, (1000 + number, 1000 + number))
    os.utime(lab / "1_cat" / "2.png", (900, 900))
    config = written(lab, BASE + "cache_latents_to_disk = true\ncache_text_encoder_outputs_to_disk = true\n")
    stale = [finding.message for finding in check([config], dataset=lab / "1_cat")[0].findings if finding.rule == "stale-cache"]
    assert stale == [
        "1 image (0.png): the cached text encoder output is older than its caption, and it is used nevertheless",
        "1 image (1.png): the cached latent is older than its image, and it is used nevertheless",
    ]
    assert not [finding for finding in check([written(lab, BASE)], dataset=lab / "1_cat")[0].findings if finding.rule == "stale-cache"]


def test_validation_images_are_taken_off(lab):
    draw(lab / "1_cat", *[(512, 512)] * 10)
    (checked,) = check([written(lab, BASE + "validation_split = 0.25\nvalidation_seed = 1\n")], dataset=lab / "1_cat")
    assert checked.configuration.facts.plan.shown_per_epoch == 8


def test_what_is_no_configuration_is_refused(lab):
    with pytest.raises(BadFile, match="not a configuration of any trainer"):
        check([written(lab, "[1, 2]", "x.json")])
    with pytest.raises(MissingFile):
        check([lab / "nowhere.toml"])
    with pytest.raises(MissingFile, match="no such folder"):
        check([written(lab, BASE)], dataset=lab / "nowhere")
    (lab / "empty").mkdir()
    with pytest.raises(BadFile, match="no images here"):
        check([written(lab, BASE)], dataset=lab / "empty")


MESSY = """# my training
[network]
netwrok_dim = 32 # rank
network_alpha = 16

[training]
lr_scheduler = "cosine"
lr_warmup_steps = 100.0 # steps
keep_tokens = 1 # kept
max_train_epochs = 10
max_train_steps = 500
shuffel_caption = "true"
mixed_precision = "bf61"
"""


def test_a_fix_changes_what_was_evidently_meant_and_keeps_comments_and_order(lab):
    (checked,) = check([written(lab, MESSY)])
    fix = fix_config(checked.files[0], checked.findings)
    assert fix.after == MESSY.replace("netwrok_dim", "network_dim").replace("100.0", "100")
    assert {finding.rule for finding in fix.open} == {"keep-tokens-without-shuffle", "epochs-override-steps"}
    assert "-netwrok_dim = 32 # rank\n+network_dim = 32 # rank\n" in fix.diff()


def test_checking_the_fixed_copy_finds_none_of_what_was_fixed_and_fixing_twice_changes_nothing(lab):
    (checked,) = check([written(lab, MESSY)])
    for include_all in (False, True):
        fix = fix_config(checked.files[0], checked.findings, include_all=include_all)
        (again,) = check([written(lab, fix.after, "again.toml")])
        assert not {(finding.rule, finding.key) for finding in fix.made} & {(finding.rule, finding.key) for finding in again.findings}
        assert fix_config(again.files[0], again.findings, include_all=include_all).after == fix.after


def test_a_copy_never_overwrites_and_in_place_keeps_the_original(lab):
    config = written(lab, MESSY)
    (checked,) = check([config])
    fix = fix_config(checked.files[0], checked.findings)
    assert write_fix(fix) == fixed_path(config) == lab / "train.fixed.toml"
    assert config.read_text() == MESSY
    with pytest.raises(AlreadyExists):
        write_fix(fix)
    assert write_fix(fix, in_place=True) == config
    assert (config.read_text(), (lab / "train.toml.bak").read_text()) == (fix.after, MESSY)
    with pytest.raises(AlreadyExists):
        write_fix(fix, in_place=True)


def test_json_is_changed_in_its_line(lab):
    text = '{\n  "datasets": [\n    {"batchsize": 4, "subsets": [\n      {"image_dir": "a", "num_repeats": "3"}\n    ]}\n  ]\n}\n'
    (checked,) = check([written(lab, text, "data.json")])
    assert fix_config(checked.files[0], checked.findings).after == text.replace("batchsize", "batch_size").replace('"3"', "3")


def test_a_command_line_is_held_to_its_parser(lab):
    """What a file lets pass without a word stops a command: unknown options; and 100.0 is a number of steps there."""
    options = "--resolution 512 --text_encoder_lr1 1e-5\n"
    command = f"accelerate launch train_network.py --netwrok_dim 32 --lr_scheduler cosine --lr_warmup_steps 100.0 {options}"
    (checked,) = check([written(lab, command, "train.sh")])
    found = rules_of(checked)
    assert (found["unknown-key"], found["rate-per-text-encoder"]) == ("abort", "abort")
    assert not {"steps-written-as-ratio", "resolution-not-text"} & set(found)


def test_a_bomb_or_an_endless_name_is_a_finding(lab):
    """A header may claim any size, a configuration any path; neither is followed."""
    draw(lab / "1_cat", (512, 512))
    picture = bytearray((lab / "1_cat" / "0.png").read_bytes())
    picture[16:24] = (60_000).to_bytes(4) * 2
    picture[29:33] = zlib.crc32(picture[12:29]).to_bytes(4)
    (lab / "1_cat" / "b.png").write_bytes(bytes(picture))
    (checked,) = check(
        [written(lab, BASE + f'sample_prompts = "{"x" * 5000}.txt"\nvae = "a\\u0000b"\ncache_latents_to_disk = true\n')],
        dataset=lab / "1_cat",
    )
    assert [finding.message for finding in checked.findings if finding.rule == "unreadable-image"] == [
        "1 image (b.png): it is far too large to decode; the training stops at it"
    ]
    assert check([written(lab, f'train_data_dir = "{"x" * 5000}"\nseed = 1\ndataset_config = "\\u0000"\n')])


def test_a_removal_above_does_not_hide_a_typo_below(lab):
    (checked,) = check([written(lab, "bucket_no_upscale = true\nnetwrok_dim = 8\n")])
    assert fix_config(checked.files[0], checked.findings, include_all=True).after == "network_dim = 8\n"
