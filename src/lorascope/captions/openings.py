"""The first words of a caption's clauses. Several checks need nothing more to know that they have nothing to find."""

from __future__ import annotations

from lorascope.captions.clauses import Caption


def openings(caption: Caption) -> frozenset[str]:
    """The first word of every clause, in lower case.

    >>> from lorascope.captions.clauses import read_caption
    >>> sorted(openings(read_caption("lad, red hat, Red scarf")))
    ['lad', 'red']
    """
    return caption.once(_openings)


def _openings(caption: Caption) -> frozenset[str]:
    return frozenset([clause.key.partition(" ")[0] for clause in caption.clauses])
