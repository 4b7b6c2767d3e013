"""Texts: each number of a sentence worked out, found as a copy, no claim at all, or unknown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from lingwu_grid.tracing.numbers import NUMBER, Found
from lingwu_grid.tracing.words import FIXED, LISTINGS, SENTENCES, Bench, Listing, Rule, Spot, Z

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lingwu_grid.tracing.claims import Claims
    from lingwu_grid.tracing.numbers import Names

CALLED = re.compile(rf"{Z}（(?:[\U000f0000-\U0010fffd]，编码 ?)?{Z}）")
"""A name with its code."""
NOBODY = "（没有这样的编码或名称）"
WORDS = 2
"""Letters beside its number from which a copied text is known within another."""
AROUND = (12, 8)
"""Letters of a text shown before and after a number."""


class Read(NamedTuple):
    """What became of the numbers of a text."""

    worked: list[tuple[Found, str]]
    """Numbers worked out, each with the words around it."""
    copied: list[tuple[str, str]]
    """Numbers of texts that stand in the output, each with the words around it."""
    unknown: list[str]


class Texts:
    """
    What texts are held against.

    Parameters
    ----------
    facts, names
        The plan, and everything that is called something.
    called
        Names by code.
    copied
        Texts of the output that papers repeat.
    """

    def __init__(
        self, facts: Claims, names: Names, called: Mapping[str, str], copied: Sequence[str]
    ) -> None:
        self._facts, self._names, self._called = facts, names, called
        told = {names.masked(text) for text in copied}
        told = {text for text in told if NUMBER.search(text)}
        # "6 行" would pass for any six rows: it stands for itself alone.
        self._alone = {text for text in told if len(NUMBER.sub("", text).strip()) < WORDS}
        self._copied = sorted(told - self._alone, key=lambda text: (-len(text), text))

    def read(self, text: str, rules: tuple[Rule, ...] = ()) -> Read:
        """
        Trace the numbers of a text.

        Parameters
        ----------
        text
            Masked.
        rules
            Sentences that may stand only here.
        """
        out = Read([], [], [])
        out.worked.extend((found, found.printed) for found in self._misnamed(text))
        if not NUMBER.search(text):
            return out
        rest = list(text)

        def take(start: int, end: int) -> None:
            rest[start:end] = " " * (end - start)

        for spot in self._spots(text, rules):
            if rest[spot.span[0]] != " ":
                out.worked.append((spot.number, self._around(text, spot.span)))
                take(*spot.span)
        for copied in [text] if text.strip() in self._alone else self._copied:
            start = text.find(copied)
            while start >= 0:
                end = start + len(copied)
                for number in NUMBER.finditer("".join(rest[start:end])):
                    span = (start + number.start(), start + number.end())
                    out.copied.append((number[0], self._around(text, span)))
                take(start, end)
                start = text.find(copied, end)
        for found in FIXED.finditer(text):
            take(*found.span())
        out.unknown.extend(
            self._around(text, number.span()) for number in NUMBER.finditer("".join(rest))
        )
        return out

    def _around(self, text: str, span: tuple[int, int]) -> str:
        """Give a number with the words around it, names written out."""
        shown = text[max(0, span[0] - AROUND[0]) : span[1] + AROUND[1]]
        return self._names.shown(shown).strip()

    def _spots(self, text: str, rules: tuple[Rule, ...]) -> Iterator[Spot]:
        bench = Bench(self._facts, self._names, self._zone(text))
        every: tuple[Rule | Listing, ...] = (*rules, *SENTENCES, *LISTINGS)
        for rule in every:
            try:
                yield from list(rule.found(bench, text))
            except KeyError as error:
                yield Spot((0, 0), Found(str(error.args[0]), NOBODY))

    def _misnamed(self, text: str) -> Iterator[Found]:
        """Find names that are not those of the code beside them."""
        for found in CALLED.finditer(text):
            name, code = self._names.of(found[1]), self._names.of(found[2])
            if self._called.get(code, name) != name:
                yield Found(f"{name}（{code}）", self._called[code])

    def _zone(self, text: str) -> str:
        """Give the first community that a text names, or that of the first grid."""
        facts = self._facts
        for mark in re.findall("[\U000f0000-\U0010fffd]", text):
            name = self._names.of(mark)
            code = facts.codes.get(name, name)
            if code in facts.communities.index:
                return code
            if code in facts.grids.index:
                return str(facts.grids.loc[code, "community_id"])
        return ""
