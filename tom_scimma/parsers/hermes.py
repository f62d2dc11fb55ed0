"""HERMES messages as a TOM's people write them: reports about an event, with targets and data. Pure.

Format: https://hermes.lco.global/about. What they say of targets and photometry is read by the app that shares; here
they are a report that hangs on its event.
"""

from __future__ import annotations

from typing import Any

from ..notice import Notice, Sky
from . import angles, fields, public_names

SOURCE = "HERMES"
_SENDERS = {"submitter", "authors", "topic", "data", "uuid"}
_TAKEN = {"title", "message_text", "uuid", "topic"}


def recognises(said: Any) -> bool:
    """True for a message with a title, a text, and who sent what where."""
    return isinstance(said, dict) and {"title", "message_text"} <= said.keys() and bool(_SENDERS & said.keys())


def parse(topic: str, said: dict[str, Any]) -> tuple[Notice, ...]:
    """The one report of a message; its position is that of its only target."""
    raw = said.get("data")
    data: dict[str, Any] = raw if isinstance(raw, dict) else {}
    targets = (
        [item for item in data.get("targets") or () if isinstance(item, dict)]
        if isinstance(data.get("targets"), list)
        else []
    )
    title = fields.clean(said.get("title"))
    extra = {key: fields.jsonable(value) for key, value in said.items() if key not in _TAKEN and value is not None}
    name, kind = _event(data, targets, title, said)
    test = fields.is_test_superevent(name) or _is_test(topic) or _is_test(fields.clean(said.get("topic")))
    return (
        Notice(
            event=fields.event(name),
            aliases=tuple(item for item in _names(targets) if item != name),
            kind=kind,
            alert_type="report",
            role="test" if test else "observation",
            source=SOURCE,
            id=fields.clean(said.get("uuid")) or None,
            properties={"title": title[: fields.LONGEST_NAME]} if title else {},
            sky=_sky(targets[0]) if len(targets) == 1 else None,
            links=_links(data),
            text=fields.texts((title, said.get("message_text"))),
            extra=extra,
        ),
    )


def _event(data: dict[str, Any], targets: list[dict[str, Any]], title: str, said: dict[str, Any]) -> tuple[str, str]:
    events = data.get("event_id")
    given = fields.clean(events[0] if isinstance(events, list) and events else events)
    names = _names(targets)
    for text in (given, title, *names):
        found = public_names.find(text)
        if found:
            return found
    if given or names:
        return given or names[0], "UNK" if given else "OT"
    return f"HERMES {fields.clean(said.get('uuid')) or title}"[: fields.LONGEST_NAME], "UNK"


def _names(targets: list[dict[str, Any]]) -> list[str]:
    return fields.names([target.get("name") for target in targets[:100]])


def _is_test(topic: str) -> bool:
    return "test" in topic.lower().split(".")


def _sky(target: dict[str, Any]) -> Sky | None:
    """Decimal degrees or sexagesimal; an error only where its unit is known."""
    ra, dec = angles.ra(target.get("ra")), angles.dec(target.get("dec"))
    if ra is None or dec is None:
        return None
    errors = [angles.size(target.get(f"{axis}_error"), target.get(f"{axis}_error_units")) for axis in ("ra", "dec")]
    radius = max((error for error in errors if error), default=None)
    return Sky("circle", ra, dec, radius_deg=radius) if radius else Sky("point", ra, dec)


def _links(data: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    references = data.get("references")
    for reference in references[:50] if isinstance(references, list) else ():
        address = fields.link(reference.get("url")) if isinstance(reference, dict) else None
        if address:
            found[fields.clean(reference.get("citation")) or f"reference {len(found) + 1}"] = address
    return found
