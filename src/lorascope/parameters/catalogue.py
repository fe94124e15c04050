"""All parameters: looked up, checked, grouped as stored runs group them, and filled in with where each value came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from lorascope.errors import BadParameter, UnknownParameter, nearest
from lorascope.parameters.advanced import ADVANCED
from lorascope.parameters.architecture import ARCHITECTURE
from lorascope.parameters.augmentation import AUGMENTATION
from lorascope.parameters.buckets import BUCKETS
from lorascope.parameters.data import DATA
from lorascope.parameters.derived import DERIVED
from lorascope.parameters.optimization import OPTIMIZATION
from lorascope.parameters.parameter import Category, Parameter
from lorascope.parameters.renamed import RENAMED, RENAMED_VALUES
from lorascope.parameters.stability import STABILITY
from lorascope.records.run import ParameterValue

PARAMETERS: tuple[Parameter, ...] = tuple(
    sorted(
        (*ARCHITECTURE, *OPTIMIZATION, *DATA, *AUGMENTATION, *BUCKETS, *STABILITY, *ADVANCED, *DERIVED),
        key=lambda parameter: parameter.name,
    )
)
OTHER = "other"  # the group of keys the catalogue does not know: kept, never dropped

_BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}


class Provenance(StrEnum):
    """Where a value came from: somebody gave it, our preset says so, or the trainer does so when nothing is said."""

    EXPLICIT = "explicit"
    PRESET = "preset"
    TRAINER_DEFAULT = "trainer default"


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it came from."""

    value: ParameterValue
    provenance: Provenance


def known(name: str) -> bool:
    """Whether the catalogue has this name, or knows it as another spelling of one."""
    return RENAMED.get(name, name) in _BY_NAME


def find(name: str) -> Parameter:
    """The parameter of this name; other spellings (renamed.py) are understood.

    Raises:
        UnknownParameter: there is none; the message has the nearest names.
    """
    parameter = _BY_NAME.get(RENAMED.get(name, name))
    if parameter is None:
        raise UnknownParameter(f"no parameter {_with_nearest(name)}", next_step="list all: lorascope parameters")
    return parameter


def validate(mapping: Mapping[str, object]) -> dict[str, ParameterValue]:
    """The same parameters under our names, each parsed. All that is wrong is reported at once.

    >>> validate({"rank": "16", "image_resolution": "512x512", "optimizer_type": "DAdaptation"})
    {'network_dim': 16, 'resolution': '512,512', 'optimizer_type': 'DAdaptAdamPreprint'}

    Raises:
        UnknownParameter: names that the catalogue does not have, each with the nearest ones (and bad values, if any).
        BadParameter: values of the wrong kind or out of range, or one parameter given under two names.
    """
    parsed: dict[str, ParameterValue] = {}
    unknown = [_with_nearest(name) for name in mapping if not known(name)]
    bad: list[BadParameter] = []
    for name, value in mapping.items():
        if not known(name):
            continue
        parameter = find(name)
        if parameter.name in parsed:
            bad.append(BadParameter(f"{parameter.name} is given twice, once as {name}", next_step="keep one of the two"))
            continue
        try:
            parsed[parameter.name] = parameter.parse(_respelled(parameter.name, value))
        except BadParameter as error:
            bad.append(error)
    if unknown:
        what = "parameter" if len(unknown) == 1 else "parameters"
        message = "; ".join([f"unknown {what}: {', '.join(unknown)}", *(error.message for error in bad)])
        raise UnknownParameter(message, next_step="list all: lorascope parameters")
    if bad:
        raise BadParameter("; ".join(error.message for error in bad), next_step=bad[0].next_step)
    return parsed


def grouped(mapping: Mapping[str, ParameterValue]) -> dict[str, dict[str, ParameterValue]]:
    """Flat parameters as nested groups, the way stored runs hold them (all_parameters). Unknown keys go to "other".

    >>> grouped({"network_dim": 32, "keep_tokens": 1, "my_note": "x"})
    {'architecture': {'network_dim': 32}, 'data': {'keep_tokens': 1}, 'other': {'my_note': 'x'}}
    """
    groups: dict[str, dict[str, ParameterValue]] = {category.value: {} for category in Category}
    groups[OTHER] = {}
    for name in sorted(mapping):
        parameter = _BY_NAME.get(name)
        groups[parameter.category.value if parameter else OTHER][name] = mapping[name]
    return {group: members for group, members in groups.items() if members}


def flat(groups: Mapping[str, Mapping[str, ParameterValue]]) -> dict[str, ParameterValue]:
    """The inverse of grouped(); groups of any name are accepted.

    >>> flat({"architecture": {"network_dim": 32}, "other": {"my_note": "x"}})
    {'network_dim': 32, 'my_note': 'x'}
    """
    return {name: value for members in groups.values() for name, value in members.items()}


def passed_to_trainer() -> tuple[Parameter, ...]:
    """The parameters a trainer can be told: all but the derived and the lab's own."""
    return tuple(parameter for parameter in PARAMETERS if parameter.category is not Category.DERIVED and not parameter.lab_only)


def defaults() -> dict[str, ParameterValue]:
    """Our preset for SD 1.5. What it leaves to the trainer is not in it."""
    return {parameter.name: parameter.default for parameter in passed_to_trainer() if parameter.default is not None}


def trainer_defaults() -> dict[str, ParameterValue]:
    """What sd-scripts does when nothing is said; None is unset or off."""
    return {parameter.name: parameter.trainer_default for parameter in passed_to_trainer()}


def resolve(given: Mapping[str, ParameterValue], *, with_preset: bool) -> dict[str, Setting]:
    """Every parameter of a training with its value and where that came from; keys the catalogue does not know are kept.

    ``with_preset`` fills gaps with our preset, as a training started here does; without it the trainer's own defaults
    fill them, which is right for runs of another origin.

    >>> resolve({"network_dim": 8}, with_preset=True)["network_dim"]
    Setting(value=8, provenance=<Provenance.EXPLICIT: 'explicit'>)
    """
    result = {name: Setting(value, Provenance.TRAINER_DEFAULT) for name, value in trainer_defaults().items()}
    if with_preset:
        for name, value in defaults().items():
            if value != result[name].value:
                result[name] = Setting(value, Provenance.PRESET)
    result.update({name: Setting(value, Provenance.EXPLICIT) for name, value in given.items()})
    return result


def _respelled(name: str, value: object) -> object:
    return RENAMED_VALUES.get(name, {}).get(value.lower(), value) if isinstance(value, str) else value


def _with_nearest(name: str) -> str:
    close = nearest(name, (*_BY_NAME, *RENAMED))
    ours = tuple(dict.fromkeys(RENAMED.get(spelling, spelling) for spelling in close))
    return f"{name} (did you mean {' or '.join(ours)}?)" if ours else name
