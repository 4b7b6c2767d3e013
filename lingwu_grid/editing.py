"""Editor: the review desk alive in a notebook, its changes mended by the solver."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from lingwu_grid.contract.errors import InputError, LingwuError
from lingwu_grid.maps.review_page import review_page
from lingwu_grid.maps.texts import template_text
from lingwu_grid.planning.identity import plan_of
from lingwu_grid.planning.streets import street_name, streets_of
from lingwu_grid.revision.patch import SCHEMA, digest, patch_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lingwu_grid.planning.record import PlanRecord
    from lingwu_grid.revision.patch import Patch
    from lingwu_grid.revision.steps import Reviewed

WHOSE = "笔记本里的改动"
AGAIN = "按现在的方案（editor.plan）重新划，再求解"


class Editor(anywidget.AnyWidget):
    """
    A review page in a notebook cell.

    What is drawn on it is tried at once in the page; 求解 has Python mend it, and the page then
    shows the new plan. Solving runs beside the kernel: cells can be run meanwhile.

    Parameters
    ----------
    plan
        Where to begin.
    review
        Gives what comes of a patch of a plan.
    street
        Which `subdistrict_id` to begin with; the first where none is given.

    Attributes
    ----------
    plans
        The plans so far, the first one first.

    Raises
    ------
    InputError
        If the plan has no such street.
    """

    _esm = template_text("review/widget.js")

    page = traitlets.Unicode().tag(sync=True)
    street = traitlets.Unicode().tag(sync=True)
    streets: Any = traitlets.List().tag(sync=True)
    asked = traitlets.Dict().tag(sync=True)
    """What the page asks for: ``{"what": "solve" | "back", "patch": …, "number": …}``."""
    told = traitlets.Dict().tag(sync=True)
    """What it is told: ``{"text": …, "faults": […], "busy": …, "steps": …}``."""

    def __init__(
        self,
        plan: PlanRecord,
        review: Callable[[PlanRecord, Patch], Reviewed],
        *,
        street: str = "",
    ) -> None:
        known = streets_of(plan)
        self.plans = [plan]
        self._solving = Lock()
        self._review = review
        super().__init__(
            streets=[[s, street_name(plan, s)] for s in known], street=street or known[0]
        )
        self._say("")
        self._show()

    def __repr__(self) -> str:
        return f"<Editor {self.street}: {len(self.plans) - 1} steps from {self.plans[0]!r}>"

    @property
    def plan(self) -> PlanRecord:
        """The newest plan, of the kind that was begun with: save it, draw it, report it."""
        return self.plans[-1]

    def solve(self, patch: dict[str, Any]) -> Reviewed:
        """
        Mend what was drawn; the result is the newest plan, where it can be made lawful.

        Parameters
        ----------
        patch
            As the page seals it.

        Raises
        ------
        InputError
            If it is no patch, or one for another plan.
        """
        with self._solving:
            try:
                wish = patch_of(patch, WHOSE)
                if not wish.edits:
                    raise InputError("没有改动，方案没有变", remedy="先把单元划给别的网格，再求解")
                return self._solved(self._review(self.plan, wish))
            except InputError as error:
                told = InputError(error.what, where=error.where, remedy=error.remedy and AGAIN)
                self._say(str(told))
                raise told from error

    def _solved(self, came: Reviewed) -> Reviewed:
        """Take what came of a wish, and tell of it."""
        if came.plan is None:
            self._say("不能照办，方案没有变：", [*came.conflicts, *came.faults])
            return came
        self.plans.append(came.plan)
        more = int(came.repairs["households"].sum())
        along = (
            f"为合规另外动了 {len(came.repairs)} 个单元 {more} 户；" if len(came.repairs) else ""
        )
        self._show()
        s = came.plan.summary
        self._say(
            f"求解完成：{along}合规网格 {s['grids_in_range']}/{s['grids']}，"
            f"比现状共影响 {s['affected']} 户"
        )
        return came

    def give(self, units: Sequence[str], grid: str, *, keep: Sequence[str] = ()) -> Reviewed:
        """
        Give units to a grid, as a hand would on the page, and mend.

        Parameters
        ----------
        units
            By `unit_id`.
        grid
            Which gets them, by code.
        keep
            Grids that nobody else may change then, by code.

        Raises
        ------
        InputError
            If the plan has no such unit or grid in this street.
        """
        units = [units] if isinstance(units, str) else list(units)
        there = self.plan.units.set_index("unit_id")["grid_id"]
        unknown = [unit for unit in units if unit not in there.index]
        if unknown:
            raise InputError(f"方案里没有单元 {'、'.join(unknown[:5])}", remedy="见 plan.units")
        content = {
            "schema": SCHEMA, "plan": plan_of(self.plan), "street": self.street, "reviewer": "",
            "edits": [{"unit": unit, "from": there[unit], "to": grid} for unit in units],
            "new_grids": [], "locks": sorted(keep), "comments": [],
        }  # fmt: skip
        return self.solve(content | {"hash": digest(content)})

    def back(self) -> PlanRecord:
        """Go back to the plan before the newest; the first one stays."""
        if self._solving.locked():
            self._say("正在求解，完了再退回", busy=True)
            return self.plan
        if len(self.plans) > 1:
            self.plans.pop()
        self._say("回到上一个方案" if len(self.plans) > 1 else "回到最初的方案")
        self._show()
        return self.plan

    @traitlets.observe("asked")
    def _on_asked(self, change: dict[str, Any]) -> None:
        asked = change["new"]
        if asked.get("what") == "back":
            self.back()
        elif asked.get("what") == "solve" and not self.told.get("busy"):
            self._say("正在求解……", busy=True)
            Thread(target=self._answer, args=(asked.get("patch"),), daemon=True).start()

    @traitlets.validate("street")
    def _known_street(self, proposal: dict[str, Any]) -> str:
        street: str = proposal["value"]
        known = streets_of(self.plans[0])
        if street not in known:
            raise InputError(f"方案里没有街道 {street}", remedy=f"用其中一个：{'、'.join(known)}")
        return street

    @traitlets.observe("street")
    def _on_street(self, _change: dict[str, Any]) -> None:
        if self.page:  # not while the editor is being made
            self._show()

    def _answer(self, patch: dict[str, Any]) -> None:
        """Solve beside the kernel; whatever ends it, the page is told and can ask again."""
        try:
            with suppress(InputError):  # solve has told of it
                self.solve(patch)
        except LingwuError as error:
            self._say(str(error))
        except BaseException:
            self._say("程序内部出错，方案没有变；详情在笔记本的日志里")
            raise

    def _show(self) -> None:
        self.page = review_page(self.plan, self.street, hosted=True)

    def _say(self, text: str, faults: list[str] | None = None, *, busy: bool = False) -> None:
        self.told = {
            "text": text,
            "faults": [str(fault) for fault in faults or []],
            "busy": busy,
            "steps": len(self.plans) - 1,
        }
