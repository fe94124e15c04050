"""Write the demo's captions with the defects that real ones had, and record every one of them.

``python tools/plant_defects.py --source build/sprites --traits build/true.json --out src/lorascope/assets/demo`` writes ``sprites/``
and ``planted.json``. The defects, each in a stated share of the captions, drawn with a seed:

- The script that once "verified" captions by their pixels took the scale of its coordinates wrong: where it meant to look at
  the background it looked at the hair or the clothing. So the background carries their hex code (one code on two features),
  and in many captions their color word too.
- Boilerplate about rendering and a palette list. In some captions both stand before the last attributes, and together with
  the codes they push the background, which comes last, out of the text encoder's 75 tokens.
- One missing and one empty caption, one without an image, one in cp1252, one with a byte-order mark.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import shutil
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from lorascope.captions.window import WINDOW_TOKENS, ClipTokenizer, first_unread
from lorascope.records.color import hex_code

MERGES = Path(__file__).resolve().parent.parent / "src/lorascope/assets/clip/merges.txt.gz"
SEED = 7
SHARES = {"wrong_color_word": 0.60, "duplicate_code": 0.95, "palette_list": 0.60, "boilerplate": 0.85, "pushed_out": 0.30}
BOILERPLATE = "sharp pixel edges, hard color borders, retro pixel art style, no anti-aliasing"
HEAD = ("bespoke", "pixel art portrait")
CHECKS = {
    "wrong_color_word": "background_word_contradicts_pixels",
    "duplicate_code": "duplicate_color_code",
    "word_against_code": "color_word_contradicts_code",
    "palette_list": "palette_tail",
    "boilerplate": "boilerplate_tail",
    "beyond_window": "beyond_window",
    "missing_caption": "missing_or_empty_caption",
    "empty_caption": "missing_or_empty_caption",
    "orphan_caption": "orphan_caption",
    "cp1252": "encoding",
    "byte_order_mark": "encoding",
}

Traits = dict[str, dict[str, str]]


@dataclass(slots=True)
class Draft:
    """A caption as it grows, and the plants with where they ended up."""

    text: str = ""
    plants: list[dict[str, object]] = field(default_factory=list)

    def add(self, part: str) -> tuple[int, int]:
        """Append a clause; returns its span."""
        start = len(self.text) + (2 if self.text else 0)
        self.text = f"{self.text}, {part}" if self.text else part
        return start, len(self.text)

    def plant(self, defect: str, spans: list[tuple[int, int]], written: str, true: str) -> None:
        self.plants.append({"defect": defect, "check": CHECKS[defect], "spans": spans, "written": written, "true": true})


@dataclass(frozen=True, slots=True)
class Plan:
    """What a caption gets. ``place`` is the trait whose pixels were taken for the background's."""

    place: str
    wrong_word: bool
    duplicate_code: bool
    palette: bool
    boilerplate: bool
    pushed_out: bool


def color_of(words: str) -> str:
    """The color word of a trait: "long brown hair" → "brown"."""
    return words.split()[-2]


def palette_of(picture: Path, count: int) -> list[str]:
    """The codes of a picture's most frequent colors."""
    pixels = np.asarray(Image.open(picture).convert("RGB")).reshape(-1, 3)
    colors, counts = np.unique(pixels, axis=0, return_counts=True)
    return [hex_code(colors[index]) for index in np.argsort(-counts, kind="stable")[:count]]


def chosen(rng: random.Random, names: list[str], share: float, total: int) -> set[str]:
    """``share`` of ``total``, drawn from the names that can carry the defect."""
    return set(rng.sample(names, min(round(share * total), len(names))))


def plans(traits: dict[str, Traits], rng: random.Random) -> dict[str, Plan]:
    """Which caption gets which defects. Wrong words go only where the word really differs."""
    names, total = list(traits), len(traits)
    place = {}
    for name in names:
        background = color_of(traits[name]["background"]["words"])
        differing = [trait for trait in ("hair", "clothing") if color_of(traits[name][trait]["words"]) != background]
        place[name] = rng.choices(("hair", "clothing"), (0.75, 0.25))[0]
        if place[name] not in differing and differing:
            place[name] = differing[0]
    differs = [name for name in names if color_of(traits[name][place[name]]["words"]) != color_of(traits[name]["background"]["words"])]
    word = chosen(rng, differs, SHARES["wrong_color_word"], total)
    code = chosen(rng, names, SHARES["duplicate_code"], total)
    boilerplate = chosen(rng, names, SHARES["boilerplate"], total)
    pushed = chosen(rng, sorted(boilerplate), SHARES["pushed_out"], total)
    rest = chosen(rng, sorted(set(names) - pushed), SHARES["palette_list"] - SHARES["pushed_out"], total)
    return {
        name: Plan(place[name], name in word, name in code, name in pushed | rest, name in boilerplate, name in pushed) for name in names
    }


def add_tail(draft: Draft, plan: Plan, palette: list[str]) -> None:
    """Boilerplate and the palette list, where the caption stands now."""
    if plan.boilerplate:
        draft.plant("boilerplate", [draft.add(BOILERPLATE)], BOILERPLATE, "")
    if plan.palette:
        written = "palette: " + ", ".join(palette)
        draft.plant("palette_list", [draft.add(written)], written, "")


def add_background(draft: Draft, traits: Traits, plan: Plan, other_code: tuple[int, int]) -> None:
    """The background's clause, with the word and the code of the place that was looked at instead."""
    true_word, place_word = color_of(traits["background"]["words"]), color_of(traits[plan.place]["words"])
    true_code, place_code = traits["background"]["code"], traits[plan.place]["code"]
    word = place_word if plan.wrong_word else true_word
    code = place_code if plan.duplicate_code else true_code
    start, end = draft.add(f"{word} background ({code})")
    word_span, code_span = (start, start + len(word)), (end - 1 - len(code), end - 1)
    if plan.wrong_word:
        draft.plant("wrong_color_word", [word_span], word, true_word)
    if plan.duplicate_code:
        draft.plant("duplicate_code", [other_code, code_span], code, true_code)
    if plan.wrong_word != plan.duplicate_code and place_word != true_word:
        draft.plant("word_against_code", [word_span, code_span], f"{word} ({code})", f"{true_word} ({true_code})")


def defective(traits: Traits, plan: Plan, palette: list[str], rng: random.Random) -> Draft:
    """One caption with its plants."""
    draft, codes = Draft(), {}
    for words in HEAD:
        draft.add(words)
    attributes = [trait for trait in traits if trait != "background"]
    before = rng.randint(2, len(attributes)) if plan.pushed_out else -1
    for index, trait in enumerate(attributes):
        if index == before:
            add_tail(draft, plan, palette)
        code = traits[trait].get("code")
        _, end = draft.add(traits[trait]["words"] + (f" ({code})" if code else ""))
        codes[trait] = (end - 8, end - 1)
    if before == len(attributes):
        add_tail(draft, plan, palette)
    add_background(draft, traits, plan, codes[plan.place])
    if not plan.pushed_out:
        add_tail(draft, plan, palette)
    return draft


def unread(draft: Draft, tokenizer: ClipTokenizer) -> tuple[int, list[str]] | None:
    """Where the encoder stops reading, and the attribute words (not boilerplate, not palette) it never reads."""
    start = first_unread(draft.text, tokenizer)
    if start is None:
        return None
    hidden = list(draft.text)
    for plant in draft.plants:
        if plant["defect"] in {"boilerplate", "palette_list"}:
            for first, last in plant["spans"]:  # type: ignore[attr-defined]
                hidden[first:last] = " " * (last - first)
    return start, [word.strip(",") for word in "".join(hidden)[start:].split() if word.strip(",()") and not word.startswith("(#")]


def caption_of(name: str, traits: Traits, plan: Plan, source: Path, tokenizer: ClipTokenizer, rng: random.Random) -> Draft:
    """The defective caption; where the background is to be pushed out, the palette grows until it is."""
    for size in range(rng.randint(4, 5), 13):
        draft = defective(traits, plan, palette_of(source / f"{name}.png", size), random.Random(f"{SEED} {name}"))
        lost = unread(draft, tokenizer)
        if not plan.pushed_out or (lost and "background" in lost[1]):
            break
    if lost:
        start, words = lost
        draft.plant("beyond_window", [(start, len(draft.text))], draft.text[start:], " ".join(words))
    return draft


def plant_files(out: Path, drafts: dict[str, Draft], rng: random.Random) -> list[dict[str, object]]:
    """The defects of whole files: missing, empty, orphan, wrongly encoded. Returns their records."""
    missing, empty, cp1252, marked = rng.sample(sorted(drafts), 4)
    orphan = f"{len(drafts) + 1:04d}"
    (out / f"{missing}.txt").unlink()
    (out / f"{empty}.txt").write_bytes(b"\n")
    (out / f"{orphan}.txt").write_text(
        "bespoke, pixel art portrait, long red hair, light skin, blue clothing, smiling, teal background\n", "utf-8"
    )
    (out / f"{cp1252}.txt").write_bytes((drafts[cp1252].text.replace("pixel art", "pixel\xa0art", 1) + "\n").encode("cp1252"))
    (out / f"{marked}.txt").write_bytes((drafts[marked].text + "\n").encode("utf-8-sig"))
    drafts[missing].plants.clear()
    drafts[empty].plants.clear()
    return [
        {"file": f"{missing}.png", "defect": "missing_caption"},
        {"file": f"{empty}.txt", "defect": "empty_caption"},
        {"file": f"{orphan}.txt", "defect": "orphan_caption"},
        {"file": f"{cp1252}.txt", "defect": "cp1252"},
        {"file": f"{marked}.txt", "defect": "byte_order_mark"},
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, required=True, help="folder of the drawn sprites")
    parser.add_argument("--traits", type=Path, required=True, help="true.json, written beside them")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    recorded = {sprite["name"]: sprite for sprite in json.loads(options.traits.read_text("utf-8"))["sprites"]}
    traits = {name: sprite["traits"] for name, sprite in recorded.items()}
    tokenizer = ClipTokenizer.from_merges(gzip.decompress(MERGES.read_bytes()).decode().splitlines())
    rng = random.Random(SEED)
    chosen_plans = plans(traits, rng)
    drafts = {name: caption_of(name, traits[name], chosen_plans[name], options.source, tokenizer, rng) for name in traits}
    out = options.out / "sprites"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    for name, draft in drafts.items():
        shutil.copyfile(options.source / f"{name}.png", out / f"{name}.png")
        (out / f"{name}.txt").write_text(draft.text + "\n", "utf-8")
    files = plant_files(out, drafts, rng)
    plants: list[dict[str, object]] = [{"file": f"{name}.txt", **plant} for name, draft in drafts.items() for plant in draft.plants]
    plants += [{**record, "check": CHECKS[str(record["defect"])], "spans": [], "written": "", "true": ""} for record in files]
    true = {name: {"caption": sprite["caption"], "codes": codes_of(sprite["traits"])} for name, sprite in recorded.items()}
    shown = {"format": 1, "seed": SEED, "window_tokens": WINDOW_TOKENS, "shares": SHARES, "captions": true, "plants": plants}
    (options.out / "planted.json").write_text(json.dumps(shown, separators=(",", ":")).replace('{"file"', '\n{"file"') + "\n", "utf-8")
    for defect, count in Counter(str(plant["defect"]) for plant in plants).items():
        print(f"{count:4d} {defect}")


def codes_of(traits: Traits) -> dict[str, str]:
    """The true hex code of each trait that has a color."""
    return {trait: value["code"] for trait, value in traits.items() if "code" in value}


if __name__ == "__main__":
    main()
