"""The text of a mail, as its sender wrote it: parts, quoted-printable and base64 taken apart (RFC 2045, 2046, RFC 822). Pure."""

from __future__ import annotations

import email
from email.message import Message

#: header fields that say that the body is not simply text
ENCODED = frozenset({"content-transfer-encoding", "content-type", "mime-version"})
#: what every mail has
FIELDS = frozenset({"from", "subject", "date"})
#: parts within parts are taken apart up to so many; a mail has two or three, each with its type
_MOST_PARTS = 50


def is_mail(names: set[str]) -> bool:
    """Whether these names of header fields (lower case) are those of a mail whose body has to be decoded."""
    return names >= FIELDS and not ENCODED.isdisjoint(names)


def body(payload: bytes) -> str | None:
    """The first part in plain text; None where there is none, or too many parts to look for it."""
    if payload.lower().count(b"content-type") > _MOST_PARTS:
        return None
    for part in email.message_from_bytes(payload).walk():
        if part.get_content_type() == "text/plain" and part.get_content_disposition() != "attachment":
            return _text(part)
    return None


def _text(part: Message) -> str | None:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return None
    try:
        text = data.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):  # a character set that nobody knows, or one that is none
        text = data.decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\0", "")
