"""The toy trainer: real LoRA training of a small Stable Diffusion pipeline, on a CPU, in seconds per epoch.

It honors every parameter that has a meaning at its scale (``HONORED``), records those that cannot change its result
(``NEUTRAL``), and refuses the others by name. Every epoch draws its randomness from (seed, epoch): a training that was
killed and resumed ends with the same tensors as one that never stopped.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.optimization import get_scheduler

from lorascope.backends import lora
from lorascope.backends.backend import EpochDone, StepDone, TrainingEvent, TrainingPlan, TrainingStarted
from lorascope.backends.kohya_file import DTYPES, Provenance, checkpoint_name, is_checkpoint_of, metadata, tensors, write
from lorascope.backends.noise import NoiseRules
from lorascope.backends.optimizer import make_optimizer
from lorascope.backends.shown_caption import CaptionRules
from lorascope.backends.toy_images import TrainingImages
from lorascope.backends.toy_limits import refused_parameters
from lorascope.backends.toy_model import encode, load_pipeline, token_ids
from lorascope.backends.training_state import Position, load_state, save_state
from lorascope.errors import AlreadyExists, BadParameter, MissingFile, UserError
from lorascope.records.run import ParameterValue


class ToyTrainer:
    """Trains on pictures of the base model's own size (24 x 24)."""

    name = "toy"

    def refused(self, parameters: Mapping[str, ParameterValue]) -> Mapping[str, str]:
        """The parameters this trainer cannot honor, each with the reason."""
        return refused_parameters(parameters)

    def train(self, plan: TrainingPlan, *, resume: bool = False) -> Iterator[TrainingEvent]:
        """Train, yielding events. ``resume`` goes on after the last epoch whose state is on disk."""
        session = _Session.opened(plan)
        yield from session.epochs(resume=resume)


@dataclass(slots=True)
class _Session:
    """The models and settings of one training while it runs."""

    plan: TrainingPlan
    pipe: Any
    images: TrainingImages
    captions: CaptionRules
    noise: NoiseRules
    optimizer: Any
    named: list[tuple[str, torch.nn.Parameter]]
    steps_per_epoch: int
    total_steps: int
    epoch_count: int

    @classmethod
    def opened(cls, plan: TrainingPlan) -> _Session:
        values = plan.parameters
        pipe = load_pipeline(plan.base_model)
        layers, skip = pipe.text_encoder.config.num_hidden_layers, _number(values, "clip_skip", 1)
        if skip > layers:
            raise BadParameter(f"clip_skip = {skip}: the text encoder of this base model has {layers} layers", next_step="lower it")
        images = TrainingImages.read(plan.dataset, values, pipe.unet.config.sample_size * pipe.vae_scale_factor)
        torch.manual_seed(_number(values, "seed", 0))
        text_is_trained = not values.get("network_train_unet_only") and values.get("text_encoder_lr") != 0
        lora.attach(pipe.unet, pipe.text_encoder if text_is_trained else None, lora.Shape.of(values))
        if not text_is_trained:
            pipe.text_encoder.requires_grad_(requires_grad=False)
        dropouts = lora.Dropouts(*(float(str(values.get(f"{kind}_dropout") or 0)) for kind in ("network", "rank", "module")))
        for model in (pipe.unet, pipe.text_encoder):
            dropouts.install(model)
            model.train()
        if values.get("gradient_checkpointing"):
            pipe.unet.enable_gradient_checkpointing()
        groups = {"unet": lora.trainable(pipe.unet), "text_encoder": lora.trainable(pipe.text_encoder)}
        named = [(f"{part}.{name}", parameter) for part, pairs in groups.items() for name, parameter in pairs]
        batches = math.ceil(len(images) / _number(values, "train_batch_size", 1))
        steps_per_epoch = math.ceil(batches / _number(values, "gradient_accumulation_steps", 1))
        asked_epochs = values.get("max_train_epochs")
        total = steps_per_epoch * int(str(asked_epochs)) if asked_epochs else _number(values, "max_train_steps", 1600)
        optimizer = make_optimizer(values, {part: [parameter for _, parameter in pairs] for part, pairs in groups.items()})
        epoch_count = math.ceil(total / steps_per_epoch)
        return cls(
            plan, pipe, images, CaptionRules.of(values), NoiseRules.of(values), optimizer, named, steps_per_epoch, total, epoch_count
        )

    def epochs(self, *, resume: bool) -> Iterator[TrainingEvent]:
        """Run the epochs that are left."""
        self._make_folder(resume=resume)
        found = load_state(self.plan.folder, self.plan.run, self.named, self.optimizer, self.fingerprint()) if resume else None
        position = found or Position(0, 0, 0, str(uuid.uuid4()), time.time(), self.fingerprint())
        schedule = self._schedule(position.step)
        yield TrainingStarted(self.total_steps, self.steps_per_epoch, position.step)
        for epoch in range(position.epoch + 1, self.epoch_count + 1):
            started = time.time()
            losses: list[float] = []
            step, seen = position.step, position.samples_seen
            for loss, samples in self._updates(epoch, self.total_steps - step):
                schedule.step()
                step, seen = step + 1, seen + samples
                if not math.isfinite(loss):
                    next_step = "lower learning_rate, or whatever else was raised"
                    raise UserError(f"the training diverged: the loss of step {step} (epoch {epoch}) is {loss}", next_step=next_step)
                losses.append(loss)
                yield StepDone(step, epoch, loss)
            position = Position(epoch, step, seen, position.session_id, position.started_at, position.fingerprint)
            file = self._save_checkpoint(position)
            yield EpochDone(epoch, step, seen, sum(losses) / len(losses), time.time() - started, file)
            # Only now, when whoever listens has recorded the epoch: killed before, the epoch is trained again, with the same tensors.
            save_state(self.plan.folder, self.plan.run, position, self.named, self.optimizer)

    def _make_folder(self, *, resume: bool) -> None:
        """The folder for checkpoints; a new run never writes over a file that is there."""
        folder = self.plan.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            next_step = "choose another folder for the checkpoints: --output FOLDER"
            raise MissingFile(f"the folder cannot be made: {error.strerror}", where=str(folder), next_step=next_step) from error
        for file in () if resume else folder.iterdir():
            if is_checkpoint_of(self.plan.run, file.name):
                next_step = "move it away, or choose another name or --output FOLDER"
                raise AlreadyExists("a checkpoint of this name is there already", where=str(file), next_step=next_step)

    def _schedule(self, first_step: int) -> Any:
        values = self.plan.parameters
        warmup = float(str(values.get("lr_warmup_steps") or 0))
        warmup_steps = int(warmup * self.total_steps) if 0 < warmup < 1 else int(warmup)
        for group in self.optimizer.param_groups:
            group["initial_lr"] = group["lr"]  # what a schedule that begins in the middle starts from
        return get_scheduler(
            str(values.get("lr_scheduler") or "constant"),
            self.optimizer,
            num_warmup_steps=warmup_steps,
            num_training_steps=self.total_steps,
            num_cycles=_number(values, "lr_scheduler_num_cycles", 1),
            power=float(str(values.get("lr_scheduler_power") or 1)),
            last_epoch=first_step - 1,
        )

    def _updates(self, epoch: int, limit: int) -> Iterator[tuple[float, int]]:
        """The optimizer updates of one epoch, at most ``limit``: each as (mean loss, number of samples)."""
        values = self.plan.parameters
        seed = _number(values, "seed", 0)
        rng = random.Random(f"{seed}/{epoch}")  # noqa: S311 - a seeded sequence is what we want
        generator = torch.Generator().manual_seed(rng.getrandbits(48))
        torch.manual_seed(rng.getrandbits(48))
        batches = self.images.batches(_number(values, "train_batch_size", 1), rng)
        accumulation = _number(values, "gradient_accumulation_steps", 1)
        clip, largest = values.get("max_grad_norm"), values.get("scale_weight_norms")
        parameters = [parameter for _, parameter in self.named]
        for start in range(0, min(len(batches), limit * accumulation), accumulation):
            group = batches[start : start + accumulation]
            losses = [self._backward(batch, epoch, rng, generator, accumulation) for batch in group]
            if clip is None or float(str(clip)) > 0:
                torch.nn.utils.clip_grad_norm_(parameters, float(str(clip if clip is not None else 1.0)))
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            if largest:
                lora.clamp_norms(self.pipe.unet, float(str(largest)))
                lora.clamp_norms(self.pipe.text_encoder, float(str(largest)))
            yield sum(losses) / len(losses), sum(len(batch) for batch in group)

    def _backward(self, batch: list[int], epoch: int, rng: random.Random, generator: torch.Generator, parts: int) -> float:
        values, pipe = self.plan.parameters, self.pipe
        pixels = self.images.pixels(batch, rng)
        captions = [self.captions.shown(self.images.captions[index], epoch, rng) for index in batch]
        ids = token_ids(pipe.tokenizer, captions, _number(values, "max_token_length", 75))
        skip = values.get("clip_skip")
        with torch.autocast("cpu", torch.bfloat16, enabled=values.get("mixed_precision") == "bf16"):
            hidden = encode(pipe.text_encoder, ids, int(str(skip)) if skip else None)
            latents = pipe.vae.encode(pixels).latent_dist.sample() * pipe.vae.config.scaling_factor
            noise = self.noise.noise(latents, generator)
            times = self.noise.timesteps(len(batch), generator)
            noisy = self.noise.noisy(pipe.scheduler, latents, noise, times, generator)
            v_prediction = pipe.scheduler.config.prediction_type == "v_prediction"
            target = pipe.scheduler.get_velocity(latents, noise, times) if v_prediction else noise
            loss = self.noise.loss(pipe.scheduler, pipe.unet(noisy, times, hidden).sample, target, times)
        torch.autograd.backward(loss / parts)
        return float(loss.detach())

    def _save_checkpoint(self, position: Position) -> Path | None:
        """Write the checkpoint, when this epoch is one to save; returns its path or None."""
        plan, values = self.plan, self.plan.parameters
        every = values.get("save_every_n_epochs")
        last = position.epoch == self.epoch_count
        path = plan.folder / checkpoint_name(plan.run, position.epoch, self.epoch_count)
        saved = last or bool(every and position.epoch % int(str(every)) == 0)
        if saved:
            dtype = DTYPES[str(values.get("save_precision") or "float")]
            named = tensors(lora.modules(self.pipe.unet), lora.modules(self.pipe.text_encoder), dtype)
            side = self.images.side_px
            provenance = Provenance(
                plan.run, position.session_id, position.epoch, position.step, self.steps_per_epoch, self.total_steps, position.started_at,
                time.time(), plan.base_model.name, (side, side), v_prediction=self.pipe.scheduler.config.prediction_type == "v_prediction",
            )  # fmt: skip
            write(path, named, metadata(values, plan.dataset, provenance))
        return path if saved else None

    def fingerprint(self) -> str:
        """Names what the result depends on: parameters and dataset. Where it lies and what it is called do not matter."""
        facts = json.dumps(dict(sorted(self.plan.parameters.items())), sort_keys=True) + self.plan.dataset.digest
        return hashlib.blake2b(facts.encode(), digest_size=16).hexdigest()


def _number(values: Mapping[str, ParameterValue], name: str, default: int) -> int:
    value = values.get(name)
    return default if value is None else int(str(value))
