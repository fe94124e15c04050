"""Pretrain the toy base model: a Stable Diffusion pipeline small enough to ship and to fine-tune on a CPU.

Run on two cores (about 45 minutes): ``python tools/pretrain_base.py --out build/base``. Then
``python tools/check_base.py build/base`` measures it. Everything is seeded; with the same versions and two processes
the same weights come out.

Two stages, because cross-attention alone learns the meaning of color words very slowly at this size:
1. the text encoder and the pooled-text head learn to name what a caption says (the role CLIP's pretraining plays);
2. everything together learns to draw, by v-prediction with a zero terminal signal-to-noise ratio.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
import os
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from diffusers import DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from torch import nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

import sprites
from lorascope.backends.patch_vae import PatchVAE
from lorascope.captions.window import _LETTERS, _PIECE, ClipTokenizer

ROOT = Path(__file__).resolve().parent.parent
MERGES = ROOT / "src/lorascope/assets/clip/merges.txt.gz"
WIDTH = 96
POSITIONS = 77
COLOR_TRAITS = ("background", "hair", "clothing", "hat", "object")
OTHER_WORDS = (
    "sprite bespoke a an the of and with in on portrait pixel art 24x24 grid lady lad punk person wearing smiling frowning "
    "bright deep pale vivid solid split checkered gradient palette sharp edges no anti aliasing anti-aliasing retro style "
    "hard color borders clean lines limited game character flat shading blocky 8-bit 8 bit low resolution masterpiece best "
    "quality highly detailed centered composition simple eyes lips nose face outline blonde cap golden navy olive maroon "
    "beige turquoise cyan magenta violet lavender lime mint peach salmon crimson scarlet gold silver tan indigo photo picture"
)


def vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """The part of CLIP's vocabulary that our words need: for these words the tokens are exactly CLIP's.

    Runs of punctuation are left single: "(#" and "),", one token each in CLIP, are two here.
    Merges of hex letters are all kept, so that any ``#rrggbb`` costs what it costs in CLIP.
    """
    lines = gzip.decompress(MERGES.read_bytes()).decode().splitlines()
    tokenizer = ClipTokenizer.from_merges(lines)
    words = {piece for word in OTHER_WORDS.split() for piece in _PIECE.findall(word)}
    words |= {*sprites.COLORS, *sprites.SKINS, *sprites.OBJECTS}
    words |= set("sprite long short hair clothing background skin hat glasses sunglasses beard earrings".split())
    wanted = {symbol for word in words for symbol in tokenizer.symbols(word)}
    parents = {left + right: (left, right) for left, right in reversed(list(tokenizer.ranks))}
    needed, open_symbols = set(), list(wanted)
    while open_symbols:
        symbol = open_symbols.pop()
        if symbol in parents and parents[symbol] not in needed:
            needed.add(parents[symbol])
            open_symbols += parents[symbol]
    merges = [pair for pair in tokenizer.ranks if pair in needed or set("".join(pair).replace("</w>", "")) <= set("abcdef")]
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [_LETTERS[byte] for byte in [*printable, *(byte for byte in range(256) if byte not in printable)]]
    tokens = [*letters, *(letter + "</w>" for letter in letters), *("".join(pair) for pair in merges)]
    tokens = list(dict.fromkeys([*tokens, "<|startoftext|>", "<|endoftext|>"]))
    return {token: index for index, token in enumerate(tokens)}, merges


def make_pipeline() -> StableDiffusionPipeline:
    """The untrained pipeline: the classes of Stable Diffusion 1.5, about 2.7 M parameters."""
    vocab, merges = vocabulary()
    tokenizer = CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=POSITIONS)
    text_encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(vocab), hidden_size=WIDTH, intermediate_size=2 * WIDTH, num_hidden_layers=3, num_attention_heads=4,
            max_position_embeddings=POSITIONS, hidden_act="quick_gelu", projection_dim=WIDTH,
            bos_token_id=vocab["<|startoftext|>"], eos_token_id=vocab["<|endoftext|>"], pad_token_id=vocab["<|endoftext|>"],
        )
    )  # fmt: skip
    unet = UNet2DConditionModel(
        sample_size=12, in_channels=12, out_channels=12, block_out_channels=(48, 96), layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=4, norm_num_groups=16, cross_attention_dim=WIDTH,
        addition_embed_type="text", addition_embed_type_num_heads=4,
    )  # fmt: skip
    scheduler = DDIMScheduler(
        beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, prediction_type="v_prediction",
        rescale_betas_zero_snr=True, timestep_spacing="trailing", clip_sample=False, set_alpha_to_one=True,
    )  # fmt: skip
    return StableDiffusionPipeline(
        vae=PatchVAE(), text_encoder=text_encoder, tokenizer=tokenizer, unet=unet, scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


@dataclass(slots=True)
class World:
    """Sprites drawn once and captioned anew each time they are shown."""

    items: list[sprites.Sprite]
    rng: random.Random
    tokenizer: CLIPTokenizer

    @classmethod
    def drawn(cls, count: int, seed: int, tokenizer: CLIPTokenizer) -> World:
        rng = random.Random(seed)
        return cls([sprites.base_sprite(rng) for _ in range(count)], rng, tokenizer)

    def caption(self, sprite: sprites.Sprite) -> str:
        kept = {trait: value for trait, value in sprite.traits.items() if self.rng.random() > 0.1}
        shown = sprites.Sprite(sprite.pixels, kept)
        return sprites.caption(shown, self.rng, head="sprite", code_share=0.25, code_only_share=0.3)

    def batch(self, size: int, empty_share: float = 0.0) -> tuple[torch.Tensor, torch.Tensor, list[sprites.Sprite], list[str]]:
        chosen = [self.items[self.rng.randrange(len(self.items))] for _ in range(size)]
        captions = ["" if self.rng.random() < empty_share else self.caption(sprite) for sprite in chosen]
        pixels = torch.from_numpy(np.stack([sprite.pixels for sprite in chosen]).astype(np.float32) / 127.5 - 1)
        ids = self.tokenizer(captions, padding="max_length", max_length=POSITIONS, truncation=True, return_tensors="pt").input_ids
        return pixels.permute(0, 3, 1, 2).contiguous(), ids, chosen, captions


class TraitHeads(nn.Module):
    """Reads traits out of the pooled text: the words, and the RGB of what has a color."""

    def __init__(self, width: int) -> None:
        super().__init__()
        names = ["", *sprites.COLORS]
        self.classes = {
            **dict.fromkeys(COLOR_TRAITS, names),
            "length": ["", "long", "short"], "skin": ["", *sprites.SKINS], "glasses": ["", "glasses", "sunglasses"],
            "mouth": ["", "smiling", "frowning"], "beard": ["", "beard"], "earrings": ["", "gold"],
            "kind": ["", *sprites.OBJECTS],
        }  # fmt: skip
        self.words = nn.ModuleDict({trait: nn.Linear(width, len(names)) for trait, names in self.classes.items()})
        self.rgb = nn.ModuleDict({trait: nn.Linear(width, 3) for trait in COLOR_TRAITS})

    def targets(self, sprite: sprites.Sprite, caption: str) -> tuple[dict[str, int], dict[str, tuple[float, ...]]]:
        """What the caption says of the sprite: class indices, and RGB in [-1, 1] of traits that are mentioned."""
        labels, colors = dict.fromkeys(self.classes, 0), {}
        for trait, (words, rgb) in sprite.traits.items():
            first, *rest = words.split(" ")
            code = rgb is not None and sprites.hex_code(rgb) in caption
            if words not in caption and not code:
                continue
            if rgb is not None:
                labels[trait] = self.classes[trait].index(rest[0] if trait == "hair" else first)
                colors[trait] = tuple(level / 127.5 - 1 for level in rgb)
                if trait == "hair" and words in caption:
                    labels["length"] = self.classes["length"].index(first)
                if trait == "object" and words in caption:
                    labels["kind"] = self.classes["kind"].index(rest[0])
            else:
                labels[trait] = self.classes[trait].index(first)
        return labels, colors

    def loss(self, pooled: torch.Tensor, chosen: list[sprites.Sprite], captions: list[str]) -> tuple[torch.Tensor, dict[str, float]]:
        answers = [self.targets(sprite, caption) for sprite, caption in zip(chosen, captions, strict=True)]
        total, shown = pooled.new_zeros(()), {}
        for trait, head in self.words.items():
            part = functional.cross_entropy(head(pooled), torch.tensor([labels[trait] for labels, _ in answers]))
            total, shown[trait] = total + part, float(part.detach())
        for trait, head in self.rgb.items():
            rows = [row for row, (_, colors) in enumerate(answers) if trait in colors]
            if rows:
                wanted = torch.tensor([answers[row][1][trait] for row in rows])
                part = functional.mse_loss(head(pooled[rows]), wanted)
                total, shown[f"{trait} rgb"] = total + 4 * part, float(part.detach())
        return total, shown


def reduce_gradients(parameters: list[nn.Parameter], world_size: int) -> None:
    """Average gradients over the processes, as one flat message."""
    for parameter in parameters:
        if parameter.grad is None:  # a head whose trait is in no caption of this process's batch
            parameter.grad = torch.zeros_like(parameter)
    flat = torch.cat([parameter.grad.reshape(-1) for parameter in parameters])
    dist.all_reduce(flat)
    flat /= world_size
    for parameter, part in zip(parameters, flat.split([parameter.numel() for parameter in parameters]), strict=True):
        parameter.grad.copy_(part.view_as(parameter))


def learn_words(pipe: StableDiffusionPipeline, heads: TraitHeads, world: World, args: argparse.Namespace, rank: int) -> None:
    """Stage 1: the text encoder and the pooled-text head learn what captions say."""
    parameters = [*pipe.text_encoder.parameters(), *pipe.unet.add_embedding.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=2e-3, betas=(0.9, 0.99))
    for step in range(args.word_steps):
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 50) * (0.03 + 0.97 * 0.5 * (1 + math.cos(math.pi * step / args.word_steps)))
        _, ids, chosen, captions = world.batch(48)
        pooled = pipe.unet.add_embedding(pipe.text_encoder(ids)[0])
        loss, shown = heads.loss(pooled, chosen, captions)
        optimizer.zero_grad()
        loss.backward()
        reduce_gradients(parameters, args.processes)
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if rank == 0 and step % 100 == 99:
            print(f"words {step + 1}: " + " ".join(f"{name} {value:.3f}" for name, value in shown.items()), flush=True)
    with torch.no_grad():  # a calmer start for the picture stage: the pooled text should not drown the time embedding
        pipe.unet.add_embedding.norm2.weight.mul_(0.5)
        pipe.unet.add_embedding.norm2.bias.mul_(0.5)


def learn_pictures(pipe: StableDiffusionPipeline, world: World, args: argparse.Namespace, rank: int) -> None:
    """Stage 2: text encoder and U-Net learn to draw; the averaged weights are what is kept."""
    parameters = [*pipe.unet.parameters(), *pipe.text_encoder.parameters()]
    optimizer = torch.optim.AdamW(
        [{"params": list(pipe.unet.parameters()), "scale": 1.0}, {"params": list(pipe.text_encoder.parameters()), "scale": 0.3}],
        lr=args.lr, betas=(0.9, 0.99), weight_decay=0.01, fused=True,
    )  # fmt: skip
    average = [parameter.detach().clone() for parameter in parameters]
    generator = torch.Generator().manual_seed(args.seed + 1000 + rank)
    started, running = time.time(), 0.0
    for step in range(args.steps):
        for group in optimizer.param_groups:
            warm = min(1.0, (step + 1) / 200)
            group["lr"] = args.lr * group["scale"] * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / args.steps)))
        pixels, ids, _, _ = world.batch(args.batch // args.processes, empty_share=0.1)
        latents = pipe.vae.encode(pixels).latent_dist.sample()
        noise = torch.randn(latents.shape, generator=generator)
        times = torch.randint(0, 1000, (len(latents),), generator=generator)
        noisy = pipe.scheduler.add_noise(latents, noise, times)
        target = pipe.scheduler.get_velocity(latents, noise, times)
        loss = functional.mse_loss(pipe.unet(noisy, times, pipe.text_encoder(ids)[0]).sample, target)
        optimizer.zero_grad()
        loss.backward()
        reduce_gradients(parameters, args.processes)
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        decay = min(0.9993, (1 + step) / (20 + step))
        with torch.no_grad():
            torch._foreach_lerp_(average, parameters, 1 - decay)
        running += float(loss.detach())
        if rank == 0 and step % 100 == 99:
            print(f"pictures {step + 1}: loss {running / 100:.4f}, {time.time() - started:.0f} s", flush=True)
            running = 0.0
        if rank == 0 and (step % 1500 == 1499 or step + 1 == args.steps):
            save(pipe, parameters, average, args.out, final=step + 1 == args.steps)


def save(pipe: StableDiffusionPipeline, parameters: list[nn.Parameter], average: list[torch.Tensor], out: Path, *, final: bool) -> None:
    """Write the averaged weights in half precision (safetensors), leaving the live weights as they were."""
    live = [parameter.detach().clone() for parameter in parameters]
    with torch.no_grad():
        torch._foreach_copy_(parameters, average)
        halves = pipe.text_encoder, pipe.unet
        for model in halves:
            model.half()
        pipe.save_pretrained(out if final else out.with_name(out.name + "-partial"), safe_serialization=True)
        for model in halves:
            model.float()
        torch._foreach_copy_(parameters, live)


def work(rank: int, args: argparse.Namespace) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{args.meeting}", rank=rank, world_size=args.processes)
    torch.manual_seed(args.seed)
    pipe = make_pipeline()
    heads = TraitHeads(pipe.unet.config.block_out_channels[0] * 4)
    world = World.drawn(args.sprites, args.seed * 100 + rank, pipe.tokenizer)
    if rank == 0:
        count = sum(parameter.numel() for model in (pipe.unet, pipe.text_encoder) for parameter in model.parameters())
        print(f"{count / 1e6:.2f} M parameters, {len(pipe.tokenizer)} tokens", flush=True)
    learn_words(pipe, heads, world, args, rank)
    learn_pictures(pipe, world, args, rank)
    dist.destroy_process_group()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "build/base")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sprites", type=int, default=15000, help="sprites drawn per process")
    parser.add_argument("--word-steps", type=int, default=1500)
    parser.add_argument("--steps", type=int, default=9500)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1.5e-3)
    args = parser.parse_args()
    args.out = args.out.resolve()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.meeting = str(args.out.parent / f"meeting-{os.getpid()}")
    (args.out.parent / "base-recipe.json").write_text(json.dumps({key: str(value) for key, value in vars(args).items()}, indent=1))
    mp.spawn(work, args=(args,), nprocs=args.processes)


if __name__ == "__main__":
    main()
