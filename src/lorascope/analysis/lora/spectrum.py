"""Singular values of changes of weights from their factors, without multiplying them out.

For left @ right of rank r the squared singular values are the eigenvalues of (leftᵀ left)(right rightᵀ), two r x r matrices: r²
(outputs + inputs) operations instead of outputs x inputs x r. They are formed in float32 and solved in float64, many modules at a
time. Forming them squares the condition: singular values below about 1/3000 of the largest are lost in rounding, which no number
here can show (they hold a ten-millionth of the energy); a test compares with the singular values of the full matrix in float64.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lorascope.analysis.lora.factors import Array, Change, Factor
from lorascope.records.lora import Spectrum

Matrix = NDArray[np.float64]

# A matrix with a smaller side (a product with a rank) above this is measured by its norm and its largest singular value alone.
MOST_SIDE = 768
_VECTORS, _ROUNDS = 6, 16
# Below this a sum of squares in float32 may have lost small numbers.
_TINY = 1e-20
_NOTHING: Matrix = np.zeros((0, 0))


class Grams(NamedTuple):
    """Squared singular values in waiting: the eigenvalues of ``left``, or of ``left @ right``. ``solved`` when they are known already.

    ``total`` is their sum where ``left`` is a plain matrix too large to be solved, of which ``solved`` holds the largest only.
    """

    left: Matrix
    right: Matrix | None = None
    solved: Matrix | None = None
    total: float | None = None

    @property
    def nbytes(self) -> int:
        """How much memory it holds."""
        return self.left.nbytes + (0 if self.right is None else self.right.nbytes)


class NotFiniteError(ValueError):
    """A factor holds NaN or infinity."""


def gram(matrix: Array, *, by_rows: bool = False) -> Matrix:
    """The columns' products with each other (the rows' with ``by_rows``).

    Raises:
        NotFiniteError: the matrix holds NaN or infinity.
    """
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        made = (matrix @ matrix.T if by_rows else matrix.T @ matrix).astype(np.float64)
        energy = float(made.trace())
    if not math.isfinite(energy) or energy < _TINY * len(made):
        if not np.isfinite(matrix).all():
            raise NotFiniteError
        wide = matrix.astype(np.float64)
        with np.errstate(under="ignore"):
            made = wide @ wide.T if by_rows else wide.T @ wide
    return made


def grams(change: Change) -> tuple[Grams, ...]:
    """What is left to solve of a change, small enough to keep for many modules.

    Raises:
        NotFiniteError: a factor holds NaN or infinity.
    """
    return tuple(_grams(factor) for factor in change.factors)


def _grams(factor: Factor) -> Grams:
    if factor.right is not None:
        left, right = gram(factor.left), gram(factor.right, by_rows=True)
        if len(left) <= MOST_SIDE:
            return Grams(left, right)
        return Grams(_NOTHING, None, np.array([_largest(factor)]), float(np.sum(left * right)))
    rows, columns = factor.left.shape
    if min(rows, columns) <= MOST_SIDE:
        return Grams(gram(factor.left, by_rows=rows < columns))
    flat = factor.left.ravel()
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        total = float(np.dot(flat, flat))
    if not math.isfinite(total):
        raise NotFiniteError
    return Grams(_NOTHING, None, np.array([_largest(factor)]), total)


def _largest(factor: Factor) -> float:
    """The largest squared singular value, by subspace iteration from a fixed start."""
    left, right = factor.left, factor.right
    basis = np.random.default_rng(0).standard_normal((_columns(factor), _VECTORS)).astype(left.dtype)
    for _ in range(_ROUNDS):
        image = left @ basis if right is None else left @ (right @ basis)
        back = left.T @ image
        basis, _ = np.linalg.qr(back if right is None else right.T @ back)
    image = (left @ basis if right is None else left @ (right @ basis)).astype(np.float64)
    return float(np.linalg.eigvalsh(image.T @ image)[-1])


def solve(waiting: Sequence[tuple[Grams, ...]], scales: Sequence[float]) -> list[Spectrum]:
    """The spectra of many changes at once: matrices of equal size are solved together."""
    groups: dict[tuple[int, bool], list[tuple[int, int]]] = {}
    squares: dict[tuple[int, int], Matrix] = {}
    for change_index, parts in enumerate(waiting):
        for part_index, part in enumerate(parts):
            if part.solved is not None:
                squares[change_index, part_index] = part.solved
            else:
                groups.setdefault((len(part.left), part.right is not None), []).append((change_index, part_index))
    for (_, is_pair), members in groups.items():
        left = np.stack([waiting[change_index][part_index].left for change_index, part_index in members])
        right = None
        if is_pair:
            right = np.stack([pair for change, part in members if (pair := waiting[change][part].right) is not None])
        squares.update(zip(members, _eigenvalues(left, right), strict=True))
    return [
        _spectrum([squares[index, part] for part in range(len(parts))], [part.total for part in parts], scale)
        for index, (parts, scale) in enumerate(zip(waiting, scales, strict=True))
    ]


def _eigenvalues(left: Matrix, right: Matrix | None) -> Matrix:
    """Eigenvalues of each left, or left @ right, largest first. Each is scaled to 1 first, so that nothing over- or underflows."""
    size = _unit(left)
    left = left / size[:, None, None]
    if right is not None:
        right_size = _unit(right)
        right = right / right_size[:, None, None]
        size = size * right_size
        root = _root(right)
        left = root.transpose(0, 2, 1) @ left @ root
    values: Matrix = np.clip(np.linalg.eigvalsh(left)[:, ::-1], 0, None) * size[:, None]
    return values


def _unit(stack: Matrix) -> Matrix:
    traces: Matrix = np.trace(stack, axis1=1, axis2=2)
    return np.where(traces > 0, traces, 1.0)


def _root(stack: Matrix) -> Matrix:
    """A matrix R with R Rᵀ = each matrix of the stack: Cholesky's, or the eigenvectors' where one is singular."""
    try:
        root: Matrix = np.linalg.cholesky(stack).astype(np.float64, copy=False)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(stack)
        root = vectors * np.sqrt(np.clip(values, 0, None))[:, None, :]
    return root


def _spectrum(squares: list[Matrix], totals: list[float | None], scale: float) -> Spectrum:
    """The numbers of one change from the squared singular values of its factors: those of a Kronecker product are all products."""
    if any(total is not None for total in totals):
        energy = math.prod(float(values.sum()) if total is None else total for values, total in zip(squares, totals, strict=True))
        top = math.prod(float(values.max(initial=0.0)) for values in squares)
        return Spectrum(abs(scale) * math.sqrt(energy), abs(scale) * math.sqrt(top), energy / top if top else 0.0)
    values = reduce(lambda first, second: np.outer(first, second).ravel(), squares)
    if len(squares) > 1:
        values = -np.sort(-values)
    energy, top = float(values.sum()), float(values[0]) if len(values) else 0.0
    if not top:
        return Spectrum(0.0, 0.0, 0.0, 0.0, 0, 0)
    shares = values / energy
    reached = np.cumsum(shares)
    there = shares[shares > 0]
    return Spectrum(
        abs(scale) * math.sqrt(energy),
        abs(scale) * math.sqrt(top),
        energy / top,
        math.exp(-float(there @ np.log(there))),
        int(np.searchsorted(reached, 0.90)) + 1,
        int(np.searchsorted(reached, 0.95)) + 1,
    )


def inner_product(first: Change, second: Change) -> float | None:
    """The sum of products of equal places of two changes of one layer; None where their shapes or kinds differ.

    For left1 @ right1 and left2 @ right2 it is the sum over all places of (left1ᵀ left2) * (right1 right2ᵀ).
    """
    if len(first.factors) != len(second.factors):
        return None
    total = first.scale * second.scale
    for one, other in zip(first.factors, second.factors, strict=True):
        product = _factor_product(one, other)
        if product is None:
            return None
        total *= product
    return total


def _factor_product(one: Factor, other: Factor) -> float | None:
    if one.left.shape[0] != other.left.shape[0] or _columns(one) != _columns(other):
        return None
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        if one.right is not None and other.right is not None:
            crossed = (one.left.T @ other.left).astype(np.float64)
            return float(np.sum(crossed * (one.right @ other.right.T)))
        if one.right is None and other.right is None:
            return float(np.vdot(one.left, other.left))
        plain, product = (one, other) if one.right is None else (other, one)
        assert product.right is not None
        return float(np.sum((product.left.T @ plain.left) * product.right, dtype=np.float64))


def _columns(factor: Factor) -> int:
    return int((factor.left if factor.right is None else factor.right).shape[1])
