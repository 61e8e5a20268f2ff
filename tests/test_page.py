"""The page for people at ``/``, over WSGI: what it shows, what its forms do, and whom it lets."""

import doctest
import html
import re
import time
from collections import defaultdict
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from civis_usage.mock_server import page, shown
from civis_usage.mock_server.app import create_app
from civis_usage.mock_server.faults import Fault
from civis_usage.mock_server.settings import Settings

NOW = "2026-04-20T12:00:00Z"
KEY = "sk-a-key-that-must-not-show"
NASTY = "</code><script>alert('x')</script>&amp;\"'"
VOID = {"meta", "link", "input", "option", "br", "wbr"}


class Page(HTMLParser):
    """What a browser would make of the page: its elements, and the text of each that has an id."""

    def __init__(self, answer):
        super().__init__()
        self.elements, self._pieces, self._open = [], defaultdict(list), []
        self.feed(answer.get_data(as_text=True))
        self.texts = {name: " ".join(" ".join(pieces).split()) for name, pieces in self._pieces.items()}
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self._open.append((tag, attributes.get("id")))

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self._open and self._open[-1][0] == tag, f"</{tag}> closes {self._open[-1:]}"
        self._open.pop()

    def handle_data(self, data):
        for _, name in self._open:
            if name:
                self._pieces[name].append(data)

    def all(self, tag, **attributes):
        return [found for name, found in self.elements if name == tag and attributes.items() <= found.items()]


def client_of(**settings):
    return create_app(Settings(**{"now": NOW, **settings})).test_client()


def fake_of(client):
    return client.application.extensions["civis_usage"]


@pytest.fixture(scope="module")
def usual():
    return client_of()


@pytest.fixture
def client(usual):
    fake_of(usual).reset()
    return usual


def ask(client, path, key=KEY, **query):
    return client.get(path, query_string=query or None, headers={"Authorization": f"Bearer {key}"})


def press(client, name, value, path="/", **options):
    """Send a form of the page, as a browser does."""
    return client.post(path, data={name: value}, headers={"Origin": "http://localhost"}, **options)


class TestWhatItShows:
    def test_the_lines_that_point_a_client_at_it(self, client):
        text = Page(client.get("/", base_url="http://127.0.0.1:8765")).texts["exports"]
        assert "export CIVIS_API_ENDPOINT=http://127.0.0.1:8765 export CIVIS_API_KEY=any-key-will-do" in text

    def test_the_models_of_its_organizations(self, client):
        text = Page(client.get("/")).texts["models"]
        for organization in fake_of(client).world.organizations:
            for model in organization.models:
                assert model.id in text

    def test_the_latest_records_as_the_lists_have_them(self, client):
        text = Page(client.get("/?org=2")).texts["records"]
        for record in ask(client, "/usage/llm", org_id=2).json[:8]:
            assert f"{record['id']} {record['runId']} {record['jobId']} {record['userId']} 2" in text
        for record in ask(client, "/usage/matching", org_id=2).json[:8]:
            assert f"{record['runId']} {record['jobId']} {record['userId']} 2" in text

    def test_the_calls_newest_first(self, client):
        ask(client, "/usage/llm", org_id=3)
        ask(client, "/usage/llm/0")
        text = Page(client.get("/")).texts["calls-list"]
        assert re.search(r"get_llm id= 0 404 .*list_llm org_id= 3 200", text), text

    def test_no_more_than_the_last_calls(self, client):
        for number in range(40):
            ask(client, f"/usage/llm/{number}")
        text = Page(client.get("/")).texts["calls-list"]
        assert "The last 25 of 40" in text
        assert "id= 39" in text
        assert "id= 14 " not in text

    def test_the_faults_that_are_set_with_what_they_did(self, client):
        fake_of(client).faults.add("list_llm status=503 every=2", "endpoints truncate")
        ask(client, "/usage/llm")
        ask(client, "/usage/llm")
        text = Page(client.get("/")).texts["faults-set"]
        assert "list_llm every=2 status=503 acted on 1 of 2 calls" in text
        assert "endpoints truncate not met yet" in text

    @pytest.mark.parametrize(("settings", "state"), [({}, "2026-04-20 12:00:00 pinned"), ({"now": None}, "real time")])
    def test_the_clock(self, settings, state):
        assert state in Page(client_of(**settings).get("/")).texts["clock-reading"]

    def test_a_clock_that_was_moved(self):
        client = client_of(now=None)
        fake_of(client).clock.move(3600)
        assert Page(client.get("/")).texts["clock-reading"].endswith("moved")

    def test_an_empty_world_says_how_to_fill_it(self):
        text = Page(client_of(generated=False).get("/")).texts
        assert "Load your own" in text["records"]
        assert "No credits" in text["chart-description"]

    def test_looking_is_no_call(self, client):
        client.get("/")
        assert len(fake_of(client).journal) == 0
        assert ask(client, "/usage/llm").headers["X-RateLimit-Remaining"] == "999"

    def test_another_method_gets_the_apis_405(self, client):
        answer = client.put("/", headers={"Authorization": f"Bearer {KEY}"})
        assert (answer.status_code, answer.json["code"]) == (405, 405)


class TestTheChart:
    def test_a_day_is_the_sum_of_its_records(self, client):
        day = {"start_date": "2026-04-15T00:00:00Z", "end_date": "2026-04-15T23:59:59.999Z"}
        sums = [
            sum(Decimal(str(r["credits"])) for r in ask(client, "/usage/llm", org_id=org, **day).json)
            for org in (1, 2, 3)
        ]
        rows = html.unescape(client.get("/").get_data(as_text=True))
        cells = "".join(f"<td>{shown.figure(amount)}</td>" for amount in (*sums, sum(sums)))
        assert f'<th scope="row">2026-04-15</th>{cells}' in rows
        assert f"<title>Wed 15 Apr 2026: {shown.figure(sum(sums))} credits (1: {shown.figure(sums[0])}," in rows

    @pytest.mark.parametrize("days", [30, 90, 365])
    def test_each_day_is_in_the_picture_and_in_the_table(self, client, days):
        seen = Page(client.get(f"/?days={days}"))
        assert len(seen.all("rect", **{"class": "day"})) == days
        assert len(seen.all("th", scope="row")) == days

    def test_the_picture_has_a_name_and_a_description(self, client):
        seen = Page(client.get("/"))
        [picture] = seen.all("svg")
        assert picture["role"] == "img"
        assert [seen.texts[name] for name in picture["aria-labelledby"].split()] == [
            "Credits by day",
            seen.texts["chart-description"],
        ]
        assert re.fullmatch(
            r"From 2026-03-22 to 2026-04-20\. The most on .* 2026: [0-9.]+ credits \(.*\)\.",
            seen.texts["chart-description"],
        )

    def test_one_organization_can_be_looked_at_alone(self, client):
        seen = Page(client.get("/?org=2&days=90"))
        assert "Tidewater" not in seen.texts["organizations"]
        assert {each["action"].split("#")[0] for each in seen.all("form")} == {"/?days=90&org=2"}

    @pytest.mark.parametrize(
        "query", ["days=31", "days=x", "org=99", "org=-1", "days=٣٠", "org=" + "9" * 5000, "done=x"]
    )
    def test_a_view_that_cannot_be_is_the_usual_one(self, client, query):
        answer = client.get(f"/?{query}")
        assert answer.status_code == 200
        assert len(Page(answer).all("rect", **{"class": "day"})) == 30
        assert "9999" not in answer.get_data(as_text=True)

    @pytest.mark.parametrize("amounts", [(1e290, 1e290, 5e-324), (-3, 2), (0, 0), (1e15, 0.1), (999999.999,)])
    def test_any_credits_that_a_user_loads_can_be_drawn(self, client, amounts):
        fake_of(client).load([{"credits": amount} for amount in amounts], replace=True)
        answer = client.get("/")
        paths = "".join(each["d"] for each in Page(answer).all("path"))
        assert answer.status_code == 200
        assert set(paths) <= set("MVhz0123456789. -e"), paths
        assert all(0 <= float(y) <= 100 for y in re.findall(r"V([^Vhz]+)", paths))

    def test_only_some_of_many_organizations_are_looked_at(self):
        seen = Page(client_of(organizations=300, runs_per_day=100_000).get("/"))
        assert "and 294 more" in seen.texts["usage"]
        assert len(seen.all("th", scope="col")) > 6
        assert "Organization 6" in seen.texts["usage"]
        assert "Organization 7" not in seen.texts["usage"]

    def test_any_of_many_organizations_can_be_asked_for(self):
        assert "Organization 250" in Page(client_of(organizations=300).get("/?org=250")).texts["usage"]

    def test_a_year_of_three_organizations_comes_at_once(self, client):
        client.get("/?days=365")
        assert min(_seconds(client, "/?days=365") for _ in range(5)) < 0.25  # some 0.06 where nothing else runs

    @pytest.mark.parametrize("moment", ["0002-01-01T00:00:00Z", "9998-12-31T23:59:59Z", "2024-02-29T23:59:59.999Z"])
    def test_any_moment_of_the_clock_can_be_shown(self, client, moment):
        fake_of(client).clock.pin(moment)
        for days in (30, 365):
            assert client.get(f"/?days={days}").status_code == 200


class TestEscaping:
    def test_whatever_is_shown_stays_text(self):
        client = client_of(profile="edge")
        usual = Page(client_of().get("/"))
        fake_of(client).load([{"model_id": NASTY}])
        ask(client, "/usage/llm", org_id=NASTY, **{NASTY: NASTY})
        ask(client, f"/{NASTY}")
        fake_of(client).faults.add(Fault(content_type=NASTY))
        for answer in (client.get("/"), press(client, "fault", NASTY), press(client, "move", NASTY)):
            seen = Page(answer)
            assert {tag for tag, _ in seen.elements} <= {tag for tag, _ in usual.elements} | {
                "ol",
                "li",
                "small",
                "br",
                "wbr",
                "h3",
            }
            assert len(seen.all("script")) == 1
            assert NASTY[:30] in seen.texts["records"] + seen.texts["calls"]

    def test_odd_model_ids_can_be_told_apart(self):
        text = Page(client_of(profile="edge").get("/")).texts["models"]
        for written in ("a<b>&c", '""', '" "', "模型-7ж-😀", r'"quote\"back\\slash/new\nline, comma"', "mmm…"):
            assert written in text

    @pytest.mark.parametrize("host", ["a'b\"<i>", "x;rm -rf ~", "$(id)"])
    def test_an_export_line_runs_nothing(self, client, host):
        answer = client.get("/", headers={"Host": host})
        text = Page(answer).texts["exports"]
        assert f"export CIVIS_API_ENDPOINT=http://{host}" not in text

    def test_the_doctests_of_what_is_shown_hold(self):
        assert doctest.testmod(shown).failed == 0


class TestKeys:
    def test_no_key_is_ever_shown(self):
        client = client_of(api_keys=(KEY,), faults=(Fault(key=KEY, status=500, first=1),))
        ask(client, "/usage/llm")
        ask(client, f"/usage/llm/{KEY}", org_id=KEY, api_key=KEY)
        ask(client, f"/{KEY}")
        page = client.get("/").get_data(as_text=True)
        assert KEY not in page
        assert "list_llm" in page
        assert "&lt;one of those given by --api-key&gt;" in page

    def test_a_rule_for_a_key_does_not_show_it(self, client):
        assert press(client, "fault", f"key={KEY} truncate").status_code == 303
        text = client.get("/").get_data(as_text=True)
        assert KEY not in text
        assert "key=…" in Page(client.get("/")).texts["faults-set"]

    def test_a_rule_that_cannot_be_shows_no_key_either(self, client):
        answer = press(client, "fault", f"key={KEY} cutt")
        assert answer.status_code == 400
        assert KEY not in answer.get_data(as_text=True)


class TestForms:
    @pytest.mark.parametrize(("name", "what", "rule"), page.PRESETS)
    def test_a_switch_sets_a_fault_and_takes_it_back(self, client, name, what, rule):
        def state():
            [switch] = Page(client.get("/")).all("button", name="switch", value=rule)
            return switch["aria-pressed"], [str(each.fault) for each in fake_of(client).faults]

        assert state() == ("false", [])
        answer = press(client, "switch", rule)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/?done=switch#faults")
        assert state() == ("true", [str(Fault.parse(rule))])
        press(client, "switch", rule)
        assert state() == ("false", [])

    def test_a_rule_of_ones_own_acts(self, client):
        press(client, "fault", "list_llm status=418 first=1")
        assert ask(client, "/usage/llm").status_code == 418

    def test_faults_are_taken_back_one_by_one_or_all(self, client):
        for rule in ("truncate", "malformed", "status=500"):
            press(client, "fault", rule)
        press(client, "remove", "2")
        assert [str(each.fault) for each in fake_of(client).faults] == ["truncate", "status=500"]
        press(client, "clear", "1")
        assert not len(fake_of(client).faults)

    @pytest.mark.parametrize(
        ("name", "value", "now"),
        [
            ("pin", "2026-04-30T23:59", "2026-04-30T23:59:00.000Z"),
            ("pin", "2026-04-30T23:59:30", "2026-04-30T23:59:30.000Z"),
            ("pin", "2026-04-30", "2026-04-30T00:00:00.000Z"),
            ("move", "-86400", "2026-04-19T12:00:00.000Z"),
            ("move", "0.5", "2026-04-20T12:00:00.500Z"),
        ],
    )
    def test_the_clock_is_pinned_and_moved(self, client, name, value, now):
        assert press(client, name, value).headers["Location"] == f"/?done={name}#clock"
        assert fake_of(client).clock.text == now

    def test_the_end_of_the_month_is_one_click_away(self, client):
        [*_, button] = Page(client.get("/")).all("button", name="pin")
        press(client, "pin", button["value"])
        assert fake_of(client).clock.text == "2026-04-30T23:59:59.000Z"

    def test_the_clock_is_released(self, client):
        press(client, "release", "1")
        assert not fake_of(client).clock.pinned

    def test_calls_are_forgotten(self, client):
        ask(client, "/usage/llm")
        assert press(client, "forget", "1").headers["Location"] == "/?done=forget#calls"
        assert len(fake_of(client).journal) == 0

    def test_reset_brings_everything_back(self, client):
        ask(client, "/usage/llm")
        press(client, "fault", "truncate")
        press(client, "move", "3600")
        press(client, "reset", "1")
        fake = fake_of(client)
        assert (len(fake.journal), len(fake.faults), fake.clock.text) == (0, 0, "2026-04-20T12:00:00.000Z")

    def test_what_was_done_is_said_in_the_view_where_it_was_asked(self, client):
        answer = press(client, "move", "3600", path="/?days=90&org=3", follow_redirects=True)
        assert answer.request.full_path == "/?days=90&org=3&done=move"
        assert "Clock moved." in Page(answer).texts["clock"]

    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("fault", "list_lm status=500", "did you mean 'list_llm'?"),
            ("fault", "", "A fault without an effect does nothing"),
            ("switch", "status=200", "status=200 is invalid"),
            ("remove", "77", "not set any more"),
            ("remove", "٣" * 30, "not set any more"),
            ("pin", "tomorrow", "write it as 2026-04-30T23:59:00Z"),
            ("pin", "9999-12-31T00:00", "years 2 to 9998"),
            ("move", "one hour", "is no number of seconds"),
            ("move", "1e300", "years 2 to 9998"),
            ("move", "inf", "cannot be moved"),
        ],
    )
    def test_what_cannot_be_done_is_said_beside_its_form_and_changes_nothing(self, client, name, value, sentence):
        press(client, "fault", "truncate")
        answer = press(client, name, value)
        seen = Page(answer)
        assert answer.status_code == 400
        assert sentence in seen.texts[f"problem-{name}"]
        assert [str(each.fault) for each in fake_of(client).faults] == ["truncate"]
        assert fake_of(client).clock.text == "2026-04-20T12:00:00.000Z"
        for field in seen.all("input", name=name):
            assert (field["value"], field["aria-describedby"]) == (value, f"problem-{name}")

    def test_a_form_without_a_known_field_is_a_bad_request(self, client):
        answer = press(client, "nothing", "1")
        assert answer.status_code == 400
        assert "send a form with one of the fields" in answer.json["errorDescription"]

    def test_every_control_has_a_name_for_those_who_do_not_see_it(self, client):
        fake_of(client).faults.add("truncate")
        seen = Page(client.get("/"))
        labelled = {each["for"] for each in seen.all("label")}
        assert {each["id"] for each in seen.all("input")} == labelled
        assert seen.all("button", name="remove")[0]["aria-label"] == "Take back truncate"


class TestGuard:
    @pytest.mark.parametrize(
        ("headers", "address"),
        [
            ({"Origin": "http://evil.example"}, "127.0.0.1"),
            ({"Origin": "null"}, "127.0.0.1"),
            ({"Origin": "http://localhost:81"}, "127.0.0.1"),
            ({"Sec-Fetch-Site": "cross-site"}, "127.0.0.1"),
            ({"Sec-Fetch-Site": "same-site"}, "127.0.0.1"),
            ({"Host": "evil.example", "Origin": "http://evil.example"}, "127.0.0.1"),
            ({}, "192.0.2.7"),
        ],
    )
    def test_a_form_from_elsewhere_does_nothing(self, client, headers, address):
        answer = client.post("/", data={"fault": "truncate"}, headers=headers, environ_base={"REMOTE_ADDR": address})
        assert (answer.status_code, answer.json["code"]) == (403, 403)
        assert not len(fake_of(client).faults)

    def test_a_link_from_elsewhere_shows_the_page_with_its_controls(self, client):
        assert Page(client.get("/", headers={"Sec-Fetch-Site": "cross-site"})).all("form")

    @pytest.mark.parametrize(
        "visit", [{"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}, {"headers": {"Host": "evil.example"}}]
    )
    def test_who_may_not_control_reads_one_sentence_and_no_calls(self, client, visit):
        ask(client, "/usage/llm", org_id=2)
        fake_of(client).faults.add("list_matching status=501")
        answer = client.get("/", **visit)
        seen = Page(answer)
        assert answer.status_code == 200
        assert not seen.all("form")
        assert not seen.all("input")
        assert not {"calls", "faults", "reset"} & seen.texts.keys()
        assert "501" not in answer.get_data(as_text=True)
        assert seen.texts["controls"].startswith("Controls The fake")
        assert seen.all("svg"), "the usage, which the API tells everybody, is there"

    def test_usage_that_needs_a_key_is_not_shown_to_them(self):
        client = client_of(api_keys=(KEY,))
        seen = Page(client.get("/", environ_base={"REMOTE_ADDR": "192.0.2.7"}))
        assert not seen.all("svg")
        assert not seen.all("table")
        assert Page(client.get("/")).all("svg")

    def test_those_who_are_allowed_control_it_from_elsewhere(self):
        client = client_of(allow_remote_control=True, host="0.0.0.0")
        visit = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}, "base_url": "http://192.0.2.1:8765"}
        assert Page(client.get("/", **visit)).all("form")
        assert client.post("/", data={"fault": "truncate"}, **visit).status_code == 303


class TestPolicy:
    def test_nothing_runs_or_shines_without_the_nonce_of_this_answer(self, client):
        answers = [client.get("/"), client.get("/")]
        nonces = []
        for answer in answers:
            policy = dict(part.split(" ", 1) for part in answer.headers["Content-Security-Policy"].split("; "))
            nonce = re.fullmatch("'nonce-([A-Za-z0-9_-]{20,})'", policy["script-src"])[1]
            assert policy == {
                "default-src": "'none'",
                "script-src": f"'nonce-{nonce}'",
                "style-src": f"'nonce-{nonce}'",
                "img-src": "data:",
                "connect-src": "'self'",
                "form-action": "'self'",
                "base-uri": "'none'",
                "frame-ancestors": "'none'",
            }
            assert [each["nonce"] for each in (*Page(answer).all("script"), *Page(answer).all("style"))] == [nonce] * 2
            nonces.append(nonce)
        assert nonces[0] != nonces[1]

    def test_nothing_comes_from_elsewhere(self, client):
        for tag, attributes in Page(client.get("/")).elements:
            for name in ("src", "href", "action", "srcset", "data"):
                assert attributes.get(name, "/").startswith(("/", "#", "data:image/svg+xml,")), (tag, attributes)
                assert not attributes.get(name, "/").startswith("//")

    def test_nothing_needs_what_the_policy_forbids(self, client):
        for tag, attributes in Page(client.get("/")).elements:
            assert not [name for name in attributes if name == "style" or name.startswith("on")], (tag, attributes)

    def test_it_is_not_kept_and_not_framed(self, client):
        answer = client.get("/")
        assert answer.content_type == "text/html; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"


def _seconds(client, path):
    started = time.process_time()
    assert client.get(path).status_code == 200
    return time.process_time() - started
