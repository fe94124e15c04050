"""How far two words are apart in letters."""

from __future__ import annotations


def edit_distance(first: str, second: str, most: int) -> int:
    """How many letters must be added, dropped, changed, or swapped with their neighbor; ``most + 1`` when it is more than ``most``.

    (Optimal string alignment: Damerau 1964, no stretch is edited twice.)

    >>> edit_distance("gril", "girl", 2)
    1
    >>> edit_distance("hat", "scarf", 2)
    3
    """
    if abs(len(first) - len(second)) > most:
        return most + 1
    before: list[int] = []
    above = list(range(len(second) + 1))
    for row, letter in enumerate(first, 1):
        line = [row]
        for column, other in enumerate(second, 1):
            cost = min(above[column] + 1, line[-1] + 1, above[column - 1] + (letter != other))
            if row > 1 and column > 1 and letter == second[column - 2] and first[row - 2] == other:
                cost = min(cost, before[column - 2] + 1)
            line.append(cost)
        if min(line) > most:
            return most + 1
        before, above = above, line
    return min(above[-1], most + 1)
