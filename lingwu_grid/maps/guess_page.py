"""The guess as a page: every file and column with what it is taken for, and how many rows count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lingwu_grid.contract.schema import STATUS_WORDS, TABLES
from lingwu_grid.maps.texts import filled, template_text

if TYPE_CHECKING:
    from lingwu_grid.ingest.guessing import GuessRecord

COORDINATES = ("crs_", "datum_", "table_far", "coordinates_")
"""How the codes of findings on coordinates begin."""


def guess_page(guess: GuessRecord) -> str:
    """
    Draw a proposal.

    Parameters
    ----------
    guess
        What was proposed.

    Returns
    -------
    str
        One HTML page without scripts. It shows a few values of every column but those of persons:
        it stays inside.
    """
    study = guess.study
    told = study.findings.rows if study is not None else ()
    return filled(
        "guess.html",
        css=template_text("guess.css"),
        folder=guess.folder.resolve().name,
        tables=guess.tables,
        words=[
            (w.word, STATUS_WORDS[w.kind or "resident"][0], w.rows, w.kind) for w in guess.words
        ],
        doubts=guess.doubts,
        elsewhere=guess.elsewhere,
        broken=guess.broken,
        text=guess.text,
        trouble=guess.trouble,
        households=None if study is None else len(study.households),
        excluded=[] if study is None else
        list(study.excluded["reason"].value_counts().sort_index().items()),
        places=[
            (TABLES[f.table].title if f.table else "", f)
            for f in told if f.code.startswith(COORDINATES)
        ],
        sources=[] if study is None else study.sources,
    )  # fmt: skip
