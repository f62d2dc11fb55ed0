"""Channels: told over real SMTP and HTTP; nowhere inside our network; no word of an address anywhere.

Authorities: RFC 5321 for what a mail server's answer means; the design for the rest.
"""

from __future__ import annotations

import base64
import logging
import socket
import threading
import time

import pytest

from tests.ears import text_of
from tom_scimma import channels
from tom_scimma.channels import Channel, Message
from tom_scimma.errors import Refused, Rejected, Unavailable
from tom_scimma.outward import outward, split

SECRET = "x9tokenx9"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


@pytest.fixture
def home(settings):
    """A TOM that may speak to this machine."""
    settings.TOM_SCIMMA = {"NOTIFY_HOSTS": ["127.0.0.1", "localhost"]}


def message(**values) -> Message:
    return Message(**{"subject": "NEW S1", "text": "NEW S1: 240 deg²\nhttps://tom/", "brief": "NEW S1", **values})


def test_an_email_by_the_tom_s_own_mail(mail):
    channels.read("you@example.org").say(message(key="k1", picture=PNG, picture_name="S1.png"))
    (got,) = mail.mails
    assert (got["To"], got["From"], got["Subject"], got["Message-ID"]) == (
        "you@example.org", "tom@example.org", "NEW S1", "<k1@tom>"
    )  # fmt: skip
    assert "240 deg²" in text_of(got)
    (picture,) = (part for part in got.walk() if part.get_content_type() == "image/png")
    assert (picture.get_filename(), picture.get_payload(decode=True)) == ("S1.png", PNG)


def test_what_a_mail_server_says(mail):
    with pytest.raises(Rejected, match="550"):
        channels.read("nobody@example.org").say(message())
    mail.answer = "451 try again later"
    with pytest.raises(Unavailable, match="451"):
        channels.read("you@example.org").say(message())
    mail.answer = "554 no"
    with pytest.raises(Rejected, match="554"):
        channels.read("you@example.org").say(message())
    mail.close()
    with pytest.raises(Unavailable, match="could not be reached"):
        channels.read("you@example.org").say(message())


def test_a_mail_server_of_one_s_own(mail, home):
    channels.read(f"mailto://127.0.0.1:{mail.port}?from=me@example.org&to=you@example.org").say(message(picture=PNG))
    (got,) = mail.mails
    assert got["Subject"] == "NEW S1"
    assert any(part.get_content_type() == "image/png" for part in got.walk())


def test_a_webhook(web, home):
    channels.read(f"json://127.0.0.1:{web.port}/hook/{SECRET}").say(message(picture=PNG))
    (said,) = web.said
    assert web.heard[0]["path"] == f"/hook/{SECRET}"
    assert (said["title"], said["message"]) == ("NEW S1", "NEW S1: 240 deg²\nhttps://tom/")
    assert base64.b64decode(said["attachments"][0]["base64"]) == PNG


def test_a_webhook_written_as_a_plain_address(web, home):
    channel = channels.read(f"http://127.0.0.1:{web.port}/hook")
    channel.say(message())
    assert channel.scheme == "json"
    assert web.said[0]["title"] == "NEW S1"


def test_an_own_ntfy_server(web, home):
    channels.read(f"ntfy://127.0.0.1:{web.port}/nights").say(message())
    assert b"240 deg" in web.heard[0]["body"]


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
def test_no_is_unavailable(web, home, status):
    web.answers = [status]
    with pytest.raises(Unavailable, match="json did not take it"):
        channels.read(f"json://127.0.0.1:{web.port}/{SECRET}").say(message())


def test_a_redirect_is_not_followed(web, home):
    web.answers, web.location = [302], f"http://127.0.0.1:{web.port}/elsewhere"
    with pytest.raises(Unavailable):
        channels.read(f"json://127.0.0.1:{web.port}/?redirect=yes").say(message())
    assert len(web.heard) == 1


def test_one_that_never_answers_is_left(web, home, monkeypatch):
    monkeypatch.setattr(channels, "SECONDS", 0.5)
    web.wait = threading.Event()
    began = time.monotonic()
    with pytest.raises(Unavailable):
        channels.read(f"json://127.0.0.1:{web.port}/?rto=1000").say(message())
    assert time.monotonic() - began < 20


def test_nothing_goes_into_our_own_network(web):
    """Not when the address is given, and not when a name comes to lead there later."""
    for address in (
        f"json://127.0.0.1:{web.port}/", f"json://localhost:{web.port}/", "jsons://10.1.2.3/", "jsons://[::1]/",
        "jsons://169.254.169.254/latest", "jsons://[fd00::1]/", "json://2130706433/", "jsons://[::ffff:127.0.0.1]/",
        "mailto://u:p@example.org?smtp=192.168.0.7", "ntfys://172.16.0.9/t", "gotify://100.64.0.1/token",
    ):  # fmt: skip
        with pytest.raises(Refused):
            channels.read(address)
    stale = channels.Channel("json", f"json://127.0.0.1:{web.port}/")  # as stored before settings changed
    with pytest.raises(Rejected, match="own network"):
        stale.say(message())
    assert web.heard == []


def test_the_address_that_is_connected_to_is_looked_at(web, monkeypatch):
    """A name whose second answer is another than its first, as an attacker's DNS would give: real sockets, another resolver."""
    truth, asked = socket.getaddrinfo, []

    def liar(host, *args, **kwargs):
        if host != "rebinding.example" or kwargs.get("flags"):  # flags: whether it is a number
            return truth(host, *args, **kwargs)
        asked.append(host)
        return truth("93.184.215.14" if len(asked) < 2 else "127.0.0.1", *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", liar)
    with pytest.raises(Rejected, match="not a public address"):
        channels.read(f"json://rebinding.example:{web.port}/").say(message())
    assert len(asked) >= 2
    assert web.heard == []


def test_settings_let_a_private_host_in_by_name_and_port(web, settings):
    address = f"json://127.0.0.1:{web.port}/"
    settings.TOM_SCIMMA = {"NOTIFY_HOSTS": [f"127.0.0.1:{web.port + 1}"]}
    with pytest.raises(Refused):
        channels.read(address)
    settings.TOM_SCIMMA = {"NOTIFY_HOSTS": [f"127.0.0.1:{web.port}"]}
    channels.read(address).say(message())
    assert len(web.heard) == 1


def test_the_rules_hold_in_their_thread_alone(web):
    """The worker's other threads speak to its own database meanwhile."""
    done = []

    def other():
        with socket.create_connection(("127.0.0.1", web.port), 5):
            done.append("connected")

    with outward((), seconds=10):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(10)
        with pytest.raises(Refused), socket.socket() as line:
            line.connect(("127.0.0.1", web.port))
        with pytest.raises(Refused), socket.socket(socket.AF_UNIX) as line:
            line.connect("/tmp/nobody")
        with pytest.raises(Refused), socket.socket(type=socket.SOCK_DGRAM) as line:
            line.sendto(b"x", ("127.0.0.1", 514))
    other()
    assert done == ["connected", "connected"]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [("a.b", ("a.b", None)), ("a.b:25", ("a.b", 25)), ("::1", ("::1", None)), ("[::1]:25", ("::1", 25)), ("[::1]", ("::1", None))],
)  # fmt: skip
def test_a_host_as_settings_write_it(entry, expected):
    assert split(entry) == expected


@pytest.mark.parametrize(
    "address",
    [
        f"syslog://{SECRET}", f"dbus://{SECRET}", f"windows://{SECRET}", f"file:///etc/{SECRET}", f"slack://{SECRET}",
        f"workflows://h/w/{SECRET}?template=/etc/passwd", f"{SECRET}@",
        f"mailto://u:{SECRET}@example.org?pgppub=/etc/passwd", f"jsons://{SECRET}@10.0.0.1/", f"tgram://{SECRET}/1",
        f"apprises://{SECRET}@example.org", f"vapid://{SECRET}/", f"mqtt://{SECRET}@example.org/t", SECRET, "",
        f"ntfys://ntfy.sh/{SECRET}?attach=file:///etc/passwd", f"https://hooks.slack.com/services/{SECRET}",
        f"https://discord.com/api/webhooks/{SECRET}/", f"https://x.webhook.office.com/webhookb2/{SECRET}",
        f"https://api.telegram.org/bot{SECRET}/sendMessage", "ntfys://", f"twilio://AC{'a' * 32}:{'b' * 32}@+15558881234/{SECRET}",
        f"mailtos://me:pw@gmail.com?to={SECRET}",
    ],
)  # fmt: skip
def test_what_is_refused_says_why_and_not_the_address(address, caplog):
    with caplog.at_level(logging.NOTSET), pytest.raises(Refused) as caught:
        channels.read(address)
    assert len(str(caught.value)) > 20
    assert SECRET not in str(caught.value)
    assert SECRET not in caplog.text
    assert caught.value.__cause__ is None


PHONES = "+15557654321", "+15557654322"
TWILIO = f"twilio://AC{'a' * 32}:{'b' * 32}@+15558881234"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        (f"{TWILIO}/{PHONES[0]}/12{SECRET}/{PHONES[1]}", "Of the 3 that it names, number 2 is nobody whom twilio"),
        (f"mailtos://me:pw@example.org?to=a@example.org,{SECRET},b@example.org", "Of the 3 that it names, number 2"),
        (f"mailtos://me:pw@example.org?to=a@example.org&cc={SECRET}", "perhaps in a copy, whom mailtos cannot reach"),
        (f"ntfys://ntfy.sh/good,{SECRET}!!/other", "number 2 is nobody whom ntfys"),
        (f"tgram://123456789:{'a' * 35}/12345/!!{SECRET}", "number 2 is nobody whom tgram"),
        (f"pover://{'u' * 30}@{'a' * 30}/one/bad~{SECRET}!/b~", "number 2, 3 is nobody whom pover"),
    ],
)
def test_one_of_several_who_is_nobody_is_said(address, words, caplog):
    """apprise leaves out whom it takes for nobody, and tells the others."""
    with caplog.at_level(logging.NOTSET), pytest.raises(Refused, match=words) as caught:
        channels.read(address)
    assert SECRET not in str(caught.value) + caplog.text


@pytest.mark.parametrize(
    "address",
    [
        f"{TWILIO}/{PHONES[0]},{PHONES[1]}", "mailtos://me:pw@example.org?to=Ada <a@example.org>,b@example.org&cc=c@example.org",
        "ntfys://ntfy.sh/one/two", f"slack://T1JJ3T3L2/A1BRTD4JD/{'a' * 24}/#one/@two", "jsons://example.org/not/people",
    ],
)  # fmt: skip
def test_several_who_are_all_somebody(address):
    assert channels.read(address).address == address


def test_whom_a_kept_address_leaves_out_is_said_when_the_others_are_told(web, home):
    """One that was kept before it was looked at: nobody goes untold for another's number."""
    address = f"signal://127.0.0.1:{web.port}/+15551234567/{PHONES[0]}/{SECRET}"
    with pytest.raises(Refused, match="Of the 2 that it names, number 2"):
        channels.read(address)
    said = Channel("signal", address).say(message())
    assert said.startswith("Of the 2 that it names, number 2 is nobody whom signal can reach")
    assert SECRET not in said
    assert [told["recipients"] for told in web.said] == [[PHONES[0]]]


def test_no_log_and_no_error_has_the_address(web, home, caplog):
    """With everything logged: while it is read, told, refused, and not reached."""
    address = f"json://user:{SECRET}@127.0.0.1:{web.port}/{SECRET}?+X-Token={SECRET}"
    with caplog.at_level(logging.NOTSET):
        channel = channels.read(address)
        channel.say(message())
        web.answers = [500]
        with pytest.raises(Unavailable) as refused:
            channel.say(message())
        web.close()
        with pytest.raises(Unavailable) as away:
            channel.say(message())
    assert len(web.heard) == 2
    for text in (caplog.text, repr(channel), str(refused.value), str(away.value)):
        assert SECRET not in text
    assert refused.value.__cause__ is None


def test_schemes_are_a_setting(settings):
    settings.TOM_SCIMMA = {"NOTIFY_SCHEMES": ["email"]}
    assert channels.read("you@example.org").scheme == "email"
    with pytest.raises(Refused, match="does not send by ntfys"):
        channels.read("ntfys://ntfy.sh/topic")
    settings.TOM_SCIMMA = {"NOTIFY_SCHEMES": ["slack"]}
    with pytest.raises(Refused, match="does not send by email"):
        channels.read("you@example.org")


def test_apprise_knows_every_scheme_that_is_allowed_by_default():
    from apprise.manager_plugins import NotificationManager

    from tom_scimma.conf import SCHEMES

    known = NotificationManager()
    assert [scheme for scheme in SCHEMES if scheme != "email" and scheme not in known] == []
