"""Recorded exchanges with the real HERMES, asked again of its stand-in: every answer must be as it was.

    python tests/hermes_exchanges_check.py FOLDER        a folder with hermes.jsonl

As exchanges_check.py, and in worlds of their own where `given` says so (services that are away, the production rule), each
exchange after those in its `after`. Lines without a request are what HERMES sent to Kafka (`kafka`), TNS or GCN (`onward`).
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.exchanges_check import Recording, differences
from tom_hermes.fake import Fake

ACCOUNTS = {
    "token": "tom-demo",
    "token-other": "tom-other",
    "token-no-gcn": "tom-nogcn",
    "token-no-credential": "tom-nocred",
}
#: words of `given` -> options of the stand-in; the development server with everything is the rule
WORLDS = {
    "services behind": {"services": False},
    "without topic permissions": {"dev": False, "permissions": False},
    "production": {"dev": False, "permissions": False},
}


class Replay:
    """The exchanges of one file and the stand-ins that answer them, one for each world that they presume."""

    def __init__(self, path: Path, stack: ExitStack):
        self.rows = {row["name"]: row for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())}
        self.recording = Recording("Token", "")
        self._done: dict[str, list[str]] = {}
        self._stack, self._fakes = stack, {}

    def _fake(self, row: dict) -> Fake:
        options = next((options for words, options in WORLDS.items() if words in row["given"]), {})
        key = json.dumps(options)
        if key not in self._fakes:
            self._fakes[key] = self._stack.enter_context(Fake(pages=False, **options))
        return self._fakes[key]

    def run(self, name: str) -> list[str]:
        """Asks one exchange after those it stands on, each once; how the answer differs."""
        if name not in self._done:
            row = self.rows[name]
            for before in row.get("after", []):
                self.run(before)
            fake = self._fake(row)
            self.recording.token = fake.token
            self._done[name] = self._asked(row, fake) if "request" in row else self._sent(row, fake)
        return self._done[name]

    def _asked(self, row: dict, fake: Fake) -> list[str]:
        request, wanted = self.recording.fill(row["request"]), self.recording.fill(row["response"])
        headers = {**({"Content-Type": "application/json"} if "json" in request else {}), **request.get("headers", {})}
        who = headers.pop("Authorization", "none")
        if who in ACCOUNTS:
            headers["Authorization"] = f"Token {fake.token_of(ACCOUNTS[who])}"
        elif who != "none":
            headers["Authorization"] = "Token " + "0" * 40 if who == "bad" else who
        reply = requests.request(
            request["method"],
            fake.url + request["path"],
            params=request.get("query") or {},
            headers=headers,
            allow_redirects=False,
            timeout=30,
            **_body(request),
        )
        got: dict[str, Any] = {"status": reply.status_code, "headers": _headers(reply, fake.url)}
        if "json" in wanted:
            got["json"] = _json(reply.text.replace(fake.url, "").replace(fake.token, "token"))
            self.recording.save(row.get("saves", {}), got["json"])
            wanted = self.recording.fill(row["response"])
        else:
            got["text"] = reply.text[:300]
        return differences(got, wanted, [f"$.json{path[1:]}" for path in row.get("volatile", [])])

    def _sent(self, row: dict, fake: Fake) -> list[str]:
        """What was published, or sent onward, for the exchange that it follows."""
        wanted = self.recording.fill(row.get("kafka") or row["onward"])
        if "onward" in row:
            said = wanted["json"] if wanted["service"] == "gcn" else wanted["form_field_data_json"]
            found = json.loads(json.dumps([*fake.gcn, *fake.tns]).replace(fake.url, ""))
            return min((differences(item, said, []) for item in found), key=len, default=["nothing was sent"])
        as_text = "value_text" in wanted
        ident = dict(wanted["headers"])["_id"]
        sent = next(item for item in fake.messages if ("NaN" in item.text if as_text else item.uuid == ident))
        value = sent.text if as_text else json.loads(sent.text.replace(fake.url, ""))
        got = {"topic": sent.topic, "key": None, "headers": [list(pair) for pair in sent.headers]}
        return differences({**got, "value_text" if as_text else "value": value}, wanted, row.get("volatile", []))


def _body(request: dict) -> dict:
    if "json" in request:
        return {"data": json.dumps(request["json"]).encode()}
    if "text" in request:
        return {"data": request["text"].encode()}
    if "multipart" in request:
        fields = request["multipart"]["fields"].items()
        parts = [(name, (None, json.dumps(value) if isinstance(value, dict) else value)) for name, value in fields]
        files = request["multipart"]["files"]
        return {"files": parts + [(file["part"], (file["name"], file["content"], file["type"])) for file in files]}
    return {}


def _headers(reply: requests.Response, url: str) -> dict:
    names = ("content-type", "location")
    return {name: reply.headers[name].replace(url, "") for name in names if name in reply.headers}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return f"no JSON: {text[:200]}"


def main(folder: Path) -> int:
    path = folder / "hermes.jsonl"
    if not path.is_file():
        print(f"exchanges: skipped, there is no {path}")
        return 0
    with ExitStack() as stack:
        replay = Replay(path, stack)
        wrong = {name: lines for name in replay.rows if (lines := replay.run(name))}
        for name, lines in wrong.items():
            print(name, *lines[:6], sep="\n    ")
        print(f"hermes: {len(replay.rows) - len(wrong)} of {len(replay.rows)} exchanges as with the real one")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
