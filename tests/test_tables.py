"""Records as aligned tables and as CSV."""

from civis_usage.tables import comma_separated, table

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


def test_no_cell_breaks_out_of_its_line():
    assert table([{"name": "a\nb\x1b[31m"}]).splitlines()[2:] == [
        "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}[31m"
    ]


def test_csv_leaves_a_cell_empty_where_there_is_nothing():
    assert comma_separated(ROWS) == "name,credits,x\na,1.5,\nlong name,,\nb,20,true\n"
