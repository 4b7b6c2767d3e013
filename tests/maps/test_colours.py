"""Colours that mean something are apart for everybody's eyes, and never stand alone."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from lingwu_grid.contract.kinds import MINUTES, MOVED, SIDES, STATUSES

LEAST = 20.0
"""CIE76."""

EYES = {
    "usual": np.eye(3),
    "no green": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "no red": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
}
"""Linear RGB as seen without green or red cones (Machado, Oliveira and Fernandes 2009)."""

TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = np.array([0.95047, 1.0, 1.08883])

SETS = {
    "statuses": {word: look.colour for word, look in STATUSES.items()},
    "statuses on paper": {word: look.paper for word, look in STATUSES.items()} | {"变动": MOVED},
    "today and what moves": {word: look.colour for word, look in SIDES.items()} | {"变动": MOVED},
    "minutes": dict(enumerate(MINUTES)),
}


def seen(colour: str, eyes: str) -> np.ndarray:
    """Give a colour in CIE L*a*b* (D65), as some eyes see it."""
    part = np.array([int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(EYES[eyes] @ linear, 0, 1) / WHITE
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_the_yardstick_is_the_published_one() -> None:
    assert seen("#ffffff", "usual") == pytest.approx([100, 0, 0], abs=0.05)
    assert seen("#ff0000", "usual") == pytest.approx([53.24, 80.09, 67.20], abs=0.05)
    # What the first version had: red and green, all but one for who sees no green.
    apart = [seen(colour, "no green") for colour in ("#2e7d32", "#c62828")]
    assert np.linalg.norm(apart[0] - apart[1]) == pytest.approx(15.8, abs=0.1)


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("kind", SETS)
def test_colours_of_one_kind_are_apart(kind: str, eyes: str) -> None:
    for (one, a), (other, b) in combinations(SETS[kind].items(), 2):
        apart = float(np.linalg.norm(seen(a, eyes) - seen(b, eyes)))
        assert apart >= LEAST, (one, other, apart)


def test_what_needs_attention_has_a_mark_of_its_own_beside_its_colour() -> None:
    for looks in (STATUSES, SIDES):
        marks = [look.mark for look in looks.values()]
        assert marks.count("") == 1, "only what is lawful needs none"
        assert len(set(marks)) == len(marks)
