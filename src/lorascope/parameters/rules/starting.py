"""What stops sd-scripts before the first step, beside keys and captions: settings that exclude or need each other."""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.parameters.rules.configuration import Configuration, Said
from lorascope.parameters.rules.rule import Example, Gravity, LintFinding, Rule


def _said(configuration: Configuration, name: str) -> Said | None:
    """Where sd-scripts' own files say a setting last, whether we have a parameter for it or not."""
    for document in configuration.of("kohya"):
        entry = document.entry(name)
        if entry is not None:
            return Said(document.file, entry, None if isinstance(entry.value, list | dict) else entry.value)
    return None


def _workers(configuration: Configuration) -> Iterator[LintFinding]:
    persistent, workers = _said(configuration, "persistent_data_loader_workers"), _said(configuration, "max_data_loader_n_workers")
    if persistent is not None and persistent.value and workers is not None and workers.value in {0, "0"}:
        yield WORKERS.at(
            workers,
            "max_data_loader_n_workers = 0 leaves no worker to keep, which persistent_data_loader_workers asks for: the training stops "
            "with a ValueError",
            "max_data_loader_n_workers = 1, or remove persistent_data_loader_workers",
        )


WORKERS = Rule(
    "persistent-workers-without-workers",
    "workers that are to stay, and none of them",
    Gravity.ABORT,
    "With 0 workers images are loaded by the training itself; torch's DataLoader refuses to keep workers that do not exist.",
    _workers,
    "train_network.py, NetworkTrainer.train; torch, DataLoader.__init__",
    good=(
        Example("persistent_data_loader_workers = true\nmax_data_loader_n_workers = 1\n"),
        Example("persistent_data_loader_workers = false\nmax_data_loader_n_workers = 0\n"),
    ),
    bad=(Example("persistent_data_loader_workers = true\nmax_data_loader_n_workers = 0\n", "max_data_loader_n_workers"),),
)


def _two_optimizers(configuration: Configuration) -> Iterator[LintFinding]:
    optimizer = _said(configuration, "optimizer_type")
    for name in ("use_8bit_adam", "use_lion_optimizer"):
        old = _said(configuration, name)
        if old is not None and old.value and optimizer is not None and optimizer.value:
            yield TWO_OPTIMIZERS.at(
                old, f"{name} beside optimizer_type = {optimizer.value}: sd-scripts stops at an assertion", f"remove {name}"
            )


TWO_OPTIMIZERS = Rule(
    "optimizer-said-twice",
    "use_8bit_adam or use_lion_optimizer beside optimizer_type",
    Gravity.ABORT,
    "They are the older way to choose an optimizer, and only one of the two ways may be used.",
    _two_optimizers,
    "train_util.py, get_optimizer",
    good=(Example("use_8bit_adam = true\n"), Example('optimizer_type = "AdamW8bit"\nuse_8bit_adam = false\n')),
    bad=(Example('optimizer_type = "AdamW8bit"\nuse_8bit_adam = true\n', "use_8bit_adam"),),
)


def _not_for_sdxl(configuration: Configuration) -> Iterator[LintFinding]:
    for name in ("weighted_captions", "v2"):
        said = _said(configuration, name)
        if configuration.family == "sdxl" and said is not None and said.value is True:
            yield NOT_FOR_SDXL.at(said, f"{name} cannot be used with SDXL: sd-scripts stops at an assertion", f"remove {name}")


NOT_FOR_SDXL = Rule(
    "not-for-sdxl",
    "weighted_captions or v2 with SDXL",
    Gravity.ABORT,
    "v2 says that the base model is Stable Diffusion 2; weighted captions are worked out for Stable Diffusion 1 and 2 only.",
    _not_for_sdxl,
    "sdxl_train_util.py, verify_sdxl_training_args",
    good=(Example('pretrained_model_name_or_path = "v1-5.safetensors"\nweighted_captions = true\n'),),
    bad=(Example('pretrained_model_name_or_path = "sd_xl_base_1.0.safetensors"\nweighted_captions = true\n', "weighted_captions"),),
)

_PLACEHOLDER = "FILL_IN"  # what lorascope inspect --recipe writes where a file's metadata does not know the place


def _not_filled_in(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.documents:
        for entry in document.entries:
            if entry.value == _PLACEHOLDER:
                said = Said(document.file, entry, _PLACEHOLDER)
                yield NOT_FILLED_IN.at(said, f"{entry.key} still says {_PLACEHOLDER}: there is nothing of that name", "name what is meant")


NOT_FILLED_IN = Rule(
    "place-not-filled-in",
    "a place that a recipe left to be filled in",
    Gravity.ABORT,
    "A recipe made from a file's metadata knows the settings, but not where images, the base model and the results lie on this machine.",
    _not_filled_in,
    "lorascope inspect --recipe",
    good=(Example('train_data_dir = "img"\n'),),
    bad=(Example('train_data_dir = "FILL_IN"\n', "train_data_dir"),),
)

STARTING_RULES = (WORKERS, TWO_OPTIMIZERS, NOT_FOR_SDXL, NOT_FILLED_IN)
