"""A stand-in for GraceDB's public API on loopback HTTP: superevents that tests write, paged, and troubles on demand.

Shapes: https://gracedb.ligo.org/documentation/rest.html.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

VOEVENT = """<?xml version="1.0" ?>
<voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" version="2.0" role="observation" ivorn="ivo://gwnet/LVC#{name}-{number}-{kind}">
<Who><Date>{sent}</Date><Author><contactName>LIGO Scientific Collaboration</contactName></Author></Who>
<What><Param name="GraceID" value="{name}"/><Param name="AlertType" value="{kind}"/><Param name="Pkt_Ser_Num" value="{number}"/>
<Param name="Significant" value="1"/><Param name="FAR" value="1e-9" unit="Hz"/><Param name="Instruments" value="H1,L1"/>{map}
<Group name="Classification"><Param name="BNS" value="0.9"/></Group></What>
<WhereWhen><ObsDataLocation><ObservatoryLocation id="LIGO Virgo"/><ObservationLocation><AstroCoordSystem id="UTC-FK5-GEO"/>
<AstroCoords><Time><TimeInstant><ISOTime>{time}</ISOTime></TimeInstant></Time></AstroCoords></ObservationLocation></ObsDataLocation></WhereWhen>
</voe:VOEvent>"""


class GraceDBStandIn:
    """Superevents, their VOEvents and files. `troubles` maps a path to a list of what it does first, one after the other."""

    def __init__(self, url: str):
        self.url = url
        self.superevents: dict[str, dict] = {}
        self.files: dict[str, dict[str, bytes]] = {}
        self.voevents: dict[str, list[dict]] = {}
        self.troubles: dict[str, list] = {}
        self.asked: Counter[str] = Counter()
        self.queries: list[str] = []

    def add(self, name: str, *, t_0: float = 1_400_000_000.0, **more) -> str:
        """A public superevent; its address."""
        here = f"{self.url}/api/superevents/{name}/"
        self.superevents[name] = {
            "superevent_id": name, "gw_id": None, "category": "Production", "created": "2024-05-18 12:53:43 UTC", "t_0": t_0, "far": 2e-9,
            "labels": ["GCN_PRELIM_SENT"], "links": {"self": here, "files": f"{here}files/", "voevents": f"{here}voevents/"},
            "preferred_event_data": {"group": "CBC", "pipeline": "gstlal", "search": "AllSky", "instruments": "H1,L1"}, **more,
        }  # fmt: skip
        self.files.setdefault(name, {})
        self.voevents.setdefault(name, [])
        return here

    def alert(
        self, name: str, kind: str, sent: str, map_file: str = "", time: str = "2024-05-18T16:53:02.000000"
    ) -> None:
        """An alert of a superevent, with the address of its sky map."""
        number = len(self.voevents[name]) + 1
        here = f"{self.url}/api/superevents/{name}/files/"
        said = (
            f'<Group type="GW_SKYMAP" name="m"><Param name="skymap_fits" value="{here}{map_file}"/></Group>'
            if map_file
            else ""
        )
        file = f"{name}-{number}-{kind}.xml"
        self.files[name][f"{file},0"] = VOEVENT.format(
            name=name, kind=kind, number=number, sent=sent, time=time, map=said
        ).encode()
        self.voevents[name].append({"N": number, "voevent_type": kind.lower(), "filename": file, "file_version": 0})

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, bytes]:
        """The status and body of one request."""
        parts = path.strip("/").split("/")[2:]
        if not parts:
            return 200, self._page(query)
        name, rest = parts[0], parts[1:]
        if name not in self.superevents:
            return 404, b'{"detail": "Not found."}'
        if not rest:
            return 200, json.dumps(self.superevents[name]).encode()
        if rest == ["voevents"]:
            found = self.voevents[name]
            return 200, json.dumps({"numRows": len(found), "voevents": found, "links": {}}).encode()
        if rest == ["files"]:
            return 200, json.dumps({file: f"{self.url}{path}{file}" for file in self.files[name]}).encode()
        data = self.files[name].get(rest[1])
        return (200, data) if data is not None else (404, b'{"detail": "Not found."}')

    def _page(self, query: dict[str, list[str]]) -> bytes:
        self.queries.append(query["query"][0])
        first, _, last = query["query"][0].removeprefix("gpstime: ").partition(" .. ")
        start, count = int(query.get("start", ["0"])[0]), min(int(query["count"][0]), 2)
        rows = [item for item in self.superevents.values() if float(first) <= item["t_0"] <= float(last)]
        following = f"{self.url}/api/superevents/?query={query['query'][0].replace(' ', '+')}&count={count}&start={start + count}"
        links = {"next": following if start + count < len(rows) else None}
        return json.dumps({"numRows": len(rows), "superevents": rows[start : start + count], "links": links}).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        split, db = urlsplit(self.path), self.server.db
        db.asked[split.path] += 1
        waiting = db.troubles.get(split.path)
        status, body, length, headers = *db.answer(split.path, parse_qs(split.query)), None, {}
        if waiting:
            trouble = waiting.pop(0)
            if trouble == "half":
                body, length, self.close_connection = body[: len(body) // 2], len(body), True
            elif trouble == "hang":
                self.server.ended.wait(30)
                return
            else:
                status, headers, body = trouble[0], trouble[1], b"{}"
        self.send_response(status)
        for key, value in {"Content-Length": str(length or len(body)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@contextmanager
def serving() -> Iterator[GraceDBStandIn]:
    """The stand-in, while it serves."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads, server.ended = True, threading.Event()
    server.db = GraceDBStandIn(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server.db
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
