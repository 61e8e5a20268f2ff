"""The page for people in a real Chromium: by keyboard, in dark and light, wide and narrow."""

import shutil
import urllib.parse

import pytest
import requests

from civis_usage.mock_server import server
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.settings import Settings

from .extras import load

load("browser")

from selenium import webdriver  # noqa: E402 (after it is known to be there)
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.wait import WebDriverWait  # noqa: E402

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
KEY = {"Authorization": "Bearer a-key-of-the-tests"}
SEEN = "return arguments[0].textContent.replace(/\\s+/g, ' ')"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="no Chromium here: apt-get install chromium chromium-driver"),
]

CONTRAST = """
const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const rgba = (colour) => {
  canvas.clearRect(0, 0, 1, 1);
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const ground = (element) => {
  for (; element; element = element.parentElement) {
    const found = rgba(getComputedStyle(element).backgroundColor);
    if (found[3] === 255) return found;
  }
  return rgba(getComputedStyle(document.body).backgroundColor);
};
const poor = [];
let seen = 0;
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.data.trim() || !element.checkVisibility()) continue;
  if (element.closest("svg, script, :disabled")) continue;
  const [a, b] = [light(rgba(getComputedStyle(element).color)), light(ground(element))].sort((a, b) => b - a);
  const ratio = (a + 0.05) / (b + 0.05);
  seen += 1;
  if (ratio < 4.5) poor.push(`${ratio.toFixed(2)} ${element.outerHTML}`);
}
return [seen, poor];
"""

FOCUS = """
const it = document.activeElement, style = getComputedStyle(it);
return it === document.body ? null : [it.outerHTML.slice(0, 80), style.outlineStyle, parseFloat(style.outlineWidth)];
"""


@pytest.fixture(scope="module")
def app():
    return create_app(Settings(now="2026-04-20T12:00:00Z"))


@pytest.fixture(scope="module")
def edge():
    app = create_app(Settings(now="2026-04-20T12:00:00Z", profile="edge"))
    with server.start(app) as running:
        yield running.url


@pytest.fixture(scope="module")
def running(app):
    with server.start(app) as running:
        yield running


@pytest.fixture(scope="module")
def driver(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    yield driver
    driver.quit()


@pytest.fixture
def fake(app):
    fake = app.extensions["civis_usage"]
    fake.reset()
    return fake


@pytest.fixture
def browser(driver, fake, running):
    """Return a browser that shows the page of a fake as it started; at the end it must not have complained."""
    show(driver)
    driver.get_log("browser")
    driver.get(running.url)
    yield driver
    complaints = [entry["message"] for entry in driver.get_log("browser")]
    assert not complaints


def show(driver, width=1280, scheme="light", scripts=True):
    """Set up the window: its width, whether it is dark, and whether JavaScript is there."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})


def find(browser, selector):
    return browser.find_element(By.CSS_SELECTOR, selector)


def text(browser, selector):
    return browser.execute_script(SEEN, find(browser, selector)).strip()


def until(browser, condition, saying):
    ignored = (NoSuchElementException, StaleElementReferenceException)
    waiting = WebDriverWait(browser, 15, poll_frequency=0.05, ignored_exceptions=ignored)
    return waiting.until(lambda _: condition(), saying)


def ready(browser):
    until(browser, lambda: text(browser, "#version") and text(browser, "#total"), "the page did not show the world")
    return browser


def get(running, path):
    return requests.get(f"{running.url}{path}", headers=KEY, timeout=10)


def test_it_loads_nothing_from_elsewhere(browser, running):
    ready(browser)
    loaded = browser.execute_script("return performance.getEntriesByType('resource').map((each) => each.name)")
    assert len(loaded) > 5 and all(address.startswith((f"{running.url}/", "data:")) for address in loaded), loaded
    assert browser.title == f"Fake /usage at {running.url.removeprefix('http://')}"


def test_the_export_lines_are_copied(browser, running):
    permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    browser.execute_cdp_cmd("Browser.grantPermissions", {"origin": running.url, "permissions": permissions})
    ready(browser)
    find(browser, "[data-copy=exports]").click()
    until(browser, lambda: text(browser, "[data-copy=exports]") == "Copied", "the button did not say that it copied")
    copied = browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == f"export CIVIS_API_ENDPOINT={running.url}\nexport CIVIS_API_KEY=any-key-will-do"


def test_calls_appear_as_they_come_until_they_are_paused(browser, running):
    ready(browser)
    get(running, "/usage/matching?task=IDR")
    until(browser, lambda: "task=IDR" in text(browser, "#call-list"), "the call did not appear")
    find(browser, "#pause").click()
    assert text(browser, "#live") == "paused"
    get(running, "/usage/llm?org_id=2")
    find(browser, "#pause").click()
    until(browser, lambda: "org_id=2" in text(browser, "#call-list"), "the calls did not go on")
    find(browser, "#forget").click()
    until(browser, lambda: not find(browser, "#call-list").is_displayed(), "the calls are not forgotten")


def test_a_call_is_repeated_with_its_request_and_response(browser, running):
    get(running, "/usage/llm/organization/2/summary?start_date=2026-04-01")
    browser.refresh()
    find(ready(browser), "#call-list button").click()
    until(browser, lambda: "200" in text(browser, "#status"), "there is no response")
    assert text(browser, "#request") == "GET /usage/llm/organization/2/summary?start_date=2026-04-01"
    assert '"organizationId":2' in text(browser, "#body")
    headers = text(browser, "#headers")
    assert "Authorization: Bearer ***" in headers and "x-ratelimit-limit: 1000" in headers


def test_a_record_is_shown_by_its_id(browser):
    link = find(ready(browser), "#record-lists [data-get]")
    number = link.text
    link.click()
    until(browser, lambda: "200" in text(browser, "#status"), "there is no response")
    assert f'"id":{number}' in text(browser, "#body")


def test_ids_of_64_bits_are_exact(driver, edge):
    show(driver)
    driver.get(edge)
    link = find(ready(driver), "#record-lists [data-get]")
    assert len(link.text) == 19
    link.click()
    until(driver, lambda: "200" in text(driver, "#status"), "the record is not found by the id that is shown")


def test_what_differs_from_the_default_behavior_is_shown(driver):
    app = create_app(Settings(now="2026-04-20T12:00:00Z", behavior={"end_bound": "exclusive", "summary_decimals": 2}))
    show(driver)
    with server.start(app) as running:
        driver.get(running.url)
        ready(driver)
        shown = text(driver, "#behavior")
    assert "end_bound=exclusive Does a window include usage exactly at its end? no" in shown
    assert "summary_decimals=2" in shown and "start_bound" not in shown


def test_nothing_is_said_of_the_default_behavior(browser):
    ready(browser)
    assert not find(browser, "#behavior").is_displayed()


def test_a_fault_is_switched_on_and_off_by_keyboard(browser, running):
    def switch():
        return next(each for each in browser.find_elements(By.CSS_SELECTOR, ".switch") if "Broken" in each.text)

    ready(browser)
    switch().send_keys(Keys.SPACE)
    until(browser, lambda: switch().get_attribute("aria-pressed") == "true", "the fault is not on")
    assert get(running, "/usage/llm").status_code == 500
    until(browser, lambda: "acted on 1 of 1 calls" in text(browser, "#fault-list"), "the count did not change")
    switch().send_keys(Keys.SPACE)
    until(browser, lambda: switch().get_attribute("aria-pressed") == "false", "the fault is not off")
    assert get(running, "/usage/llm").status_code == 200


def test_a_rule_that_cannot_be_is_refused_in_a_sentence(browser, fake):
    ready(browser)
    find(browser, "#fault").send_keys("status=999", Keys.ENTER)
    until(browser, lambda: "999" in text(browser, "#problem"), "nothing is said")
    assert not list(fake.faults)
    browser.get_log("browser")  # Chromium notes the 400


def test_the_clock_is_moved_and_released(browser, fake):
    ready(browser)
    find(browser, "[data-move='86400']").click()
    until(browser, lambda: text(browser, "#now") == "2026-04-21 12:00:00", "the clock did not move")
    find(browser, "#month-end").click()
    until(browser, lambda: text(browser, "#now") == "2026-04-30 23:59:59", "the clock is not pinned")
    find(browser, "#release").click()
    until(browser, lambda: text(browser, "#clock-state") == "real time", "the clock is not released")
    assert not fake.clock.pinned


def test_an_unknown_organization_is_said_and_the_others_are_shown(browser, running):
    browser.get(f"{running.url}/?org=77")
    until(browser, lambda: "There is no organization 77 here" in text(browser, "#problem"), "nothing is said")
    assert "1" in text(ready(browser), "#organization-list")
    browser.get_log("browser")  # Chromium notes the 404


def test_no_link_leads_to_a_404(browser, running):
    addresses = {
        each.get_attribute("href").partition("#")[0] for each in ready(browser).find_elements(By.TAG_NAME, "a")
    }
    paths = {urllib.parse.urlsplit(each) for each in addresses}
    assert len(paths) > 5
    for path in paths:
        query = urllib.parse.parse_qs(path.query)
        target = query["get"][0] if "get" in query else f"{path.path}?{path.query}"
        assert get(running, target).status_code == 200, path


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_can_be_read_wide_and_narrow_light_and_dark(browser, width, scheme):
    show(browser, width, scheme)
    browser.refresh()
    ready(browser)
    seen, poor = browser.execute_script(CONTRAST)
    assert seen > 50 and poor == []
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_all_of_it_is_reached_by_keyboard_with_a_mark_on_what_has_the_focus(browser):
    ready(browser)
    body, seen = find(browser, "body"), []
    for _ in range(25):
        body.send_keys(Keys.TAB) if not seen else browser.switch_to.active_element.send_keys(Keys.TAB)
        seen.append(browser.execute_script(FOCUS))
    assert all(each is not None and each[1] != "none" and each[2] >= 1 for each in seen), seen
    assert len({each[0] for each in seen}) > 15
