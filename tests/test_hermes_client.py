"""The HERMES client against the stand-in, over real HTTP: what each answer means.

Authority: HERMES' HTTP contract as observed (what is success, 200 with an error inside, redirects, crashes, TNS and GCN before
Kafka), and the suite's table of answers.
"""

from __future__ import annotations

import copy
import socket
from datetime import datetime, timedelta, timezone

import pytest

from tests.hermes_messages import message, point, star
from tom_hermes.client import Hermes
from tom_hermes.fake import Fake
from tom_scimma.errors import Rejected, ReplyLost, Unavailable

SUBMIT = "submit_message/"


@pytest.fixture
def fake():
    with Fake() as standin:
        yield standin


@pytest.fixture
def hermes(fake):
    with Hermes(fake.url, fake.token, say=2, ask=2) as client:
        yield client


def good(**changes):
    said = message([star()], photometry=[point()], suite={"key": "abc"})
    return {**copy.deepcopy(said), "topic": "hermes.test", **changes}


def to_gcn():
    return good(title="GRB 260101A: points", submit_to_gcn=True)


def test_what_is_published_has_a_uuid_and_what_is_ours_under_data(fake, hermes):
    published = hermes.submit(good())
    assert [item.uuid for item in fake.messages] == [published["uuid"]]
    assert published["data"]["suite"] == {"key": "abc"}
    assert dict(fake.messages[0].headers)["_sender"] == "tom-demo-0badcafe"


def test_files_go_along(fake, hermes):
    row = {
        "target_name": "AT2026abc",
        "date_obs": "2026-01-02T00:00:00Z",
        "instrument": "en06",
        "file_info": [{"name": "a.txt"}],
    }
    said = good()
    said["data"]["spectroscopy"] = [row]
    published = hermes.submit(said, {"a.txt": b"4000 1\n"})
    url = published["data"]["spectroscopy"][0]["file_info"][0]["url"]
    assert list(fake.world.archive.files.values()) == [b"4000 1\n"]
    assert url.startswith(fake.url)
    with pytest.raises(Rejected, match="referenced"):
        hermes.submit(said, {"b.txt": b""})


def test_a_200_with_an_error_inside_is_a_refusal(fake):
    with Hermes(fake.url, fake.token_of("tom-nocred")) as hermes, pytest.raises(Rejected, match="credential"):
        hermes.submit(good())
    assert fake.messages == []


def test_a_refusal_names_the_fields(fake, hermes):
    said = good(submitter="")
    said["data"]["photometry"].append(point(brightness_unit="mag"))
    with pytest.raises(Rejected) as refused:
        hermes.submit(said)
    assert set(refused.value.fields) == {"submitter", "photometry.1.brightness_unit"}
    assert str(refused.value) == "HTTP 400: submitter: This field may not be blank. and 1 more"
    assert hermes.validate(said) == refused.value.fields
    assert hermes.validate(good()) == {}


def test_a_wrong_token_is_refused_and_never_shown(fake):
    token = "f" * 40
    with Hermes(fake.url, token) as hermes:
        for ask in (hermes.heartbeat, hermes.profile, lambda: hermes.submit(good()), lambda: hermes.validate(good())):
            with pytest.raises(Rejected) as refused:
                ask()
            assert token not in str(refused.value)
            assert str(refused.value).startswith(
                "HTTP 403: Invalid token. Enter the token of your profile page at HERMES"
            )
            assert (
                refused.value.fields == {}
            )  # nothing of the message is wrong: with a good token the same may be sent again


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ("500", ReplyLost),
        ("500_after", ReplyLost),
        ("drop_after", ReplyLost),
        ("hang", ReplyLost),
        ("garbage", ReplyLost),
        ("gateway", ReplyLost),
        ("200_error", Rejected),
        ("refuse", Rejected),
        ("denied", Rejected),
        ("moved", Rejected),
        ("docs", Rejected),
        ("busy", Unavailable),
        ("unavailable", Unavailable),
        ("kafka_down", Unavailable),
    ],
)
def test_what_a_bad_answer_means(fake, fault, answer):
    fake.faults.append({"path": SUBMIT, "do": fault})
    with Hermes(fake.url, fake.token, say=0.5) as hermes:
        with pytest.raises(answer):
            hermes.submit(good())
        assert len(fake.messages) == (fault in ("500_after", "drop_after", "garbage"))
        hermes.submit(good())  # a fault comes once


def test_what_is_asked_before_uses_up_no_fault_of_what_is_said(fake, hermes):
    """Pages validate by themselves: what is to go wrong with a submission waits for it."""
    fake.faults.append({"path": SUBMIT, "do": "drop_after"})
    assert hermes.validate(good()) == {}
    with pytest.raises(ReplyLost):
        hermes.submit(good())
    fake.faults.append({"path": f"{SUBMIT}validate/", "do": "500"})
    with pytest.raises(Unavailable):
        hermes.validate(good())


def test_after_tns_or_gcn_nothing_is_sure(fake, hermes):
    fake.faults.append({"do": "kafka_down"})
    with pytest.raises(ReplyLost, match="GCN went out"):
        hermes.submit(to_gcn())
    assert (len(fake.gcn), fake.messages) == (1, [])


def test_nobody_listens(fake):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        with Hermes(f"http://127.0.0.1:{probe.getsockname()[1]}", "t") as hermes:
            with pytest.raises(Unavailable):
                hermes.submit(good())
            with pytest.raises(Unavailable):
                hermes.profile()


def test_an_address_without_the_api_is_not_followed_to_a_200(fake):
    with Hermes(fake.url + "/wrong", fake.token) as hermes, pytest.raises(Rejected):
        hermes.submit(good())


def test_the_archive_page_by_page(fake, hermes):
    begin = datetime(2026, 1, 1, tzinfo=timezone.utc)
    for number in range(5):
        sent = (begin + timedelta(days=number)).timestamp()
        fake.publish("hermes.test", good(title=f"n{number} a&b+c"), sent=sent)
    found, page = [], ""
    while True:
        got = hermes.archive(topics=["hermes.test"], limit=2, page=page)
        found += [item["message"]["title"][:2] for item in got.messages]
        page = got.next
        if not page:
            break
    assert found == ["n4", "n3", "n2", "n1", "n0"]
    some = hermes.archive(topics=["hermes.test"], start=begin + timedelta(days=1), end=begin + timedelta(days=3))
    assert [item["message"]["title"][:2] for item in some.messages] == ["n2", "n1"]
    assert len(hermes.archive(search="a&b+c").messages) == 5  # survives the proxy
    assert hermes.archive(search="a&c").messages == []
    assert hermes.archived(fake.messages[0].uuid)["message"]["title"] == "n0 a&b+c"
    with pytest.raises(Rejected):
        hermes.archived("00000000-0000-4000-8000-000000000000")


def test_the_lists_are_read_to_their_end(fake, hermes):
    for number in range(5):
        target = star(f"T{number}", ra=10.0 + number, dec=20.0)
        fake.publish("hermes.test", message([target], event_id="S260101ab"))
    assert len(list(hermes.messages(limit=2))) == 5
    assert [row["name"] for row in hermes.targets(cone_search="12,20,0.1")] == ["T2"]
    assert [row["event_id"] for row in hermes.events(event_id="s260101")] == ["S260101ab"]


def test_retraction_and_draft_and_text(fake, hermes):
    uuid = hermes.submit(good())["uuid"]
    hermes.retract(uuid)
    assert hermes.archived(uuid)["annotations"]["retracted"] is True
    assert hermes.archive(retracted=False).messages == []
    key = hermes.preload(good())
    assert fake.world.drafts[key]["title"] == "Photometry"
    assert hermes.plaintext(good()).startswith("A. Observer reports:")
    with pytest.raises(Rejected):
        hermes.retract("00000000-0000-4000-8000-000000000000")


def test_what_the_account_may_do(fake, hermes):
    assert hermes.heartbeat()["is_authenticated"] is True
    assert hermes.profile()["writable_topics"] == ["hermes.test", "hermes.query-test", "tomtoolkit.test"]
    assert "LCO" in hermes.tns_options()["groups"].values()
