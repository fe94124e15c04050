"""The pre-flight: find the folders a configuration trains on, look at them, and work out the training before it is paid for."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from lorascope.errors import BadFile, BadParameter, MissingFile
from lorascope.jobs.look_at_images import Look, look_at
from lorascope.jobs.progress import Progress
from lorascope.jobs.read_assets import clip_tokenizer
from lorascope.jobs.read_dataset import IMAGE_EXTENSIONS
from lorascope.jobs.read_text import read_text
from lorascope.parameters.bucket_plan import BucketRules, Size
from lorascope.parameters.flight_plan import DatasetPlan, FlightPlan, plan_flight
from lorascope.parameters.rules.configuration import DATASET_DIALECT, OTHER_FAMILY, Configuration, Scope
from lorascope.parameters.rules.facts import Facts, FolderSeen
from lorascope.parameters.rules.pictures import step_unit_px
from lorascope.records.run import JsonValue, ParameterValue
from lorascope.reports.wording import counted

MOST_REPEATS = 1_000_000
_PREFIXED = re.compile(r"(\d+)(?:_(.*))?")  # sd-scripts takes the number before the first _, if there is one
_OTHERS_WINDOW = 512  # T5 and its like
_EXTRA = ("save_model_as", "save_last_n_steps", "save_state", "save_state_on_train_end", "save_last_n_epochs_state", "save_n_epoch_ratio")
_CAPTIONS_AS_TXT = {"onetrainer": ".txt", "ai-toolkit": ".txt", "simpletuner": ".txt", "diffusers": ".txt"}


def gather_facts(configuration: Configuration, dataset: Path | None, progress: Progress) -> Facts | None:
    """What is seen of the folders a configuration names, or of ``dataset`` in their place; None when there is none to look at.

    Raises:
        MissingFile: ``dataset`` is not there or cannot be read. BadFile: there is no image in it.
    """
    left_out: list[tuple[str, str]] = []
    looks = tuple(_looks(configuration, dataset, left_out))
    if not looks and not left_out:
        if dataset is not None:
            raise BadFile(
                "no images here", where=str(dataset), next_step="give the folder that holds the images, or folders such as 10_cat"
            )
        return None
    folders = tuple(_look(look, progress) for look in looks)
    window = _window(configuration)
    plan, no_plan = (
        _plan(configuration, folders)
        if configuration.trainer == "kohya"
        else (None, f"the steps of {configuration.trainer} are not known here")
    )
    return Facts(folders, window, tuple(left_out), plan, no_plan, _prompts(configuration))


def _look(look: Look, progress: Progress) -> FolderSeen:
    try:
        return look_at(look, clip_tokenizer(), progress)
    except OSError as error:
        raise MissingFile(
            f"cannot be read: {error.strerror}", where=str(look.folder), next_step="check the folder and its permissions"
        ) from error


def _window(configuration: Configuration) -> int:
    """How many tokens the text encoder reads."""
    return _OTHERS_WINDOW if configuration.family == OTHER_FAMILY else int(configuration.training.number("max_token_length", 75)) or 75


def _looks(configuration: Configuration, dataset: Path | None, left_out: list[tuple[str, str]]) -> Iterator[Look]:
    """The folders that are read, each once, with what is passed over."""
    if dataset is not None and not dataset.is_dir():
        raise MissingFile("no such folder", where=str(dataset), next_step="give the folder that holds the images")
    near = [Path(document.file).parent for document in configuration.documents]
    seen: set[tuple[int, Path]] = set()  # of one dataset: two may train on one folder at two resolutions
    for folder, index, is_reg, prefixed in _places(configuration, dataset, near):
        for look in _within(folder, prefixed=prefixed, is_given=dataset is not None and not is_reg, left_out=left_out):
            scope = configuration.scopes[index]
            place = scope.dataset, look.folder.resolve()
            if place in seen:
                continue  # sd-scripts passes over the second one: a rule says so
            seen.add(place)
            yield _with_settings(replace(look, is_reg=is_reg, scope=index), scope, configuration, prefixed=prefixed)


def _places(configuration: Configuration, dataset: Path | None, near: list[Path]) -> Iterator[tuple[Path, int, bool, bool]]:
    """Folder, scope, whether it is regularization, and whether it holds folders named REPEATS_class."""
    subsets = [scope for scope in configuration.scopes if scope.place]
    if not subsets:
        training = configuration.training
        named = training.text("train_data_dir")
        folder = dataset or (_found(named, near) if named else None)
        has_metadata = any(entry.value for _, entry in configuration.entries("in_json"))  # then train_data_dir holds the images itself
        if folder is not None:
            yield folder, 0, False, dataset is not None or not has_metadata
        elif configuration.trainer != "kohya":
            for name in dict.fromkeys(name for document in configuration.documents for name in document.translation.folders):
                if found := _found(name, near):
                    yield found, 0, False, False
        reg = training.text("reg_data_dir")
        if reg and (found := _found(reg, near)):
            yield found, 0, True, True
        return
    for index, scope in enumerate(configuration.scopes):
        is_reg = bool(scope.value("is_reg"))
        named = scope.folder or ""
        if dataset is not None:
            own = dataset / Path(named.replace("\\", "/")).name
            folder = own if named and own.is_dir() else dataset if len(subsets) == 1 else None
        else:
            folder = _found(named, near) if named else None
        if folder is not None:
            yield folder, index, is_reg, False


def _found(name: str, near: list[Path]) -> Path | None:
    """A folder by its name: as it stands, or from where a configuration lies."""
    for path in (Path(name), *(place / name for place in near)):
        try:
            if path.is_dir():
                return path
        except (OSError, ValueError):  # a name that no system can hold
            continue
    return None


def _within(folder: Path, *, prefixed: bool, is_given: bool, left_out: list[tuple[str, str]]) -> Iterator[Look]:
    """The folders that sd-scripts reads. A folder of images that somebody gave is read as it would be inside of a train_data_dir."""
    try:
        inside = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
        loose = sum(path.suffix.lower() in IMAGE_EXTENSIONS for path in folder.iterdir() if not path.is_dir())
    except OSError as error:
        raise MissingFile(f"cannot be read: {error.strerror}", where=str(folder), next_step="check its permissions") from error
    named = [(path, match) for path in inside if (match := _PREFIXED.fullmatch(path.name))]
    if not prefixed or (not named and is_given):
        if loose:
            match = _PREFIXED.fullmatch(folder.name) if prefixed else None
            yield Look(folder, int(match[1]) if match else 1, class_tokens=(match[2] or "") if match else "")
        return
    yield from (Look(path, min(int(match[1]), MOST_REPEATS), class_tokens=match[2] or "") for path, match in named)
    if loose:
        left_out.append((str(folder), f"{counted(loose, 'image')} outside of its folders"))
    unnamed = (path for path in inside if not _PREFIXED.fullmatch(path.name) and _holds_images(path))
    left_out.extend((str(path), "its name does not begin with a number of repeats") for path in unnamed)


def _holds_images(folder: Path) -> bool:
    """Whether any image lies in a folder; one that cannot be listed holds none that can be trained on."""
    try:
        return any(file.suffix.lower() in IMAGE_EXTENSIONS for file in folder.iterdir())
    except OSError:
        return False


def _with_settings(look: Look, scope: Scope, configuration: Configuration, *, prefixed: bool) -> Look:
    """The look at a folder with the settings of its scope."""
    training = configuration.training
    vae = training.text("vae")
    extension = scope.text("caption_extension") or _CAPTIONS_AS_TXT.get(configuration.trainer, ".caption")
    return replace(
        look,
        repeats=look.repeats if prefixed else int(scope.number("num_repeats", 1)),
        extension=extension if extension.startswith(".") else f".{extension}",
        class_tokens=look.class_tokens or scope.text("class_tokens"),
        prefix=scope.text("caption_prefix"),
        suffix=scope.text("caption_suffix"),
        wildcard=scope.on("enable_wildcard"),
        window_tokens=_window(configuration),
        latents_on_disk=training.on("cache_latents_to_disk"),
        texts_on_disk=training.on("cache_text_encoder_outputs_to_disk"),
        vae=Path(vae) if vae else None,
    )


def _plan(configuration: Configuration, folders: tuple[FolderSeen, ...]) -> tuple[FlightPlan | None, str]:
    """The training worked out, or why it cannot be."""
    try:
        datasets = [
            _dataset(configuration, folders, number)
            for number in sorted({configuration.scopes[folder.scope].dataset for folder in folders})
        ]
        parameters = _parameters(configuration)
        plan = plan_flight(datasets, parameters, family=configuration.family, extra=_extra(configuration))
    except BadParameter as error:
        return None, error.message
    raw = configuration.training.said("lr_warmup_steps")
    if raw is not None and isinstance(raw.entry.value, float) and raw.entry.value >= 1 and math.isfinite(raw.entry.value):
        plan = replace(plan, warmup_steps=int(raw.entry.value * plan.total_steps))  # a float is a share in TOML, whatever its size
    if any(scope.on("validation_split") for scope in configuration.scopes):
        plan = replace(plan, notes=(*plan.notes, "which images validate is drawn by chance: buckets may differ by a few images"))
    return plan, ""


def _dataset(configuration: Configuration, folders: tuple[FolderSeen, ...], number: int) -> DatasetPlan:
    """One dataset of the plan, from the folders of its subsets."""
    own = [folder for folder in folders if configuration.scopes[folder.scope].dataset == number]
    scope = configuration.scopes[own[0].scope]
    values: dict[str, ParameterValue] = {name: scope.value(name) for name in _BUCKETING}
    values |= {name: configuration.training.value(name) for name in ("cache_latents", "cache_latents_to_disk")}
    rules = BucketRules.of(values, step_unit_px(configuration))
    images: list[tuple[Size, int]] = []
    regularization: list[tuple[Size, int]] = []
    for folder in own:
        sizes = [image.size for image in folder.images if image.size is not None]
        split = 0.0 if folder.is_reg else configuration.scopes[folder.scope].number("validation_split")
        kept = sizes[: math.ceil(len(sizes) * (1 - split))] if 0 < split <= 1 else sizes
        (regularization if folder.is_reg else images).extend((size, folder.repeats) for size in kept)
    return DatasetPlan(rules, max(1, int(scope.number("train_batch_size", 1))), tuple(images), tuple(regularization))


_BUCKETING = ("resolution", "enable_bucket", "bucket_no_upscale", "min_bucket_reso", "max_bucket_reso", "bucket_reso_steps", "random_crop")


def _parameters(configuration: Configuration) -> dict[str, ParameterValue]:
    training = configuration.training
    names = (
        "max_train_epochs max_train_steps gradient_accumulation_steps lr_warmup_steps save_every_n_epochs "
        "save_last_n_epochs save_every_n_steps "
        "output_name network_module network_dim network_alpha conv_dim network_train_unet_only save_precision "
        "full_fp16 full_bf16 block_dims "
        "down_lr_weight dim_from_weights"
    ).split()
    return {name: training.value(name) for name in names}


def _extra(configuration: Configuration) -> Mapping[str, JsonValue]:
    """Settings of saving that are no parameters of ours, wherever the file has them."""
    found: dict[str, JsonValue] = {}
    for document in configuration.documents:
        if document.dialect != DATASET_DIALECT:
            found |= {name: entry.value for name in _EXTRA if (entry := document.entry(name)) is not None and entry.value}
    return found


def _prompts(configuration: Configuration) -> tuple[str, ...] | None:
    """The lines of the file of sample prompts, without comments; None when there is none, or it is no text of lines."""
    for document, entry in configuration.entries("sample_prompts"):
        if not isinstance(entry.value, str) or not entry.value.endswith(".txt"):
            continue
        for path in (Path(entry.value), Path(document.file).parent / entry.value):
            try:
                lines = read_text(path, "file of sample prompts").splitlines()
            except (MissingFile, BadFile, ValueError):  # not here: the training's machine may have it
                continue
            return tuple(line.strip() for line in lines if line.strip() and not line.strip().startswith("#"))
    return None
