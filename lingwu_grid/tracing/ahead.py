"""What deliveries and demolitions make of zones, worked out once more from the growth table."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lingwu_grid.tracing.facts import Facts

YEARS = 3
DAY = re.compile(r"(20\d\d)(?:[年/.-](\d\d?)[月/.-](\d\d?)日?|(\d\d)(\d\d))(?:[T ].*)?$")


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
    start = _day(str(facts.rules.get("effective_date", "")))
    events = sorted(event for event in _events(facts) if not start or event[0] >= start)
    if not events:
        return {}
    first = start or events[0][0]
    leap = (first.month, first.day) == (2, 29)  # three years on there is none
    last = date(first.year + YEARS, first.month, first.day - leap)
    size = {
        level: dict(zip(table.index, table["households"].astype(int).tolist(), strict=True))
        for level, table in (("grid", facts.grids), ("community", facts.communities))
    }
    held = _held(facts)
    there = {compound: sum(units.values()) for compound, units in held.items()}
    out: dict[str, int] = {}
    for day in sorted({event[0] for event in events}):
        for _, compound, wanted in (event for event in events if event[0] == day):
            count = max(wanted, -there.get(compound, 0))
            there[compound] = there.get(compound, 0) + count
            for (_, grid), change in _parted(held.get(compound, Counter()), count):
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
    """Read a day of any common form; None for what is none."""
    found = DAY.match(text.strip())
    if not found:
        return None
    year, *rest = (int(part) for part in found.groups() if part)
    try:
        return date(year, *rest)
    except ValueError:
        return None


def _events(facts: Facts) -> Iterator[tuple[date, str, int]]:
    for row in facts.study.table("growth").to_dict("records"):
        day = _day(str(row["date"]))
        text = unicodedata.normalize("NFKC", str(row["households"])).strip().replace(",", "")
        if day and re.fullmatch(r"[+-]?\d+(\.0*)?", text) and float(text):
            yield day, str(row["compound_id"]), int(float(text))


def _held(facts: Facts) -> dict[str, Counter[tuple[str, str]]]:
    """Count the households of each compound by unit and grid; an empty one lies in a grid."""
    compound = dict(
        zip(facts.buildings["building_id"], facts.buildings["compound_id"], strict=True)
    )
    out: dict[str, Counter[tuple[str, str]]] = {}
    columns = (facts.rows[name].astype(str) for name in ("place", "unit_id", "grid_id"))
    for place, unit, grid in zip(*columns, strict=True):
        if home := compound.get(place, ""):
            out.setdefault(home, Counter())[unit, grid] += 1
    grids = facts.metres["grids"]
    table = facts.study.table("compounds")
    for code, shape in zip(table["compound_id"].astype(str), table.geometry, strict=True):
        if code not in out and shape is not None and not shape.is_empty:
            at = grids.index[shapely.intersects(grids.to_numpy(), shape.point_on_surface())]
            out[code] = Counter({("", str(grid)): 0 for grid in at[:1]})
    return out


def _parted(held: Counter[tuple[str, str]], count: int) -> list[tuple[tuple[str, str], int]]:
    """Share a count as the households of today are; the largest remainders get one more."""
    total, units = sum(held.values()), sorted(held)
    exact = [count * (held[u] / total if total else 1 / len(units)) for u in units]
    whole = [int(e // 1) for e in exact]
    order = sorted(range(len(units)), key=lambda i: (whole[i] - exact[i], i))
    for i in order[: count - sum(whole)]:
        whole[i] += 1
    return list(zip(units, whole, strict=True))
