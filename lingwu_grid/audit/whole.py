"""The whole audit: every question, once, in a fixed order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lingwu_grid.audit.areas import areas
from lingwu_grid.audit.lines import lines
from lingwu_grid.audit.people import people
from lingwu_grid.audit.sites import codes, control, sites
from lingwu_grid.ingest.growth import read_growth

if TYPE_CHECKING:
    from lingwu_grid.ingest.study import Study


def audited(study: Study) -> Study:
    """
    Add to a study what its tables say of each other.

    Parameters
    ----------
    study
        As read.

    Returns
    -------
    Study
        The same tables, with more findings.
    """
    more = [*people(study), *areas(study), *lines(study), *sites(study), *control(study)]
    more += [*codes(study), *read_growth(study)[1]]
    return replace(study, findings=study.findings.plus(*more))


def audited_ground(study: Study) -> Study:
    """
    Add what the tables say of each other without counting households.

    Parameters
    ----------
    study
        Its households may be one of each building only.
    """
    more = [*areas(study), *lines(study), *sites(study), *codes(study), *read_growth(study)[1]]
    return replace(study, findings=study.findings.plus(*more))
