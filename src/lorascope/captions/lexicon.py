"""Word lists about captions: things and their colors, what hides them, words that explain two colors, notes to the writer.

Kept short and plain on purpose. A word belongs here when captions of people use it all the time and a check would go wrong without
it; everything else is learned from the dataset at hand. All words are in lower case.
"""

from __future__ import annotations

from collections.abc import Mapping

from lorascope.records.color_names import MODIFIERS, TERMS

# What every person or picture has: such a noun alone says nothing. "hat" or "glasses" alone say that there is one.
SAY_NOTHING_ALONE = frozenset("hair eyes eye lips lip skin clothing clothes background backdrop bg".split())

# Words before a noun that say nothing of it.
FILLERS = frozenset("with wearing has and a an the his her their its some".split())

# Things of which one person or picture has one kind only.
SINGULAR = frozenset("hair eyes skin lips beard mustache eyebrows background".split())

# The families a color word belongs to. Two words contradict each other when they share none.
FAMILIES: Mapping[str, frozenset[str]] = {
    word: frozenset(families.split())
    for families, words in {
        "red": "red crimson scarlet ruby cherry",
        "red brown": "maroon burgundy auburn rust mahogany",
        "red orange": "ginger vermilion coral",
        "orange": "orange tangerine",
        "orange brown": "copper bronze",
        "orange yellow brown": "amber",
        "orange pink": "peach salmon apricot",
        "yellow": "yellow lemon",
        "yellow gold brown": "gold golden honey mustard blonde blond",
        "yellow brown white": "sandy sand beige cream khaki",
        "yellow gray white": "platinum",
        "green": "green emerald lime mint jade",
        "green brown": "olive",
        "green gray": "sage",
        "green blue": "teal turquoise cyan aqua aquamarine",
        "blue": "blue navy sky azure cobalt sapphire",
        "blue purple": "indigo periwinkle",
        "purple": "purple violet amethyst",
        "purple pink": "lavender lilac mauve magenta fuchsia plum",
        "pink": "pink rose",
        "brown": "brown brunette chestnut chocolate",
        "brown yellow": "tan",
        "brown green": "hazel",
        "black": "black raven ebony jet",
        "gray": "gray grey ash",
        "gray black": "charcoal slate",
        "gray white": "silver silvery",
        "white": "white snowy ivory",
    }.items()
    for word in words.split()
}  # fmt: skip
SKIN_DEPTHS = frozenset({"light", "medium", "dark"})
# Skin has words of its own; "medium dark" is both.
SKIN_FAMILIES: Mapping[str, frozenset[str]] = {
    word: frozenset(families.split())
    for families, words in {
        "light": "light pale fair white porcelain ivory",
        "light medium": "peach beige",
        "medium": "medium tan tanned olive bronze bronzed golden",
        "medium dark": "brown",
        "dark": "dark deep black ebony",
        "blue": "blue", "green": "green", "red": "red", "purple": "purple", "pink": "pink", "gray": "gray grey", "yellow": "yellow",
        "orange": "orange",
    }.items()
    for word in words.split()
}  # fmt: skip

# Anywhere in a caption these explain that a thing has two colors …
EXPLAINS_COLORS = (
    "heterochromia", "multicolor", "multicolour", "multi-color", "multi color", "two-tone", "two tone", "two-color", "two color",
    "bicolor", "tricolor", "streak", "highlights", "ombre", "ombré", "dip-dye", "dip dye", "dyed", "split-color", "split color",
    "mismatched", "odd-eyed", "odd eye", "different color", "colored inner", "gradient hair", "gradient eyes", "rainbow", "undercolor",
    "balayage", "skunk stripe", "changing color", "calico", "sclera", "colored tips", "eyeball", " wig", "before and after",
)  # fmt: skip
# … and these when they stand in the very clause that speaks of the color.
EXPLAINS_HERE = frozenset(
    "left right one other another each half under inner outer upper lower top bottom tips tip ends roots sides side back front strand "
    "strands bangs split gradient striped stripes stripe checkered checked pattern patterned spotted dotted plaid fading turning mixed "
    "either almost former previously once reflection reflected shadow lighting glow tinted painted".split()
)
# Words that may stand twice in a row and mean it. Emphasis is a matter of style, the others are names and sounds.
EMPHASIS = frozenset("very really so too far much many way super ultra extremely quite no ha haha la na oh ah".split())
TWICE_BY_GRAMMAR = frozenset("that had is her it do did you who in on out up down there".split())
TWICE_BY_NATURE = frozenset(
    "bora can cha yo bling knock night pom choo dik ylang pago walla duran sing aye tom hula poi chop mahi tuk blah bye tsk nyan moe kira "
    "doki pika pew tick ding beep baa woof meow quack oink hush jan gal boing"
    "  boo goo coo nom tut tap zig hip cous ping pong dum tam bam "
    "bon mono mini lulu mimi nana koko coco gogo jojo kiki lili momo nono riri ruru sasa tata toto yaya zaza puff wee win hot hubba "
    "hare krishna wagga kai baden sirhan boutros major johnson fifty sixty drip clap click".split()
)
# The same in other languages, where an article follows a pronoun of the same letters …
TWICE_ELSEWHERE = frozenset(
    "der die das den dem sie wir nous vous "
    # … and names of animals, dishes and people that are a word said twice.
    "chow gang agar gado piri peri halo shabu dan bang pili kare sapin beri aku lomi tiki yum ling mei xiao wei lang bun fei tian "
    "pan niu nini lala ruru dodo bobo didi fifi gigi momo popo roro soso vivi zizi dabu paru kori peek goody gatsu poi".split()
)  # fmt: skip

# Right as they are, though a spelling rule would split or change them.
COMPOUNDS = frozenset(
    "facemask hairbow hairpin hairband hairclip hairstyle hairline haircut hairdo hairless hairnet twintails twintail sidelocks "
    "sidelock ponytail thighhighs thighhigh kneehighs kneehigh overknee eyepatch eyelash eyelashes eyebrow eyebrows eyeshadow "
    "eyeliner eyewear eyeball lipgloss lipstick facepaint turtleneck sideburns sideburn blindfold headband headphone headset headwear "
    "headdress headscarf headgear armband armlet armwear legwear footwear handwear neckwear underwear swimwear sportswear sleepwear "
    "nightwear knitwear backlight backlit backlighting sunlight moonlight starlight daylight spotlight candlelight lamplight "
    "firelight blackboard whiteboard greenhouse redhead blackbird bluebird goldfish silverware blackberry blueberry bluebell redwood "
    "whitewash grayscale greyscale fullbody upperbody lowerbody halfbody closeup lowres highres absurdres nosering earring earrings "
    "wristband wristwatch bodysuit jumpsuit tracksuit swimsuit catsuit bowtie necktie breastplate shoulderpad kneepad crosshatch "
    "pixelart photoreal photorealistic photorealism photobomb hyperreal semireal chromakey greenscreen bluescreen undershirt "
    "overshirt overalls waistcoat longcoat raincoat trenchcoat sleeveless shirtless topless barefoot barefaced cleanshaven halftone "
    "duotone monotone widescreen watercolor watercolour sketchbook hoodie snapback flatcap softshell hardhat longsleeve shortsleeve "
    "blackwork dotwork linework lineart fanart goldilocks cowlick pigtails bedhead bobcut pixiecut hightop lowtop buzzcut crewcut "
    "undercut mohawk skylight limelight headboard headstand backspace backtrack blackjack shorthair longcoat torchlight gaslight "
    "highlight highlights stoplight headlight headlights taillight nightlight greenlight redlight fairylight tealight tealights".split()
)
# Nouns that make compounds with the noun before them ("hairpin"), so that the two are no slip.
COMPOUND_TAILS = frozenset(
    "band bow pin clip tie style line cut mask wear piece ring strap cap coat suit bag ball cloth dress gear guard guards plate pad pads "
    "proof shade patch brush print work art book board house room side top bottom neck sleeve chair shirt girl boy man woman "
    "kin tail tails lace bands bows pins clips ties rings shoe shoes walk way paper wood stone glass hole lock locks mark "
    "marks fall berry".split()
)

# Words of captions that look like slips of commoner ones.
RARE_WORDS = frozenset(
    "bondage facet tilted pouting deadlocks simplex sifting dimples stubble ombre "
    "checkers skinned antialiasing blackjack converge converged deadlock dreadlock dreadlocked eyeglass freckled photon "
    "photons smirk smirks smirking splint splinter spurious straighten straightened suck sucks sucking whine whining whiten "
    "whitened stropped brack bracken illustrative "
    "mountainous sallow winnow".split()
)

# What captions are made of: the words that slips are held against when a dataset is too small to be its own dictionary.
THINGS = frozenset(
    "hair eyes lips skin face beard mustache eyebrows freckles clothing clothes background portrait glasses sunglasses goggles "
    "eyeglasses earring earrings necklace choker scarf shirt jacket hoodie sweater coat vest dress skirt trousers jeans shorts collar "
    "sleeves gloves boots shoes sneakers socks bracelet bandana headband headphones helmet crown ribbon ponytail braids bangs mohawk "
    "dreadlocks sideburns stubble cigarette bandage lipstick makeup eyeshadow blindfold armor uniform costume backpack umbrella sword "
    "gradient highlights shoulders forehead cheeks".split()
)
TRAITS = frozenset(
    "long short curly wavy straight messy spiky medium light dark bright pale solid plain simple checkered striped gradient smiling "
    "frowning laughing serious neutral expression looking viewer facing standing sitting wearing holding covered closed pixel style "
    "character detailed quality female woman young tanned full colored multicolored split vibrant pastel anti-aliasing".split()
)
SCENES = frozenset(
    "shallow garden forest mountain mountains kitchen window windows building buildings street river water beach grass flower flowers "
    "table camera wooden sunset sunrise landscape photograph painting illustration surrounded reflection clouds castle bridge lighthouse "
    "bicycle motorcycle restaurant bedroom bathroom strawberry banana chocolate vegetables shoulder".split()
)
KNOWN_WORDS = frozenset(
    {*THINGS, *TRAITS, *SCENES, *TERMS, *MODIFIERS, *FAMILIES, *COMPOUNDS, *RARE_WORDS, "haired", "eyed", "skinned", "bearded", "lipped"}
)
"""Words that are certainly spelled right."""
FUSE_FIRST = frozenset({*TERMS, "blonde", "blond", "brunette"})
FUSE_LAST = frozenset("hair eyes eye lips skin background backdrop clothing clothes shirt jacket hat dress scarf beard".split())
"""Between a color word and one of these there is a space, even where a tokenizer knows the two as one."""
