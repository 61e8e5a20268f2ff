"""Explains whole bodies: another object than documented, a refusal, what is not JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from civis_usage.contract_tests.collect.evidence import Evidence
from civis_usage.contract_tests.collect.interaction import Interaction
from civis_usage.contract_tests.collect.record import excerpt
from civis_usage.schemas import OPERATIONS, load

from .explanation import Explanation, Unexplained, plain_sentence
from .features import enumerated, feature, share

__all__ = ["other_objects", "wrong_lists", "wrong_objects"]


KINDS = {type(None): "null", str: "a JSON string", list: "an array", bool: "a boolean"}
"""What stands in place of an object, by its type."""


def other_objects(evidence: Evidence, waiting: Sequence[Unexplained]) -> Iterator[Explanation]:
    """Explain what is said of objects that are something else than documented: none of their fields is there."""
    for operation in OPERATIONS:
        documented = load(OPERATIONS[operation].body)["properties"].keys()

        def is_other(item: object, documented: frozenset[str] = frozenset(documented)) -> bool:
            return isinstance(item, dict) and not documented & item.keys()

        came = [each for each in evidence.of(operation) if each.status == 200 and each.items]
        odd = [each for each in came if any(map(is_other, each.items))]
        if odd:
            item = next(filter(is_other, odd[0].items))
            names = ", ".join(list(item)[:5])
            kind = "an error" if "error" in names else "another object"
            where = share(odd, [each for each in came if each not in odd])
            is_list = isinstance(odd[0].json, list)
            inside = "with a list of" if is_list else "with"
            wanted = "list" if OPERATIONS[operation].many and not is_list else "fields"
            shown = f"{kind} in place of the documented {wanted} ({names})"
            if not item:
                shown = f"an empty object, where {', '.join(list(documented)[:5])} are missing"
            sentence = f"{operation} answers 200 {inside} {shown}{where}"
            yield Explanation(operation, sentence, None, partial(_is_of_objects, operation))


def _is_of_objects(operation: str, each: Unexplained) -> bool:
    about = each.is_relation or each.result.check.id.endswith(("-shape", "-nulls", "-unknown"))
    return (each.operation == operation and about) or (operation == "list_llm" and each.is_sum)


def wrong_lists(evidence: Evidence, waiting: Sequence[Unexplained]) -> Iterator[Explanation]:
    """Explain the lists that are not what was promised."""
    return _wrong_bodies(evidence, waiting, [name for name, each in OPERATIONS.items() if each.many])


def wrong_objects(evidence: Evidence, waiting: Sequence[Unexplained]) -> Iterator[Explanation]:
    """Explain the single responses that are not what was promised, after the lists that their ids come from."""
    return _wrong_bodies(evidence, waiting, [name for name, each in OPERATIONS.items() if not each.many])


def _wrong_bodies(
    evidence: Evidence, waiting: Sequence[Unexplained], operations: Sequence[str]
) -> Iterator[Explanation]:
    for operation in operations:
        wrong = [each for each in waiting if each.operation == operation and each.is_shape]
        if wrong:
            other = _refused(evidence, operation) or _unreadable(evidence, operation)
            no_objects = None if other else _no_objects(evidence, operation)
            sentence = other or no_objects or plain_sentence(wrong[0])
            yield Explanation(
                operation, sentence, None, partial(_is_of_objects if no_objects else _is_of_bodies, operation)
            )


def _is_of_bodies(operation: str, each: Unexplained) -> bool:
    return each.operation == operation and (each.is_shape or each.is_relation)


def _unreadable(evidence: Evidence, operation: str) -> str | None:
    """Return what came in place of JSON that says so, and to which requests."""
    came = [each for each in evidence.of(operation) if each.status == 200]
    odd = [each for each in came if _is_unreadable(each)]
    if not odd:
        return None
    first, others = odd[0], [each for each in came if each not in odd]
    if not first.body.strip():
        what = "an empty body"
    elif first.json_error is not None:
        kind = f"{first.media_type} " if first.media_type and "json" not in first.media_type else ""
        what = f"a {kind}body that is not JSON"
    elif first.media_type:
        what = f"JSON under the Content-Type {first.media_type!r}"
    else:
        what = "JSON without a Content-Type"
    reason = f" ({first.json_error})" if first.body.strip() and first.json_error is not None else ""
    return f"{operation} answers 200 with {what}{share(odd, others)}{reason}"


def _is_unreadable(interaction: Interaction) -> bool:
    return interaction.json_error is not None or interaction.media_type != "application/json"


def _no_objects(evidence: Evidence, operation: str) -> str | None:
    """Return what came in place of objects, and to which requests."""
    came = [each for each in evidence.of(operation) if each.status == 200 and each.json_error is None]
    odd = [each for each in came if any(not isinstance(item, dict) for item in each.items)]
    if not odd or isinstance(odd[0].json, str):
        return None
    item = next(item for item in odd[0].items if not isinstance(item, dict))
    many, is_list = OPERATIONS[operation].many, isinstance(odd[0].json, list)
    inside, wanted = "a list with " if many and is_list else "", "an array" if many and not is_list else "an object"
    where = share(odd, [each for each in came if each not in odd])
    kind = KINDS.get(type(item), "a number")
    shown = f": {excerpt(item)[:40]}" if item is not None else ""
    return f"{operation} answers 200 with {inside}{kind} instead of {wanted}{where}{shown}"


def _share_of_records(odd: Sequence[Interaction], others: Sequence[Interaction]) -> str:
    """Return for how many records the odd responses came; nothing where others have the same ids, or none."""
    ids, right = {each.params.get("id") for each in odd}, {each.params.get("id") for each in others}
    return f" for {len(ids)} of {len(ids | right)} records" if right and None not in ids and not ids & right else ""


def _refused(evidence: Evidence, operation: str) -> str | None:
    promised = [each for each in evidence.of(operation) if each.is_promised and not each.unavailable]
    refused = [each for each in promised if each.status != 200]
    if not refused:
        return None
    status = refused[0].status
    odd = [each for each in refused if each.status == status]
    others = [each for each in promised if each.status == 200]
    where = feature(odd, others) or _share_of_records(odd, others) or share(odd, others)
    names = {tuple(each.params) for each in odd}
    same = f" to requests with {enumerated(names.pop())}" if len(names) == 1 and odd[0].params else ""
    alone = f", as to a request with {enumerated(list(odd[0].params)) or 'no parameter'}" if not odd[1:] else ""
    return f"{operation} answers {status} instead of 200{where or alone or f' in all {len(odd)} responses{same}'}"
