"""Records as aligned tables and as CSV."""

import csv
import io
import json

from hypothesis import given
from hypothesis import strategies as st

from civis_usage.tables import comma_separated, printable, table

ROWS = [{"name": "a", "credits": 1.5}, {"name": "long name", "credits": None}, {"name": "b", "credits": 20, "x": True}]


def test_columns_are_as_wide_as_their_widest_cell_and_numbers_stand_to_the_right():
    assert table(ROWS) == (
        "name       credits  x\n"
        "---------  -------  ----\n"
        "a              1.5  null\n"
        "long name     null  null\n"
        "b               20  true"
    )


def test_columns_can_be_chosen_and_lines_be_limited():
    assert table(ROWS, ["credits"], limit=1) == "credits\n-------\n    1.5\n… 2 more, 3 in all"


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["id", "credits", "modelId"]), st.text(max_size=9)), min_size=1, max_size=4
    ),
    st.integers(20, 60),
)
def test_a_table_fits_its_width_and_names_what_does_not(rows: list[dict[str, str]], width: int) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = table(rows, width=width).splitlines()
    whole = table(rows).splitlines()
    if max(map(len, whole), default=0) <= width - 9:
        assert lines == whole
    assert [name for name in names if name not in " ".join(lines)] == []
    shown = lines[0].split()
    assert shown == names[: len(shown)] and len(shown) >= min(1, len(names))


def test_what_does_not_fit_is_named_below() -> None:
    rows = [{"id": 1, "modelId": "x" * 30, "credits": 2.5}]
    assert table(rows, width=30).splitlines() == [
        "id",
        "--",
        " 1",
        "… and, for want of room:",
        "  modelId, credits",
    ]


def test_no_cell_breaks_out_of_its_line():
    assert table([{"name": "a\nb\x1b[31m"}]).splitlines()[2:] == [
        "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}[31m"
    ]


def test_no_name_of_a_column_breaks_out_of_its_line():
    assert table([{"a\nb": 1}]).splitlines()[0] == "a\N{REPLACEMENT CHARACTER}b"


def test_wide_characters_and_marks_keep_the_columns_aligned():
    lines = table(
        [{"model": "模型", "n": 1}, {"model": "e\u0301te\u0301", "n": 2}, {"model": "plain", "n": 3}]
    ).splitlines()
    assert lines[2:] == ["模型   1", "e\u0301te\u0301    2", "plain  3"]


def test_csv_leaves_a_cell_empty_where_there_is_nothing():
    assert comma_separated(ROWS) == "name,credits,x\na,1.5,\nlong name,,\nb,20,true\n"


def test_csv_of_nothing_is_the_line_of_names():
    assert comma_separated([], ["name", "credits"]) == "name,credits\n"


def test_csv_changes_no_text_also_where_a_spreadsheet_takes_it_for_a_formula():
    assert comma_separated([{"name": each} for each in ("=1+1", "-1", "@a", "'a", " a ")]) == (
        "name\n=1+1\n-1\n@a\n'a\n a \n"
    )


def test_csv_quotes_every_kind_of_line_end():
    assert comma_separated([{"a": "\r"}, {"a": "\n"}]) == 'a\n"\r"\n"\n"\n'


def test_csv_writes_objects_and_arrays_as_json():
    assert list(csv.reader(io.StringIO(comma_separated([{"a": {"b": [1, "é"]}}])))) == [["a"], ['{"b":[1,"é"]}']]


def test_what_is_no_character_is_marked():
    assert comma_separated([{"\ud800": "a\udc00", "b": ["\ud800"]}]).encode() == b'?,b\na?,"[""?""]"\n'


def test_a_terminal_is_not_steered():
    assert printable("a\n\x1b[31mb\x9b\u202e\r\n").count("\N{REPLACEMENT CHARACTER}") == 4
    assert printable("a,é\n") == "a,é\n"


VALUES = st.none() | st.text(min_size=1) | st.integers() | st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.fixed_dictionaries({"a,b": VALUES, "c": VALUES})))
def test_csv_can_be_read_back(rows):
    """A text comes back as it was; a number as JSON writes it, so that it is exact; ``null`` as nothing."""
    head, *body = csv.reader(io.StringIO(comma_separated(rows, ["a,b", "c"]), newline=""), strict=True)
    assert head == ["a,b", "c"]
    assert body == [[_read_back(value) for value in (row["a,b"], row["c"])] for row in rows]


def _read_back(value):
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)
