"""Asks our stand-in of a server what the real one was asked, and compares the answers, in place.

    python tests/exchanges_check.py treasuremap [FOLDER]      default: $EXCHANGES, else ../shared/contracts/exchanges

FOLDER holds `SERVICE.jsonl`, one recorded request and answer a line, and `SERVICE_seed.json`, what the server knew at the
start. Exits 1 when an answer differs, and 0, saying so, when there is no such folder: the recordings are no part of this project.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import requests

sys.path.insert(0, str(Path(__file__).parent.parent))

NUMBERS = {"int": int, "float": float, "str": str}
#: further names of `headers.Authorization`; any other value is sent as it is
BAD = "a-token-that-nobody-has"


def treasuremap(seed: Any) -> AbstractContextManager:
    """The stand-in of the Treasure Map, with the state that the recording began with."""
    from tom_treasuremap.fake import Fake

    return Fake(seed)


#: service: what starts the stand-in, the scheme of its tokens, and where its first account's token is in the seed
SERVICES = {"treasuremap": (treasuremap, "Bearer")}


class Recording:
    """What was saved on the way, and the words that stand for tokens."""

    def __init__(self, scheme: str, token: str):
        self.scheme, self.token, self.saved = scheme, token, {}

    def fill(self, value: Any) -> Any:
        """The value with its variables put in; a string that is nothing but one takes its type."""
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        if not isinstance(value, str):
            return value
        whole = re.fullmatch(r"\{\{(\w+)\}\}", value)
        if whole and whole[1] in self.saved:
            return self.saved[whole[1]]
        found = re.sub(r"\{\{(\w+)\}\}", lambda match: str(self.saved.get(match[1], match[0])), value)
        return found.replace("{token}", self.token)

    def headers(self, given: dict[str, str]) -> dict[str, str]:
        """Request headers: a named account becomes its token."""
        found = {key: BAD if value == "bad" else self.fill(value) for key, value in given.items()}
        said = given.get("Authorization", "none")
        if said == "none":
            found.pop("Authorization", None)
        elif re.fullmatch(r"token(-[\w-]+)?|bad", said):
            found["Authorization"] = f"{self.scheme} {BAD if said == 'bad' else said}"
        return found

    def save(self, wanted: dict[str, Any], body: Any) -> None:
        """Keeps what later exchanges name."""
        for name, where in wanted.items():
            path = where if isinstance(where, str) else where["path"]
            value = at(body, path)
            if isinstance(where, dict):
                match = re.search(where["regex"], str(value))
                value = NUMBERS[where.get("type", "str")](match[1]) if match else None
            self.saved[name] = value


def at(body: Any, path: str) -> Any:
    """The value at `$.pointing_ids[0]`, None where there is none."""
    for name, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        try:
            body = body[name] if name else body[int(index)]
        except (KeyError, IndexError, TypeError):
            return None
    return body


def differences(ours: Any, theirs: Any, volatile: list[str], path: str = "$") -> list[str]:
    """How an answer differs from the recorded one; volatile values need only be there, of the same type."""
    places = {path, re.sub(r"\[\d+\]", "[*]", path), re.sub(r"\.\w+\Z", ".*", path)}
    if places & set(volatile):
        same = isinstance(ours, type(theirs)) or (isinstance(ours, (int, float)) and isinstance(theirs, (int, float)))
        return [] if same else [f"{path}: {ours!r} is no {type(theirs).__name__}"]
    if isinstance(ours, dict) and isinstance(theirs, dict):
        lost = [f"{path}: keys {sorted(set(ours) ^ set(theirs))} are in one only"] if set(ours) != set(theirs) else []
        pairs = [(f"{path}.{key}", ours[key], theirs[key]) for key in theirs if key in ours]
    elif isinstance(ours, list) and isinstance(theirs, list):
        lost = [f"{path}: {len(ours)} elements, not {len(theirs)}"] if len(ours) != len(theirs) else []
        pairs = [(f"{path}[{i}]", *pair) for i, pair in enumerate(zip(ours, theirs, strict=False))]
    elif isinstance(ours, (int, float)) and isinstance(theirs, (int, float)) and not isinstance(ours, bool):
        return [] if math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9) else [f"{path}: {ours!r}, not {theirs!r}"]
    else:
        return [] if ours == theirs else [f"{path}: {ours!r}, not {theirs!r}"]
    return lost + [line for where, *pair in pairs for line in differences(*pair, volatile, where)]


def ordered(rows: Any) -> Any:
    """Rows in an order of their own, where the order does not count."""
    if not isinstance(rows, list):
        return rows
    keys = ("id", "position", "name")
    return sorted(rows, key=lambda row: [str(row.get(key)) for key in keys] if isinstance(row, dict) else [str(row)])


def check(exchange: dict[str, Any], url: str, recording: Recording) -> list[str]:
    """Asks once; how the answer differs."""
    asked, said = exchange["request"], exchange["response"]
    headers = recording.headers(asked.get("headers", {}))
    more: dict[str, Any] = {}
    if "json" in asked:
        more["data"] = json.dumps(recording.fill(asked["json"]))
        headers.setdefault("Content-Type", "application/json")
    elif "text" in asked:
        more["data"] = recording.fill(asked["text"]).encode()
    query = {key: recording.fill(value) for key, value in (asked.get("query") or {}).items()}
    answer = requests.request(
        asked["method"], url + recording.fill(asked["path"]), params=query, headers=headers, allow_redirects=False,
        timeout=20, **more,
    )  # fmt: skip
    lines = [] if answer.status_code == said["status"] else [f"status {answer.status_code}, not {said['status']}"]
    for name, value in said.get("headers", {}).items():
        given = answer.headers.get(name, "").replace(url, "")
        if given.partition(";")[0] != value.partition(";")[0]:
            lines.append(f"header {name}: {given!r}, not {value!r}")
    if "json" not in said:
        text = said.get("text", "")
        plain = text.startswith("<application/") or answer.text[:300] == recording.fill(text)
        return lines if plain else [*lines, f"text {answer.text[:200]!r}, not {text!r}"]
    try:
        body = answer.json()
    except ValueError:
        return [*lines, f"no JSON: {answer.text[:200]!r}"]
    recording.save(exchange.get("saves") or {}, body)
    theirs = recording.fill(said["json"])
    if "$" in exchange.get("unordered", []):
        body, theirs = ordered(body), ordered(theirs)
    return lines + differences(body, theirs, exchange.get("volatile", []))


def main(service: str, folder: Path) -> int:
    """Prints what differs and a summary by group; 0 when nothing does."""
    path = folder / f"{service}.jsonl"
    if not path.is_file():
        print(f"exchanges: skipped, there is no {path}")
        return 0
    exchanges = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    seeded = folder / f"{service}_seed.json"
    start, scheme = SERVICES[service]
    with start(json.loads(seeded.read_text()) if seeded.is_file() else None) as fake:
        recording, good, bad = Recording(scheme, "token"), Counter(), Counter()
        for exchange in exchanges:
            if "request" not in exchange:
                continue
            lines = check(exchange, fake.url, recording)
            (bad if lines else good)[exchange["group"]] += 1
            if lines:
                print(f"{exchange['name']}:", *lines[:6], sep="\n    ")
    for group in sorted(good | bad):
        print(f"{group:14} {good[group]:4} as the real one  {bad[group]:4} otherwise")
    return 1 if bad else 0


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in SERVICES:
        sys.exit(f"{__doc__}\nservices: {', '.join(SERVICES)}")
    default = Path(os.environ.get("EXCHANGES") or Path(__file__).parents[2] / "shared/contracts/exchanges")
    sys.exit(main(sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else default))
