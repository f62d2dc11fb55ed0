"""Retry decisions by table, without a clock. Authority: the interfaces (states and answers) and RFC 9110 (Retry-After)."""

from datetime import datetime, timedelta, timezone

import pytest

from tom_scimma.decision import CAP, FIRST, LOOKS, decide, next_look
from tom_scimma.errors import Rejected, ReplyLost, Unavailable

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=timezone.utc)
DAY = NOW + timedelta(days=1)


def after(answer, *, attempts=1, deadline=DAY, harmless=False, chance=1.0):
    found = decide(answer, attempts=attempts, now=NOW, deadline=deadline, harmless=harmless, chance=lambda: chance)
    return found.state, (found.not_before - NOW).total_seconds() if found.not_before else None


TABLE = [
    (None, {}, ("delivered", None)),
    (Rejected("no"), {}, ("rejected", None)),
    (Rejected("no"), {"harmless": True}, ("rejected", None)),
    (Unavailable("busy"), {}, ("queued", FIRST)),
    (Unavailable("busy"), {"attempts": 3}, ("queued", 4 * FIRST)),
    (Unavailable("busy"), {"attempts": 3, "chance": 0.0}, ("queued", 2 * FIRST)),
    (Unavailable("busy"), {"attempts": 50}, ("queued", CAP)),
    (Unavailable("busy", 60), {"chance": 0.0}, ("queued", 60)),  # never before the service's own word
    (Unavailable("busy", 60), {"chance": 1.0}, ("queued", 60 + FIRST)),
    (Unavailable("busy", 0.1), {}, ("queued", FIRST)),
    (Unavailable("busy", -5), {}, ("queued", FIRST)),
    (Unavailable("busy", float("nan")), {}, ("queued", FIRST)),
    (Unavailable("busy", float("inf")), {}, ("queued", FIRST)),
    (Unavailable("busy", 2 * 86400), {}, ("expired", None)),
    (Unavailable("busy"), {"deadline": NOW}, ("expired", None)),
    (ReplyLost("cut"), {}, ("unknown", 0)),
    (ReplyLost("cut"), {"deadline": NOW}, ("unknown", 0)),  # a deadline does not make it known
    (ReplyLost("cut"), {"harmless": True}, ("queued", FIRST)),
    (ReplyLost("cut"), {"harmless": True, "deadline": NOW}, ("expired", None)),
    (ValueError("a bug"), {}, ("unknown", 0)),
    (ValueError("a bug"), {"harmless": True}, ("queued", FIRST)),
]


@pytest.mark.parametrize(("answer", "given", "wanted"), TABLE)
def test_the_table(answer, given, wanted):
    assert after(answer, **given) == wanted


def test_the_last_try_is_just_before_the_deadline():
    state, pause = after(Unavailable("busy"), attempts=20, deadline=NOW + timedelta(seconds=100))
    assert state == "queued"
    assert FIRST < pause < 100


def test_reasons_are_for_people():
    assert "busy" in decide(Unavailable("busy"), attempts=1, now=NOW, deadline=DAY, harmless=False).reason
    late = decide(Unavailable("busy"), attempts=9, now=DAY, deadline=DAY, harmless=False).reason
    assert "Not sent in time" in late
    assert "busy" in late
    assert decide(ValueError(), attempts=1, now=NOW, deadline=DAY, harmless=False).reason == "ValueError"


def test_lost_replies_are_looked_up_ever_more_rarely_and_then_no_more():
    pauses = [(next_look(looks, NOW, chance=lambda: 1.0) - NOW).total_seconds() for looks in range(1, LOOKS)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == 3600
    assert next_look(LOOKS, NOW) is None
