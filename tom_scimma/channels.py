"""An address at which somebody can be told -> a Channel that tells them: by this TOM's mail, or by whatever apprise speaks.

    channel = read("ntfys://ntfy.example/night-alerts")      Refused for what this TOM does not allow
    channel.say(message)                                      whom it left out; or raises Rejected or Unavailable

The only file that imports apprise. An address holds tokens: no error, no log line and no repr made here has any of it,
and apprise, whose own words do, is not heard (outward.py).
"""

from __future__ import annotations

import re
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tom_scimma.conf import conf
from tom_scimma.errors import Refused, Rejected, Unavailable
from tom_scimma.mailing import mail
from tom_scimma.outward import Heard, host_is_allowed, outward, split

EMAIL = "email"
SECONDS = 30.0  #: for one message, all of it
#: a channel that takes no more than this gets the short text
SHORT = 500
#: parameters that have apprise read a file of this machine
FILES = {
    "template",
    "pgp",
    "pgpkey",
    "pgppub",
    "pgpprv",
    "pem",
    "pemkey",
    "pempub",
    "pemprv",
    "smime",
    "keyfile",
    "wkd",
}
PATHS = ("/", "~", "./", "../", "file:")
#: hosts whose webhooks apprise knows by their form: one that it does not know is not whole
WEBHOOKS = {
    "hooks.slack.com": "Slack",
    "discord.com": "Discord",
    "discordapp.com": "Discord",
    "webhook.office.com": "Teams",
    "logic.azure.com": "Teams",
    "api.telegram.org": "Telegram",
}
#: where apprise keeps whom an address names; it leaves out, without a word, what is no number or name to it
NAMED = ("targets", "topics", "groups", "devices")
FORMS = "a telephone is +, country code and number, a topic has no spaces, an e-mail address has an @"
#: each of so many that an address names is looked at by itself
ASKED = 100


@dataclass(frozen=True)
class Message:
    """One thing to say."""

    subject: str
    text: str
    brief: str  #: for telephones
    key: str = ""  #: the same key is the same message, where the channel can tell
    picture: bytes | None = None  #: PNG
    picture_name: str = "skymap.png"


@dataclass(frozen=True)
class Channel:
    """One way to tell somebody."""

    scheme: str
    address: str = field(repr=False)

    def say(self, message: Message) -> str:
        """Tells them; in words whom the address names and nobody can reach. Raises Rejected for what will not change,
        Unavailable for what may."""
        if self.scheme == EMAIL:
            mail(self.address, message, seconds=SECONDS)
            return ""
        return _notify(self.address, message)


def read(text: str) -> Channel:
    """The channel of an address as a person typed it: an e-mail address, apprise's form, or a service's own webhook.

    Raises Refused, and says what to do without repeating the address.
    """
    text = text.strip()
    if "://" not in text:
        return Channel(_allowed(EMAIL), _email(text))
    with _silence() as heard:
        plugin, scheme = _plugin(text)
        left_out = _left_out(text, scheme, heard)
    if left_out:
        raise Refused(f"{left_out} Correct it, or leave it out: nothing would reach it.")
    host = _host(plugin)
    if host is not None and not _named(*host) and _is_numeric(host[0]) and not host_is_allowed(*host, ()):
        raise Refused("That address is inside this TOM's own network, where it sends nothing (see NOTIFY_HOSTS).")
    return Channel(scheme, text)


def _allowed(scheme: str) -> str:
    if scheme not in conf.NOTIFY_SCHEMES:
        raise Refused(f"This TOM does not send by {scheme} (TOM_SCIMMA['NOTIFY_SCHEMES'] has those it may).")
    return scheme


def _email(text: str) -> str:
    from django.core.exceptions import ValidationError
    from django.core.validators import validate_email

    try:
        validate_email(text)
    except ValidationError:
        raise Refused(
            "Neither an e-mail address nor an address of a service. Examples: you@example.org, ntfys://ntfy.sh/topic, "
            "slack://token-a/token-b/token-c, or the webhook that Slack, Discord or Teams gave you."
        ) from None
    return text


def _plugin(text: str) -> tuple[Any, str]:
    """apprise's object for an address, and its scheme. Whatever apprise has to say of it may repeat it: nothing is kept."""
    import apprise

    parts = _parts(text) or _webhook(text)
    if not parts:
        raise Refused("No service that is known here has addresses of that form. Check it against the service's page.")
    scheme = _allowed(parts["schema"])
    for name, value in (parts.get("qsd") or {}).items():
        if name.lower() in FILES or str(value).startswith(PATHS):
            raise Refused(f"The parameter {name[:20]!r} names a file of this machine, which is not read.")
    asset = apprise.AppriseAsset(
        app_id="TOM", app_desc="TOM Toolkit", http_redirects=False, pgp_autogen=False, pem_autogen=False
    )
    plugin = apprise.Apprise.instantiate({**parts, "redirect": "no"}, asset=asset)
    if plugin is None:
        raise Refused(
            f"Not a complete address for {scheme}: something is missing in it, or not as that service has it."
        )
    if parts.get("targets") and _nobody(plugin):
        raise Refused(f"It names nobody whom {scheme} can reach: {FORMS}.")
    plugin.socket_read_timeout = plugin.socket_connect_timeout = SECONDS / 2
    plugin.image_size = None  # apprise's own icon is not ours to show
    return plugin, scheme


def _parts(text: str) -> dict[str, Any] | None:
    import apprise

    try:
        return apprise.plugins.url_to_dict(text)
    except Exception:  # noqa: BLE001  somebody else's code, on somebody's typing
        return None


def _webhook(text: str) -> dict[str, Any] | None:
    """What apprise makes of a webhook that is nobody's in particular. Raises Refused for one that is meant to be a service's."""
    parts = _parts(re.sub(r"^http(s?)://", r"json\1://", text, flags=re.IGNORECASE))
    host = f".{parts.get('host')}".lower() if parts else ""
    for name, service in WEBHOOKS.items():
        if host.endswith(f".{name}"):
            raise Refused(
                f"Not an address of {service} that works: copy all of the webhook again, have a new one made, or write it "
                "in the form that apprise has for it."
            )
    return parts


def _nobody(plugin: Any) -> bool:
    """Whether apprise kept none of those whom an address names."""
    kept = [getattr(plugin, name, None) for name in NAMED]
    lists = [one for one in kept if isinstance(one, (list, tuple, set))]
    return bool(lists) and not any(lists)


def _left_out(address: str, scheme: str, heard: Heard) -> str:
    """In words, whom an address names beside others and apprise leaves out without a word; "" for nobody. `heard` is
    of the reading of the whole address."""
    import apprise

    parts, dropped = _parts(address) or {}, heard.dropped
    targets = parts.get("targets") or []
    names = [one for text in ([targets] if isinstance(targets, str) else targets) for one in str(text).split(",")]
    names = [one for one in names if one.strip()]
    wrong = []
    for number, one in enumerate(names[:ASKED] if len(names) > 1 else (), 1):
        alone = apprise.Apprise.instantiate({**parts, "targets": [one]})
        if alone is None or _nobody(alone):
            wrong.append(number)
    if wrong:
        which = ", ".join(map(str, wrong))
        return f"Of the {len(names)} that it names, number {which} is nobody whom {scheme} can reach: {FORMS}."
    return f"It names somebody, perhaps in a copy, whom {scheme} cannot reach: {FORMS}." if dropped else ""


def _host(plugin: Any) -> tuple[str, int | None] | None:
    """The server that the address itself names; None where the service has its own."""
    if getattr(plugin, "mode", None) == "cloud":  # ntfy.sh: what stands for the host is the topic
        return None
    host = getattr(plugin, "smtp_host", None) or (plugin.host if "host" in plugin.template_tokens else None)
    port = getattr(plugin, "port", None) or (443 if getattr(plugin, "secure", False) else 80)
    return (host, port) if isinstance(host, str) and host else None


def _named(host: str, port: int | None) -> bool:
    entries = [split(entry) for entry in conf.NOTIFY_HOSTS]
    return any(name.lower() == host.strip("[]").lower() and number in (None, port) for name, number in entries)


def _is_numeric(host: str) -> bool:
    """Whether the host is an address, or this machine, so that nobody need be asked where it is."""
    if host.lower().rstrip(".") in ("localhost", "localhost.localdomain"):
        return True
    try:
        socket.getaddrinfo(host.strip("[]"), None, flags=socket.AI_NUMERICHOST)
    except OSError:
        return False
    return True


def _notify(address: str, message: Message) -> str:
    """Tells by apprise, over connections that outward.py lets through; says whom it left out."""
    from apprise import NotifyFormat

    with _picture(message) as file, outward(conf.NOTIFY_HOSTS, seconds=SECONDS) as heard:
        try:
            plugin, scheme = _plugin(address)
            left_out = _left_out(address, scheme, heard)
        except Refused as error:
            raise Rejected(str(error)) from None
        _look(plugin)
        short = plugin.body_maxlen <= SHORT
        try:
            told = plugin.notify(
                body=message.brief if short else message.text,
                title="" if short else message.subject,
                body_format=NotifyFormat.TEXT,
                attach=str(file) if file and plugin.attachment_support else None,
            )
        except Refused as error:
            raise Rejected(str(error)) from None
        except Exception as error:  # noqa: BLE001  whatever it is, its words may hold the address
            raise Unavailable(f"{scheme} could not be told: {type(error).__name__}") from None
        if not told:
            raise Unavailable(f"{scheme} did not take it; a wrong address, or the service is not well")
        return left_out


def _look(plugin: Any) -> None:
    """Where the address names its server: that this is not inside our network, even behind a proxy."""
    host = _host(plugin)
    if host is None or _named(*host):
        return
    try:
        inside = not host_is_allowed(*host, conf.NOTIFY_HOSTS)
    except OSError:  # not in the DNS: nor will it be for the connection
        return
    if inside:
        raise Rejected("That address leads into this TOM's own network, where it sends nothing (see NOTIFY_HOSTS).")


@contextmanager
def _silence() -> Iterator[Heard]:
    """apprise says nothing; an address that is read connects nowhere."""
    with outward((), seconds=SECONDS) as heard:
        yield heard


@contextmanager
def _picture(message: Message) -> Iterator[Path | None]:
    """The picture as a file, which every plugin of apprise can read."""
    if message.picture is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="tom-told-") as folder:
        path = Path(folder) / message.picture_name
        path.write_bytes(message.picture)
        yield path
