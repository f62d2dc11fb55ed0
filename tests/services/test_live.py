"""`make demo LIVE=1` asks before it starts: with hop's own auth file, at a broker that is guarded as Hopskotch is.

Authority: hop-client, which writes and reads such a file, and Apache Kafka, which takes the credential or does not.
"""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from example_tom import streams

pytestmark = pytest.mark.services


@pytest.fixture
def hop_says(kafka, settings, monkeypatch, tmp_path):
    """Keeps a credential in hop's auth file, as `hop auth add` does, and has the live demo's source at our broker."""
    from hop.auth import Auth, write_auth_data
    from hop.configure import get_config_path

    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("HOP_USERNAME", "HOP_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    live = streams.scimma("live")
    live["SOURCES"]["hopskotch"]["brokers"] = kafka.brokers
    settings.TOM_SCIMMA = live

    def keep(user: str, password: str) -> None:
        write_auth_data(get_config_path("auth"), [Auth(user, password, kafka.brokers, ssl_ca_location=kafka.ca)])

    return keep


def test_live_says_what_hops_own_credential_is_offered(kafka, hop_says, capsys):
    hop_says("ada-11fe", kafka.credential("ada-11fe"))
    kafka.topic("igwn.gwalert", readers=("ada-11fe",))
    call_command("setdemo", "--live")
    said = capsys.readouterr().out
    assert "offers the credential ada-11fe" in said
    assert "igwn.gwalert" in said
    hop_says("ada-11fe", "not-the-password")
    with pytest.raises(CommandError, match=r"(?s)credential is refused.*hop auth add") as refused:
        call_command("setdemo", "--live")
    assert "not-the-password" not in str(refused.value)
