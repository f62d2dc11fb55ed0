"""What a topic or a credential can do to a listener: refused, hidden, missing, new, or begun in the middle.

Authority: Apache Kafka with Hopskotch's rules; the rows that the listener leaves.
"""

from __future__ import annotations

import time
from datetime import datetime, timezone

import pytest

from tests.services import account
from tests.services.messages import night, produce
from tests.services.process import wait_for

pytestmark = pytest.mark.services


def state(tom, topic: str, source: str = "hopskotch") -> dict:
    """What the Streams page knows of a topic."""
    query = "SELECT listening, last_error FROM tom_scimma_topicstate WHERE topic = %s AND source = %s"
    rows = tom.rows(query, topic, source)
    return dict(zip(("listening", "error"), rows[0], strict=True)) if rows else {"listening": False, "error": ""}


def send(kafka, topic: str, messages) -> list:
    """Puts messages on a topic."""
    messages = list(messages)
    produce(kafka.producer(), topic, messages)
    return messages


def test_wrong_password(tom, kafka, topic, chance, say):
    """A clear error, waits that grow, the other source goes on; and the first one too once the password is right."""
    name, other = topic("alerts"), topic("elsewhere")
    messages, heard = list(night(chance, 100)), list(night(chance, 100))
    kafka.credential("tester-other")
    sources = {
        "hopskotch": tom.source(name, password="wrong"),
        "second": tom.source(other, password=kafka.passwords["tester-other"]),
    }
    sources["second"]["auth"]["username"] = "tester-other"
    refused = kafka.refused_logins()
    listener = tom.listen(sources)
    send(kafka, name, messages)
    send(kafka, other, heard)
    tom.wait(100, other)

    def said() -> list:
        errors = tom.rows("SELECT last_error FROM tom_scimma_listener WHERE source = 'hopskotch'")
        return [error for (error,) in errors if "credential is refused" in error]

    (error,) = wait_for("an error", said, explain=tom.logs)
    assert kafka.brokers in error
    time.sleep(15)
    first = kafka.refused_logins()
    time.sleep(20)
    refused, late = kafka.refused_logins() - refused, kafka.refused_logins() - first
    say(f"wrong password: {refused} log-ins refused, {late} of them in the last 20 s")
    assert late <= 15  # librdkafka by itself tries three times a second, for ever, and there are two clients
    assert listener.alive
    assert tom.count(name) == 0
    kafka.credential(tom.credential, "wrong")  # an administrator makes it right
    tom.wait(100, name, seconds=120)
    account.check(tom, messages + heard)


def test_unreadable_topic(tom, kafka, topic, chance):
    """A topic that we may see and not read: named with its reason, the others go on; read once we may."""
    private = topic("private", readers=())
    kafka.let_describe(private, tom.credential)
    public = topic("public")
    messages, secret = list(night(chance, 300)), list(night(chance, 50))
    tom.listen({"hopskotch": tom.source(private, public)})
    send(kafka, private, secret)
    send(kafka, public, messages[:100])
    tom.wait(100, public)
    wait_for("an error", lambda: "may not read" in state(tom, private)["error"], explain=tom.logs)
    begun = time.monotonic()
    send(kafka, public, messages[100:])
    tom.wait(300, public)
    assert time.monotonic() - begun < 30
    assert tom.count(private) == 0
    kafka.let_read(private, tom.credential)
    tom.wait(50, private, seconds=150)  # when it is tried again, after a wait that grew
    wait_for("the error to go", lambda: not state(tom, private)["error"], seconds=150, every=1)
    account.check(tom, messages + secret)


def test_topic_that_does_not_exist_and_then_does(tom, kafka, topic, chance, say):
    """Topics made after the start, one named and one under a pattern: heard within a minute, the other throughout."""
    there = topic("there")
    prefix = there.removesuffix("there")
    tom.listen({"hopskotch": tom.source(there, f"{prefix}named", f"{prefix}other*", start="latest")})
    tom.wait_members(1)
    error = wait_for("a warning", lambda: state(tom, f"{prefix}named")["error"])
    assert f"{prefix}named" in error
    assert "no such topic" in error, error  # the broker says "not allowed" of what does not exist, too
    made = time.monotonic()
    for name in ("named", "other-one"):
        kafka.topic(prefix + name)
    messages = {name: send(kafka, prefix + name, night(chance, 20)) for name in ("named", "other-one")}
    beats, longest, last = [], 0.0, time.monotonic()
    producer = kafka.producer()
    while tom.count(f"{prefix}named") < 20 or tom.count(f"{prefix}other-one") < 20:
        assert time.monotonic() - made < 60, tom.logs()
        beats += night(chance, 1, poison=0)
        produce(producer, there, beats[-1:])
        wait_for("the next", lambda: tom.count(there) == len(beats), seconds=20, every=0.02)  # noqa: B023
        now = time.monotonic()
        longest, last = max(longest, now - last), now
    say(f"new topics heard after {last - made:.1f} s; the other was silent for {longest:.2f} s at most")
    assert longest < 5
    wait_for("the warning to go", lambda: not state(tom, f"{prefix}named")["error"], explain=tom.logs)
    account.check(tom, beats + messages["named"] + messages["other-one"])


@pytest.mark.parametrize("start", ["latest", "time"])  # the other tests here start from the earliest
def test_start_position(tom, kafka, topic, chance, start):
    """The first start begins where the settings say; later ones where the last ended, whatever they say."""
    name = topic("alerts", partitions=3)
    send(kafka, name, night(chance, 30))
    time.sleep(0.1)
    begin = datetime.now(timezone.utc).isoformat() if start == "time" else start
    new = send(kafka, name, night(chance, 20))
    listener = tom.listen({"hopskotch": tom.source(name, start=begin)})
    tom.wait_members(1)
    expected = {"latest": [], "time": new}[start]
    tom.wait(len(expected))
    tom.wait_committed(name)  # where it begins, too
    assert listener.stop() == 0
    away = send(kafka, name, night(chance, 10))
    tom.listen({"hopskotch": tom.source(name, start="latest")})
    tom.wait(len(expected) + 10)
    time.sleep(1)
    account.check(tom, expected + away)
