"""``report.docx``: the adjustment proposal, from a template that an office may change."""

from __future__ import annotations

import io
import zipfile
from contextlib import contextmanager
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

from docx.opc.exceptions import OpcError
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm
from docxtpl import DocxTemplate, InlineImage
from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from lingwu_grid.contract.errors import InputError
from lingwu_grid.papers.charts import organisation_chart, service_figures
from lingwu_grid.papers.ledger import UNPRINTABLE
from lingwu_grid.papers.picture import save_png
from lingwu_grid.papers.plates import changes_plate, overview
from lingwu_grid.papers.proposal import proposal
from lingwu_grid.papers.scenery import Ground

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pandas as pd
    from matplotlib.figure import Figure

    from lingwu_grid.papers.filling import Filling
    from lingwu_grid.planning.record import PlanRecord

WIDTH_CM = 15.6
"""Between the margins of the template's page."""

MOST_ROWS = 36
"""Communities that a chart of one page has room for; of more the ledger tells."""

TABLES = ("now", "result")
"""Tables before those of the communities; figures and tables are numbered as they stand."""

LATER = ("service", "posts", "funds", "crossings", "exceptions", "objections")

AFTER_FIELDS = ("w:hdrShapeDefaults", "w:footnotePr", "w:endnotePr", "w:compat", "w:rsids")
"""Settings that stand after the one for fields (ECMA-376 part 1, 17.15.1.78)."""


def write_document(
    record: PlanRecord,
    filling: Filling,
    path: Path,
    *,
    objections: pd.DataFrame | None = None,
    template: Path | None = None,
    traverse: bool = False,
    watch: Callable[[str], None] = lambda _: None,
) -> None:
    """
    Write the adjustment proposal.

    Parameters
    ----------
    record
        The plan.
    filling
        Entries of the office.
    path
        Where.
    objections
        ``answers.csv`` of a review.
    template
        An office's own; by default ours.
    traverse
        Describe the borders of communities as walks too.
    watch
        Told how far the work is.

    Raises
    ------
    InputError
        If the template cannot be read, or asks for something there is not.
    """
    content = _printable(proposal(record, filling, objections, traverse=traverse))
    try:
        with _template(template) as file:
            document = DocxTemplate(file)
            document.init_docx()
            _add_figures(document, content, record, watch)
            _add_numbers(content)
            desk = SandboxedEnvironment(autoescape=True, undefined=StrictUndefined)
            document.render(content, jinja_env=desk, autoescape=True)
            _fill_fields_on_opening(document)
            document.save(path)
    except (TemplateError, OpcError, zipfile.BadZipFile, OSError, KeyError) as error:
        if template is None:
            raise
        raise InputError(
            f"报告模板用不了：{error}",
            where=str(template),
            remedy="从程序自带的 report.docx 另存一份再改，不要改动 {{ }} 和 {% %} 里的文字",
        ) from error
    fix_dates(path)


@contextmanager
def _template(own: Path | None) -> Iterator[Path]:
    if own is not None:
        yield own
        return
    with as_file(files("lingwu_grid.papers").joinpath("templates", "report.docx")) as ours:
        yield ours


def _printable(value: Any) -> Any:  # noqa: ANN401 - walks plain values of any kind
    """Take out what XML cannot hold, wherever it stands."""
    if isinstance(value, str):
        return UNPRINTABLE.sub("", value)
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return value


def _add_figures(
    document: DocxTemplate,
    content: dict[str, Any],
    record: PlanRecord,
    watch: Callable[[str], None],
) -> None:
    """Draw the figures into the content; the template places them."""
    ground = Ground(record)

    def picture(figure: Figure) -> InlineImage:
        drawn = io.BytesIO()
        save_png(figure, drawn, dpi=150)
        drawn.seek(0)
        return InlineImage(document, drawn, width=Cm(WIDTH_CM))

    content["overview"] = picture(overview(ground))
    for number, community in enumerate(content["communities"]):
        if number % 20 == 0:
            watch(f"报告 社区 {number}/{len(content['communities'])}")
        changed = community["is_changed"]
        community["figure"] = picture(changes_plate(ground, community["id"])) if changed else None
    is_small = len(content["communities"]) <= MOST_ROWS
    content["funds"]["figure"] = picture(organisation_chart(record)) if is_small else None
    if content["service"] is not None:
        shares = service_figures(record)["coverage_communities"]
        content["service"]["figure"] = picture(shares) if is_small else None


def _add_numbers(content: dict[str, Any]) -> None:
    """Number tables and figures in the order in which the template has them."""
    n = len(content["communities"])
    numbers = {name: i + 1 for i, name in enumerate(TABLES)} | {"overview": 1}
    numbers["frontier"] = len(TABLES) + bool(content["frontier"])
    first = numbers["frontier"] + bool(content["retired"]["rows"])
    numbers["retired"] = first
    drawn = 1
    for i, community in enumerate(content["communities"]):
        community["table_number"] = first + 1 + i
        drawn += community["figure"] is not None
        community["figure_number"] = drawn
    there = {
        "service": content["service"], "posts": True, "funds": True,
        "crossings": content["funds"]["crossings"],
        "exceptions": content["exceptions"], "objections": content["objections"],
    }  # fmt: skip
    last = first + n
    for name in LATER:
        last += bool(there[name])
        numbers[name] = last
    numbers["circle"] = drawn + 1
    circle = content["service"]
    numbers["tree"] = drawn + 1 + bool(circle and circle["figure"])
    content["number"] = numbers


def _fill_fields_on_opening(document: DocxTemplate) -> None:
    """Have Word and WPS work out page numbers as they open the file: we do not set its pages."""
    settings = document.docx.settings.element
    if settings.find(qn("w:updateFields")) is None:
        field = OxmlElement("w:updateFields")
        field.set(qn("w:val"), "true")
        later = next((e for e in settings if e.tag in {qn(t) for t in AFTER_FIELDS}), None)
        if later is None:
            settings.append(field)
        else:
            later.addprevious(field)


def fix_dates(path: Path) -> None:
    """Give the parts of the file a fixed date: the same plan gives the same bytes."""
    with zipfile.ZipFile(path) as book:
        parts = [(name, book.read(name)) for name in book.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in parts:
            part = zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))
            part.compress_type = zipfile.ZIP_DEFLATED
            book.writestr(part, content)
