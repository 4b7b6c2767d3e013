"""What deliveries and demolitions make of zones, worked out once more from the growth table."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lingwu_grid.tracing.facts import Facts

YEARS = 3
DAY = re.compile(r"^\s*(\d{4})\D(\d{1,2})\D(\d{1,2})")


def leaving(facts: Facts) -> dict[str, int]:
    """
    Give the zones that are lawful and leave their range within three years.

    Parameters
    ----------
    facts
        The plan counted anew.

    Returns
    -------
    dict
        Code of the zone to its households on the first day on which it is out of range.
    """
    events = sorted(_events(facts))
    if not events:
        return {}
    start = _day(str(facts.rules.get("effective_date", ""))) or events[0][0]
    leap = (start.month, start.day) == (2, 29)  # three years on there is none
    last = date(start.year + YEARS, start.month, start.day - leap)
    size = {
        level: dict(zip(table.index, table["households"].astype(int).tolist(), strict=True))
        for level, table in (("grid", facts.grids), ("community", facts.communities))
    }
    held = _held(facts)
    out: dict[str, int] = {}
    for day in sorted({day for day, _, _ in events}):
        for _, compound, count in (event for event in events if event[0] == day):
            for grid, change in _parted(held.get(compound, Counter()), count):
                held[compound][grid] += change
                size["grid"][grid] += change
                size["community"][str(facts.grids.loc[grid, "community_id"])] += change
        for level, zones in size.items():
            for code, households in zones.items():
                is_lawful = facts.standing[level].get(code) == "合规"
                is_out = facts.status(level, code, households) == "超限"
                if day <= last and is_lawful and is_out:
                    out.setdefault(code, households)
    return out


def _day(text: str) -> date | None:
    found = DAY.match(text)
    return date(*(int(part) for part in found.groups())) if found else None


def _events(facts: Facts) -> Iterator[tuple[date, str, int]]:
    known = set(facts.buildings["compound_id"])
    known |= set(facts.study.table("compounds")["compound_id"].astype(str))
    for row in facts.study.table("growth").to_dict("records"):
        day, count = _day(str(row["date"])), str(row["households"]).strip()
        compound = str(row["compound_id"])
        if day and compound in known and re.fullmatch(r"[+-]?\d+", count) and int(count):
            yield day, compound, int(count)


def _held(facts: Facts) -> dict[str, Counter[str]]:
    """Count the households of each compound by grid; an empty one lies in one grid."""
    compound = dict(
        zip(facts.buildings["building_id"], facts.buildings["compound_id"], strict=True)
    )
    out: dict[str, Counter[str]] = {}
    for place, grid in zip(facts.rows["place"], facts.rows["grid_id"], strict=True):
        if home := compound.get(place, ""):
            out.setdefault(home, Counter())[str(grid)] += 1
    grids = facts.metres["grids"]
    for code, shape in zip(
        facts.study.table("compounds")["compound_id"].astype(str),
        facts.study.table("compounds").geometry, strict=True,
    ):  # fmt: skip
        if code not in out:
            at = grids.index[shapely.intersects(grids.to_numpy(), shape.point_on_surface())]
            out[code] = Counter({str(grid): 0 for grid in at[:1]})
    return out


def _parted(held: Counter[str], count: int) -> list[tuple[str, int]]:
    """Share a count in proportion; the largest remainders get one more."""
    total = sum(held.values())
    count = max(count, -total)
    grids = sorted(held)
    exact = [count * (held[g] / total if total else 1 / len(grids)) for g in grids]
    whole = [int(e // 1) for e in exact]
    order = sorted(range(len(grids)), key=lambda i: (whole[i] - exact[i], i))
    for i in order[: count - sum(whole)]:
        whole[i] += 1
    return list(zip(grids, whole, strict=True))
