"""Captions: what is shuffled, dropped, kept and cached."""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.parameters.rules.configuration import Configuration, Scope, distinct, idle_everywhere
from lorascope.parameters.rules.rule import Example, Gravity, LintFinding, Rule, removed

_MOVES_TAGS = ("shuffle_caption", "caption_tag_dropout_rate", "token_warmup_step")


def _moves_tags(scope: Scope) -> bool:
    return any(scope.on(name) for name in _MOVES_TAGS)


def _keep_tokens(configuration: Configuration) -> Iterator[LintFinding]:
    for said in idle_everywhere(configuration, "keep_tokens", lambda scope: not _moves_tags(scope)):
        if not said.value:
            continue
        yield KEEP_TOKENS.at(
            said,
            f"keep_tokens = {said.value} does nothing here: no tag moves or is dropped, since shuffle_caption, caption_tag_dropout_rate "
            "and token_warmup_step are all off",
            "set shuffle_caption = true, or remove keep_tokens",
            removed(said.entry),
        )


KEEP_TOKENS = Rule(
    "keep-tokens-without-shuffle",
    "keep_tokens with nothing to keep them from",
    Gravity.NO_EFFECT,
    "keep_tokens fixes the first tags while others are shuffled, dropped or warmed up; without any of these it is never looked at. "
    "It does not protect from caption_dropout_rate, which empties the whole caption.",
    _keep_tokens,
    "train_util.py:821",
    good=(Example("keep_tokens = 1\nshuffle_caption = true\n"), Example("keep_tokens = 0\n")),
    bad=(Example("keep_tokens = 1\nnetwork_dim = 8\n", "keep_tokens", "network_dim = 8\n"),),
)


def _dropout_keeps_nothing(configuration: Configuration) -> Iterator[LintFinding]:
    both = [
        scope.said("caption_dropout_rate") for scope in configuration.scopes if scope.on("caption_dropout_rate") and scope.on("keep_tokens")
    ]
    for said in distinct(both):
        yield DROPOUT_KEEPS_NOTHING.at(
            said,
            f"caption_dropout_rate = {said.value} empties the whole caption, the tags of keep_tokens included",
            "caption_tag_dropout_rate drops single tags and spares the kept ones",
        )


DROPOUT_KEEPS_NOTHING = Rule(
    "caption-dropout-spares-nothing",
    "keep_tokens does not protect from caption dropout",
    Gravity.NOTE,
    "Caption dropout replaces the caption by an empty one, the trigger included.",
    _dropout_keeps_nothing,
    "train_util.py:821",
    good=(Example("keep_tokens = 1\nshuffle_caption = true\ncaption_tag_dropout_rate = 0.1\n"),),
    bad=(Example("keep_tokens = 1\nshuffle_caption = true\ncaption_dropout_rate = 0.02\n", "caption_dropout_rate"),),
)

_FORBIDDEN_BY_CACHE = ("caption_dropout_rate", "shuffle_caption", "caption_tag_dropout_rate", "token_warmup_step")


def _caches_text(scope: Scope) -> bool:
    return scope.on("cache_text_encoder_outputs") or scope.on("cache_text_encoder_outputs_to_disk")


def _cache_forbids(configuration: Configuration) -> Iterator[LintFinding]:
    scopes = [scope for scope in configuration.scopes if _caches_text(configuration.training)]
    keeps_rate = next(configuration.entries("qwen3"), None)  # Anima keeps the dropout rate in its cache
    forbidden = [name for name in _FORBIDDEN_BY_CACHE if not keeps_rate or name != "caption_dropout_rate"]
    for said in distinct(scope.said(name) for scope in scopes for name in forbidden if scope.on(name)):
        yield CACHE_FORBIDS.at(
            said,
            f"{said.entry.key} changes captions from step to step, which a cache of text encoder outputs cannot: "
            "sd-scripts stops at an assertion",
            f"remove {said.entry.key}, or set cache_text_encoder_outputs = false",
        )


CACHE_FORBIDS = Rule(
    "text-encoder-cache-with-changing-captions",
    "captions change while the text encoder's outputs are cached",
    Gravity.ABORT,
    "With cache_text_encoder_outputs every caption is encoded once; shuffling and dropping need it anew at each step.",
    _cache_forbids,
    "train_util.py, is_text_encoder_output_cacheable",
    good=(Example("cache_text_encoder_outputs = true\nnetwork_train_unet_only = true\n"), Example("shuffle_caption = true\n")),
    bad=(Example("cache_text_encoder_outputs = true\nnetwork_train_unet_only = true\nshuffle_caption = true\n", "shuffle_caption"),),
)


def _cache_trains(configuration: Configuration) -> Iterator[LintFinding]:
    training = configuration.training
    said = training.said("cache_text_encoder_outputs") or training.said("cache_text_encoder_outputs_to_disk")
    if said is not None and configuration.family == "sdxl" and _caches_text(training) and not training.on("network_train_unet_only"):
        yield CACHE_TRAINS.at(
            said,
            "the text encoder's outputs are cached, yet the text encoder is to be trained: sd-scripts stops at an assertion",
            "set network_train_unet_only = true",
        )


CACHE_TRAINS = Rule(
    "text-encoder-cache-while-training-it",
    "the text encoder is trained although its outputs are cached",
    Gravity.ABORT,
    "A cached output cannot follow a text encoder that learns. FLUX and SD 3 cache what they do not train, and do not stop.",
    _cache_trains,
    "sdxl_train_network.py, assert_extra_args",
    good=(
        Example("cache_text_encoder_outputs = true\nnetwork_train_unet_only = true\n"),
        Example('network_module = "networks.lora_flux"\ncache_text_encoder_outputs = true\n'),
    ),
    bad=(Example("cache_text_encoder_outputs = true\n", "cache_text_encoder_outputs"),),
)

_BYPASSED = ("caption_prefix", "caption_suffix", "enable_wildcard", "caption_dropout_every_n_epochs")


def _cache_bypasses(configuration: Configuration) -> Iterator[LintFinding]:
    scopes = [scope for scope in configuration.scopes if _caches_text(configuration.training)]
    for said in distinct(scope.said(name) for scope in scopes for name in _BYPASSED if scope.on(name)):
        yield CACHE_BYPASSES.at(
            said,
            f"{said.entry.key} is passed over without a word: the cache holds the caption as it stands in its file",
            "write it into the caption files, or set cache_text_encoder_outputs = false",
        )


CACHE_BYPASSES = Rule(
    "text-encoder-cache-bypasses",
    "a caption setting that the cache passes over",
    Gravity.WRONG,
    "Prefix, suffix, wildcards and the dropout of every n-th epoch are not applied to cached captions, and nothing checks for them.",
    _cache_bypasses,
    "strategy_sdxl.py:263",
    good=(Example('caption_prefix = "bespoke, "\n'),),
    bad=(
        Example(
            'cache_text_encoder_outputs = true\nnetwork_train_unet_only = true\ncaption_prefix = "bespoke, "\n',
            "caption_prefix",
        ),
    ),
)


def _extension_unsaid(configuration: Configuration) -> Iterator[LintFinding]:
    if configuration.facts is None and not any(scope.said("caption_extension") for scope in configuration.scopes):
        yield EXTENSION_UNSAID.about(
            configuration.file,
            "caption_extension",
            "nothing says caption_extension: captions are read from .caption files, not from .txt",
            'set caption_extension = ".txt" when yours end so',
        )


EXTENSION_UNSAID = Rule(
    "caption-extension-unsaid",
    "the extension of caption files is not said",
    Gravity.NOTE,
    "sd-scripts reads .caption by default. With the wrong extension every caption is silently replaced by the folder's "
    "class or by nothing.",
    _extension_unsaid,
    "train_util.py:4493",
    good=(Example('caption_extension = ".txt"\n'),),
    bad=(Example("network_dim = 8\n", "caption_extension"),),
)

CAPTION_RULES = (KEEP_TOKENS, DROPOUT_KEEPS_NOTHING, CACHE_FORBIDS, CACHE_TRAINS, CACHE_BYPASSES, EXTENSION_UNSAID)
