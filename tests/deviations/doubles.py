"""Bodies that some readers take otherwise than others: names that stand twice, marks, JSON inside JSON."""

from __future__ import annotations

import json
import re

from ..standin import GET, LLM, MATCHING, SUMMARY
from .identities import FAILS_OR_WARNS
from .table import ALL
from .transport import good_answers, rewrites


def twice(operation: str, name: str, value: str, *, first: bool = True, only: str = "") -> None:
    """Enter records in which ``name`` stands twice: ``value`` before or after the right one."""

    def rewrite(body: bytes) -> bytes:
        right = rf'"{name}":("[^"]*"|[^,}}]+)'
        wrong = f'"{name}":{value}'
        both = rf"{wrong},\g<0>" if first else rf"\g<0>,{wrong}"
        objects = re.compile(r"{[^{}]*}")

        def change(found: re.Match[str]) -> str:
            return re.sub(right, both, found[0], count=1) if only in found[0] else found[0]

        return objects.sub(change, body.decode()).encode()

    where = "before" if first else "after"
    some = "in some records" if only else "in every record"
    good_answers(f"{name}-twice-{where}-{some.split()[1]}", f"{name} stands twice {some}: {value} {where} the right",
                 rewrites(rewrite), operation, exits=FAILS_OR_WARNS if first else frozenset({1}))  # fmt: skip


twice(LLM, "credits", "731.5")
twice(LLM, "runId", "12")
twice(LLM, "modelId", '"another-model"')
twice(LLM, "inputTokens", "4", only='"modelId":"gpt-4o-mini"')
twice(GET, "outputTokens", "88")
twice(GET, "credits", "0", first=False)
twice(MATCHING, "numRecords", "6001")
twice(MATCHING, "task", '"CDM"', only='"task":"IDR"')
twice(SUMMARY, "credits", "4411.25")
twice(SUMMARY, "organizationId", "2")

good_answers("byte-order-mark", "the body begins with a byte order mark", rewrites(lambda body: b"\xef\xbb\xbf" + body),
             *ALL)  # fmt: skip
good_answers("byte-order-mark-when-long", "a byte order mark stands before bodies of more than 3 kB",
             rewrites(lambda body: b"\xef\xbb\xbf" * (len(body) > 3_000) + body), LLM, MATCHING)  # fmt: skip
good_answers("json-in-a-string", "the body is a string that contains JSON",
             rewrites(lambda body: json.dumps(body.decode()).encode()), GET, LLM, MATCHING)  # fmt: skip
good_answers("records-in-strings", "each record is a string that contains JSON",
             rewrites(lambda body: json.dumps([json.dumps(each) for each in json.loads(body)]).encode()),
             LLM, MATCHING)  # fmt: skip
good_answers("json-in-a-string-twice", "the body is a string that contains a string that contains JSON",
             rewrites(lambda body: json.dumps(json.dumps(body.decode())).encode()), SUMMARY)  # fmt: skip
