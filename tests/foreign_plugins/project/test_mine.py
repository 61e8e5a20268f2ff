"""A test that uses nothing of the kit, whose options nobody gives."""


def test_it():
    assert 1 + 1 == 2
