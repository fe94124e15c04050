"""All channels of evidence for root causes, in the order in which their sentences stand. Adding one: its file, and its line here."""

from __future__ import annotations

from lorascope.analysis.explanation.channels import dataset, diagnostics, findings, history, metrics, pairs, records, settings, unexplained
from lorascope.analysis.explanation.channels.channel import Channel, Said

CHANNELS: tuple[Channel, ...] = (
    records.CHANNEL,
    settings.CHANNEL,
    pairs.CHANNEL,
    history.CHANNEL,
    findings.CHANNEL,
    dataset.CHANNEL,
    metrics.CHANNEL,
    diagnostics.WEIGHTS,
    diagnostics.LOSS,
    diagnostics.SHAPE,
    unexplained.CHANNEL,
)

__all__ = ["CHANNELS", "Channel", "Said"]
