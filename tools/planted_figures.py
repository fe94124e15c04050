"""Small people made of words and pixels: a description, its picture, and its caption in three dialects.

A figure's caption is true by construction: its colors were chosen so that the words fit them, and the picture is drawn from
the same description. Defects are planted into such captions elsewhere; what is planted is therefore known exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lorascope.captions.dialect import Dialect
from lorascope.jobs.read_assets import color_names
from lorascope.records.color import Rgb, hex_code, oklab_distance, parse_hex
from lorascope.records.color_names import Agreement, ColorPhrase

SIDE = 24
TRIGGER = "bespoke"
# Plain colors of a word; each figure varies them a little.
PLAIN = {
    "brown": "#744622", "black": "#16141a", "red": "#cc2028", "green": "#2e9e3e", "blue": "#2b62c9", "yellow": "#f2d51d", "gray": "#8c8c91",
    "white": "#f4f4f2", "pink": "#f086b4", "purple": "#7a3aa0", "orange": "#f07a1a", "teal": "#17908c",
}  # fmt: skip
HAIR = ("brown", "black", "red", "yellow", "gray", "pink", "purple", "blue")
EYES = ("green", "blue", "brown", "gray", "purple")
TOPS = ("red", "green", "blue", "yellow", "white", "purple", "orange", "teal", "black", "gray")
LIPS = ("red", "pink")
BACKGROUNDS = ("green", "blue", "red", "yellow", "purple", "orange", "teal", "pink", "gray", "brown")
SKINS = ("#e8b88a", "#c68a5c", "#8a5a34", "#f0cda8", "#5c3a22")
STYLES = ("long", "short", "curly", "wavy", "straight", "messy")
GARMENTS = ("jacket", "shirt", "hoodie", "sweater", "coat", "vest")
SUBJECTS = {"1boy": "lad", "1girl": "lady"}
DETAILS = (
    "freckles", "scar on cheek", "hoop earring", "stud earring", "necklace", "bow tie", "headphones", "mole", "dimples", "thick eyebrows",
    "bandage on nose", "face paint", "choker", "medal", "backpack straps", "pearl earring", "collar", "nose ring", "pocket", "badge",
)  # fmt: skip
MOODS = ("smiling", "frowning", "serious", "laughing", "pouting", "calm", "surprised", "sleepy", "angry", "shy")
POSES = ("facing left", "facing right", "looking up", "looking down", "facing forward", "tilted head", "profile view", "three quarter view")
LEAST_APART_OKLAB = 0.12


@dataclass(frozen=True)
class Figure:
    """``colors`` maps a part (hair, eyes, lips, top, background …) to its word and RGB; ``pattern`` is the background's kind."""

    subject: str
    style: str
    garment: str
    mood: str
    pose: str
    details: tuple[str, ...]
    skin: Rgb
    colors: dict[str, tuple[str, Rgb]]
    glasses: str = ""
    pattern: str = "solid"

    def without(self, part: str) -> Figure:
        """The same figure without a part that has a color."""
        return replace(self, colors={name: color for name, color in self.colors.items() if name != part})


def shades(figure: Figure) -> tuple[Rgb, ...]:
    """The colors that the drawing adds by itself: the shadow on the neck and the fold of the garment."""
    red, green, blue = figure.skin
    top = figure.colors["top"][1]
    return (int(red * 0.8), int(green * 0.8), int(blue * 0.8)), (int(top[0] * 0.7), int(top[1] * 0.7), int(top[2] * 0.7))


def figure(rng: np.random.Generator) -> Figure:
    """One figure: everything about it at random, all its colors well apart."""
    colors: dict[str, tuple[str, Rgb]] = {}
    skin = parse_hex(str(rng.choice(SKINS)))
    taken = [skin]
    wanted = {"background": BACKGROUNDS, "hair": HAIR, "top": TOPS, "eyes": EYES}
    if rng.random() < 0.5:
        wanted["lips"] = LIPS
    if rng.random() < 0.25:
        wanted["hat"] = TOPS
    for part, words in wanted.items():
        found = _color(rng, words, taken)
        if found is None:  # red and pink are taken, and lips are red or pink
            return figure(rng)
        colors[part] = found
        taken.append(found[1])
    details = tuple(str(detail) for detail in rng.choice(DETAILS, rng.integers(1, 4), replace=False))
    return Figure(
        subject=str(rng.choice(list(SUBJECTS))),
        style=str(rng.choice(STYLES)),
        garment=str(rng.choice(GARMENTS)),
        mood=str(rng.choice(MOODS)),
        pose=str(rng.choice(POSES)),
        details=details,
        skin=skin,
        colors=colors,
        glasses="glasses" if rng.random() < 0.2 else "",
    )


def _color(rng: np.random.Generator, words: tuple[str, ...], taken: list[Rgb]) -> tuple[str, Rgb] | None:
    for word in map(str, rng.permutation(words)):
        rgb = varied(rng, word)
        if all(float(oklab_distance(rgb, other)) > LEAST_APART_OKLAB for other in taken):
            return word, rgb
    return None


def varied(rng: np.random.Generator, word: str) -> Rgb:
    """A color that a word stands for beyond doubt: near its plain one, and no other basic word fits better."""
    names = color_names()
    while True:
        red, green, blue = (int(level) for level in np.clip(np.array(parse_hex(PLAIN[word])) + rng.integers(-10, 11, 3), 0, 255))
        rgb = (red, green, blue)
        if names.agreement(ColorPhrase((word,)), rgb) is Agreement.AGREE and names.best_terms(rgb)[0] == word:
            return rgb


def other_word(rng: np.random.Generator, rgb: Rgb, words: tuple[str, ...]) -> str:
    """A word that a color conflicts with."""
    names = color_names()
    return str(rng.choice([word for word in words if names.agreement(ColorPhrase((word,)), rgb) is Agreement.CONFLICT]))


def draw(figure: Figure, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The figure's picture, (24, 24, 3) uint8. No two are alike: the outline varies."""
    picture = np.empty((SIDE, SIDE, 3), np.uint8)
    picture[:] = figure.colors["background"][1]
    if figure.pattern != "solid":
        other = parse_hex(PLAIN["white"] if figure.colors["background"][0] != "white" else PLAIN["black"])
        rows, columns = np.mgrid[:SIDE, :SIDE]
        picture[(rows // 2 + columns // 2) % 2 == 1 if figure.pattern == "checkered" else columns >= SIDE // 2] = other
    shade, fold = shades(figure)
    low, left = int(rng.integers(17, 20)), int(rng.integers(3, 6))
    picture[low:, left : SIDE - left] = figure.colors["top"][1]
    picture[low + 2 :, left + 3] = fold
    picture[6 : low + 1, 7:17] = figure.skin
    picture[low - 1 : low + 1, 8:16] = shade
    hair, top = figure.colors["hair"][1], int(rng.integers(3, 6))
    picture[top:8, 6:18] = hair
    reach = {"long": 17, "wavy": 15, "straight": 16}.get(figure.style, 11) - int(rng.integers(0, 2))
    picture[8:reach, 6] = picture[8:reach, 17] = hair
    picture[8, 7 + int(rng.integers(0, 3)) : 12] = hair
    picture[11:13, 9] = picture[11:13, 14] = figure.colors["eyes"][1]
    if "lips" in figure.colors:
        picture[15, 10:14] = figure.colors["lips"][1]
    if figure.glasses == "glasses":
        picture[10, 8:16] = (60, 60, 66)
    if figure.glasses == "sunglasses":
        picture[10:13, 8:16] = (20, 20, 26)
    if "hat" in figure.colors:
        picture[1:5, 6:18] = picture[5, 4:20] = figure.colors["hat"][1]
    picture[13 + int(rng.integers(0, 2)), 8 + int(rng.integers(0, 8))] = shade
    return picture


def enlarged(picture: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    """Every cell as a square block."""
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


Part = tuple[str, str]  # what a piece of caption speaks of, and its words


def parts(figure: Figure, dialect: Dialect) -> list[Part]:
    """The pieces of a figure's caption, in order: clauses, or sentences in prose."""
    return {Dialect.TAGS: _tags, Dialect.CODED: _coded, Dialect.PROSE: _prose}[dialect](figure)


def joined(pieces: list[Part], dialect: Dialect) -> str:
    """The caption of pieces."""
    return (" " if dialect is Dialect.PROSE else ", ").join(words for _, words in pieces)


def _coded(figure: Figure) -> list[Part]:
    def said(part: str, before: str, after: str) -> Part:
        word, rgb = figure.colors[part]
        return part, f"{before}{word} {after} ({hex_code(rgb)})"

    optional = [said("lips", "", "lips")] if "lips" in figure.colors else []
    optional += [said("hat", "wearing ", "hat")] if "hat" in figure.colors else []
    optional += [("glasses", f"wearing {figure.glasses}")] if figure.glasses else []
    return [
        ("trigger", TRIGGER),
        ("subject", f"portrait of a punk {SUBJECTS[figure.subject]}"),
        said("hair", f"{figure.style} ", "hair"),
        *([said("eyes", "", "eyes")] if figure.glasses != "sunglasses" else []),
        *optional,
        said("top", "", figure.garment),
        *(("detail", detail) for detail in figure.details),
        ("mood", figure.mood),
        ("pose", figure.pose),
        said("background", "", "background"),
    ]


def _tags(figure: Figure) -> list[Part]:
    words = {part: word for part, (word, _) in figure.colors.items()}
    optional = [("lips", f"{words['lips']}_lips")] if "lips" in words else []
    optional += [("hat", f"{words['hat']}_hat")] if "hat" in words else []
    optional += [("glasses", figure.glasses)] if figure.glasses else []
    return [
        ("trigger", TRIGGER),
        ("subject", figure.subject),
        *([("solo", "solo")] if figure.mood < "p" else []),
        ("hair", f"{words['hair']}_hair"),
        ("style", f"{figure.style}_hair"),
        *([("eyes", f"{words['eyes']}_eyes")] if figure.glasses != "sunglasses" else []),
        *optional,
        ("top", f"{words['top']}_{figure.garment}"),
        *(("detail", detail.replace(" ", "_")) for detail in figure.details),
        ("mood", figure.mood),
        ("pose", figure.pose.replace(" ", "_")),
        ("background", f"{words['background']}_background"),
    ]


def _prose(figure: Figure) -> list[Part]:
    words = {part: word for part, (word, _) in figure.colors.items()}
    he, his = ("He", "his") if figure.subject == "1boy" else ("She", "her")
    eyes = f" and {words['eyes']} eyes" if figure.glasses != "sunglasses" else ""
    worn = [f"a {words['top']} {figure.garment}"]
    worn += [f"a {words['hat']} hat"] if "hat" in words else []
    worn += [figure.glasses] if figure.glasses else []
    lips = [("lips", f"{he} has {words['lips']} lips.")] if "lips" in words else []
    return [
        ("hair", f"{TRIGGER}, a portrait of a punk {SUBJECTS[figure.subject]} with {figure.style} {words['hair']} hair{eyes}."),
        ("top", f"{he} wears {' and '.join(worn)}."),
        *lips,
        ("detail", f"One can see {his} {' and '.join(figure.details)}."),
        ("mood", f"{he} is {figure.mood}, {figure.pose}."),
        ("background", f"The background is {words['background']}."),
    ]
