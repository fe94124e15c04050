"""What is saved and sampled while training: the only things that can be compared afterwards."""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.parameters.rules.configuration import Configuration, Said
from lorascope.parameters.rules.facts import Facts
from lorascope.parameters.rules.rule import Example, Gravity, LintFinding, Rule, removed


def _only_final(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    every = ("save_every_n_epochs", "save_every_n_steps", "save_n_epoch_ratio")
    if configuration.has_training() and not any(training.said(name) or list(configuration.entries(name)) for name in every):
        yield ONLY_FINAL.about(
            configuration.file,
            "save_every_n_epochs",
            "save_every_n_epochs is not said: only the final file is kept, and nothing can be compared with it",
            "save_every_n_epochs = 1",
        )


ONLY_FINAL = Rule(
    "only-the-final-file",
    "no checkpoints on the way",
    Gravity.NOTE,
    "The last epoch is seldom the best one; without files of the earlier ones nobody will know.",
    _only_final,
    "train_util.py:3847",
    good=(Example("save_every_n_epochs = 1\n"), Example("save_every_n_steps = 100\n")),
    bad=(Example("max_train_epochs = 10\n", "save_every_n_epochs"),),
)


def _last_unnumbered(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    every, epochs = training.said("save_every_n_epochs"), int(training.number("max_train_epochs"))
    step = int(training.number("save_every_n_epochs"))
    if every is not None and epochs and step and epochs % step == 0:
        name = training.text("output_name") or "last"
        yield LAST_UNNUMBERED.at(
            every, f"epoch {epochs} is saved without a number: it is {name}.safetensors, and no file ends in -{epochs:06d}"
        )


LAST_UNNUMBERED = Rule(
    "last-epoch-has-no-number",
    "the last epoch's file carries no number",
    Gravity.NOTE,
    "The final file is the last epoch. Ten epochs give nine numbered files and one without a number.",
    _last_unnumbered,
    "train_network.py:1694",
    good=(Example("max_train_epochs = 10\n"),),
    bad=(Example("max_train_epochs = 10\nsave_every_n_epochs = 1\n", "save_every_n_epochs"),),
)


def _deleted(configuration: Configuration) -> Iterator[LintFinding]:
    for name in ("save_last_n_epochs", "save_last_n_steps"):
        for document, entry in configuration.entries(name):
            if document.dialect in {"kohya", "kohya-gui"} and isinstance(entry.value, int) and entry.value:
                what = "epochs" if name.endswith("epochs") else "steps"
                yield DELETED.at(
                    Said(document.file, entry, entry.value),
                    f"{name} = {entry.value} deletes older files while it trains: only the last {entry.value} {what} can be compared",
                    "remove it, and delete files once you have chosen",
                )


DELETED = Rule(
    "older-files-are-deleted",
    "checkpoints are deleted on the way",
    Gravity.NOTE,
    "What is deleted cannot be evaluated.",
    _deleted,
    "train_util.py, get_remove_epoch_no",
    good=(Example("save_every_n_epochs = 1\n"),),
    bad=(Example("save_every_n_epochs = 1\nsave_last_n_epochs = 3\n", "save_last_n_epochs"),),
)


def _sampling_twice(configuration: Configuration) -> Iterator[LintFinding]:
    document = next(iter(configuration.documents), None)
    steps, epochs = (document.entry(f"sample_every_n_{what}") for what in ("steps", "epochs")) if document else (None, None)
    if document is not None and steps and epochs and steps.value and epochs.value:
        yield SAMPLING_TWICE.at(
            Said(document.file, steps, None),
            f"sample_every_n_steps = {steps.value} does nothing: sample_every_n_epochs = {epochs.value} comes first",
            "keep one of the two",
            removed(steps),
        )


SAMPLING_TWICE = Rule(
    "sampling-said-twice",
    "sample_every_n_steps beside sample_every_n_epochs",
    Gravity.NO_EFFECT,
    "When both are given only epochs are looked at.",
    _sampling_twice,
    "train_util.py, sample_images_common",
    good=(Example("sample_every_n_epochs = 1\n"),),
    bad=(Example("sample_every_n_epochs = 1\nsample_every_n_steps = 50\n", "sample_every_n_steps", "sample_every_n_epochs = 1\n"),),
)

_DROPOUTS = ("network_dropout", "rank_dropout", "module_dropout")


def _dropout_in_samples(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    on = [said for name in _DROPOUTS if training.on(name) and (said := training.said(name))]
    samples = [entry for document, entry in configuration.entries("sample_prompts") if document.dialect == "kohya" and entry.value]
    if on and samples:
        yield DROPOUT_IN_SAMPLES.at(
            on[0],
            "samples drawn while training have the adapter's dropout still on: they look weaker and noisier than the file will",
            "judge by images drawn from the saved files",
        )


DROPOUT_IN_SAMPLES = Rule(
    "samples-with-dropout",
    "dropout stays on while samples are drawn",
    Gravity.NOTE,
    "Nothing switches the network to evaluation before sampling; only validation does.",
    _dropout_in_samples,
    "train_network.py:1539",
    good=(Example('sample_prompts = "prompts.txt"\n'), Example("network_dropout = 0.1\n")),
    bad=(Example('network_dropout = 0.1\nsample_prompts = "prompts.txt"\n', "network_dropout"),),
)


def _seedless_samples(configuration: Configuration) -> Iterator[LintFinding]:
    prompts = configuration.facts.prompts if configuration.facts else None
    found = next(iter(configuration.entries("sample_prompts")), None)
    seedless = [prompt for prompt in prompts or () if " --d " not in f" {prompt} "]
    if found and seedless:
        document, entry = found
        yield SEEDLESS_SAMPLES.at(
            Said(document.file, entry, None),
            f"{len(seedless)} of {len(prompts or ())} sample prompts have no --d SEED: each epoch draws other noise, "
            "and epochs cannot be compared",
            "end each prompt with --d 42",
        )


_PROMPTS = 'sample_prompts = "prompts.txt"\n'

SEEDLESS_SAMPLES = Rule(
    "samples-without-seed",
    "sample prompts without a seed",
    Gravity.NOTE,
    "Without --d the seed is a new one each time.",
    _seedless_samples,
    "train_util.py, sample_images_common",
    good=(Example(_PROMPTS, facts=Facts(prompts=("a cat --d 42 --w 512",))),),
    bad=(Example(_PROMPTS, "sample_prompts", facts=Facts(prompts=("a cat --w 512", "a dog --d 1"))),),
)


def _no_seed(configuration: Configuration) -> Iterator[LintFinding]:
    if configuration.has_training() and not configuration.training.said("seed"):
        yield NO_SEED.about(
            configuration.file,
            "seed",
            "seed is not said: a random one is taken, and what differs between two runs may be chance alone",
            "seed = 42",
        )


NO_SEED = Rule(
    "no-seed",
    "no seed",
    Gravity.NOTE,
    "A seed does not make runs equal to the bit on a GPU, but it takes out the largest part of the chance.",
    _no_seed,
    "train_util.py:3970",
    good=(Example("seed = 42\n"),),
    bad=(Example("network_dim = 8\n", "seed"),),
)

_NEEDED = ("pretrained_model_name_or_path", "network_module", "output_dir")
_DATA = ("train_data_dir", "dataset_config", "in_json", "dataset_class")


def _needed(configuration: Configuration) -> Iterator[LintFinding]:
    if not configuration.has_training() or configuration.documents[0].dialect != "kohya":
        return
    missing = [name for name in _NEEDED if not list(configuration.entries(name))]
    beside = [name for name in _DATA if list(configuration.entries(name))]
    if not beside and not any(scope.place for scope in configuration.scopes):
        missing.append("train_data_dir or dataset_config")
    if not {"dataset_config", "dataset_class"} & set(beside) and not list(configuration.entries("resolution")):
        missing.append("resolution")
    if missing:
        them = "it" if len(missing) == 1 else "them"
        message = f"not said here: {', '.join(missing)}; without {them} sd-scripts stops"
        yield NEEDED.about(configuration.file, missing[0], message, f"say {them} here or on the command line")


_WHOLE = (
    'pretrained_model_name_or_path = "v1-5.safetensors"\nnetwork_module = "networks.lora"\noutput_dir = "out"\n'
    'train_data_dir = "images"\nresolution = "512"\n'
)

NEEDED = Rule(
    "needed-but-unsaid",
    "what sd-scripts cannot do without",
    Gravity.NOTE,
    "A configuration may leave these to the command line; without a word in either place the training does not start.",
    _needed,
    "train_network.py",
    good=(Example(_WHOLE),),
    bad=(Example("network_dim = 8\n", "pretrained_model_name_or_path"), Example(_WHOLE.removesuffix('resolution = "512"\n'), "resolution")),
)

SAVING_RULES = (NEEDED, ONLY_FINAL, LAST_UNNUMBERED, DELETED, SAMPLING_TWICE, DROPOUT_IN_SAMPLES, SEEDLESS_SAMPLES, NO_SEED)
