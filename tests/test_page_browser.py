"""The page for people in a real Chromium: without JavaScript, by keyboard, in dark and light, wide and narrow."""

import shutil
import urllib.parse

import pytest
import requests
from selenium import webdriver
from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from civis_usage.mock_server import server
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.settings import Settings

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

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="no Chromium here: apt-get install chromium chromium-driver"
)

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
    """Give a browser that shows the page of a fake as it started; at the end it must not have complained."""
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


def follow(browser, act):
    """Do something that leads to a new document, and wait for it."""
    old = find(browser, "html")
    act()
    until(browser, lambda: gone(old), "the page stayed as it was")
    until(browser, lambda: browser.execute_script("return document.readyState") == "complete", "the page did not load")


def gone(element):
    try:
        element.is_enabled()
    except Exception as reason:
        return type(reason).__name__ in ("StaleElementReferenceException", "NoSuchElementException")
    return False


def test_it_shows_itself_without_asking_anybody_else(browser, running):
    asked = browser.execute_script("return performance.getEntriesByType('resource').map((each) => each.name)")
    assert all(address.startswith((f"{running.url}/", "data:")) for address in asked), asked
    assert browser.title == f"Fake /usage at {running.url.removeprefix('http://')}"


def test_the_export_lines_are_copied(browser, running):
    browser.execute_cdp_cmd(
        "Browser.grantPermissions",
        {"origin": running.url, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]},
    )
    find(browser, "[data-copy=exports]").click()
    until(browser, lambda: text(browser, "[data-copy=exports]") == "Copied", "the button did not say that it copied")
    copied = browser.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == f"export CIVIS_API_ENDPOINT={running.url}\nexport CIVIS_API_KEY=any-key-will-do"


def test_calls_appear_as_they_come(browser, running):
    assert "Nobody has called yet" in text(browser, "#calls-list")
    requests.get(f"{running.url}/usage/matching?task=IDR", headers=KEY, timeout=10)
    until(browser, lambda: "list_matching" in text(browser, "#calls-list"), "the call did not appear")
    assert "task=IDR 200" in text(browser, "#calls-list")


def test_what_faults_did_appears_as_well(browser, running, fake):
    fake.faults.add("list_llm status=503")
    browser.refresh()
    assert "not met yet" in text(browser, "#faults-set")
    requests.get(f"{running.url}/usage/llm", headers=KEY, timeout=10)
    until(browser, lambda: "acted on 1 of 1 calls" in text(browser, "#faults-set"), "the count did not change")


def test_calls_can_be_paused(browser, running):
    find(browser, "[data-pause]").click()
    assert text(browser, "#live") == "paused"
    requests.get(f"{running.url}/usage/llm", headers=KEY, timeout=10)
    find(browser, "[data-pause]").click()
    until(browser, lambda: "list_llm" in text(browser, "#calls-list"), "the calls did not go on")
    assert text(browser, "#live") == "live"


def test_a_fault_is_switched_on_and_off_by_keyboard(browser, running):
    def state():
        status = requests.get(f"{running.url}/usage/llm", headers=KEY, timeout=10).status_code
        return find(browser, "[value='status=500']").get_attribute("aria-pressed"), status

    assert state() == ("false", 200)
    follow(browser, lambda: find(browser, "[value='status=500']").send_keys(Keys.SPACE))
    assert state() == ("true", 500)
    assert "Faults changed." in text(browser, "#faults")
    follow(browser, lambda: find(browser, "[value='status=500']").send_keys(Keys.ENTER))
    assert state() == ("false", 200)
    assert browser.current_url == f"{running.url}/#faults"


def test_a_rule_of_ones_own_is_typed_mended_and_taken_back(browser, fake):
    find(browser, "#fault").send_keys("list_lm status=503")
    follow(browser, lambda: find(browser, "#fault").send_keys(Keys.ENTER))
    assert "did you mean 'list_llm'?" in text(browser, "#problem-fault")
    field = find(browser, "#fault")
    until(browser, lambda: browser.switch_to.active_element == field, "the refused rule has not the focus")
    assert field.get_attribute("value") == "list_lm status=503"
    field.clear()
    field.send_keys("list_llm status=503")
    follow(browser, lambda: field.send_keys(Keys.ENTER))
    assert [str(each.fault) for each in fake.faults] == ["list_llm status=503"]
    follow(browser, lambda: find(browser, "[name=remove]").click())
    assert not len(fake.faults)
    browser.get_log("browser")  # the refused form's status 400


def test_the_clock_is_pinned_moved_and_released(browser, fake):
    browser.execute_script("arguments[0].value = '2026-04-30T23:59:59'", find(browser, "#pin"))
    follow(browser, lambda: find(browser, "#pin + button").click())
    assert fake.clock.text == "2026-04-30T23:59:59.000Z"
    follow(browser, lambda: find(browser, "[name=move][value='3600']").click())
    assert text(browser, "#clock-reading") == "2026-05-01 00:59:59 pinned"
    follow(browser, lambda: find(browser, "[name=release]").click())
    assert not fake.clock.pinned
    before = text(browser, "#clock-reading time")
    until(browser, lambda: text(browser, "#clock-reading time") > before, "the clock does not tick")


def test_reset_brings_everything_back(browser, running, fake):
    fake.faults.add("truncate")
    fake.clock.move(60)
    follow(browser, lambda: find(browser, "[name=reset]").click())
    assert (len(fake.faults), fake.clock.text) == (0, "2026-04-20T12:00:00.000Z")
    assert "as at the start" in text(browser, "#reset")


def test_a_day_tells_its_credits(browser):
    day = browser.find_elements(By.CSS_SELECTOR, ".day")[-6]
    webdriver.ActionChains(browser).move_to_element(day).perform()
    assert text(browser, "#readout").startswith("Wed 15 Apr 2026: ")


def test_it_can_be_read_and_used_without_javascript(browser, running, fake):
    show(browser, scripts=False)
    requests.get(f"{running.url}/usage/llm", headers=KEY, timeout=10)
    browser.get(running.url)
    assert "list_llm" in find(browser, "#calls-list").text
    assert find(browser, "#exports").text.startswith(f"export CIVIS_API_ENDPOINT={running.url}")
    assert not find(browser, "[data-copy]").is_displayed()
    find(browser, "[name=switch][value='status=500']").click()
    until(browser, lambda: "Faults changed." in find(browser, "#faults").text, "the fault was not switched on")
    assert [str(each.fault) for each in fake.faults] == ["status=500"]
    for operation in ("matching", "llm/7"):  # the second time from an address that the first one led to
        requests.get(f"{running.url}/usage/{operation}", headers=KEY, timeout=10)
        find(browser, "[data-nojs]").click()
        shown = "list_matching" if operation == "matching" else "get_llm"
        until(browser, lambda: shown in find(browser, "#calls-list").text, f"{shown} did not appear")  # noqa: B023
    find(browser, "#usage details summary").click()
    assert "Together" in find(browser, "#usage details table").text
    show(browser)


def test_the_first_tab_leads_past_the_head(browser):
    find(browser, "body").send_keys(Keys.TAB)
    link = browser.switch_to.active_element
    assert link.text == "Skip to the content"
    assert link.rect["y"] >= 0
    link.send_keys(Keys.ENTER)
    assert browser.switch_to.active_element.get_attribute("id") == "main"


def test_whatever_has_the_focus_shows_it(browser):
    stops = []
    for _ in range(200):
        webdriver.ActionChains(browser).send_keys(Keys.TAB).perform()
        stop = browser.execute_script(FOCUS)
        if stop is None:
            break
        stops.append(stop)
    assert len(stops) > 40
    assert [html for html, style, width in stops if style == "none" or width < 2] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_text_stands_out_and_nothing_sticks_out(browser, running, fake, width, scheme):
    for path, status in (("llm", 200), ("llm/0", 404), ("matching", 503)):
        wanted = {**KEY, "Prefer": "code=503"} if status == 503 else KEY
        assert requests.get(f"{running.url}/usage/{path}", headers=wanted, timeout=10).status_code == status
    fake.faults.add("list_llm status=503", "status=500")
    show(browser, width, scheme)
    browser.get(f"{running.url}/?done=pin")
    browser.execute_script("for (const each of document.querySelectorAll('details')) each.open = true")
    seen, poor = browser.execute_script(CONTRAST)
    assert seen > 200
    assert poor == []
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [1280, 390])
def test_odd_ids_stay_text_and_stay_inside(browser, edge, width):
    show(browser, width)
    browser.get(edge)
    assert "a<b>&c" in text(browser, "#models")
    assert "模型-7ж-😀" in text(browser, "#models")
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_a_page_from_elsewhere_cannot_drive_it(browser, running, fake, edge):
    form = f"<form method=post action='{running.url}/'><button name=fault value=truncate>win</button></form>"
    for address in ("data:text/html," + urllib.parse.quote(form), edge):
        browser.get(address)
        if address == edge:
            browser.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
            browser.get(address)
            browser.execute_script("document.body.innerHTML = arguments[0]", form)
        follow(browser, lambda: find(browser, "[value=cut]").click())
        assert "from elsewhere" in find(browser, "body").text
    assert not len(fake.faults)
    browser.execute_cdp_cmd("Page.setBypassCSP", {"enabled": False})
    browser.get_log("browser")  # the refused forms' status 403


def test_a_fake_that_has_stopped_is_said_to_have(driver):
    show(driver)
    with server.start(create_app(Settings())) as running:
        driver.get(running.url)
        assert text(driver, "#live") == "live"
    until(driver, lambda: text(driver, "#live") == "the fake does not answer", "the page did not notice")
    driver.get("about:blank")
    driver.get_log("browser")
