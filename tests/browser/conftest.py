"""A real browser: Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator

import pytest
from needed import required
from playwright.sync_api import Browser, sync_playwright


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium of the machine; it runs as whoever runs the tests, so without its own sandbox."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        if required("browser"):
            pytest.fail("no Chromium, and CODEQ_REQUIRE asks for a browser; install Debian's package chromium")
        pytest.skip("no Chromium; install Debian's package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()
