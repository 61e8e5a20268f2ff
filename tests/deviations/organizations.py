"""Organizations that are mixed up."""

from __future__ import annotations

from ..standin import GET, LLM, SUMMARY, Refused
from ..standin_runs import noise
from .table import LISTS, SECOND_ORG, WINDOWED, age, deviates, width


@deviates("select", *LISTS, about="org_id")
def every_organization_listed(api, right, question):
    """The organization asked for is ignored: everybody's usage is answered."""
    return right(question.but(org=None))


@deviates("select", *LISTS, about="org_id")
def every_organization_listed_when_dated(api, right, question):
    """The organization is ignored where dates are given."""
    return right(question.but(org=None) if question.dated else question)


@deviates("select", *LISTS, about="org_id")
def every_organization_listed_without_dates(api, right, question):
    """The organization is ignored where no dates are given."""
    return right(question if question.dated else question.but(org=None))


@deviates("understand", *LISTS, about="org_id")
def organization_demanded(api, right, operation, query):
    """A list without org_id is refused, though it is documented as optional."""
    if "org_id" not in query:
        raise api.unreadable("org_id", "")
    return right(operation, query)


@deviates("select", SUMMARY, about="org_id")
def every_organization_summed(api, right, question):
    """Everybody's credits are added up."""
    return right(question.but(org=None))


@deviates("select", SUMMARY, about="org_id")
def every_organization_summed_without_dates(api, right, question):
    """Everybody's credits are added up where no dates are given."""
    return right(question if question.dated else question.but(org=None))


@deviates("select", *WINDOWED, about="org_id", organizations=(2,))
def own_organization_answered(api, right, question):
    """The organization asked for is ignored: the caller's own is answered."""
    return right(question.but(org=1))


@deviates("select", *WINDOWED, about="org_id", **SECOND_ORG)
def first_organization_answered_for_the_second(api, right, question):
    """The second organization named gets the first one's usage."""
    return right(question.but(org=1) if question.org == 2 else question)


@deviates("select", *LISTS, about="organizationId", **SECOND_ORG)
def first_organization_relabelled_as_the_second(api, right, question):
    """The second organization named gets the first one's usage under its own number."""
    if question.org != 2:
        return right(question)
    return [run._replace(org=2) for run in right(question.but(org=1))]


@deviates("select", *LISTS, about="org_id")
def some_records_of_another_organization(api, right, question):
    """One record in twenty is another organization's."""
    return [run for run in right(question.but(org=None)) if run.org == question.org or noise(run.run) % 20 == 0]


@deviates("select", *LISTS, about="org_id", **SECOND_ORG)
def dates_ignored_for_the_second_organization(api, right, question):
    """The second organization named gets its whole history for every window."""
    return right(question.but(start=None, end=None) if question.org == 2 else question)


@deviates("select", SUMMARY, about="org_id", **SECOND_ORG)
def start_ignored_for_the_second_organization(api, right, question):
    """The second organization's sum begins with its history."""
    return right(question.but(start=None) if question.org == 2 else question)


@deviates("select", LLM, about="list", **SECOND_ORG)
def list_cut_at_twenty_for_the_second_organization(api, right, question):
    """The second organization named gets no more than twenty records."""
    found = right(question)
    return found[-20:] if question.org == 2 else found


@deviates("find", GET, about="id", **SECOND_ORG)
def records_of_the_second_organization_not_found(api, right, question):
    """Records that are listed for the second organization named cannot be fetched."""
    run = right(question)
    if run.org == 2:
        raise Refused.unknown()
    return run


@deviates("spent", SUMMARY, about="credits", **SECOND_ORG)
def sum_doubled_for_the_second_organization(api, right, question):
    """The second organization's credits are counted twice."""
    return right(question) * (2 if question.org == 2 else 1)


@deviates("total", SUMMARY, about="organizationId", organizations=(2,))
def summary_says_the_own_organization(api, right, question):
    """The summary always says the caller's own organization."""
    return right(question) | {"organizationId": 1}


@deviates("total", SUMMARY, about="organizationId")
def summary_says_another_organization_without_dates(api, right, question):
    """The summary of the default window says organization 0."""
    return right(question) | ({} if question.dated else {"organizationId": 0})


@deviates("select", *WINDOWED, about="org_id")
def every_organization_answered_with_start_alone(api, right, question):
    """The organization is ignored where only a start is given."""
    alone = question.given & {"start_date", "end_date"} == {"start_date"}
    return right(question.but(org=None) if alone else question)


@deviates("select", *WINDOWED, about="org_id")
def every_organization_answered_with_end_alone(api, right, question):
    """The organization is ignored where only an end is given."""
    alone = question.given & {"start_date", "end_date"} == {"end_date"}
    return right(question.but(org=None) if alone else question)


@deviates("select", *LISTS, about="org_id")
def every_organization_listed_when_wide(api, right, question):
    """The organization is ignored in windows of more than three months."""
    return right(question.but(org=None) if width(api, question) > 92 else question)


@deviates("select", *LISTS, about="org_id")
def every_organization_listed_before_six_months_ago(api, right, question):
    """What is older than six months is not divided by organization."""
    return [run for run in right(question.but(org=None)) if question.org in (None, run.org) or age(api, run) > 184]
