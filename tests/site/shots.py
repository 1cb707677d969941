"""Pictures of the built site's main pages, to be looked at: `make shots`, or

    python tests/site/shots.py [--site site] [--out build/shots] [PAGE ...]

Each page in the light and the dark theme, on a laptop (1366 pixels) and a phone (500), and as it prints (the first sheet).
"""

from __future__ import annotations

import argparse
import base64
import shutil
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

PAGES = (
    "index",
    "claims/hw23c",
    "claims/hw10a.2",
    "claims/index",
    "topics/kl",
    "topics/tanh_gaussian",
    "topics/softmax",
)
SCREENS = {"laptop": 1366, "phone": 500}
LONGEST = 12_000  # pixels of a page
SEEN = "document.querySelectorAll('img[loading]').forEach(i => { i.loading = 'eager'; })"
# A picture of the whole page shows what one would see on coming near it.
WHOLE = """
const style = document.createElement('style');
style.textContent = '* { content-visibility: visible !important; }';
document.head.append(style);
"""
READY = """
const done = arguments[0], shown = [...document.images].filter(i => i.offsetWidth);
Promise.all([document.fonts.ready, ...shown.map(i => i.decode().catch(() => 0))]).then(() => setTimeout(done, 400));
"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Not a word."""


def chromium() -> webdriver.Chrome:
    """A browser that reaches this machine alone.  Raises SystemExit where there is none."""
    chrome, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (chrome and driver):
        raise SystemExit("no browser: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chrome
    for switch in (
        "headless=new",
        "no-sandbox",
        "hide-scrollbars",
        "host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    ):
        options.add_argument("--" + switch)
    return webdriver.Chrome(options=options, service=Service(driver))


def visit(browser: webdriver.Chrome, url: str, width: int, theme: str, media: str) -> None:
    """Open a page in a theme, everything on it loaded."""
    features = [{"name": "prefers-color-scheme", "value": theme}, {"name": "prefers-reduced-motion", "value": "reduce"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(url)
    browser.execute_script("localStorage.clear()")
    browser.refresh()
    browser.execute_script(SEEN)
    browser.execute_script(WHOLE)
    browser.execute_async_script(READY)


def shoot(browser: webdriver.Chrome, path: Path, width: int) -> Path:
    """The whole page as a PNG."""
    height = min(LONGEST, browser.execute_script("return document.documentElement.scrollHeight"))
    clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    png = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})["data"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(base64.b64decode(png))
    return path


def printed(browser: webdriver.Chrome, path: Path) -> Path:
    """The page as it prints, on A4: a PDF, and its first sheet as a PNG where pdftoppm is installed."""
    sheet = {"paperWidth": 8.27, "paperHeight": 11.69, "printBackground": True}
    pdf = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", sheet)["data"])
    path.with_suffix(".pdf").write_bytes(pdf)
    if shutil.which("pdftoppm"):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "x.pdf").write_bytes(pdf)
            subprocess.run(
                ["pdftoppm", "-r", "70", "-l", "1", "-png", "-singlefile", "x.pdf", "x"], cwd=folder, check=True
            )
            shutil.copy(Path(folder) / "x.png", path)
    return path if path.is_file() else path.with_suffix(".pdf")


def take(site: Path, out: Path, pages: list[str]) -> list[Path]:
    """All pictures of these pages; returns the files."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    browser, files = chromium(), []
    try:
        for page in pages:
            url, name = f"http://127.0.0.1:{server.server_port}/{page}.html", page.replace("/", "-")
            for screen, width in SCREENS.items():
                for theme in ("light", "dark"):
                    visit(browser, url, width, theme, "screen")
                    files.append(shoot(browser, out / f"{name}-{screen}-{theme}.png", width))
            visit(browser, url, SCREENS["laptop"], "dark", "")
            files.append(printed(browser, out / f"{name}-print.png"))
    finally:
        browser.quit()
        server.shutdown()
    return files


def main(arguments: list[str]) -> int:
    """Take the pictures and print their paths."""
    parser = argparse.ArgumentParser(description="Pictures of the built site's main pages.")
    parser.add_argument("--site", type=Path, default=Path("site"))
    parser.add_argument("--out", type=Path, default=Path("build/shots"))
    parser.add_argument("pages", nargs="*", default=list(PAGES))
    given = parser.parse_args(arguments)
    if not (given.site / "index.html").is_file():
        print(f"there is no built site at {given.site}; run `make site` first", file=sys.stderr)
        return 2
    for path in take(given.site, given.out, given.pages):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
