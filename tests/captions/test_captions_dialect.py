"""Every caption's dialect is found by itself: tags, prose, or words with color codes."""

from __future__ import annotations

import pytest

from lorascope.captions.clauses import read_caption
from lorascope.captions.dialect import Dialect, detect

TAGS = (
    "1girl, solo, blue_hair, long_hair, looking_at_viewer",
    "1girl, solo",
    "solo, 1boy, black hair, smile, upper body, white background",
    "frieren, 1girl, ||| rating: general, green eyes, staff",
    "hatsune_miku_(vocaloid), twintails, thigh-highs, detached_sleeves",
    r"poster \(object\), indoors, bed, pillow",
    "(masterpiece:1.2), (best quality:1.4), 1girl, red dress",
    "((blue eyes)), [blurry], medium breasts, serafuku",
    "2girls, multiple girls, holding hands, hand on own hip",
    "no humans, scenery, mountain, sky, cloud, sunset",
    "bespoke",
    "ohwx man",
    "pixel art portrait",
    "sks dog, standing, grass, outdoors",
    "bespoke, 24x24 pixel art portrait, bright green solid background, medium brown skin, wearing a blue hat",
    "portrait of bespoke punk lad, wearing a hat, with a smile",
    "photo of a woman, red dress, long hair, standing on the beach, sunset, 85mm",
    "masterpiece, best quality, absurdres, highres, 8k, hdr",
    "a), b",
    "smile, :d, ^_^, :)",
    "red hair,green eyes,freckles",
    "1girl, solo, smile.",
    "score_9, score_8_up, score_7_up, source_anime, 1girl",
    "close-up, from side, depth of field, bokeh",
    "rating: safe, year 2023, newest",
    "1女孩\uff0c独奏\uff0c蓝色头发\uff0c微笑",
    "女の子、青い髪、笑顔",
    "cat\ndog\nbird",
    "😀, smile, emoji",
    "<lora:bespoke:0.8>, 1girl, solo",
    "v, peace sign, hand up",
    "",
    "  \n ",
    "12, 34",
    "cyberpunk city street at night, neon lights, rain, reflections",
)
PROSE = (
    "A girl with blue hair smiles.",
    "a cat",
    "a photo of sks dog",
    "A woman sits on a bench, smiling, with a red umbrella in her hand.",
    "The image shows a young man with short, curly hair. He is wearing a black jacket, blue jeans and white sneakers.",
    "bespoke, a photo of a woman sitting on a bench, smiling",
    "ohwx woman, a close-up photo of a woman in a red, knitted sweater, looking at the camera",
    "There are two cats on the sofa. One is black, the other is white.",
    "This is a portrait of an old man",
    "Mr. Smith stands at the window, holding a cup of coffee.",
    "an oil painting of a ship in a storm, with dark clouds over the sea",
    "She has long brown hair and green eyes",
    "In the morning, a man walks his dog along the river.",
    "Eine Frau sitzt auf einer Bank im Park.",
    "Une femme aux cheveux bruns est assise sur un banc, un livre dans la main.",
    "Una mujer con un vestido rojo camina por la playa.",
    "Женщина сидит на скамейке в парке.",
    "一个女孩坐在长椅上\uff0c微笑着。",
    "女の子がベンチに座って、本を読んでいる。",
    "A dog! It runs across the grass.",
    "a black and white photograph of a city street with people walking in the rain",
    "The character has red eyes",
    "Portrait of a lady. Her hair is tied back.",
    "a man wearing a hat, a scarf and a coat stands in front of a brick wall",
)
CODED = (
    "lad, brown hair (#7e351a)",
    "bespoke, 24x24, hair (#c06148, #a76857), background (#03dc73), palette: #03dc73, #7e351a",
    "smiling, #abc",
    "palette: #03dc73 #7e351a",
    "A woman with brown hair (#7e351a). Her eyes are green (#03dc73).",
    "pixel art, 24x24, portrait of bespoke punk lad, yellow solid background (#6ae745)",
)
LABELED = [
    *((text, Dialect.TAGS) for text in TAGS),
    *((text, Dialect.PROSE) for text in PROSE),
    *((text, Dialect.CODED) for text in CODED),
]


@pytest.mark.parametrize(("text", "dialect"), LABELED)
def test_the_dialect_of_a_caption(text, dialect):
    assert detect(text) is dialect
    assert read_caption(text).dialect is dialect


def test_the_list_is_long_enough_to_mean_something():
    assert len(LABELED) >= 60


@pytest.mark.parametrize("text", ["issue #12345, tags", "#hashtag, smile", "no. #1, solo"])
def test_a_number_sign_alone_is_no_code(text):
    assert detect(text) is Dialect.TAGS
