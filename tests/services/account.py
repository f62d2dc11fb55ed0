"""None lost, none doubled: what a TOM's database must hold after it was sent certain messages.

Authority: the messages themselves. Each is one row; each sound one is one alert of its trigger's event; each
broken one is a quarantined row; an event holds what the last of its messages, in the sender's order, said.
"""

from __future__ import annotations

import json
from collections import Counter

from tests.services.listener import Tom
from tests.services.messages import Message


def check(tom: Tom, messages: list[Message]) -> None:
    """AssertionError when a message was lost or doubled, or what was made of it is not what it said."""
    _rows(tom, messages)
    _alerts(tom, messages)
    _events(tom, [message for message in messages if message.trigger])


def _rows(tom: Tom, messages: list[Message]) -> None:
    sent = Counter(message.sha256 for message in messages)
    rows = tom.rows(
        "SELECT m.sha256, m.state, b.message_id IS NOT NULL FROM tom_scimma_message m "
        "LEFT JOIN tom_scimma_messagebody b ON b.message_id = m.id"
    )
    stored = Counter(row[0] for row in rows)
    assert max(sent.values()) == 1
    lost, doubled = sent - stored, stored - sent
    assert not lost, f"{len(lost)} of {len(messages)} lost"
    assert not doubled, f"{len(doubled)} doubled or from elsewhere"
    assert all(row[2] for row in rows), "a message without its bytes"
    poison = {message.sha256 for message in messages if not message.trigger}
    states = Counter((sha256 in poison, state) for sha256, state, _ in rows)
    assert set(states) <= {(False, "parsed"), (True, "quarantined")}, states


def _alerts(tom: Tom, messages: list[Message]) -> None:
    alerts = dict(
        tom.rows(
            "SELECT m.sha256, count(a.id) FROM tom_scimma_message m "
            "LEFT JOIN tom_scimma_alert a ON a.message_id = m.id GROUP BY m.sha256"
        )
    )
    wrong = {
        message.sha256: alerts[message.sha256]
        for message in messages
        if alerts[message.sha256] != bool(message.trigger)
    }
    assert not wrong, f"{len(wrong)} messages with no alert, or several: {list(wrong.items())[:3]}"


def _events(tom: Tom, messages: list[Message]) -> None:
    last, count, with_target = {}, Counter(), set()
    for message in messages:  # the sender's order
        name = f"Swift {message.trigger}"
        last[name] = json.loads(message.payload)
        count[name] += 1
        if message.good:
            with_target.add(name)
    rows = tom.rows("SELECT name, alert_count, ra, dec, target_id FROM tom_scimma_event")
    events = {row[0]: row[1:] for row in rows}
    assert set(events) == set(last)
    miscounted = [name for name, (alerts, *_) in events.items() if alerts != count[name]]
    assert not miscounted, f"{len(miscounted)} events count their alerts wrongly: {miscounted[:3]}"
    stale = [name for name, (_, ra, dec, _) in events.items() if (ra, dec) != (last[name]["ra"], last[name]["dec"])]
    assert not stale, f"{len(stale)} events do not hold their last position: {stale[:3]}"
    without = [name for name in with_target if events[name][3] is None]
    assert not without, f"{len(without)} events without their target: {without[:3]}"
