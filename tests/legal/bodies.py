"""Bodies in another form: fields, order, numbers, times."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from zoneinfo import ZoneInfo

from ..standin import Standin
from ..standin_runs import DAY, HOUR, SECOND, moment, stamp
from .table import VARIATIONS, Variation, around, legal


@around("render")
def additional_fields(api, right, question, run):
    """Records have fields that are not documented."""
    return right(question, run) | {"cacheTokens": 17, "jobName": None, "tags": ["a", {"b": []}], "org_id": "x"}


@around("render")
def matching_records_with_a_field_id(api, right, question, run):
    """Matching records have a field that is not documented, id, and it is the same in many."""
    return right(question, run) | ({"id": run.org} if run.task else {})


@around("render")
def ids_with_a_decimal_point(api, right, question, run):
    """Ids are written 5.0, which JSON Schema calls an integer."""
    record = right(question, run)
    return record | {name: float(record[name]) for name in ("id", "runId", "jobId") if name in record}


@around("total")
def additional_fields_in_the_summary(api, right, question):
    """The summary has fields that are not documented."""
    return right(question) | {"startDate": None, "byModel": {"nova": 1.5}}


@around("render")
def keys_in_any_order(api, right, question, run):
    """The keys of each record are in another order."""
    fields = list(right(question, run).items())
    random.Random(run.run).shuffle(fields)
    return dict(fields)


@around("order")
def oldest_first(api, right, question, runs):
    """Lists begin with the oldest record."""
    return list(runs)


@around("order")
def any_order(api, right, question, runs):
    """Lists are shuffled anew at each call."""
    return random.Random(len(api.journal)).sample(list(runs), len(runs))


@around("order")
def ordered_by_job(api, right, question, runs):
    """Lists are ordered by job."""
    return sorted(runs, key=lambda run: run.job)


@around("encode")
def indented_json(api, right, operation, value):
    """Bodies are indented, with a line break at the end."""
    return json.dumps(value, indent=2).encode() + b"\n"


@around("encode")
def escaped_json(api, right, operation, value):
    """Bodies are in ASCII, with every slash escaped."""
    return json.dumps(value).replace("/", "\\/").encode()


@around("amount")
def integral_credits_without_a_point(api, right, question, millionths):
    """Whole numbers of credits are written as integers."""
    value = right(question, millionths)
    return int(value) if value == int(value) else value


@around("shape")
def whole_credits(api, right, run):
    """Every run costs whole credits."""
    return right(run)._replace(credits=run.credits // 100_000 * 1_000_000)


@legal()
def whole_credits_as_integers(api):
    """Every run costs whole credits, written as integers."""
    api.bend("shape", whole_credits)
    api.bend("amount", integral_credits_without_a_point)


@around("shape")
def zero_credits(api, right, run):
    """Runs cost nothing."""
    return right(run)._replace(credits=0)


@around("shape")
def tiny_credits(api, right, run):
    """Runs cost some millionths, which Python writes as 3e-06."""
    return right(run)._replace(credits=run.credits % 9)


@around("shape")
def large_credits(api, right, run):
    """Runs cost millions of credits."""
    return right(run)._replace(credits=run.credits * 10_000_000)


@around("shape")
def runs_of_no_length(api, right, run):
    """Runs took no time and used no tokens, and matched no records."""
    return right(run)._replace(seconds=0, tokens_in=0, tokens_out=0, records=0)


@around("shape")
def huge_counts(api, right, run):
    """Counts need more than 32 bits."""
    return right(run)._replace(tokens_in=run.tokens_in + 2**40, seconds=run.seconds + 2**33, records=2**45)


@around("shape")
def unusual_models(api, right, run):
    """Model ids are empty, have markup, or are not in ASCII."""
    return right(run)._replace(model=("", "<b>&amp;", "模型/ß\u2028\"'", "null")[run.id % 4])


@around("shape")
def runs_shared_by_records(api, right, run):
    """One run contributes several LLM usage records."""
    return right(run) if run.task else right(run)._replace(run=run.run // 16)


@legal()
def ids_of_64_bits(api):
    """Ids need 63 bits."""
    offset = 2**62
    api.bend("shape", lambda api, right, run: (made := right(run))._replace(id=made.id + offset, run=made.run + offset))
    api.bend("find", lambda api, right, question: right(question.but(id=(question.id or 0) - offset)))


def stamps(name: str, unusual: str, write: Callable[[int], str]) -> None:
    """Enter a way to write times."""

    def bend(api: Standin) -> None:
        api.bend("stamp", lambda api, right, at: write(at))

    VARIATIONS.append(Variation(name, unusual, bend))


stamps("times-with-microseconds", "times have six decimals", lambda at: stamp(at).replace("Z", "417Z"))
stamps("times-with-nanoseconds", "times have nine decimals", lambda at: stamp(at).replace("Z", "000001Z"))
stamps("times-as-plus-zero", "times end with +00:00", lambda at: stamp(at).replace("Z", "+00:00"))
stamps("times-without-fraction", "times are shown to the second, and kept to the millisecond",
       lambda at: stamp(at)[:19] + "Z")  # fmt: skip
stamps("times-with-one-decimal", "times are shown to a tenth, and kept to the millisecond",
       lambda at: stamp(at)[:21] + "Z")  # fmt: skip
stamps("times-rounded-up", "times are rounded to the nearest second, and kept to the millisecond",
       lambda at: stamp((at + 500) // SECOND * SECOND)[:19] + "Z")  # fmt: skip
stamps("times-in-chicago", "times are Chicago's, with its offset",
       lambda at: moment(at).astimezone(ZoneInfo("America/Chicago")).isoformat(timespec="milliseconds"))  # fmt: skip
stamps("times-in-kathmandu", "times have the offset +05:45",
       lambda at: moment(at).astimezone(ZoneInfo("Asia/Kathmandu")).isoformat(timespec="milliseconds"))  # fmt: skip
stamps("times-in-lower-case", "times are written with t and z", lambda at: stamp(at).lower())


@around("shape")
def times_at_midnight(api, right, run):
    """Every run was created at midnight, UTC."""
    return right(run)._replace(at=run.at // DAY * DAY)


@around("shape")
def times_in_batches(api, right, run):
    """Runs are created in batches: many share one time to the millisecond."""
    return right(run)._replace(at=run.at // (6 * HOUR) * 6 * HOUR)


@around("shape")
def times_to_the_second(api, right, run):
    """Runs are created at whole seconds, shown with milliseconds."""
    return right(run)._replace(at=run.at // SECOND * SECOND)


@legal()
def ids_in_no_order(api):
    """Ids do not grow with time."""
    api.bend("shape", lambda api, right, run: (made := right(run))._replace(id=made.id ^ 0x5A5A))
    api.bend("find", lambda api, right, question: right(question.but(id=(question.id or 0) ^ 0x5A5A)))


@around("shape")
def long_models(api, right, run):
    """Model ids are very long."""
    return right(run)._replace(model=run.model * 40)
