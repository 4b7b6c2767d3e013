"""Staffing: the settings behind seats, posts and funds (policy §2, §4, §15, §16)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from lingwu_grid.contract import policy
from lingwu_grid.contract.errors import wrong_setting

AT_LOWER = {"middle": 1, "low": 0}
AT_UPPER = {"middle": 1, "high": 2}


@dataclass(frozen=True, slots=True)
class Staffing:
    """
    How posts are counted where the policy leaves it open, and who pays.

    Parameters
    ----------
    at_3000, at_5000
        Class of a community of exactly so many households: `middle` (3000–5000 inclusive, the
        policy's wording), or `low` and `high`.
    branch_members_per_grid, functional_heads_per_grid
        Persons with the stipend of 100 yuan; the policy names no number, so 0 until set.
    buildings_per_head
        Buildings for one head of a building's party group; 0 for none.
    service_fund_payer, party_fund_payer, resident_fund_payer
        Who pays; empty where the policy does not say.
    """

    at_3000: str = "middle"
    at_5000: str = "middle"
    branch_members_per_grid: int = 0
    functional_heads_per_grid: int = 0
    buildings_per_head: int = 1
    service_fund_payer: str = ""
    party_fund_payer: str = ""
    resident_fund_payer: str = ""

    def class_of(self, households: int) -> int:
        """
        Tell the class of a community for seats and funds (§15, §16).

        Parameters
        ----------
        households
            Resident households of the community.

        Returns
        -------
        int
            0 below 3000, 1 from 3000 to 5000, 2 above.

        Examples
        --------
        >>> [Staffing().class_of(n) for n in (2999, 3000, 5000, 5001)]
        [0, 1, 1, 2]
        >>> strict = Staffing(at_3000="low", at_5000="high")
        >>> [strict.class_of(n) for n in (2999, 3000, 5000, 5001)]
        [0, 0, 2, 2]
        """
        lower, upper = policy.COMMUNITY_HOUSEHOLDS
        if households == lower:
            return AT_LOWER[self.at_3000]
        if households == upper:
            return AT_UPPER[self.at_5000]
        return int(households > lower) + int(households > upper)

    def seats_of(self, households: int) -> int:
        """Give the committee seats of a community of so many households (§15)."""
        return policy.COMMITTEE_SEATS[self.class_of(households)]


def staffing_from(raw: dict[str, Any], where: str) -> Staffing:
    """
    Read the table ``[staffing]`` of ``rules.toml``.

    Parameters
    ----------
    raw
        Its keys, known ones only.
    where
        Named in errors.

    Raises
    ------
    RulesError
        If a value is of the wrong kind.
    """
    for field in fields(Staffing):
        value = raw.get(field.name, field.default)
        allowed = {"at_3000": AT_LOWER, "at_5000": AT_UPPER}.get(field.name)
        if allowed is not None and value not in allowed:
            raise wrong_setting(
                f"staffing.{field.name}", value, "、".join(allowed) + " 之一", where
            )
        if isinstance(field.default, str) and not isinstance(value, str):
            raise wrong_setting(f"staffing.{field.name}", value, "文字", where)
        if isinstance(field.default, int) and (
            isinstance(value, bool) or not isinstance(value, int) or value < 0
        ):
            raise wrong_setting(f"staffing.{field.name}", value, "非负整数", where)
    return Staffing(**raw)
