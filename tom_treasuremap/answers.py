"""What the Treasure Map's answers mean: which error, in whose words, at which field. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tom_scimma.errors import DeliveryError, Rejected, ReplyLost, Unavailable


class NotThere(Rejected):
    """404: there is no such address, or no such row."""


UNREADABLE = object()  #: what stands for an answer that is no JSON


def read(text: str) -> Any:
    """The JSON of an answer, or UNREADABLE."""
    try:
        return json.loads(text)
    except ValueError:
        return UNREADABLE


def error(status: int, headers: Mapping[str, str], text: str, *, writing: bool) -> DeliveryError:
    """The error that an answer stands for.

    `writing`: something was sent, so that a 5xx may have stored it. The server's 500 for a wrong value stores nothing, that
    for a failed DOI everything: nobody can tell from the answer.
    """
    said = words(text)
    message = f"the Treasure Map answered {status}: {said}"
    if status == 429 or (status == 503 and headers.get("Retry-After")):
        return Unavailable(message, wait(headers.get("Retry-After")))
    if status >= 500:
        return ReplyLost(message) if writing else Unavailable(message)
    if 300 <= status < 400:
        message = f"the Treasure Map sends elsewhere ({headers.get('Location', 'without saying where')}), which is not followed"
    return (NotThere if status == 404 else Rejected)(message, fields(text))


def wait(said: str | None) -> float | None:
    """Seconds of a Retry-After header."""
    return float(said) if said and said.strip().isdigit() else None


def words(text: str) -> str:
    """What an answer says, in one line: the server's message and its errors, or the text of what is no JSON."""
    said = read(text)
    if not isinstance(said, dict):
        return short(text)
    errors = [str(entry.get("message")) for entry in said.get("errors") or () if isinstance(entry, dict)]
    message = str(said.get("message") or said.get("detail") or short(text))
    if message == "Request validation error" and errors:
        message = ""
    return short(": ".join(filter(None, (message, "; ".join(errors)))))


def fields(text: str) -> dict[str, list[str]]:
    """The server's errors by field: `pointings.0.depth`."""
    said, found = read(text), {}
    for entry in said.get("errors") or () if isinstance(said, dict) else ():
        if isinstance(entry, dict):
            place = (entry.get("params") or {}).get("field", "") if isinstance(entry.get("params"), dict) else ""
            name = re.sub(r"^(body|query)\.?", "", place)
            found.setdefault(name, []).append(str(entry.get("message", "")).removeprefix("Value error, "))
    return found


def refusal(entry: Any) -> str:
    """Why one pointing was refused, of `["Object: {...}", ["400: {'message': ...}"]]`."""
    said = entry[1] if isinstance(entry, list) and len(entry) > 1 else entry
    text = "; ".join(map(str, said)) if isinstance(said, list) else str(said)
    inner = re.findall(r"'message': (?:'([^']*)'|\"([^\"]*)\")", text)
    return ": ".join(one or other for one, other in inner) or text


def short(said: Any) -> str:
    """Anything, as a piece of one line."""
    text = said if isinstance(said, str) else "nothing that can be read" if said is UNREADABLE else json.dumps(said)
    if re.match(r"\s*<(!doctype|html)", text, re.IGNORECASE):
        title = re.search(r"<title[^>]*>([^<]*)", text, re.IGNORECASE)
        called = f" ({' '.join(title[1].split())})" if title else ""
        return f"a web page{called} instead of JSON"
    text = " ".join(text.split())
    return (text if len(text) <= 300 else text[:300] + " ...") or "nothing"
