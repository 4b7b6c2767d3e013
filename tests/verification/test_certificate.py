"""A certificate that somebody changed is refused: by the verifier, and by the page of the map."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from lingwu_grid.maps.page import planner_map
from lingwu_grid.recounting import global_bound
from lingwu_grid.verification import _bounds, _Files
from tests.browsing import open_page, start_browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver

    from lingwu_grid.plan import Plan

    Certificate = dict[str, Any]

TAMPERED = 200


def _raised(own: Certificate, luck: np.random.Generator) -> None:
    own["bounds"]["global"] += int(luck.integers(1, 40))


def _priced(own: Certificate, luck: np.random.Generator) -> None:
    """Change the weight to one that shows less."""
    bounds, (needs,) = own["bounds"], own["needs"]
    less = [w for w in range(1001) if global_bound(needs, w) < bounds["global"]]
    bounds["global_weight"] = int(luck.choice(less))


def _zone(own: Certificate, luck: np.random.Generator) -> tuple[dict[str, Any], str]:
    zones = own["needs"][0][str(luck.choice(["grid", "grid", "community"]))]
    return zones, str(luck.choice(sorted(zones)))


def _dropped(own: Certificate, luck: np.random.Generator) -> None:
    zones, code = _zone(own, luck)
    del zones[code]


def _renamed(own: Certificate, luck: np.random.Generator) -> None:
    zones, code = _zone(own, luck)
    zones[code + "9"] = zones.pop(code)


def _counted(own: Certificate, luck: np.random.Generator) -> None:
    zones, code = _zone(own, luck)
    zone, change = zones[code], int(luck.choice([-1, 1]))
    key = str(luck.choice(sorted(zone)))
    if key == "units":
        zone[key][int(luck.integers(len(zone[key])))] += change
    else:
        zone[key] += change


def _freed(own: Certificate, luck: np.random.Generator) -> None:
    (needs,) = own["needs"]
    if luck.random() < 0.5:
        needs["nowhere"] += 7
    else:
        needs["free"]["grid"] += 7


def _moved(own: Certificate, luck: np.random.Generator) -> None:
    """Put a grid in another community."""
    of = own["needs"][0]["grids_of"]
    full = [c for c in sorted(of) if of[c]]
    one = str(luck.choice(full))
    other = str(luck.choice([c for c in sorted(of) if c != one]))
    of[other].append(of[one].pop())


WAYS: tuple[Callable[[Certificate, np.random.Generator], None], ...] = (
    _raised, _priced, _dropped, _renamed, _counted, _counted, _freed, _moved,
)  # fmt: skip


@pytest.fixture(scope="module")
def files(small_plan: Plan, tmp_path_factory: pytest.TempPathFactory) -> _Files:
    return _Files(small_plan.save(tmp_path_factory.mktemp("certified") / "plan", outgoing=False))


@pytest.fixture(scope="module")
def tampered(files: _Files) -> list[tuple[str, Certificate]]:
    found: list[tuple[str, Certificate]] = []
    for number in range(TAMPERED):
        way = WAYS[number % len(WAYS)]
        own = copy.deepcopy(files.certificate)
        way(own, np.random.default_rng(number))
        assert own != files.certificate
        found.append((way.__name__, own))
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[WebDriver]:
    driver = start_browser()
    yield driver
    driver.quit()


def test_two_hundred_tampered_certificates_are_refused(
    files: _Files, tampered: list[tuple[str, Certificate]]
) -> None:
    assert _bounds(files) == []
    certificate, summary = files.certificate, files.summary
    for way, own in tampered:
        files.certificate = own
        told = summary["lower_bound"] | {"global": own["bounds"]["global"]}
        gap = 1 - own["bounds"]["global"] / summary["affected"]
        files.summary = summary | {"lower_bound": told, "gap": gap}
        assert _bounds(files), way
    files.certificate, files.summary = certificate, summary


def _asked(browser: WebDriver, own: Certificate, rules: Certificate) -> int | None:
    """Give the sum of the page; None where its numbers do not fit each other."""
    proof = {
        "needs": own["needs"], "weights": [own["bounds"]["global_weight"]],
        "rules": {key: rules[key] for key in ("grid", "community", "own", "margin")},
    }  # fmt: skip
    told: int | None = browser.execute_script(  # type: ignore[no-untyped-call]
        "const sum = window.lingwuProved(JSON.parse(arguments[0])); return isNaN(sum) ? null : sum",
        json.dumps(proof),
    )
    return told


def test_the_page_says_the_same_as_the_verifier(
    browser: WebDriver, files: _Files, small_plan: Plan, tampered: list[tuple[str, Certificate]],
    tmp_path: Path,
) -> None:  # fmt: skip
    page = tmp_path / "map.html"
    page.write_text(planner_map(small_plan), encoding="utf-8")
    assert open_page(browser, page) == []
    place = browser.find_element("id", "proved")
    bound = files.certificate["bounds"]["global"]
    assert place.get_attribute("class") == "holds"
    assert place.text.split() == ["✓", "本页按证书重算，成立", str(bound)]
    (needs,) = files.certificate["needs"]
    for weight in (0, 1, 250, 500, 999, 1000):
        own = files.certificate | {"bounds": {"global_weight": weight}}
        assert _asked(browser, own, own["rules"]) == global_bound(needs, weight)
    rules = files.certificate["rules"]
    refused = 0
    for way, own in tampered:
        told, bound, (needs,) = _asked(browser, own, rules), own["bounds"]["global"], own["needs"]
        refused += told != bound
        if told == bound:
            # It has no households to count: a certificate of another town that shows as much.
            assert way in ("_freed", "_moved", "_dropped"), way
            assert global_bound(needs, own["bounds"]["global_weight"]) == bound
    assert refused > TAMPERED * 3 // 4


def test_the_page_of_a_part_claims_nothing_of_the_whole(small_plan: Plan) -> None:
    some = set(small_plan.communities["community_id"][:2])
    assert "lingwuProved" not in planner_map(small_plan.part(some))
