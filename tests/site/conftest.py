"""The built site, a local server for it, and a browser that can reach nothing else."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.site.helpers import build, prepare

SWITCHES = (
    "headless=new",
    "no-sandbox",
    "disable-background-networking",
    "host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Not a word."""


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site that was built, strictly, from the fixture ledger."""
    folder = prepare(tmp_path_factory.mktemp("site"))
    start = time.perf_counter()
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    (folder / "seconds").write_text(f"{time.perf_counter() - start:.1f}", "utf8")
    return folder / "out"


@pytest.fixture(scope="session")
def address(built: Path) -> Iterator[str]:
    """Where the built site is served on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(built)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def chromium() -> Iterator[webdriver.Chrome]:
    """Chromium, once for all tests. Under CI a missing browser is a failure, elsewhere a skip."""
    chrome, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chrome and driver):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no browser: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = str(chrome)
    for switch in SWITCHES:
        options.add_argument("--" + switch)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driven = webdriver.Chrome(options=options, service=Service(str(driver)))
    yield driven
    driven.quit()


@pytest.fixture
def browser(chromium: webdriver.Chrome) -> webdriver.Chrome:
    """The browser as a laptop in the light theme, its logs emptied."""
    screen(chromium, 1366, 768)
    for log in ("performance", "browser"):
        chromium.get_log(log)
    return chromium


def screen(browser: webdriver.Chrome, width: int, height: int, *, dark: bool = False) -> None:
    """Give the page this many pixels, and the theme that the reader's system asks for."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    media = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": media})
