"""Keys and values that the trainer does not know, does not look at, or does not take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher

from lorascope.errors import nearest
from lorascope.parameters.dialects.argument import Argument, Takes
from lorascope.parameters.dialects.dataset_keys import DATASET_KEYS, Level, Wants
from lorascope.parameters.dialects.dialect import Entry
from lorascope.parameters.dialects.kohya_arguments import KOHYA_ARGUMENTS
from lorascope.parameters.dialects.kohya_dataset import level_of
from lorascope.parameters.rules.configuration import DATASET_DIALECT, LARGEST, Configuration, Document, Said, last_name
from lorascope.parameters.rules.rule import Change, Example, Gravity, LintFinding, Rule, removed, renamed, set_to
from lorascope.records.run import JsonValue

ALL_TRAINERS = ("kohya", "onetrainer", "ai-toolkit", "simpletuner", "diffusers")
_KOHYA_DIALECTS = ("kohya", DATASET_DIALECT)
# what kohya_ss and its kin write into the TOML for themselves: nobody expects sd-scripts to act on it
_FOR_THE_INTERFACE = frozenset(
    "noise_offset_type sdxl model_list model_train_type gpu_ids multi_gpu num_processes num_machines main_process_port "
    "num_cpu_threads_per_process extra_accelerate_launch_args dynamo_mode dynamo_use_dynamic dynamo_use_fullgraph use_wandb".split()
)
_TEXTUAL_INVERSION = frozenset("token_string init_word num_vectors_per_token use_object_template use_style_template".split())
_SURELY_MEANT, _PERHAPS_MEANT = 0.8, 0.7  # how alike two names are, from 0 to 1
_PER_ENCODER = ("text_encoder_lr1", "text_encoder_lr2", "learning_rate_te", "learning_rate_te1", "learning_rate_te2")


def suggestions(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """The known names that were probably meant: those one edit away (a swap of neighbors counts as one), then the most alike.

    >>> suggestions("netwrok_dim", ["network_dim", "network_alpha", "seed"])
    ('network_dim',)
    """
    names = tuple(known)
    close = tuple(sorted(candidate for candidate in names if one_edit(name, candidate)))
    return close or nearest(name, names)


def one_edit(one: str, other: str) -> bool:
    """Whether one letter is missing, added, changed, or two neighbors are swapped.

    >>> one_edit("sede", "seed"), one_edit("seed", "seeds"), one_edit("seed", "send"), one_edit("seed", "sand")
    (True, True, True, False)
    """
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = next((at for at, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), min(len(one), len(other)))
    left, right = one[start:], other[start:]
    if len(left) == len(right):
        return left[1:] == right[1:] or (left[:2] == right[1::-1] and left[2:] == right[2:])
    return left[1:] == right or left == right[1:]


def _unknown(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.documents:
        present = {last_name(entry) for entry in document.entries}
        for entry in document.translation.unknown:
            name = last_name(entry)
            if name in _PER_ENCODER or _home(document, name):
                continue
            yield _unknown_entry(document, entry, present)


def _likeness(name: str, other: str) -> float:
    return SequenceMatcher(None, name, other).ratio()


def _unknown_entry(document: Document, entry: Entry, present: set[str]) -> LintFinding:
    name = last_name(entry)
    alike = {other: 1.0 if one_edit(name, other) else _likeness(name, other) for other in suggestions(name, document.known_keys)}
    close = tuple(other for other, ratio in alike.items() if other != name and ratio >= _PERHAPS_MEANT)
    likely = len(close) == 1 and alike[close[0]] >= _SURELY_MEANT
    severity = Gravity.WRONG
    if document.dialect == "kohya" and document.syntax != "arguments" and name in _FOR_THE_INTERFACE:
        message = f"{name} is a setting of kohya_ss or of another user interface: sd-scripts has none of this name, and needs none"
        return UNKNOWN.at(Said(document.file, entry, None), message, "remove it", removed(entry), Gravity.NO_EFFECT)
    if document.dialect == "kohya" and name in _TEXTUAL_INVERSION:
        message = f"{name} is a setting of textual inversion: this is no configuration of a LoRA's training, and was checked as one"
        return UNKNOWN.at(Said(document.file, entry, None), message, severity=Gravity.NOTE)
    if document.dialect == "kohya" and document.syntax != "arguments":
        what = "is no key of sd-scripts, and a config_file is not checked: it is ignored without a word"
        what += f", and {close[0]} keeps its default" if likely and close[0] not in present else ""
    elif document.dialect in _KOHYA_DIALECTS:
        severity, what = Gravity.ABORT, "is unknown: sd-scripts stops at it"
    else:
        severity = Gravity.WRONG if close and one_edit(name, close[0]) else Gravity.NOTE
        here = name in document.known_keys
        what = f"stands where {document.trainer} does not look for it" if here else f"is no key of {document.trainer} that is known here"
        if document.dialect == "onetrainer" and document.entry("__version") is None and severity is Gravity.NOTE:
            what = "may be of an older OneTrainer, which brings such files up to date: it was not looked at here"
            close, likely = (), False
    change = renamed(entry, close[0]) if likely and close[0] not in present and _takes(document, close[0], entry.value) else None
    fix = f"did you mean {' or '.join(close)}?" if close else ""
    return UNKNOWN.at(Said(document.file, entry, None), f"{name} {what}", fix, change, severity)


def _takes(document: Document, name: str, value: JsonValue) -> bool:
    """Whether the key that was probably meant would take this value: otherwise it was hardly meant."""
    if document.dialect == "kohya":
        return name not in KOHYA_ARGUMENTS or not KOHYA_ARGUMENTS[name].problem(value)
    return document.dialect != DATASET_DIALECT or (name in DATASET_KEYS and DATASET_KEYS[name].wants.accepts(value))


UNKNOWN = Rule(
    "unknown-key",
    "a key that the trainer does not have",
    Gravity.ABORT,
    "A config_file becomes the argument parser's namespace without a check: a mistyped key trains with the default, without a word. "
    "A dataset_config is checked strictly: any unknown key stops the training.",
    _unknown,
    "train_util.py:4700, read_config_from_file; config_util.py, sanitize_user_config",
    ALL_TRAINERS,
    good=(Example("network_dim = 32\n"),),
    bad=(
        Example("netwrok_dim = 32 # rank\n", "netwrok_dim", "network_dim = 32 # rank\n"),
        Example("my_own_note = 'x'\n", "my_own_note"),
        Example('network_dim = 8\nnoise_offset_type = "Original"\n', "noise_offset_type", "network_dim = 8\n"),
        Example(
            "[[datasets]]\nbatchsize = 4\n[[datasets.subsets]]\nimage_dir = 'a'\n",
            "datasets[0].batchsize",
            "[[datasets]]\nbatch_size = 4\n[[datasets.subsets]]\nimage_dir = 'a'\n",
            dialect=DATASET_DIALECT,
        ),
    ),
)


def _home(document: Document, name: str) -> str:
    """Where a key that is unknown here belongs: the other file of sd-scripts; "" when nowhere."""
    if document.dialect == DATASET_DIALECT and name in KOHYA_ARGUMENTS:
        return "the command line or the config_file"
    if document.dialect == "kohya" and name in DATASET_KEYS:
        return "a dataset_config"
    return "kohya_ss's user interface" if document.dialect == "kohya" and name == "epoch" else ""


def _misplaced(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.of(*_KOHYA_DIALECTS):
        for entry in document.translation.unknown:
            name = last_name(entry)
            home = _home(document, name)
            if home:
                yield _elsewhere(document, entry, home, configuration)
        for problem in document.translation.problems:
            if document.dialect == DATASET_DIALECT and _wrong_level(problem.entry):
                levels = " or ".join(sorted(level.value for level in DATASET_KEYS[last_name(problem.entry)].levels))
                yield MISPLACED.at(Said(document.file, problem.entry, None), problem.message, f"move it to [{levels}]")
            elif document.dialect == "kohya" and (
                len(problem.entry.place) > 2 or any(isinstance(part, int) for part in problem.entry.place)
            ):
                yield MISPLACED.at(Said(document.file, problem.entry, None), problem.message, "move it up", severity=Gravity.WRONG)


def _elsewhere(document: Document, entry: Entry, home: str, configuration: Configuration) -> LintFinding:
    name = last_name(entry)
    said = Said(document.file, entry, None)
    if name == "epoch" and document.syntax != "arguments" and (length := _length_said(configuration)):
        message = (
            f"epoch is written by kohya_ss for itself: sd-scripts does not read it, and trains for {length.entry.key} = {length.value}"
        )
        return MISPLACED.at(said, message, "remove it", removed(entry), Gravity.NO_EFFECT)
    if document.dialect == DATASET_DIALECT:
        fix = "batch_size is its name here" if name == "train_batch_size" else f"move it to {home}"
        change = (
            renamed(entry, "batch_size") if name == "train_batch_size" and level_of(entry)[0] in {Level.GENERAL, Level.DATASET} else None
        )
        return MISPLACED.at(said, f"{name} belongs to {home}: sd-scripts stops at it", fix, change)
    instead = {"batch_size": "train_batch_size", "epoch": "max_train_epochs", "num_repeats": "the folder's name, such as 10_cat"}.get(name)
    change = renamed(entry, instead) if name in {"batch_size", "epoch"} and instead and not document.entry(instead) else None
    severity = Gravity.ABORT if document.syntax == "arguments" else Gravity.WRONG
    message = f"{name} belongs to {home}; here it is ignored without a word"
    return MISPLACED.at(said, message, f"write {instead}" if instead else f"move it to {home}", change, severity)


def _length_said(configuration: Configuration) -> Said | None:
    return configuration.training.said("max_train_epochs") or configuration.training.said("max_train_steps")


def _wrong_level(entry: Entry) -> bool:
    key = DATASET_KEYS.get(last_name(entry))
    level = level_of(entry)[0]
    return key is not None and level is not None and level not in key.levels


_SUBSET = "[[datasets.subsets]]\nimage_dir = 'a'\n"

MISPLACED = Rule(
    "misplaced-key",
    "a key in the wrong file or on the wrong level",
    Gravity.ABORT,
    "prior_loss_weight and max_token_length are settings of the training; train_batch_size is called batch_size in a "
    "dataset_config; is_reg and "
    "alpha_mask belong to a subset, validation_split to a dataset.",
    _misplaced,
    "config_util.py, ConfigSanitizer",
    good=(Example("[[datasets]]\nbatch_size = 4\n" + _SUBSET + "is_reg = true\n", dialect=DATASET_DIALECT),),
    bad=(
        Example(
            "[[datasets]]\n" + _SUBSET + "validation_split = 0.1\n", "datasets[0].subsets[0].validation_split", dialect=DATASET_DIALECT
        ),
        Example("[general]\nprior_loss_weight = 0.5\n[[datasets]]\n" + _SUBSET, "general.prior_loss_weight", dialect=DATASET_DIALECT),
        Example("[[datasets]]\nis_reg = true\n" + _SUBSET, "datasets[0].is_reg", dialect=DATASET_DIALECT),
        Example(
            "[[datasets]]\ntrain_batch_size = 4\n" + _SUBSET,
            "datasets[0].train_batch_size",
            "[[datasets]]\nbatch_size = 4\n" + _SUBSET,
            dialect=DATASET_DIALECT,
        ),
        Example("batch_size = 4\n", "batch_size", "train_batch_size = 4\n"),
        Example("epoch = 10\n", "epoch", "max_train_epochs = 10\n"),
        Example("max_train_steps = 500\nepoch = 10\n", "epoch", "max_train_steps = 500\n"),
    ),
)


def _wrong_value(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.documents:
        seen = set()
        for problem in document.translation.problems:
            entry, name = problem.entry, last_name(problem.entry)
            if entry.place in seen or _of_another_rule(document, entry) or _as_good_as_true(document, entry):
                continue
            seen.add(entry.place)
            said = Said(document.file, entry, None)
            change = _mended(document, name, entry)
            fix = f"{name} = {_as_toml(change.to)}" if change else ""
            if document.dialect == DATASET_DIALECT:
                yield WRONG_VALUE.at(said, problem.message, fix, change)
            elif document.dialect == "kohya" and document.syntax != "arguments":
                message = f"{problem.message.removesuffix('.')}; a config_file is not checked, so that it goes wrong later or silently"
                yield WRONG_VALUE.at(said, message, fix, change, Gravity.WRONG)
            else:
                yield WRONG_VALUE.at(said, problem.message, fix, change, Gravity.ABORT if document.dialect == "kohya" else Gravity.WRONG)


def _of_another_rule(document: Document, entry: Entry) -> bool:
    name = last_name(entry)
    if document.dialect == DATASET_DIALECT:
        return _wrong_level(entry) or (name == "validation_split" and isinstance(entry.value, int) and not isinstance(entry.value, bool))
    if document.dialect != "kohya":
        return False
    deep = len(entry.place) > 2 or any(isinstance(part, int) for part in entry.place)
    steps = name in {"lr_warmup_steps", "lr_decay_steps"} and isinstance(entry.value, float)
    return deep or steps or (name == "resolution" and not isinstance(entry.value, str) and document.syntax != "arguments")


def _as_good_as_true(document: Document, entry: Entry) -> bool:
    """A switch as 1 or 0, which kohya_ss writes: to sd-scripts it is on or off, unless its dataset checks the type (config_util.py)."""
    name = last_name(entry)
    argument = KOHYA_ARGUMENTS.get(name)
    is_switch = document.dialect == "kohya" and argument is not None and argument.takes is Takes.FLAG and name not in DATASET_KEYS
    return is_switch and isinstance(entry.value, int) and entry.value in {0, 1}


def _mended(document: Document, name: str, entry: Entry) -> Change | None:
    """The same value in the type that the key takes, where only one can have been meant."""
    if document.dialect == "kohya" and document.syntax != "arguments":
        argument = KOHYA_ARGUMENTS.get(name)
        value = _converted(argument, entry.value) if argument else None
        return set_to(entry, value) if argument and value is not None and not argument.problem(value) else None
    if document.dialect == DATASET_DIALECT and name in DATASET_KEYS:
        wants = DATASET_KEYS[name].wants
        kinds = {Wants.BOOL: Takes.FLAG, Wants.INT: Takes.INT, Wants.FLOAT: Takes.FLOAT, Wants.NUMBER: Takes.FLOAT, Wants.TEXT: Takes.TEXT}
        value = _converted(Argument(name, kinds[wants]), entry.value) if wants in kinds else None
        if wants is Wants.FLOAT and isinstance(entry.value, int) and not isinstance(entry.value, bool) and abs(entry.value) <= LARGEST:
            value = float(entry.value)
        return set_to(entry, value) if value is not None and wants.accepts(value) else None
    return None


def _converted(argument: Argument, value: JsonValue) -> JsonValue:
    """A value in the type of an argument, or None where that would be a guess."""
    takes, text = argument.takes, value.strip() if isinstance(value, str) else None
    converted: JsonValue = None
    if takes is Takes.FLAG:
        converted = {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower())
    elif takes in {Takes.INT, Takes.FLOAT, Takes.INT_OR_FLOAT} and text is not None:
        converted = _number(text)
    elif takes is Takes.INT and isinstance(value, float) and value.is_integer():
        converted = int(value)
    elif takes is Takes.TEXTS and text is not None:
        converted = list(text.split())
    elif takes is Takes.TEXT and isinstance(value, int | float) and not isinstance(value, bool):
        converted = str(value)
    elif text is not None:
        converted = next((choice for choice in argument.choices if str(choice).lower() == text.lower()), None)
    return converted


def _number(text: str) -> JsonValue:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def _as_toml(value: JsonValue) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(_as_toml(part) for part in value)}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


WRONG_VALUE = Rule(
    "wrong-value",
    "a value of the wrong type, or out of the choices",
    Gravity.ABORT,
    'A config_file is not held to types and choices: the text "false" counts as true, "32" is no number, a mistyped '
    "choice is taken as it is. A "
    "dataset_config stops at it.",
    _wrong_value,
    "train_util.py:4700, read_config_from_file; config_util.py, sanitize_argparse_namespace",
    ALL_TRAINERS,
    good=(
        Example('mixed_precision = "bf16"\nshuffle_caption = true\n'),
        Example("max_token_length = 75\npersistent_data_loader_workers = 1\n"),
    ),
    bad=(
        Example('shuffle_caption = "false"\n', "shuffle_caption", "shuffle_caption = false\n"),
        Example('network_dim = "32"\n', "network_dim", "network_dim = 32\n"),
        Example('loss_type = "hubber"\n', "loss_type"),
        Example('network_args = "conv_dim=4"\n', "network_args", 'network_args = ["conv_dim=4"]\n'),
        Example(
            "[[datasets]]\nbatch_size = '4'\n" + _SUBSET,
            "datasets[0].batch_size",
            "[[datasets]]\nbatch_size = 4\n" + _SUBSET,
            dialect=DATASET_DIALECT,
        ),
    ),
)


def _per_encoder(configuration: Configuration) -> Iterator[LintFinding]:
    for document in configuration.of("kohya"):
        for name in _PER_ENCODER:
            entry = document.entry(name)
            if entry is not None:
                severity = Gravity.ABORT if document.syntax == "arguments" else Gravity.WRONG
                what = (
                    "sd-scripts stops at it"
                    if severity is Gravity.ABORT
                    else "it is ignored, and both text encoders learn at learning_rate"
                )
                yield PER_ENCODER.at(
                    Said(document.file, entry, None),
                    f"{name} is no setting of LoRA training: {what}",
                    "text_encoder_lr is one rate for all text encoders",
                    None,
                    severity,
                )


PER_ENCODER = Rule(
    "rate-per-text-encoder",
    "a learning rate for each text encoder",
    Gravity.ABORT,
    "Documents speak of text_encoder_lr1 and text_encoder_lr2; the parser of train_network.py has neither.",
    _per_encoder,
    "train_network.py:741",
    good=(Example("text_encoder_lr = 5e-5\n"),),
    bad=(Example("text_encoder_lr1 = 5e-5\n", "text_encoder_lr1"),),
)

KEY_RULES = (UNKNOWN, MISPLACED, WRONG_VALUE, PER_ENCODER)
