"""The built site in a browser: every kind of page, light and dark, wide and narrow; search, tooltips, formulas, pictures."""

import http.server
import json
import re
import shutil
import threading
from functools import partial
from urllib.parse import urlsplit

import pytest

from mlsysim import cite
from mlsysim.published import addresses

sync_api = pytest.importorskip("playwright.sync_api", reason="browser tests need Playwright: pip install playwright")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
OPTIONS += ["--disable-component-update", "--disable-sync"]
PAGES = [
    "index.html",
    "getting-started.html",
    "architecture.html",
    "solver-guide.html",
    "math.html",
    "math/roofline.html",
    "nomenclature.html",
    "sources.html",
    "cli.html",
    "solvers/index.html",
    "solvers/servingmodel.html",
    "tutorials/index.html",
    "tutorials/roofline.html",
    "gallery/index.html",
    "gallery/roofline/plot_roofline_h100.html",
    "zoo/index.html",
    "zoo/hardware.html",
    "zoo/hardware/cloud/h100.html",
    "zoo/models/language/llama3_8b.html",
    "zoo/infrastructure/grids/quebec.html",
    "zoo/systems/clusters/llama3_405b.html",
    "numbers.html",
    "moved.html",
    "books.html",
    "cli.html",
    "textbook/index.html",
    "textbook/vol1-11-hardware-acceleration.html",
    "accuracy/training.html",
    "search.html",
    "genindex.html",
]
SIZES = {"wide": (1280, 900), "narrow": (390, 844)}


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves the folder without a word."""

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="session")
def address(site):
    """Serve the site on this machine alone, on a free port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture(scope="session")
def browser():
    """Start the machine's Chromium."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("browser tests need Chromium: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=OPTIONS)
        yield found
        found.close()


class Watched:
    """A page of which everything that goes wrong is written down."""

    def __init__(self, context, address):
        self.address = address
        self.wrong: list[str] = []
        self.asked: list[str] = []
        self.page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("console", lambda m: m.type in ("error", "warning") and self.wrong.append(f"console: {m.text}"))
        self.page.on("pageerror", lambda e: self.wrong.append(f"script: {e}"))
        self.page.on("requestfailed", self.failed)
        self.page.on("response", lambda r: r.status >= 400 and self.wrong.append(f"{r.status}: {r.url}"))
        self.page.on("request", lambda r: self.asked.append(r.url))

    def failed(self, request):
        """Note a request that failed; one that leaving a page cut off did not."""
        if request.failure != "net::ERR_ABORTED":
            self.wrong.append(f"failed: {request.url} {request.failure}")

    def open(self, path):
        """Load a page to its end."""
        self.page.goto(f"{self.address}/{path}", wait_until="networkidle" if "search" in path else "load")
        self.page.evaluate("() => document.fonts.ready.then(() => 1)")
        self.page.wait_for_timeout(100)
        return self.page

    def check(self):
        """Nothing went wrong, and nothing was asked of another host."""
        own = ("", urlsplit(self.address).netloc)
        outside = [u for u in self.asked if urlsplit(u).scheme not in ("data", "blob") and urlsplit(u).netloc not in own]
        assert not outside
        assert not self.wrong


@pytest.fixture
def watch(browser, address):
    """Return a function that opens a watched page; all is checked at the end."""
    opened = []

    def start(scheme="light", size="wide"):
        width, height = SIZES[size]
        context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height})
        watched = Watched(context, address)
        opened.append((context, watched))
        return watched

    yield start
    for context, watched in opened:
        watched.check()
        context.close()


LOOK = """() => ({
  scroll: document.documentElement.scrollWidth, width: document.documentElement.clientWidth,
  mains: document.querySelectorAll("main, [role=main]").length, heads: document.querySelectorAll("h1").length,
  lang: document.documentElement.lang, theme: document.documentElement.dataset.theme,
  back: getComputedStyle(document.body).backgroundColor,
  broken: [...document.images].filter(i => i.complete && !i.naturalWidth && i.getClientRects().length).map(i => i.src),
})"""


def brightness(colour: str) -> float:
    """Return how bright a colour is, of 255."""
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3


@pytest.mark.parametrize(("scheme", "size"), [("light", "wide"), ("dark", "wide"), ("light", "narrow"), ("dark", "narrow")])
def test_every_kind_of_page(watch, scheme, size):
    watched = watch(scheme, size)
    for path in PAGES:
        page = watched.open(path)
        seen = page.evaluate(LOOK)
        assert seen["scroll"] <= seen["width"], (path, "the page scrolls sideways", seen)
        assert (seen["mains"], seen["heads"]) == (1, 1), (path, seen)
        assert seen["lang"] == "en", path
        assert seen["theme"] == scheme, path
        assert (brightness(seen["back"]) > 128) == (scheme == "light"), (path, seen)
        assert not seen["broken"], (path, seen)
        watched.check()


def test_search_finds_the_page_that_was_meant(watch):
    page = watch().open("search.html?q=h100+bandwidth")
    first = page.locator(".pagefind-ui__result-link").first
    first.wait_for()
    assert urlsplit(first.get_attribute("href")).path.endswith("/zoo/hardware/cloud/h100.html")


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ("roofline time", "math/roofline.html"),
        ("Llama 3 70B parameters", "zoo/models/language/llama3_70b.html"),
        ("Quebec carbon intensity", "zoo/infrastructure/grids/quebec.html"),
        ("Hardware.Cloud.MI300X", "zoo/hardware/cloud/mi300x.html"),
        ("ServingModel", "solvers/servingmodel.html"),
    ],
)
def test_search_has_what_was_meant_among_the_first(watch, query, target):
    page = watch().open(f"search.html?q={query.replace(' ', '+')}")
    page.locator(".pagefind-ui__result-link").first.wait_for()
    found = page.locator(".pagefind-ui__result-title .pagefind-ui__result-link")
    links = [found.nth(i).get_attribute("href") for i in range(min(3, found.count()))]
    assert any(urlsplit(link).path.endswith(f"/{target}") for link in links), links


def test_the_search_box_leads_to_the_search(watch):
    page = watch().open("index.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("h100 bandwidth")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=*")
    page.locator(".pagefind-ui__result-link").first.wait_for()


def test_the_picture_of_a_place_marks_the_entry(watch):
    watched = watch()
    page = watched.open("zoo/hardware/cloud/h100.html")
    image = page.locator("figure.mls-place img")
    image.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('figure.mls-place img').naturalWidth > 0")
    source = image.get_attribute("src")
    assert source.endswith("#hardware-cloud-h100")
    assert "H100" in image.get_attribute("alt")
    watched.check()
    page.goto(f"{watched.address}/zoo/hardware/cloud/{source}")
    marked = page.evaluate("""() => {
      const colour = id => getComputedStyle(document.getElementById(id).querySelector(".dot")).fill;
      return [document.querySelector(":target")?.id, colour("hardware-cloud-h100"), colour("hardware-cloud-a100")];
    }""")
    assert marked[0] == "hardware-cloud-h100"
    assert marked[1] != marked[2]
    watched.wrong.clear()  # for a picture alone, the browser asks for favicon.ico


def test_formulas_are_drawn_with_their_own_fonts(watch):
    watched = watch()
    page = watched.open("math/roofline.html")
    assert page.locator("main .katex-html").count() > 10
    assert page.evaluate("() => document.fonts.ready.then(() => document.fonts.check('16px KaTeX_Main'))")
    assert page.evaluate("() => [...document.fonts].some(f => f.family.includes('KaTeX') && f.status === 'loaded')")
    assert any("KaTeX_Main" in u for u in watched.asked)
    assert page.locator("main .katex-error").count() == 0
    fraction = page.locator("main .katex-display .mfrac").first.bounding_box()
    assert fraction["height"] > 20


def test_tooltips_come_with_the_keyboard_and_go_with_escape(watch):
    page = watch().open("getting-started.html")
    link = page.locator("main a.reference.internal[data-tip]").first
    link.focus()
    tip = page.locator("[role=tooltip]")
    tip.wait_for()
    assert tip.inner_text().strip()
    assert link.get_attribute("aria-describedby") == tip.get_attribute("id")
    page.keyboard.press("Escape")
    assert page.locator("[role=tooltip]").count() == 0
    assert link.get_attribute("aria-describedby") is None, "what describes the link is gone"
    link.hover()
    tip.wait_for()
    page.mouse.move(0, 0)
    assert page.locator("[role=tooltip]").count() == 0


def test_a_link_to_a_number_shows_it(watch):
    watched = watch()
    page = watched.open("zoo/hardware/cloud/h100.html#hardware-cloud-h100-memory-bandwidth")
    box = page.locator("#hardware-cloud-h100-memory-bandwidth").bounding_box()
    assert 0 <= box["y"] < SIZES["wide"][1]
    under = page.evaluate("() => document.querySelector('header')?.getBoundingClientRect().bottom ?? 0")
    assert box["y"] >= under - 1, "the header covers what was linked to"


def test_names_and_labels_of_what_can_be_used(watch):
    page = watch().open("zoo/hardware/cloud/h100.html")
    nameless = page.evaluate("""() => [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, summary")]
      .filter(e => e.getClientRects().length)
      .filter(e => !(e.textContent.trim() || e.getAttribute("aria-label") || e.title || e.placeholder || e.labels?.length
        || e.querySelector("img[alt]:not([alt=''])") || e.querySelector("title")))
      .map(e => e.outerHTML.slice(0, 200))""")
    assert not nameless


def test_an_index_table_sorts_filters_and_hides_columns(watch):
    watched = watch()
    page = watched.open("zoo/hardware.html")
    table = page.locator("table.mls-index")
    rows = table.locator("tbody tr:visible")
    every = rows.count()
    heads = table.locator("thead th").all_inner_texts()
    column = heads.index("bandwidth")
    table.locator("thead button").nth(column).click()
    values = page.evaluate(
        """column => [...document.querySelectorAll("table.mls-index tbody tr")]
      .map(r => Number(r.cells[column].querySelector("data")?.value ?? Infinity))""",
        column,
    )
    assert values == sorted(values)
    assert table.locator("thead th").nth(column).get_attribute("aria-sort") == "ascending"
    page.get_by_label("Filter the table by text").fill("jetson orin")
    assert 0 < rows.count() < 15
    page.get_by_label("Filter the table by text").fill("")
    page.get_by_label("Show one group").select_option("Tiny")
    assert 0 < rows.count() < every
    assert set(rows.locator("td:nth-child(2)").all_inner_texts()) == {"Tiny"}
    page.locator(".mls-columns summary").click()
    page.locator(".mls-columns label", has_text="bandwidth").locator("input").uncheck()
    assert not table.locator("thead th").nth(column).is_visible()
    watched.check()


def test_the_units_of_an_index_can_be_chosen(watch):
    watched = watch()
    page = watched.open("zoo/hardware.html")
    row = page.locator("table.mls-index tbody tr", has_text="H100 SXM5").first
    page.locator(".mls-choice summary").first.click()
    choice = page.get_by_label("Unit of bandwidth")
    printed = row.inner_text()
    assert "3.35\u00a0TB/s" in printed
    choice.select_option("GB/s")
    assert "3\u202f350\u00a0GB/s" in row.inner_text()
    choice.select_option("as printed")
    assert row.inner_text() == printed
    watched.check()


def test_a_roofline_fits_and_can_be_read(watch):
    for size, (width, _) in SIZES.items():
        watched = watch(size=size)
        page = watched.open("zoo/hardware/cloud/h100.html")
        drawing = page.locator("svg.mls-roofline")
        box = drawing.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        assert box["width"] > 300
        letters = drawing.evaluate(
            "svg => parseFloat(getComputedStyle(svg).fontSize) * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width"
        )
        assert letters >= 8.5
        inside = drawing.evaluate("""svg => [...svg.querySelectorAll("text")].every(t => {
            const a = t.getBoundingClientRect(), b = svg.getBoundingClientRect();
            return a.left >= b.left - 4 && a.right <= b.right + 4 && a.top >= b.top - 4 && a.bottom <= b.bottom + 4; })""")
        assert inside
        watched.check()


def test_entries_are_compared_side_by_side(watch):
    watched = watch()
    page = watched.open("zoo/compare.html?entries=Hardware.Cloud.H100,Hardware.Cloud.MI300X")
    table = page.locator("table.mls-compare")
    table.wait_for()
    assert table.locator("thead th").count() == 3
    row = table.locator("tbody tr", has_text="memory.bandwidth").first
    assert row.locator("td").all_inner_texts() == ["3.35 TB/s", "5.3 TB/s"]
    box = page.get_by_label("Add an entry to compare")
    box.fill("Hardware.Cloud.TPUv5p")
    box.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('table.mls-compare thead th').length === 4")
    assert "TPUv5p" in page.url
    page.get_by_label("Remove NVIDIA H100 SXM5 80 GB").click()
    page.wait_for_function("() => document.querySelectorAll('table.mls-compare thead th').length === 3")
    assert "Cloud.H100" not in page.url
    link = table.locator("tbody td a").first.get_attribute("href")
    assert "/zoo/hardware/cloud/mi300x.html#" in link
    watched.check()


@pytest.mark.parametrize("size", SIZES)
def test_a_number_is_cited_where_it_stands(watch, size):
    watched = watch(size=size)
    page = watched.open("zoo/hardware/cloud/h100.html")
    page.locator("#hardware-cloud-h100-memory-bandwidth").hover()
    button = page.get_by_label("Cite Hardware.Cloud.H100.memory.bandwidth", exact=True)
    assert button.is_visible()
    button.click()
    dialog = page.locator("dialog.mls-cite-dialog")
    dialog.locator("pre").nth(2).wait_for()
    text, bibtex, csl = dialog.locator("pre").all_inner_texts()
    assert (text, bibtex) == tuple(cite("Hardware.Cloud.H100.memory.bandwidth", s).strip() for s in ("text", "bibtex"))
    assert json.loads(csl) == json.loads(cite("Hardware.Cloud.H100.memory.bandwidth", "csl"))
    box = dialog.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= SIZES[size][0]
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    page.locator(".mls-cite-box summary").click()
    assert "zoo/hardware/cloud/h100.html" in page.locator(".mls-cite-box pre").first.inner_text()
    watched.check()


def test_another_release_is_one_click_away(watch):
    page = watch().open("zoo/hardware/cloud/h100.html")
    page.locator(".mls-versions:visible summary").first.click()
    links = page.locator(".mls-versions:visible a").evaluate_all("all => all.map(a => a.href)")
    assert f"{addresses.BASE}/zoo/hardware/cloud/h100.html" in links
    assert all(link.startswith(addresses.BASE) and link.endswith("zoo/hardware/cloud/h100.html") for link in links)
