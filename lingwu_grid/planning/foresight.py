"""Foresight in words: what looking ahead cost, and what growth no plan can make room for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lingwu_grid.contract.findings import Finding, Findings

if TYPE_CHECKING:
    from lingwu_grid.engine.foresight import Foreseen
    from lingwu_grid.fabric.units import Fabric
    from lingwu_grid.ingest.study import Study
    from lingwu_grid.planning.record import PlanRecord

SUMS = ("affected_without", "leaving_without", "leaving", "lower_bound")


def with_foresight(
    record: PlanRecord, study: Study, fabric: Fabric, foreseen: Foreseen
) -> PlanRecord:
    """
    Say in a record what looking ahead cost.

    Parameters
    ----------
    record
        The plan.
    study, fabric
        What it was made from.
    foreseen
        How it compares with the plan that looks at today alone.

    Returns
    -------
    PlanRecord
        With ``summary["horizon"]``, and a finding for each compound whose growth is too much.
    """
    about = {
        "years": study.rules.horizon,
        "affected_without": foreseen.without,
        "leaving_without": foreseen.leaving_without,
        "leaving": foreseen.leaving,
        "lower_bound": foreseen.bound,
    }
    told = pd.DataFrame(Findings(tuple(_left_out(study, fabric, foreseen))).columns())
    findings = (
        pd.concat([record.findings, told], ignore_index=True) if len(told) else record.findings
    )
    return replace(record, summary=record.summary | {"horizon": about}, findings=findings)


def together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Add up what the summaries of parts say; one in which nothing grows is as it is today."""
    every = [
        part.get("horizon")
        or {
            "affected_without": part["affected"], "leaving_without": 0, "leaving": 0,
            "lower_bound": part["lower_bound"]["global"],
        }
        for part in parts
    ]  # fmt: skip
    years = next(about["years"] for about in every if "years" in about)
    return {"years": years} | {key: sum(about[key] for about in every) for key in SUMS}


def _left_out(study: Study, fabric: Fabric, foreseen: Foreseen) -> list[Finding]:
    compounds = fabric.units["compound_id"].fillna("").to_numpy(object)[foreseen.left_out]
    table = study.table("compounds").drop_duplicates("compound_id").set_index("compound_id")
    names = table["name"].fillna("").to_dict() if "name" in table else {}
    return [
        Finding(
            "warning", "growth_left_out", "growth", str(code),
            f"没有找到给{names.get(code) or code}的交付或拆除留余地的划法：方案没有算上它",
            "到时用 python -m lingwu_grid.update 划出新网格；小区可以分开的，写进 split_compounds",
        )
        for code in np.unique(compounds).tolist()
    ]  # fmt: skip
