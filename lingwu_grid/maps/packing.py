"""Places as a page keeps them: millionths of a degree, each by its step from the one before."""

from __future__ import annotations

from typing import Any

import polyline

MICRO = 6
"""Decimal places of a degree: about a tenth of a metre."""


def corners(box: list[float]) -> str:
    """
    Pack bounds (west, south, east, north) as their two corners.

    Examples
    --------
    >>> polyline.decode(corners([106.34, 38.1, 106.35, 38.2]), MICRO, geojson=True)
    [(106.34, 38.1), (106.35, 38.2)]
    """
    text: str = packed([box[:2], box[2:]])
    return text


def packed(places: Any) -> Any:  # noqa: ANN401 - nested as GeoJSON nests
    """
    Write each line of places as a text of four to five letters a place, where a number has twenty.

    The format is Google's encoded polyline with six decimal places, as OpenStreetMap's servers
    write it; ``packed.js`` reads it.

    Parameters
    ----------
    places
        ``coordinates`` of a GeoJSON geometry: longitude first. A single place stays as it is.

    Examples
    --------
    >>> packed([[[106.34, 38.1], [106.340001, 38.1], [106.34, 38.100002]]])
    ['_amtgA_inyiE?AC@']
    """
    if not places or isinstance(places[0], int | float):
        return places
    if isinstance(places[0][0], int | float):
        return polyline.encode(places, MICRO, geojson=True)
    return [packed(part) for part in places]
