"""Cuts one class out of a class convolution; works on arrays and tensors alike."""

from __future__ import annotations

from typing import Any

PERSON_ROW = 0


def keep_row(weight: Any, bias: Any, row: int = PERSON_ROW) -> tuple[Any, Any]:
    """The one output row of a class convolution, as copies that share nothing."""
    if len(weight) != len(bias) or not 0 <= row < len(bias):
        raise ValueError(f"row {row} of a class layer with {len(weight)} and {len(bias)} rows")
    return _copy(weight[row : row + 1]), _copy(bias[row : row + 1])


def _copy(values: Any) -> Any:
    return values.clone() if hasattr(values, "clone") else values.copy()
