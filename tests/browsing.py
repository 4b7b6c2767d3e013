"""A real browser with the network cut."""

from __future__ import annotations

import json
import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

if TYPE_CHECKING:
    from pathlib import Path

    from selenium.webdriver.chrome.webdriver import WebDriver

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1366,768",
    "--disable-background-networking", "--disable-component-update", "--no-first-run",
    "--disable-sync",
)  # fmt: skip


def start_browser(*, this_machine: bool = False) -> WebDriver:
    """
    Start Chromium offline; a test is skipped without it, CI is not.

    Parameters
    ----------
    this_machine
        A server of this machine may be reached, and nothing else.
    """
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chromium and driver):
        if os.environ.get("CI"):
            pytest.fail("CI must have chromium and chromedriver")
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in FLAGS:
        options.add_argument(flag)
    if this_machine:
        options.add_argument("--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    window = webdriver.Chrome(options=options, service=Service(driver))
    window.execute_cdp_cmd("Network.enable", {})
    if not this_machine:
        window.execute_cdp_cmd(
            "Network.emulateNetworkConditions",
            {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0},
        )
    return window


def open_page(browser: WebDriver, path: Path) -> list[str]:
    """
    Open a map page and wait until it has started.

    Returns
    -------
    list[str]
        What it asked of the network, and what it complained of: nothing, if all is well.
    """
    browser.get_log("performance")
    browser.get_log("browser")
    browser.get(path.as_uri())
    end = time.monotonic() + 20
    while not browser.execute_script("return Boolean(window.lingwuMap)"):
        assert time.monotonic() < end, "the map did not start"
        time.sleep(0.1)
    complaints = [e["message"] for e in browser.get_log("browser") if e["level"] == "SEVERE"]
    return asked(browser) + complaints


def asked(browser: WebDriver, but: tuple[str, ...] = ("file:", "data:")) -> list[str]:
    """Give what was asked of the network since it was last read, but for what begins so."""
    events = [json.loads(e["message"])["message"] for e in browser.get_log("performance")]
    urls = [
        e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"
    ]
    return [u for u in urls if not u.startswith(but)]


def layers_on(browser: WebDriver) -> set[str]:
    """Open the list of layers, and tell those that are shown."""
    toggle = browser.find_element(By.CSS_SELECTOR, ".leaflet-control-layers-toggle")
    if toggle.is_displayed():
        toggle.click()
    boxes = browser.find_elements(By.CSS_SELECTOR, ".leaflet-control-layers-overlays label")
    return {b.text.strip() for b in boxes if b.find_element(By.TAG_NAME, "input").is_selected()}
