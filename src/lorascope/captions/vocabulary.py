"""The words captions describe things with: the things themselves, what links words, and what says a pattern."""

from __future__ import annotations

# Every thing with the ways it is written; the first one names it. Regular plurals and singulars are added below.
_THINGS = """
hair: haired
eyes: eye eyed iris irises
lips: lip lipped lipstick
skin: skinned complexion
face: faced
eyebrows: eyebrow brows brow
eyelashes: eyelash lashes
beard: bearded
mustache: moustache mustached
stubble goatee sideburns freckles mole scar tattoo blush makeup
nose: nosed
ears: ear eared
mouth: mouthed
teeth: tooth fangs fang
cheeks: cheek cheeked
nails: nail fingernails
bangs: fringe
ponytail twintails pigtails braid bun mohawk afro dreadlocks
hat cap beanie hood helmet crown headband bandana tiara beret fedora turban headphones
glasses: eyeglasses spectacles glass-frames
sunglasses: shades
goggles monocle eyepatch mask visor pipe cigarette
earrings: earring stud studs
necklace choker collar scarf tie bowtie bracelet ring watch chain
shirt: t-shirt tshirt tee
blouse sweater hoodie jacket coat vest suit tuxedo blazer cardigan dress gown skirt kimono robe cape cloak uniform apron overalls armor
pants: trousers
jeans: jean
shorts leggings tights stockings thighhighs socks shoes boots sneakers sandals heels gloves belt swimsuit bikini
clothing: clothes outfit attire apparel garment
bag backpack ribbon bow wings tail horns fur
background: backdrop bg
"""
_PLURALS = {"s", "x", "h"}  # nouns that end so take "es"


def _named() -> dict[str, str]:
    names: dict[str, str] = {}
    for line in _THINGS.split("\n"):
        name, found, others = line.partition(":")
        for first in name.split():
            for word in (first, *(others.split() if found else ())):
                names.setdefault(word, first)
                if not word.endswith("s"):
                    names.setdefault(word + ("es" if word[-1] in _PLURALS else "s"), first)
                elif first == word and not word.endswith("ss"):
                    names.setdefault(word[:-1], first)
    for word in ("short", "legging", "tight", "shade", "jean", "heel", "boot", "shoe", "sock", "glove", "goggle", "bang", "glas"):
        if word in {"short", "tight", "shade", "heel", "bang", "glas"}:
            names.pop(word, None)  # other words
    return names


THINGS = _named()
"""Each word that names a thing → the thing: "eye" → "eyes", "backdrop" → "background", "haired" → "hair"."""

# A thing's word before one of these names something else: "hair ribbon", "eye shadow", "hat stand".
OTHER_HEADS = frozenset(
    "ornament ornaments clip clips pin pins hairpin tube tubes flower flowers intakes accessory accessories shadow liner "
    "patch patches gloss "
    "stand rack box shop figure figures character characters person people noise music singer removed dye dryer brush stick contact".split()
)
# After one of these the thing is still the thing: "skin tone", "hair color".
SAME_HEADS = frozenset("tone tones color colour colors colours style shade area region".split())

# Words that end the look back from a thing: what stands before them belongs to something else.
STOPS = frozenset(
    "with on in of at behind against a an the has have had having is are was were be wearing wears wore over before from by "
    "her his their its "
    "my your our under covered she he it they this that these those there who which while as for holding holds showing shows "
    "featuring features "
    "sporting sports into between around near beside no not without but".split()
)
FILLERS = frozenset("solid plain flat simple colored coloured color colour uniform single square".split())
# Words that say that a thing has more than one color: then no single word can be held against it.
PATTERNS = frozenset(
    "split checkered checked gradient striped stripes pattern patterned brick plaid dotted spotted ombre rainbow "
    "multicolored tone toned half "
    "left right top bottom upper lower to blurred blurry room street sky city forest".split()
)
# What a pattern's words claim of a background.
PATTERN_KINDS = {
    "solid": "solid", "plain": "solid", "flat": "solid", "uniform": "solid", "monochrome": "solid",
    "split": "split", "halved": "split", "two-tone": "split", "two-toned": "split", "half": "split",
    "checkered": "checkered", "checked": "checkered", "chequered": "checkered", "checkerboard": "checkered", "chessboard": "checkered",
    "gradient": "gradient", "ombre": "gradient", "faded": "gradient",
    "striped": "striped", "stripes": "striped", "dotted": "dotted", "spotted": "dotted", "polka": "dotted",
    "plaid": "patterned", "pattern": "patterned", "patterned": "patterned", "brick": "patterned", "rainbow": "patterned",
    "multicolored": "patterned", "multicoloured": "patterned",
}  # fmt: skip
# Adjectives that may be joined by "and" or a comma before a thing: "long and curly brown hair".
ADJECTIVES = frozenset(
    "long short medium curly wavy straight messy spiky big small large tiny thick thin round full bushy shaggy shiny bald "
    "shaved braided tied "
    "wide narrow closed open half-closed sharp soft glossy matte old young new torn worn ripped knitted woolen leather denim "
    "silk cotton".split()
)
# What joins a thing to what is said of it after it: "hair is brown", "eyes that are green", "background: red".
COPULAS = frozenset("is are was were in".split())
ADVERBS = frozenset("all mostly mainly completely entirely partly slightly quite rather really also now a an colored coloured".split())
