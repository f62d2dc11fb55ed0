"""What HERMES' answers mean. Pure; what it has in common with other services is in the trunk's answers.py.

A 200 alone means nothing: submitting may answer 200 with an error inside, validating answers 200 either way. Only a uuid
says that something was published, only {} that nothing is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from tom_hermes.schema.tree import flat
from tom_scimma import answers, wording
from tom_scimma.errors import DeliveryError, Rejected, ReplyLost, Unavailable

#: words of HERMES' own errors after which the message may be at TNS or GCN already, though not on its topic
TOO_LONG, KAFKA = "within 10 seconds", "posting message to kafka"
GCN = "submit message to GCN"
#: what to do about an account that is none (any more)
TOKEN = " Enter the token of your profile page at HERMES on yours here; the TOM's own stands in TOM_HERMES."
#: words of a line that never was, to a service behind HERMES
NO_LINE = ("Connection refused", "NewConnectionError", "NameResolutionError", "Max retries exceeded")


class Refused(Rejected):
    """A refusal by a status: only 401 and 403 are about who asks."""

    def __init__(self, status: int, message: str, fields: dict | None = None):
        super().__init__(message, fields)
        self.status = status

    @property
    def of_token(self) -> bool:
        return self.status in (401, 403)


def submitted(status: int, headers: Mapping[str, str], text: str, onward: Collection[str]) -> dict[str, Any]:
    """What was published, with `uuid`. `onward`: of tns and gcn, those that were asked for: they go out before Kafka."""
    document = _document(text)
    if status == 200:
        if isinstance(document, dict) and document.get("uuid"):
            return document
        if isinstance(document, dict) and "error" in document:
            raise Rejected(f"HERMES published nothing: {document['error']}")
        if isinstance(document, dict) and set(document) == {"message"}:
            raise Rejected("HERMES answered with its documentation: the address is not that of its API.")
        raise ReplyLost(f"HERMES answered 200 without a uuid: {text[:200]}")
    if status == 400 and isinstance(document, dict) and isinstance(document.get("error"), str):
        raise _failed(document["error"], onward)
    raise refused(status, headers, text)


def _failed(said: str, onward: Collection[str]) -> DeliveryError:
    """A submission that ended half-way: by HERMES' own words, how far."""
    no_line = any(words in said for words in NO_LINE)
    if TOO_LONG in said or KAFKA in said:
        if onward:
            names = " and ".join(name.upper() for name in sorted(onward, reverse=True))
            return ReplyLost(f"{said} ({names} went out before, and may have it)")
        return Unavailable(said)
    if "tns" in onward and (GCN in said or no_line):
        return ReplyLost(f"{said} (TNS went out before, and may have it)")
    if GCN in said:
        refused_there = "HTTPError" in said and any(f"{status} Client" in said for status in range(400, 429))
        return Rejected(said) if refused_there else Unavailable(said) if no_line else ReplyLost(said)
    return Unavailable(said) if no_line else Rejected(said)  # the archive of files is away; or the files are not those


def validated(document: Any) -> dict[str, list[str]]:
    """What is wrong, by field. Raises Unavailable for an answer that is none."""
    if not isinstance(document, dict) or (set(document) == {"message"} and isinstance(document["message"], str)):
        raise Unavailable("HERMES did not validate: its answer is no list of errors")
    return flat(document)


def retracted(status: int, headers: Mapping[str, str], text: str) -> None:
    """Nothing, for done."""
    document = _document(text)
    if status == 200 and isinstance(document, dict) and document.get("success"):
        return
    if status == 200:
        raise ReplyLost(f"HERMES answered 200 without success: {text[:200]}")
    raise refused(status, headers, text)


def refused(status: int, headers: Mapping[str, str], text: str) -> DeliveryError:
    """What any other status means; the fields of a refusal as the composer names them."""
    answer = answers.of_status(status, headers, text) or ReplyLost(f"HTTP {status}: {text[:200]}")
    if isinstance(answer, Rejected):
        fields = flat(answer.fields)
        if status in (401, 403) and fields:
            said = " ".join(text for texts in fields.values() for text in texts)
            return Refused(status, f"HTTP {status}: {said}{TOKEN if 'token' in said or 'credential' in said else ''}")
        lines = wording.faults(fields)
        more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
        return Refused(status, f"HTTP {status}: {lines[0]}{more}" if lines else str(answer), fields)
    return answer


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
