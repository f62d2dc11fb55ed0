"""What Django REST framework does around each view: the form of the answer, OPTIONS, and what may be asked (`Allow`).

Authority: Django REST framework 3.16 (negotiation, metadata, views). Its pages for people are here in outline only.
"""

from __future__ import annotations

import html
import json
from collections.abc import Collection
from typing import Any

from tom_hermes.fake.http import HTML, JSON, Reply, Request

FORMATS = {"json": JSON, "api": "text/html"}
PARSES = (JSON, "application/x-www-form-urlencoded", "multipart/form-data")
#: of whatever takes messages
MESSAGES = ("multipart/form-data", JSON)
NOT_ACCEPTABLE = "Could not satisfy the request Accept header."


def kind_of(request: Request, renders: Collection[str], suffix: str = "") -> str | Reply:
    """The media type to answer with, or the refusal: 404 for a format that is none, 406 for what is not to be had."""
    wanted = suffix or request.value("format")
    offered = [kind for kind in renders if not wanted or kind == FORMATS.get(wanted)]
    if not offered:
        return Reply(404, {"detail": "Not found."})
    for level in _accepted(request.headers.get("Accept", "*/*")):
        for kind in offered:
            if any(_fits(kind, accepted) for accepted in level):
                return kind
    return Reply(406, {"detail": NOT_ACCEPTABLE})


def _accepted(header: str) -> list[list[str]]:
    """The media types of an Accept header, the more specific first; their weights are not looked at."""
    levels: list[list[str]] = [[], [], [], []]
    for part in header.split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        named = any(not parameter.startswith("q=") for parameter in parameters)
        level = 3 if kind == "*/*" else 2 if kind.endswith("/*") else 0 if named else 1
        levels[level].append(kind.lower())
    return levels


def _fits(kind: str, accepted: str) -> bool:
    return accepted in (kind, "*/*", f"{kind.partition('/')[0]}/*")


def metadata(name: str, words: str, renders: Collection[str], parses: Collection[str]) -> dict[str, Any]:
    """What OPTIONS answers."""
    return {"name": name, "description": words, "renders": list(renders), "parses": list(parses)}


def page(name: str, reply: Reply, allow: str) -> Reply:
    """An answer as a page for people."""
    shown = "" if reply.document is None else json.dumps(reply.document, indent=4, ensure_ascii=False)
    said = f"HTTP {reply.status}\nAllow: {allow}\nContent-Type: {reply.kind}\nVary: Accept\n\n{shown}"
    body = (
        '\n\n\n\n<!DOCTYPE html>\n<html>\n  <head>\n    \n\n      \n        <meta http-equiv="Content-Type" '
        'content="text/html; charset=utf-8"/>\n        <meta name="robots" content="NONE,NOARCHIVE" />\n      \n\n'
        f"      <title>{html.escape(name)} – Django REST framework</title>\n  </head>\n  <body>\n    <h1>{html.escape(name)}</h1>\n"
        f'    <pre class="prettyprint">{html.escape(said)}</pre>\n  </body>\n</html>\n'
    )
    return Reply(reply.status, body=body.encode(), kind=HTML, headers=reply.headers)


def allowed(methods: Collection[str], *, head: bool) -> str:
    """The header Allow, in Django's order of methods."""
    order = ("GET", "POST", "PUT", "PATCH", "DELETE")
    return ", ".join([name for name in order if name in methods] + (["HEAD"] if head else []) + ["OPTIONS"])
