"""A fault as a value: four ways to write it, one description, and which rule fires when."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from civis_usage.mock_server.faults import BadFault, Fault, FaultRules
from civis_usage.mock_server.faults.prefer import preferred
from civis_usage.mock_server.faults.schema import FLAGS, PROPERTIES, SCHEMA
from civis_usage.schemas import OPERATIONS, load

RULES = [
    ("list_llm status=503 retry-after=2 first=2", Fault(operation="list_llm", status=503, retry_after=2, first=2)),
    ("latency=0.5", Fault(latency=0.5)),
    ("latency=1e-1", Fault(latency=0.1)),
    ("latency=.5-1e1", Fault(latency=(0.5, 10))),
    ("latency=0.1-2 every=3", Fault(latency=(0.1, 2.0), every=3)),
    (
        "get_llm org-id=7 probability=0.25 truncate",
        Fault(operation="get_llm", org_id=7, probability=0.25, truncate=True),
    ),
    ("endpoints disconnect", Fault(operation="endpoints", disconnect=True)),
    ("disconnect latency=1", Fault(disconnect=True, latency=1)),
    ("malformed content_type=text/html", Fault(malformed=True, content_type="text/html")),
    ("'content-type=text/html; charset=utf-8' status=502", Fault(content_type="text/html; charset=utf-8", status=502)),
    ("null=credits,runTime missing=model_id", Fault(null=("credits", "runTime"), missing=("modelId",))),
    ("wrong-type=credits key=abc", Fault(wrong_type=("credits",), key="abc")),
    ("list_llm limit=0 null=credits", Fault(operation="list_llm", limit=0, null=("credits",))),
]
INVALID = [
    ("", "a fault without an effect does nothing"),
    ("list_llm", "a fault without an effect does nothing"),
    ("list_llm first=2", "a fault without an effect does nothing"),
    ("get_lm status=500", "did you mean 'get_llm'"),
    ("stauts=500", "did you mean 'status'"),
    ("trunkate", "did you mean 'truncate'"),
    ("colour=red", "use one of operation, org-id, key"),
    ("status", "status needs a value"),
    ("status=abc", "status='abc' is invalid: use a whole number from 400 to 599"),
    ("status=200", "status=200 is invalid: use a whole number from 400 to 599"),
    ("status=600", "status=600 is invalid"),
    ("status=503.0", "status='503.0' is invalid"),
    ("status=" + "9" * 5000, "9' is invalid: use a whole number from 400 to 599"),
    ("status=500 status=501", "status is given twice"),
    ("list_llm get_llm status=500", "operation is given twice"),
    ("operation=list_llm status=500", "list_llm alone"),
    ("truncate=yes", "write truncate alone"),
    ("retry-after=2", "needs a status"),
    ("status=429 retry-after=-1", "retry-after=-1 is invalid"),
    ("status=429 retry-after=nan", "retry-after='nan' is invalid"),
    ("latency=-1", "latency=-1 is invalid"),
    ("latency=3-1", "latency=3-1 runs backwards: put the shorter wait first"),
    ("latency=1-2-3", "latency='1-2-3' is invalid"),
    ("latency=99999", "a number of seconds from 0 to 3600, or a range such as 0.1-2"),
    ("latency=inf", "latency='inf' is invalid"),
    ("latency=1e999", "latency=inf is invalid"),
    ("latency=1_0", "latency='1_0' is invalid"),
    ("latency=", "latency='' is invalid"),
    ("status=500 first=0", "first=0 is invalid: use a whole number from 1"),
    ("status=500 first=1.5", "first='1.5' is invalid"),
    ("status=500 every=-1", "every=-1 is invalid"),
    ("status=500 probability=0", "above 0"),
    ("status=500 probability=1.5", "probability=1.5 is invalid"),
    ("status=500 org-id=abc", "org-id='abc' is invalid"),
    ("status=500 org-id=9223372036854775808", "at most 64 bits"),
    ("null=colour", "null='colour' is unknown"),
    ("null=credit", "did you mean 'credits'"),
    ("list_matching null=credits", "null='credits' is unknown: use one of runId, jobId"),
    ("get_llm_organization_summary missing=runTime", "use one of credits, organizationId"),
    ("get_llm wrong-type=numRecords", "wrong-type='numRecords' is unknown"),
    ("limit=2", "limit cuts a list: write list_llm or list_matching beside it"),
    ("get_llm_organization_summary limit=2", "write list_llm or list_matching"),
    ("list_llm limit=-1", "limit=-1 is invalid: use a whole number from 0"),
    ("list_llm limit=2 status=500", "no records"),
    ("list_llm limit=2 disconnect", "only latency"),
    ("disconnect status=500", "only latency"),
    ("disconnect null=credits", "only latency"),
    ("truncate malformed", "cannot stand together"),
    ("status=500 null=credits", "no records"),
    ("endpoints null=credits", "no records"),
    ("endpoints org-id=1 truncate", "no organization"),
    ("status=500 key=…", "use the key itself"),
    ("status=500 key=", "use the key itself"),
    ("'status=500", "cannot be read"),
    ("content-type=", "content-type='' is invalid: use a media type such as text/html"),
    ("'content-type= text/html'", "a media type"),
]


class TestInWords:
    @pytest.mark.parametrize(("text", "fault"), RULES)
    def test_a_rule_is_read(self, text, fault):
        assert Fault.parse(text) == fault

    @pytest.mark.parametrize("fault", [fault for _, fault in RULES if fault.key is None])
    def test_a_rule_reads_back_as_itself(self, fault):
        assert Fault.parse(str(fault)) == fault
        assert Fault.from_dict(json.loads(json.dumps(fault.as_dict()))) == fault

    @pytest.mark.parametrize(("text", "sentence"), INVALID)
    def test_an_invalid_rule_gets_one_sentence(self, text, sentence):
        with pytest.raises(BadFault) as refused:
            Fault.parse(text)
        assert sentence in str(refused.value)
        assert "\n" not in str(refused.value) and len(str(refused.value)) < 300

    @pytest.mark.parametrize("text", ["key=SECRET key=SECRET status=500", "'key=SECRET status=500", "key=SECRET"])
    def test_a_key_is_not_in_the_sentence(self, text):
        with pytest.raises(BadFault) as refused:
            Fault.parse(text)
        assert "SECRET" not in str(refused.value)

    @given(
        probability=st.floats(0, 1, exclude_min=True),
        wait=st.floats(0, 3600),
        spread=st.floats(0, 3600),
        retry_after=st.floats(0, 1e9),
    )
    def test_every_number_reads_back_as_itself(self, probability, wait, spread, retry_after):
        for latency in (wait, (min(wait, spread), max(wait, spread))):
            fault = Fault(status=503, probability=probability, retry_after=retry_after, latency=latency)
            assert Fault.parse(str(fault)) == fault


class TestAsAnObject:
    @pytest.mark.parametrize(
        ("rule", "sentence"),
        [
            ([], "a fault is an object such as"),
            (503, "a fault is an object such as"),
            ({"stauts": 503}, "did you mean 'status'"),
            ({"status": 503, "retry_afer": 1}, "did you mean 'retry_after'"),
            ({"status": 503, "times": 1}, "did you mean 'first'"),
            ({"status": "503"}, "status='503' is invalid"),
            ({"status": True}, "status=True is invalid"),
            ({"status": 503.0}, "status=503 is invalid"),
            ({"status": [503]}, "status=503 is invalid"),
            ({"status": {"is": 503}}, "status={…} is invalid"),
            ({"latency": float("nan")}, "latency=nan is invalid"),
            ({"latency": 10**400}, "latency=1000"),
            ({"status": 10**400}, "status=1000"),
            ({"latency": [1]}, "latency=1 is invalid"),
            ({"latency": [1, "2"]}, "is invalid: use a number of seconds"),
            ({"latency": [[[1]]]}, "latency=… is invalid"),
            ({"truncate": "yes"}, "truncate='yes' is invalid: use true or false"),
            ({"truncate": 1}, "truncate=1 is invalid"),
            ({"null": [1]}, "null=1 is invalid: use fields of the response"),
            ({"null": {"credits": 1}}, "is invalid: use fields of the response"),
            ({"null": 5}, "null=5 is invalid"),
            ({"status": 500, "key": 5}, "key=… is invalid"),
            ({"content_type": "text/html\r\nX-Other: 1"}, "use a media type"),
            ({"content_type": "text/html\n"}, r"content-type='text/html\n' is invalid"),
            ({"null": ["cre\ndits"]}, r"null='cre\ndits' is unknown"),
            ({"operation": ["a\nb"], "status": 500}, r"operation='a\nb' is invalid"),
            ({"status": False}, "does nothing"),
        ],
    )
    def test_an_invalid_one_gets_one_sentence(self, rule, sentence):
        with pytest.raises(BadFault) as refused:
            Fault.from_dict(rule)
        assert sentence in str(refused.value)
        assert str(refused.value).isprintable()

    def test_what_is_null_or_false_is_not_set(self):
        rule = {"status": 503, "first": None, "truncate": False, "null": []}
        assert Fault.from_dict(rule).as_dict() == {"status": 503}

    def test_names_are_written_with_hyphens_or_underscores_and_fields_as_in_python_or_on_the_wire(self):
        assert Fault.from_dict({"wrong-type": "run_time, credits"}) == Fault(wrong_type=["runTime", "credits"])


class TestTheKey:
    def test_is_kept_as_a_hash_and_never_shown(self):
        fault = Fault(key="key-in-trouble", status=500)
        shown = repr((fault, vars(fault), str(fault), fault.as_dict(), f"{fault.key}"))
        assert "key-in-trouble" not in shown
        assert "key=…" in shown

    def test_is_recognised(self):
        fault = Fault(key="key-in-trouble", status=500)
        assert [fault.matches("get_llm", key, lambda: None) for key in ("key-in-trouble", "other", None)] == [
            True,
            False,
            False,
        ]


class TestTheDescription:
    def test_is_a_valid_schema(self):
        Draft202012Validator.check_schema(SCHEMA)

    def test_has_the_attributes_of_a_fault_in_their_order(self):
        assert [each.name for each in fields(Fault)] == list(PROPERTIES)
        assert all(each["title"] and each["description"].endswith((".", "…")) for each in PROPERTIES.values())

    def test_names_the_operations_and_fields_of_the_contract(self):
        assert set(PROPERTIES["operation"]["enum"]) == {*OPERATIONS, "endpoints"}
        named = {name: set(SCHEMA["$defs"][name]["enum"]) for name in {each.body for each in OPERATIONS.values()}}
        assert named == {name: set(load(name)["properties"]) for name in named}
        assert set(SCHEMA["$defs"]["fields"]["items"]["enum"]) == set().union(*named.values())

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_lets_a_rule_change_the_fields_of_its_operation_and_no_others(self, operation):
        there = load(OPERATIONS[operation].body)["properties"]
        for name in SCHEMA["$defs"]["fields"]["items"]["enum"]:
            if name in there:
                assert Fault(operation=operation, null=name).null == (name,)
            else:
                with pytest.raises(BadFault, match=name):
                    Fault(operation=operation, null=name)

    @pytest.mark.parametrize("name", ["probability", "status", "retry_after", "first", "every"])
    def test_states_in_words_the_bounds_that_it_sets(self, name):
        bounds = PROPERTIES[name]
        stated = [int(number) for number in re.findall("[0-9]+", bounds["title"])]
        known = [bounds.get(word) for word in ("minimum", "exclusiveMinimum", "maximum")]
        assert stated == [bound for bound in known if bound is not None]

    def test_is_what_validates(self):
        """A rule is valid by the schema alone, as other programs read it, exactly where the fake takes it."""
        plain = Draft202012Validator(SCHEMA)
        for fault in (fault for _, fault in RULES):
            assert plain.is_valid(json.loads(json.dumps({**fault.as_dict(), "key": "abc"})))
        for rule in ({"first": 2}, {"truncate": True, "malformed": True}, {"status": 200}, {"retry_after": 1}):
            assert not plain.is_valid(rule)
            with pytest.raises(BadFault):
                Fault.from_dict(rule)

    @pytest.mark.parametrize("flag", FLAGS)
    def test_every_flag_is_a_word(self, flag):
        assert getattr(Fault.parse(flag), flag) is True


class TestPrefer:
    @pytest.mark.parametrize("header", ["code=503", "respond-async, code=503", 'code="503"; x=1', "Code=503"])
    def test_chooses_a_status(self, header):
        assert preferred(header).fault == Fault(status=503)
        assert preferred(header).rule == "Prefer: code=503"

    @pytest.mark.parametrize("header", [None, "", "return=minimal; example=x", "codex=503"])
    def test_without_a_code_chooses_nothing(self, header):
        assert preferred(header) is None

    @pytest.mark.parametrize("code", ["", "abc", "99", "302", "600", "200.5", "5030", "+503"])
    def test_with_what_is_no_error_is_refused(self, code):
        with pytest.raises(BadFault, match="use 200, or a whole number from 400 to 599"):
            preferred(f"code={code}")


OPERATION_NAMES = [*OPERATIONS, "endpoints"]
CONDITIONS = st.fixed_dictionaries(
    {},
    optional={
        "operation": st.sampled_from(OPERATION_NAMES),
        "org_id": st.integers(1, 3),
        "first": st.integers(1, 4),
        "every": st.integers(1, 3),
    },
)
EFFECTS = st.one_of(
    st.fixed_dictionaries({"status": st.integers(400, 599)}, optional={"latency": st.integers(1, 9)}),
    st.fixed_dictionaries({"latency": st.integers(1, 9)}),
    st.just({"truncate": True}),
)
RULE = (
    st.tuples(CONDITIONS, EFFECTS)
    .map(lambda parts: parts[0] | parts[1])
    .filter(lambda rule: not (rule.get("operation") == "endpoints" and "org_id" in rule))
)
REQUESTS = st.lists(st.tuples(st.sampled_from(OPERATION_NAMES), st.integers(1, 3)), max_size=12)


class TestWhichRuleFires:
    @given(rules=st.lists(RULE, max_size=4), requests=REQUESTS)
    def test_as_a_plain_count_says(self, rules, requests):
        active = FaultRules()
        for rule in rules:
            active.add(**rule)
        matched, fired = [0] * len(rules), [0] * len(rules)
        for operation, org_id in requests:
            expected, wait = None, 0
            for number, rule in enumerate(rules):
                wanted = [rule["operation"]] if "operation" in rule else list(OPERATIONS)
                if operation not in wanted or rule.get("org_id", org_id) != org_id:
                    continue
                matched[number] += 1
                count = matched[number]
                if count > rule.get("first", count) or count % rule.get("every", 1):
                    continue
                fired[number] += 1
                wait += rule.get("latency", 0)
                if "status" in rule or "truncate" in rule:
                    expected = Fault(**rule)
                    break
            injection = active.choose(operation, "key", lambda org_id=org_id: org_id)
            assert (injection.fault, injection.wait) == (expected, wait)
        assert [(each.matched, each.fired) for each in active] == list(zip(matched, fired, strict=True))
        assert list(active.unfired) == [Fault(**rule) for rule, count in zip(rules, fired, strict=True) if not count]

    def test_counts_are_exact_while_many_threads_ask(self):
        rules = FaultRules([Fault(status=503, first=100)])
        with ThreadPoolExecutor(16) as threads:
            chosen = list(threads.map(lambda _: rules.choose("get_llm", None, lambda: None).fault, range(2000)))
        assert sum(fault is not None for fault in chosen) == 100
        assert [(each.matched, each.fired) for each in rules] == [(2000, 100)]

    def test_with_a_probability_that_the_seed_decides(self):
        def fired(seed):
            rules = FaultRules([Fault(status=503, probability=0.3)], seed=seed)
            return [rules.choose("get_llm", None, lambda: None).fault is not None for _ in range(300)]

        assert fired(1) == fired(1) != fired(2)
        assert 60 < sum(fired(1)) < 120

    def test_the_organization_is_looked_up_only_for_a_rule_that_names_one(self):
        rules = FaultRules([Fault(status=503)])
        assert rules.choose("get_llm", None, lambda: pytest.fail("looked up")).fault

    def test_a_range_of_latency_is_drawn_for_each_request(self):
        rules = FaultRules([Fault(latency=(0.2, 0.4))])
        waits = [rules.choose("get_llm", None, lambda: None).wait for _ in range(20)]
        assert all(0.2 <= wait <= 0.4 for wait in waits) and len(set(waits)) == 20


class TestTheList:
    def test_with_one_invalid_rule_takes_none(self):
        rules = FaultRules()
        with pytest.raises(BadFault):
            rules.add("status=500", "status=1")
        assert not len(rules)

    def test_several_rules_share_no_keywords(self):
        with pytest.raises(BadFault, match="one by one"):
            FaultRules().add("list_llm", "get_llm", status=500)

    @pytest.mark.parametrize("one", [Fault(status=503), "status=503"])
    def test_a_value_and_a_text_can_be_extended(self, one):
        [active] = FaultRules().add(one, first=2)
        assert str(active.fault) == "first=2 status=503"

    def test_one_with_a_key_can_be_extended(self):
        [active] = FaultRules().add(Fault(status=503, key="abc"), first=2)
        assert active.fault == Fault(status=503, key="abc", first=2)

    def test_rules_are_removed_one_by_one_or_all(self):
        rules = FaultRules()
        one, two = rules.add("status=500", "status=501")
        assert rules.remove(one.id) and not rules.remove(one.id)
        assert list(rules) == [two]
        rules.clear()
        assert not len(rules)

    def test_a_reset_brings_back_the_start_unfired(self):
        rules = FaultRules([Fault(status=503, first=1)])
        assert [rules.choose("get_llm", None, lambda: None).fault is not None for _ in range(2)] == [True, False]
        rules.add("status=500")
        rules.reset()
        assert [(str(each.fault), each.matched) for each in rules] == [("first=1 status=503", 0)]
        assert rules.unfired and not rules.never_fired, "it fired before the reset"
        assert [each.id for each in FaultRules([Fault(status=503)]).never_fired] == [1]
