"""The window map as lines for a terminal, as a table, and as JSON."""

from __future__ import annotations

from dataclasses import dataclass

from lorascope.records.run import JsonValue
from lorascope.records.window_map import WindowMap
from lorascope.reports.table import Column, Row, Table, text_columns
from lorascope.reports.wording import counted, shortened, visible

BIN_TOKENS = 25
BAR_CHARACTERS = 30
SHOWN = 8
_QUANTILES = (("shortest", 0.0), ("5 %", 0.05), ("median", 0.5), ("95 %", 0.95), ("longest", 1.0))


@dataclass(frozen=True, slots=True)
class TokenBin:
    """``captions`` have ``first`` to ``last`` tokens; ``beyond`` says that all of them are too long for the window."""

    first: int
    last: int
    captions: int
    beyond: bool


@dataclass(frozen=True, slots=True)
class WindowView:
    """``title`` says whose captions; ``sentences`` are the findings in words, ``bins`` the distribution of tokens."""

    title: str
    sentences: tuple[str, ...]
    bins: tuple[TokenBin, ...]
    tables: tuple[Table, ...]


def window_view(found: WindowMap, title: str = "captions", noun: str = "caption") -> WindowView:
    """The window map to be drawn."""
    tables = (_prices(found), _lost(found), _longest(found), _shuffled(found))
    return WindowView(title, sentences(found, noun), bins(found), tuple(table for table in tables if table.rows))


def sentences(found: WindowMap, noun: str = "caption") -> tuple[str, ...]:
    """What the map says, in order of weight. Every number carries what it counts; ``noun`` names one text."""
    if not found.captions:
        return (f"There are no {noun}s.",)
    window, tokens = found.window_tokens, found.tokens
    median = f"the median has {found.quantile(0.5)}, the longest {tokens[-1]}"
    said = [
        f"{found.cut} of {counted(found.captions, noun)} do not fit into {window} tokens ({median})."
        if found.cut
        else f"Every one of {counted(found.captions, noun)} fits into {window} tokens ({median})."
    ]
    for price in found.prices:
        each = price.tokens / max(1, price.captions)
        said.append(
            f"{price.what.capitalize()}: in {counted(price.captions, noun)}, where they cost {each:.0f} of the {window} tokens "
            f"({counted(price.pieces, 'piece')}, {price.tokens:,} tokens in all)."
        )
    if found.lost_words:
        words = ", ".join(f'"{visible(word.word)}" ({word.lost} of {word.captions})' for word in found.lost_words[:3])
        said.append(f"Lost most often: {words}.")
    if found.halved:
        said.append(f"In {counted(found.halved, 'caption')} a clause is cut at the end of the window or read in two halves.")
    if found.tags:
        seldom = f"{found.below_even} of {counted(found.tags, 'tag')} ({found.below_even / found.tags:.0%})"
        said.append(f"Under shuffling {seldom} are read whole in less than half of the steps.")
    if found.torn:
        said.append(f"Shuffling tears parentheses in {counted(found.torn, 'caption')}.")
    return tuple(said)


def bins(found: WindowMap) -> tuple[TokenBin, ...]:
    """The distribution of tokens in steps of 25, from the shortest caption to the longest."""
    if not found.tokens:
        return ()
    first, last = _bin(found.tokens[0]), _bin(found.tokens[-1])
    counts = dict.fromkeys(range(first, last + 1), 0)
    for tokens in found.tokens:
        counts[_bin(tokens)] += 1
    return tuple(
        TokenBin(at * BIN_TOKENS + 1 if at else 0, (at + 1) * BIN_TOKENS, count, at * BIN_TOKENS >= found.window_tokens)
        for at, count in counts.items()
        if count or last - first <= 40
    )


def _bin(tokens: int) -> int:
    """1 to 25 tokens are in the first one, so that 75 tokens still lie before the border of a window of 75."""
    return max(0, tokens - 1) // BIN_TOKENS


def window_lines(found: WindowMap, title: str = "captions", noun: str = "caption") -> tuple[str, ...]:
    """The map for a terminal, without colors."""
    view = window_view(found, title, noun)
    lines = [*view.sentences]
    if view.bins:
        most, width = max(bar.captions for bar in view.bins), len(str(view.bins[-1].last))
        lines += ["", f"Tokens of the {title}:"]
        for bar in view.bins:
            drawn = "#" * round(bar.captions / most * BAR_CHARACTERS) or ("." if bar.captions else "")
            beyond = "  too long" if bar.beyond and bar.captions else ""
            lines.append(f"  {bar.first:>{width}}-{bar.last:<{width}}  {drawn:<{BAR_CHARACTERS}} {bar.captions:>5}{beyond}")
    for table in view.tables:
        lines += ["", table.caption, *_aligned(table)]
    return tuple(lines)


def _aligned(table: Table) -> list[str]:
    cells = [tuple(column.heading for column in table.columns), *(row.cells for row in table.rows[:SHOWN])]
    widths = [max(len(row[at]) for row in cells) for at in range(len(table.columns))]
    lines = []
    for row in cells:
        parts = [
            text.rjust(width) if column.numeric else text.ljust(width)
            for text, width, column in zip(row, widths, table.columns, strict=True)
        ]
        lines.append(("  " + "  ".join(parts)).rstrip())
    return lines


def window_json(found: WindowMap) -> dict[str, JsonValue]:
    """The map for machines. Tokens and captions are counts, chances 0 to 1."""
    return {
        "format": 1,
        "captions": found.captions,
        "window_tokens": found.window_tokens,
        "cut": found.cut,
        "cut_at": {str(window): count for window, count in found.cut_at},
        "tokens": {name.replace(" %", "_percent"): found.quantile(share) for name, share in _QUANTILES},
        "bins": [{"first": bar.first, "last": bar.last, "captions": bar.captions} for bar in bins(found)],
        "prices": [
            {"what": price.what, "pieces": price.pieces, "captions": price.captions, "tokens": price.tokens} for price in found.prices
        ],
        "lost_words": [{"word": word.word, "lost": word.lost, "captions": word.captions} for word in found.lost_words],
        "longest": [{"file": long.file, "tokens": long.tokens, "lost": long.lost} for long in found.longest],
        "shuffled": [
            {"tag": tag.tag, "captions": tag.captions, "mean_chance": round(tag.mean_chance, 4), "least_chance": round(tag.least_chance, 4)}
            for tag in found.shuffled
        ],
        "tags": found.tags,
        "tags_below_even": found.below_even,
        "torn": found.torn,
        "halved": found.halved,
    }


def _prices(found: WindowMap) -> Table:
    columns = (*text_columns("what"), Column("captions"), Column("pieces"), Column("each", "tokens"), Column("together", "tokens"))
    rows = tuple(
        Row((price.what, f"{price.captions:,}", f"{price.pieces:,}", f"{price.tokens / max(1, price.captions):.1f}", f"{price.tokens:,}"))
        for price in found.prices
    )
    return Table(f"What is paid with the {found.window_tokens} tokens of a caption", columns, rows)


def _lost(found: WindowMap) -> Table:
    columns = (*text_columns("word"), Column("lost", "captions"), Column("of", "captions"))
    rows = tuple(Row((shortened(visible(word.word), 40), f"{word.lost:,}", f"{word.captions:,}")) for word in found.lost_words)
    return Table("Words beyond the window", columns, rows)


def _longest(found: WindowMap) -> Table:
    columns = (*text_columns("caption"), Column("tokens"), *text_columns("not read"))
    rows = tuple(Row((shortened(visible(long.file), 40), f"{long.tokens:,}", shortened(visible(long.lost), 50))) for long in found.longest)
    return Table("The longest captions", columns, rows)


def _shuffled(found: WindowMap) -> Table:
    columns = (*text_columns("tag"), Column("captions"), Column("read whole", "% of steps"), Column("at worst", "%"))
    rows = tuple(
        Row(
            (shortened(visible(tag.tag), 40), f"{tag.captions:,}", f"{tag.mean_chance:.0%}", f"{tag.least_chance:.0%}"),
            share=tag.mean_chance,
        )
        for tag in found.shuffled
    )
    return Table("Tags that shuffling pushes out of the window", columns, rows)
