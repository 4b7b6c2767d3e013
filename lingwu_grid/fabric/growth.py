"""Growth by unit: who comes to each unit, and who goes, day by day; the worst days of a horizon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from lingwu_grid.ingest.growth import read_growth

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study


def unit_growth(study: Study, fabric: Fabric) -> pd.DataFrame:
    """
    Share what comes and goes among the units of its compound.

    Parameters
    ----------
    study
        Its table ``growth``.
    fabric
        Its units. Who comes to a compound, or leaves it, is shared among its units as its
        households of today are; a compound without any counts where its ground lies.

    Returns
    -------
    pandas.DataFrame
        unit, date, change; by date. Nobody leaves who is not there.
    """
    events, _ = read_growth(study)
    if not len(events):
        return pd.DataFrame({"unit": [], "date": [], "change": []}).astype({"unit": np.int64})
    return _shared(events, _holders(study, fabric))


def horizon_end(growth: pd.DataFrame, start: str, years: int) -> pd.Timestamp:
    """
    Give the last day of a horizon.

    Parameters
    ----------
    growth
        Rows with a column ``date``, one at least.
    start
        The day a plan takes effect; without one, that of the first row.
    years
        From then on.
    """
    first = pd.Timestamp(start) if start else pd.to_datetime(growth["date"]).min()
    return first + pd.DateOffset(years=years)


def rise_and_fall(
    growth: pd.DataFrame, households: NDArray[np.int64], end: pd.Timestamp
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """
    Give the most that come to each unit, and that go, on any day until the end.

    Parameters
    ----------
    growth
        As :func:`unit_growth` gives it.
    households
        Of each unit today, shape (n,).
    end
        Last day that counts.

    Returns
    -------
    tuple
        Households, shapes (n,). A plan in range with all that rise, and with all that fall, is
        in range on every day: units need not peak on the same one.
    """
    rise, fall = np.zeros(len(households), np.int64), np.zeros(len(households), np.int64)
    rows = growth[pd.to_datetime(growth["date"]) <= end]
    since = rows.groupby("unit")["change"].cumsum()
    unit = rows["unit"].to_numpy(np.int64)
    np.maximum.at(rise, unit, since.to_numpy(np.int64))
    np.maximum.at(fall, unit, -since.to_numpy(np.int64))
    return rise, np.minimum(fall, households)


def worst_days(study: Study, fabric: Fabric) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Give :func:`rise_and_fall` of the study's horizon; None where nothing is foreseen."""
    if not study.rules.horizon or not len(growth := unit_growth(study, fabric)):
        return None
    end = horizon_end(growth, study.rules.effective_date, study.rules.horizon)
    rise, fall = rise_and_fall(growth, fabric.units["households"].to_numpy(np.int64), end)
    return (rise, fall) if rise.any() or fall.any() else None


def _holders(study: Study, fabric: Fabric) -> pd.DataFrame:
    """Give the households that each unit has of each compound; of an empty one, where it lies."""
    compound = fabric.units["compound_id"].fillna("").to_numpy(object)
    held = np.bincount(fabric.unit_of_household, minlength=len(compound))
    rows = pd.DataFrame({"compound_id": compound, "unit": np.arange(len(compound)), "held": held})
    rows = rows[(rows["compound_id"] != "") & (rows["held"] > 0)]
    names = fabric.units["unit_id"].to_numpy(object)[rows["unit"]]
    rows = rows.iloc[np.argsort(names.astype(str), kind="stable")]  # of equal shares by name
    drawn = study.table("compounds")
    empty = drawn[~drawn["compound_id"].astype(str).isin(rows["compound_id"])]
    inner = shapely.point_on_surface(empty.geometry.to_numpy())
    point, unit = shapely.STRtree(fabric.units.geometry.to_numpy()).query(
        inner, predicate="intersects"
    )
    lies = pd.DataFrame(
        {
            "compound_id": empty["compound_id"].astype(str).to_numpy(object)[point],
            "unit": unit, "held": 0,
        }
    )  # fmt: skip
    return pd.concat([rows, lies.drop_duplicates("compound_id")], ignore_index=True)


def _shared(events: pd.DataFrame, holders: pd.DataFrame) -> pd.DataFrame:
    """Share every event by the households held; nobody leaves who is not there."""
    by = {str(code): rows for code, rows in holders.groupby("compound_id")}
    has = {code: int(rows["held"].sum()) for code, rows in by.items()}
    out: list[dict[str, Any]] = []
    for event in events.itertuples(index=False):
        rows = by.get(event.compound_id)
        if rows is None:
            continue  # a compound of another part of the town
        change = max(int(event.households), -has[event.compound_id])
        if not change:
            continue
        has[event.compound_id] += change
        weight = rows["held"].to_numpy(float) + (rows["held"].sum() == 0)
        exact = change * weight / weight.sum()
        count = np.floor(exact).astype(np.int64)
        # Largest remainder: the rest goes to those that were rounded down most.
        most = np.argsort(count - exact, kind="stable")[: change - int(count.sum())]
        count[most] += 1
        out += [
            {"unit": unit, "date": event.date, "change": int(n)}
            for unit, n in zip(rows["unit"].tolist(), count.tolist(), strict=True)
            if n
        ]
    return pd.DataFrame(out, columns=["unit", "date", "change"])
