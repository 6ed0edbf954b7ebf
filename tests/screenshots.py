"""``make screenshots``: the README's pictures, of the demo in a fresh installation, at both sizes and in both schemes."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from tests.installation import CHROMIUM, installation  # noqa: E402

PICTURES = PROJECT / "docs" / "pictures"
SHOWN_BESIDE = {
    "plan": "/engagement/methodology/plan/",
    "portfolio": "/engagement/portfolio/",
    "best": "/engagement/best/?who=all",
    "needs": "/engagement/needs/",
}
SIZES = {"desktop": (1280, 860), "phone": (390, 844)}
LIST = """Firma;Straße;PLZ;Ort;Telefon;Ansprechpartner;Branche
Schlosserei Haselnuss GmbH;Mühlgasse 4;02826;Görlitz;+49 30 23125 901;Uta Haselnuss;25.11
Elektro Silberdraht;Am Markt 1;02625;Bautzen;+49 30 23125 902;Jörg Silberdraht;43.21
Elektro Silberdraht;Hafenstr. 9;02826;Görlitz;+49 30 23125 903;;43.21
Dreherei Rundum;Lindenweg 12;02708;Löbau;keine;Maria;25.53
;Ohne Namen 1;02708;Löbau;;;
"""


def take(page: Page, name: str) -> None:
    path = PICTURES / f"{name}.png"
    page.screenshot(path=path)
    print(f"{path.relative_to(PROJECT)}: {path.stat().st_size // 1000} kB")


def signed_in(browser: Browser, url: str, size: str, scheme: str) -> Page:
    context = browser.new_context(
        viewport=dict(zip(("width", "height"), SIZES[size], strict=True)), color_scheme=scheme, base_url=url, locale="en-GB"
    )
    page = context.new_page()
    page.goto("/")
    if (size, scheme) == ("desktop", "light"):
        take(page, "welcome")
    page.get_by_role("button", name="Sign in as Rita Cabaço").click()
    page.goto("/")
    # The pictures are in English, whatever language the person prefers.
    page.locator("button[name=language][value=en]").first.evaluate("button => button.form.requestSubmit(button)")
    page.locator("html[lang=en]").wait_for()
    return page


def main() -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        installation(Path(folder), demo=True) as house,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(**CHROMIUM)
        for size in SIZES:
            for scheme in ("light", "dark"):
                page = signed_in(browser, house.url, size, scheme)
                suffix = f"{size}-{scheme}"
                take(page, f"today-{suffix}")
                page.goto("/engagement/?sort=-contact")
                take(page, f"employers-{suffix}")
                page.locator("th[scope=row] a").first.click()
                take(page, f"employer-{suffix}")
                for name, address in SHOWN_BESIDE.items():
                    page.goto(address)
                    page.wait_for_load_state("networkidle")
                    take(page, f"{name}-{suffix}")
                page.goto("/oer/")
                take(page, f"library-{suffix}")
                page.locator("main .item-title a").first.click()
                page.wait_for_load_state("networkidle")
                take(page, f"case-{suffix}")
                page.goto("/ui/")
                take(page, f"gallery-{suffix}")
                page.goto("/engagement/imports/")
                file = {"name": "betriebe.csv", "mimeType": "text/csv", "buffer": LIST.encode("cp1252")}
                page.locator("input[type=file]").set_input_files(file)
                page.get_by_role("button", name="Look it through").click()
                page.get_by_text("Windows-1252").first.wait_for()
                page.wait_for_load_state("networkidle")
                take(page, f"import-{suffix}")
                page.context.close()
        browser.close()


if __name__ == "__main__":
    main()
