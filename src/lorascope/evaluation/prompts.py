"""Read a prompt suite from TOML: the prompts, what each picture must show, and the sampling protocol.

name = "backgrounds"

[protocol]
seeds = [1, 2, 3, 4]        # the sampler's seeds, the same for every prompt and checkpoint
steps = 20                  # optional: 30
guidance = 5.0              # optional: 7.5
negative = "blurry"         # optional: ""
width = 512                 # px, optional: 512
height = 512                # px, optional: 512

[colors]                    # optional: what color words mean here, before the table of color names is asked
moss = "#5a7a3a"

[traits]                    # optional: the words that the captions use for a thing; without them its own name
sunglasses = ["sunglasses", "shades"]

[[prompts]]
name = "green_lad"
text = "bespoke, a lad with brown hair and sunglasses, bright green background"
expect = { background = "bright green", hair = "#744622", accessories = ["sunglasses"], without = ["hat"] }
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping

from lorascope.errors import BadFile, did_you_mean
from lorascope.evaluation.expectations import read_expect, read_trait_words
from lorascope.records.color import HEX_CODE, Rgb, parse_hex
from lorascope.records.prompt import Prompt, PromptSuite

SUITE_KEYS = ("name", "protocol", "colors", "traits", "prompts")
PROTOCOL_KEYS = ("seeds", "steps", "guidance", "negative", "width", "height")
PROMPT_KEYS = ("name", "text", "expect")
LARGEST_SIDE_PX = 4096


def parse_prompts(text: str, colors: Mapping[str, Rgb], where: str = "prompt suite") -> PromptSuite:
    """The suite that a TOML text describes. ``colors`` maps color names (lower case) to RGB; ``where`` names the file in errors.

    Raises:
        BadFile: not TOML, an unknown key, a missing or wrong value, a color that ``colors`` does not have; names the key.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadFile(f"not valid TOML: {error}", where=where, next_step="mend that line") from error
    except RecursionError as error:
        raise BadFile("nested too deeply", where=where, next_step="a suite has a name, [protocol] and [[prompts]]") from error
    _refuse_unknown(data, SUITE_KEYS, "", where)
    protocol = _table(data.get("protocol", {}), "protocol", where)
    colors = {**colors, **_own_colors(data.get("colors", {}), where)}
    _refuse_unknown(protocol, PROTOCOL_KEYS, "protocol.", where)
    prompts = _prompts(data.get("prompts"), colors, where)
    asked = {trait.label for prompt in prompts for trait in prompt.traits}
    return PromptSuite(
        name=_text(data, "name", "name", where),
        prompts=prompts,
        seeds=_seeds(protocol.get("seeds"), where),
        steps=_whole(protocol, "steps", 30, 1000, where),
        guidance=_guidance(protocol.get("guidance", 7.5), where),
        negative=_text(protocol, "negative", "protocol.negative", where, default=""),
        width_px=_whole(protocol, "width", 512, LARGEST_SIDE_PX, where),
        height_px=_whole(protocol, "height", 512, LARGEST_SIDE_PX, where),
        trait_words=read_trait_words(_table(data.get("traits", {}), "traits", where), asked, where),
    )


def _own_colors(value: object, where: str) -> dict[str, Rgb]:
    own = {}
    for name, code in _table(value, "colors", where).items():
        if not isinstance(code, str) or not HEX_CODE.fullmatch(code):
            raise BadFile(f"colors.{name}: {code!r} is no color code", where=where, next_step='write six hex digits: "#30a646"')
        own[" ".join(name.lower().split())] = parse_hex(code)
    return own


def _prompts(value: object, colors: Mapping[str, Rgb], where: str) -> tuple[Prompt, ...]:
    if not isinstance(value, list) or not value:
        raise BadFile("prompts: at least one [[prompts]] table is needed", where=where, next_step="add one with name and text")
    prompts: list[Prompt] = []
    for number, item in enumerate(value, start=1):
        at = f"prompts[{number}]"
        table = _table(item, at, where)
        _refuse_unknown(table, PROMPT_KEYS, f"{at}.", where)
        name = _text(table, "name", f"{at}.name", where)
        if any(prompt.name == name for prompt in prompts):
            raise BadFile(f"{at}.name: {name!r} is there twice", where=where, next_step="give each prompt a name of its own")
        expect = _table(table.get("expect", {}), f"{at}.expect", where)
        expected, traits = read_expect(expect, colors, f"{at}.expect", where)
        prompts.append(Prompt(name, _text(table, "text", f"{at}.text", where), expected, traits=traits))
    return tuple(prompts)


def _table(value: object, key: str, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise BadFile(
            f"{key}: a table is needed, not {value!r}", where=where, next_step=f"see the keys a suite may have: {', '.join(SUITE_KEYS)}"
        )
    return value


def _refuse_unknown(table: Mapping[str, object], known: tuple[str, ...], prefix: str, where: str) -> None:
    for key in table:
        if key not in known:
            inside = f"{key} belongs under [protocol]" if not prefix and key in PROTOCOL_KEYS else ""
            hint = inside or did_you_mean(key, known) or f"known are {', '.join(known)}"
            raise BadFile(f"{prefix}{key}: unknown key", where=where, next_step=hint)


def _text(table: Mapping[str, object], name: str, key: str, where: str, default: str | None = None) -> str:
    value = table.get(name, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        found = "it is missing" if value is None else f"not {value!r}"
        raise BadFile(f"{key}: a text is needed, {found}", where=where, next_step=f'write {name} = "…"')
    return value


def _whole(protocol: Mapping[str, object], name: str, default: int, most: int, where: str) -> int:
    value = protocol.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise BadFile(
            f"protocol.{name}: a whole number from 1 to {most} is needed, not {value!r}", where=where, next_step=f"write {name} = {default}"
        )
    return value


def _guidance(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not 0 <= value <= 100:
        raise BadFile(f"protocol.guidance: a number from 0 to 100 is needed, not {value!r}", where=where, next_step="7.5 is usual")
    return float(value)


def _seeds(value: object, where: str) -> tuple[int, ...]:
    good = (
        isinstance(value, list)
        and value
        and all(isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed < 2**63 for seed in value)
    )
    if not good or not isinstance(value, list):
        found = "they are missing" if value is None else f"not {value!r}"
        raise BadFile(
            f"protocol.seeds: a list of whole numbers from 0 is needed, {found}", where=where, next_step="write seeds = [1, 2, 3, 4]"
        )
    if len(set(value)) != len(value):
        raise BadFile("protocol.seeds: a seed is there twice", where=where, next_step="the same seed gives the same image: list it once")
    return tuple(value)
