"""Requests and replies of the stand-in as plain values, and the bodies that they come in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qsl

#: what a crash of HERMES looks like
CRASH = (
    '\n<!doctype html>\n<html lang="en">\n<head>\n  <title>Server Error (500)</title>\n</head>\n<body>\n'
    "  <h1>Server Error (500)</h1><p></p>\n</body>\n</html>\n"
)
HTML, JSON = "text/html; charset=utf-8", "application/json"


@dataclass
class Reply:
    """What goes back: a document as JSON, or bytes."""

    status: int
    document: Any = None
    body: bytes | None = None
    kind: str = JSON
    headers: dict[str, str] = field(default_factory=dict)

    def bytes(self) -> bytes:
        """The body. Raises ValueError for numbers that JSON cannot say, as the server does after the work is done."""
        if self.body is not None:
            return self.body
        return json.dumps(self.document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def crash() -> Reply:
    return Reply(500, body=CRASH.encode(), kind=HTML)


class Unread(Exception):
    """A body that the server does not read, with its answer."""

    def __init__(self, reply: Reply):
        self.reply = reply


@dataclass
class Request:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    account: Any = None

    @property
    def kind(self) -> str:
        return self.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    @property
    def multipart(self) -> bool:
        return self.kind == "multipart/form-data"

    def values(self, name: str) -> list[str]:
        """All values of a parameter of the address."""
        return [value for key, value in parse_qsl(self.query, keep_blank_values=True) if key == name]

    def value(self, name: str, default: str = "") -> str:
        """The last one."""
        return (self.values(name) or [default])[-1]

    def document(self, *, forms: bool = False) -> Any:
        """The body as JSON, or as a form where those are taken; {} for none. Raises Unread as the framework's parsers would."""
        if not self.body:
            return {}
        if forms and self.kind == "application/x-www-form-urlencoded":
            return dict(parse_qsl(self.body.decode(errors="replace"), keep_blank_values=True))
        if forms and self.multipart:
            return self.fields()
        if self.kind != JSON:
            said = f'Unsupported media type "{self.headers.get("Content-Type", "")}" in request.'
            raise Unread(Reply(415, {"detail": said}))
        try:
            return json.loads(self.body.decode(), parse_constant=_constant)
        except ValueError as error:
            raise Unread(Reply(400, {"detail": f"JSON parse error - {error}"})) from error

    def fields(self) -> dict[str, str]:
        """The texts of a multipart body."""
        kind = self.headers["Content-Type"].encode()
        mail = BytesParser(policy=policy.HTTP).parsebytes(b"Content-Type: " + kind + b"\r\n\r\n" + self.body)
        parts = [(part.get_param("name", header="content-disposition"), part) for part in mail.iter_parts()]
        return {str(name): (part.get_payload(decode=True) or b"").decode(errors="replace") for name, part in parts}

    def parts(self) -> tuple[Any, dict[str, bytes]]:
        """Of a multipart body: the JSON of part `data`, and the files of parts `files` by name. Raises Unread."""
        kind = self.headers["Content-Type"].encode()
        mail = BytesParser(policy=policy.HTTP).parsebytes(b"Content-Type: " + kind + b"\r\n\r\n" + self.body)
        document, files = None, {}
        for part in mail.iter_parts():
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True) or b""
            if name == "files":
                files[str(part.get_filename())] = content
            elif name == "data":
                document = content
        try:
            return json.loads(document or b"", parse_constant=_constant), files
        except ValueError as error:
            raise Unread(crash()) from error


def _constant(name: str) -> float:
    raise ValueError(f"Out of range float values are not JSON compliant: {name!r}")
