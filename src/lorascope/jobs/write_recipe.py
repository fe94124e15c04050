"""Write a proposed run as a recipe for sd-scripts, and hold the lint rules against it before anyone pays for it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from lorascope.errors import AlreadyExists, BadParameter, MissingFile
from lorascope.importers.config_file import read_config
from lorascope.jobs.check import document_of
from lorascope.parameters.catalogue import defaults, find, known
from lorascope.parameters.dialects.kohya import write_kohya_toml
from lorascope.parameters.rules import lint
from lorascope.parameters.rules.configuration import configure
from lorascope.parameters.rules.rule import Gravity, LintFinding
from lorascope.records.history import PastRun
from lorascope.records.run import ParameterValue

# what a training cannot start or be compared without; the rest is left as the base left it
_NEEDED = ("network_module", "resolution", "caption_extension", "save_every_n_epochs", "save_precision")
_LONGEST_NAME = 60
_REFUSED = (Gravity.ABORT, Gravity.WRONG, Gravity.NO_EFFECT)
_MOST_VALUES_NAMED = 3
_MOST_KEPT = 4096  # texts


def recipe_text(base: PastRun | None, change: Mapping[str, ParameterValue], header: Sequence[str]) -> str:
    """A configuration file of sd-scripts: the base's parameters with the change, our preset where there is no base.

    Names and places of the base are kept but for its output's name: a new run must not overwrite an old one. ``header`` becomes comments.
    """
    parameters = parameters_of(base, change)
    unsaid = sorted(name for name in change if not known(name))
    lines = [*header, *(f"set {name} = {change[name]} yourself: it is no setting of sd-scripts" for name in unsaid)]
    comments = "".join(f"# {_one_line(line)}\n" for line in lines)
    return comments + write_kohya_toml(parameters)


def parameters_of(base: PastRun | None, change: Mapping[str, ParameterValue]) -> dict[str, ParameterValue]:
    """The parameters of a proposed run, each as the catalogue takes it; what cannot be taken is left out."""
    preset = defaults()
    said = preset if base is None else dict(base.run.parameters)
    if base is not None:
        said |= {name: preset[name] for name in _NEEDED if name not in said}
        if base.run.base_model and "pretrained_model_name_or_path" not in said:
            said["pretrained_model_name_or_path"] = base.run.base_model
        if not said.get("max_train_epochs") and not said.get("max_train_steps"):
            said["max_train_epochs"] = preset["max_train_epochs"]
        said["output_name"] = file_stem(0, base.name, change).partition("-")[2]
    taken: dict[str, ParameterValue] = {}
    for name, value in {**said, **change}.items():
        if known(name) and value is not None:
            try:
                taken[find(name).name] = find(name).parse(value)
            except BadParameter:
                continue
    return taken


def refused(text: str, base_text: str = "") -> tuple[LintFinding, ...]:
    """What the lint rules have against a recipe beyond what they have against its base: it stops, trains otherwise, or is idle."""
    before = {(finding.rule, finding.key) for finding in findings_of(base_text)} if base_text else set()
    return tuple(finding for finding in findings_of(text) if (finding.rule, finding.key) not in before)


@lru_cache(maxsize=_MOST_KEPT)
def findings_of(text: str) -> tuple[LintFinding, ...]:
    """What the lint rules have against a recipe of sd-scripts; no dataset is looked at. A text that was asked about is not read again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "recipe.toml")
        path.write_text(text, "utf-8")
        document = document_of(read_config(path), "kohya")
    return tuple(finding for finding in lint(configure([document])) if finding.severity in _REFUSED)


def file_stem(number: int, base: str, change: Mapping[str, ParameterValue]) -> str:
    """A name for a recipe: its number, what it changes, or what it repeats.

    >>> file_stem(1, "run", {"network_dim": 16})
    'next_1-network_dim_16'
    """
    changed = [f"{name}_{value}" for name, value in sorted(change.items())]
    what = "-".join(changed[:_MOST_VALUES_NAMED]) + ("-and_more" if len(changed) > _MOST_VALUES_NAMED else "") if changed else base
    return f"next_{number}-{re.sub(r'[^A-Za-z0-9_.+-]+', '_', what)[:_LONGEST_NAME]}"


def write_recipe(folder: Path, stem: str, text: str) -> Path:
    """Write a recipe into a folder, which is made if need be. A file that says the same already stays.

    Raises:
        AlreadyExists: another recipe of this name is there; nothing is overwritten. MissingFile: the folder cannot be written to.
    """
    path = folder / f"{stem}.toml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        if path.is_file() and path.read_text("utf-8", errors="replace") == text:
            return path
        raise AlreadyExists("another file is there already", where=str(path), next_step="name another folder with --out") from error
    except OSError as error:
        raise MissingFile(f"cannot be written: {error.strerror}", where=str(path), next_step="name another folder with --out") from error
    return path


def _one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text)
