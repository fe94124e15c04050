"""Captions as hypothesis draws them: of every dialect, sound or with defects planted into them, and any text at all."""

from __future__ import annotations

from hypothesis import strategies as st

from lorascope.captions.audit import surroundings
from lorascope.captions.check import Entry
from lorascope.captions.clauses import read_caption
from lorascope.captions.encoding import Encoding
from lorascope.captions.sight import Sight
from lorascope.jobs.read_assets import knowledge
from lorascope.records.color import parse_hex

TRIGGER = "bespoke"
COLORS = ("brown", "dark blue", "green", "gray", "teal", "bright green", "red", "blonde", "olive", "purple")
CODES = ("#7e351a", "#03dc73", "#8c8391", "#ABC", "#2961ca", "#c81e28ff")
THINGS = ("hair", "eyes", "background", "hat", "lips", "skin", "sunglasses", "shirt", "earrings", "scarf")
_tags = st.sampled_from(
    ("1girl", "solo", "long_hair", "blue_hair", "smile", "poster_\\(object\\)", "(detailed:1.2)", "looking at viewer", "hair ribbon")
)
_said = st.sampled_from(
    (
        "smiling", "pixel art", "24x24", "portrait of bespoke punk lad", "no anti-aliasing", "sharp pixel edges", "wearing a stud earring",
        "medium tan skin", "red gold and white cap", "pale skin", "neutral expression", "covered by sunglasses", "café", "light light skin",
        "日本語", "it's that that",
    )
)  # fmt: skip
_colored = st.builds("{} {}".format, st.sampled_from(COLORS), st.sampled_from(THINGS))
_codes = st.lists(st.sampled_from(CODES), min_size=1, max_size=2).map(", ".join)
_coded = st.builds("{} ({})".format, _colored, _codes)

tags = st.lists(st.one_of(_tags, _colored), min_size=1, max_size=9).map(lambda parts: ", ".join([TRIGGER, *parts]))
coded = st.lists(st.one_of(_coded, _colored, _said), min_size=1, max_size=8).map(lambda parts: ", ".join([TRIGGER, *parts]))
_sentence = st.builds(
    "{} {} with {} and {} {}.".format,
    st.sampled_from(("A lad", "The bespoke girl", "She", "A tall man, seen from behind,")),
    st.sampled_from(("smiles", "stands on a hill", "looks at the viewer")),
    _colored,
    st.sampled_from(("a", "the", "her")),
    _colored,
)
prose = st.lists(_sentence, min_size=1, max_size=3).map(" ".join)
DIALECTS = {"tags": tags, "coded": coded, "prose": prose}

_PLANTS = (
    ", {again}", " {word} {word}", ", ()", " (, )", ",,", " ,", ",x", "  ", "\n", "\r\n", ", palette: #7e351a, #03dc73",
    ", #7e351a, #03dc73, #ABC", ", hair",
    ", hair (", ") lips", ", describe the lips", " dont forget the hat", ", smilling", ", portriat", ", hairlight",
    ", fullbbright green eyes", ", donâ€™t",
    "cafÃ©", "\u200b", "\u00a0", "\ufeff", "\uff0c", ", brown eyes, blue eyes", ", bespkoe", "\u200d", "; ", ". . ", ", gren hair",
    ", brownhair", ", Portriat", ", redhat", ", (#7e351a)", ", #03dc73 hair", "\t",
)  # fmt: skip


@st.composite
def planted(draw, sound):
    """A sound caption with up to four defects at any place in it."""
    text = draw(sound)
    for plant in draw(st.lists(st.sampled_from(_PLANTS), max_size=4)):
        at = draw(st.integers(0, len(text)))
        at = draw(st.sampled_from((at, len(text), (text[at:].find(",") + at) if "," in text[at:] else at)))
        word = (text[:at].split() or ["it"])[-1].strip(",.()")
        again = draw(st.sampled_from(text.split(", ")))
        text = text[:at] + plant.format(word=word, again=again) + text[at:]
    return text


_pieces = st.sampled_from((*" ,,,().#:|-_\n\u200b\u00a0", *_PLANTS, "ab", "red", "hair", "#03dc73", "the the", "1", "ß", "é", "\U0001f468"))
scraps = st.lists(_pieces, max_size=25).map("".join)
anything = st.one_of(st.text(max_size=80), scraps)
every_caption = st.one_of(*(planted(sound) for sound in DIALECTS.values()), anything)

backgrounds = st.one_of(st.none(), st.sampled_from(CODES).map(parse_hex), st.tuples(*[st.integers(0, 255)] * 3))

_USUAL = [f"bespoke, portrait of bespoke punk lad, {color} {thing}, smiling, sharp pixel edges" for color in COLORS for thing in THINGS[:5]]


def _others(texts):
    entries = [Entry(f"{n}.txt", f"{n}.png", f"{n}.txt", read_caption(text)) for n, text in enumerate(texts)]
    return surroundings(entries, knowledge(), trigger=TRIGGER)


_SLIPS = "bespoke, smilling, portriat, hairlight, fullbbright, brightt green eyes, gren hair, brownhair, redhat, bespkoe"
AROUND = _others([*_USUAL, _SLIPS])  # a dataset is its own dictionary: what is misspelt must stand in it


def entry_of_text(text, background=None, encoding=None, file="a.txt"):
    """A caption beside a picture with this background and some brown in it; without a background nobody looked at the picture."""
    sight = None if background is None else Sight.of_colors([background, parse_hex("#7e351a")], background)
    return Entry(file, "a.png", file, read_caption(text), encoding or Encoding(), sight)
