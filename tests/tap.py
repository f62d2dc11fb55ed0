"""A TAP service over real HTTP that knows one table of observing plans: the synchronous query, and a VOTable back."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

COLUMNS = (
    ("obs_id", "char"), ("s_ra", "double"), ("s_dec", "double"), ("s_fov", "double"), ("s_region", "char"), ("t_min", "double"),
    ("t_max", "double"), ("em_min", "double"), ("em_max", "double"), ("facility_name", "char"), ("instrument_name", "char"),
    ("execution_status", "char"),
)  # fmt: skip


class Tap:
    """Serves `rows` (dicts; what is not there is null); `asked` keeps the queries, `broken` is said instead."""

    def __init__(self, rows: list[dict]):
        self.rows, self.asked, self.broken = rows, [], ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads, self._server.tap = True, self
        self.url = f"http://127.0.0.1:{self._server.server_port}/tap"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> Tap:
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, query: str) -> str:
        """The VOTable of a query that bounds t_max from below and t_min from above."""
        begin, end = (float(re.search(f"{name} [<>]= ([0-9.]+)", query)[1]) for name in ("t_max", "t_min"))
        rows = [row for row in self.rows if row["t_max"] >= begin and row["t_min"] <= end]
        fields = "".join(
            f'<FIELD name="{name}" datatype="{kind}"' + (' arraysize="*"/>' if kind == "char" else "/>")
            for name, kind in COLUMNS
        )
        cells = "".join(
            "<TR>" + "".join(f"<TD>{'' if row.get(name) is None else row[name]}</TD>" for name, _ in COLUMNS) + "</TR>"
            for row in rows
        )
        table = f"<TABLE>{fields}<DATA><TABLEDATA>{cells}</TABLEDATA></DATA></TABLE>"
        return (
            '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">'
            f'<INFO name="QUERY_STATUS" value="OK"/>{table}</RESOURCE></VOTABLE>'
        )


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *words):
        """Nothing is written."""

    def do_POST(self):
        tap: Tap = self.server.tap
        said = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if not self.path.endswith("/sync") or said.get("LANG", ["ADQL"])[0] != "ADQL":
            self.send_error(404)
            return
        tap.asked.append(said["QUERY"][0])
        body = (tap.broken or tap.answer(said["QUERY"][0])).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if tap.broken else "application/x-votable+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
