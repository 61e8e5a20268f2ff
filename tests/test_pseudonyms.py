"""Pseudonyms: consistent, never shared, of the original's kind, and nothing without the secret."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from civis_usage.recordings.pseudonyms import Pseudonyms

SECRET, OTHER = b"s" * 32, b"t" * 32
INTEGERS = st.integers(-(2**80), 2**80) | st.integers(0, 300) | st.sampled_from([2**53 - 1, 2**53, 2**63 - 1, -(2**63)])
JSON = st.recursive(
    st.none() | st.booleans() | INTEGERS | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.sets(INTEGERS, max_size=50))
def test_no_two_integers_get_the_same(numbers):
    pseudonyms = Pseudonyms(SECRET)
    assert len({pseudonyms.number("jobId", each) for each in numbers}) == len(numbers)


@settings(deadline=None)
@given(st.sets(st.text(max_size=4), max_size=50))
def test_no_two_texts_get_the_same(texts):
    pseudonyms = Pseudonyms(SECRET)
    given_ones = {each: pseudonyms.text("jobId", each) for each in texts}
    assert len(set(given_ones.values())) == len(texts), given_ones


def test_short_texts_do_not_run_out():
    pseudonyms = Pseudonyms(SECRET)
    letters = [chr(ord("a") + n) for n in range(26)]
    assert len({pseudonyms.text("jobId", letter) for letter in letters}) == 26


@settings(deadline=None)
@given(JSON)
def test_the_same_in_gives_the_same_out(value):
    pseudonyms = Pseudonyms(SECRET)
    first = pseudonyms.value("extra", value)
    assert first == pseudonyms.value("extra", value) == Pseudonyms(SECRET).value("extra", value)


@settings(deadline=None)
@given(INTEGERS)
def test_an_integer_keeps_sign_and_range(number):
    pseudonym = Pseudonyms(SECRET).number("id", number)
    assert (pseudonym < 0) == (number < 0)
    assert pseudonym != number
    for bits in (53, 63):
        if -(2**bits) <= number < 2**bits:
            assert -(2**bits) <= pseudonym < 2**bits


@settings(deadline=None)
@given(JSON)
def test_every_value_keeps_its_type(value):
    assert form(Pseudonyms(SECRET).value("extra", value)) == form(value)


def form(value):
    if isinstance(value, list):
        return [form(item) for item in value]
    return sorted(map(str, map(form, value.values()))) if isinstance(value, dict) else type(value).__name__


@settings(deadline=None)
@given(st.text(st.characters(max_codepoint=127), max_size=30))
def test_a_text_keeps_its_shape(text):
    classes = [("[a-z]", "a"), ("[A-Z]", "A"), ("[0-9]", "0")]
    pseudonym = Pseudonyms(SECRET).text("extra", text)
    if not re.fullmatch("-?[1-9][0-9]*", text):  # an integer as text is replaced as that integer
        for pattern, letter in classes:
            text, pseudonym = re.sub(pattern, letter, text), re.sub(pattern, letter, pseudonym)
        assert pseudonym.startswith(text) and set(pseudonym[len(text) :]) <= {"a"}


def test_an_integer_is_the_same_as_number_text_and_float():
    pseudonyms = Pseudonyms(SECRET)
    number = pseudonyms.value("jobId", 91834520)
    assert pseudonyms.value("jobId", "91834520") == str(number)
    assert pseudonyms.value("jobId", 91834520.0) == float(number)


@settings(deadline=None)
@given(st.integers(0, 2**62))
def test_another_secret_gives_other_pseudonyms(number):
    assert Pseudonyms(SECRET).number("id", number) != Pseudonyms(OTHER).number("id", number)


def test_without_a_secret_each_has_its_own():
    assert Pseudonyms().number("id", 7) != Pseudonyms().number("id", 7)


def test_kinds_do_not_show_that_they_share_a_number():
    pseudonyms = Pseudonyms(SECRET)
    assert len({pseudonyms.number(kind, 7) for kind in ("id", "runId", "jobId", "userId")}) == 4


@settings(deadline=None)
@given(st.integers(0, 2**62))
def test_a_pseudonym_leads_back_while_the_secret_lives(number):
    pseudonyms = Pseudonyms(SECRET)
    assert pseudonyms.meant("id", pseudonyms.number("id", number)) == number


def test_what_stands_for_nothing_stands_for_itself():
    pseudonyms = Pseudonyms(SECRET)
    assert pseudonyms.meant("id", 2**53 - 1) == 2**53 - 1
    assert pseudonyms.number("id", 2**53 - 1) == 2**53 - 1, "asked for as it is, so answered as it is"


def test_a_sentence_for_the_user_names_originals():
    pseudonyms = Pseudonyms(SECRET)
    sentence = f"organization {pseudonyms.number('organizationId', 4711)} is not visible, not {10**15}"
    assert pseudonyms.read(sentence) == f"organization 4711 is not visible, not {10**15}"


@pytest.mark.parametrize("shown", [repr, str])
def test_the_secret_does_not_show(shown):
    assert "ssss" not in shown(Pseudonyms(SECRET))
