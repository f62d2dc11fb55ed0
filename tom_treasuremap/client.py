"""Everything that is asked of the Treasure Map or sent there; line.py has the HTTP of it.

    service = TreasureMap("https://treasuremap.space", token)
    for row in service.pointings("S251112cm"): ...          # as the server has them, each id once
    service.post_pointings("S251112cm", [{...}]).ids

Raises Rejected (refused for good), Unavailable (not received; for a question also: not answered in full) and, where
something was written, ReplyLost (may have been received: look before sending it again).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tom_scimma.errors import Rejected, ReplyLost
from tom_treasuremap import answers
from tom_treasuremap.line import Line, Row


@dataclass(frozen=True)
class Posted:
    """What became of pointings that were sent. Ids carry no index: send one, or read back, to know which is which."""

    ids: tuple[int, ...]
    errors: tuple[str, ...] = ()  #: what the server said of those that it refused
    doi: str | None = None


class TreasureMap(Line):
    """One server and one person's token; no token is needed to read pointings, instruments and alerts."""

    # --- pointings

    def pointings(self, graceid: str | None = None, **filters: Any) -> Iterator[Row]:
        """Pointings as the server has them, one after another while they arrive, each id once.

        Filters are those of the server: `status`, `ids`, `completed_after`, `band`, `instrument`, `user` ... An unknown
        event has none. Raises Unavailable, also midway, where the answer is not complete.
        """
        asked = {key: _said(value) for key, value in filters.items() if value is not None}
        if graceid is not None:
            asked["graceid"] = graceid
        seen: set[int] = set()
        for row in self._stream("pointings", asked):
            if row.get("id") not in seen:
                seen.add(row.get("id"))
                yield row

    def post_pointings(self, graceid: str, pointings: Sequence[Row], **doi: Any) -> Posted:
        """Sends pointings of one event; `doi` is request_doi, creators, doi_group_id (an int), doi_url.

        Raises Rejected when none was taken, ReplyLost also for a 500: a wrong value stores nothing then, a failed DOI all.
        """
        body = {"graceid": graceid, "pointings": list(pointings), **doi}
        said = self._write("POST", "pointings", body)
        if not isinstance(said, dict) or not isinstance(said.get("pointing_ids"), list):
            raise ReplyLost(f"the Treasure Map's answer has no pointing_ids: {answers.short(said)}")
        errors = tuple(answers.refusal(entry) for entry in said.get("ERRORS") or ())
        if errors and not said["pointing_ids"]:
            raise Rejected("; ".join(errors), {"pointings": list(errors)})
        return Posted(tuple(said["pointing_ids"]), errors, said.get("DOI"))

    def complete(self, graceid: str, identity: int, time: str, pos_angle: float | None = None) -> Posted:
        """Makes a planned pointing of one's own a completed one. Nothing but time and angle can be changed by that."""
        row = {"id": identity, "status": "completed", "time": time}
        return self.post_pointings(graceid, [row if pos_angle is None else {**row, "pos_angle": pos_angle}])

    def cancel(self, ids: Iterable[int]) -> int:
        """Cancels planned pointings of one's own; how many were. Others are left out by the server without a word."""
        body = {"status": "cancelled", "ids": list(ids)}
        return self._count(self._write("POST", "update_pointings", body))

    def cancel_all(self, graceid: str, instrument: int) -> int:
        """Cancels all planned pointings of one's own with an instrument; how many links were."""
        return self._count(self._write("POST", "cancel_all", {"graceid": graceid, "instrumentid": instrument}))

    def request_doi(self, **asked: Any) -> tuple[str | None, list[str]]:
        """A DOI for completed pointings of one's own (graceid, id or ids; doi_group_id as text): its address, and warnings."""
        said = self._write("POST", "request_doi", asked)
        if not isinstance(said, dict) or "DOI_URL" not in said:
            raise ReplyLost(f"the Treasure Map's answer has no DOI_URL: {answers.short(said)}")
        return said["DOI_URL"], list(said.get("WARNINGS") or ())

    def doi_pointings(self) -> list[Row]:
        """One's own pointings that have a DOI."""
        return self._read("doi_pointings").get("pointings", [])

    def doi_groups(self) -> list[Row]:
        """One's own groups of authors: id, name."""
        return self._read("doi_author_groups", kind=list)

    def doi_authors(self, group: int) -> list[Row]:
        """The authors of one of them."""
        return self._read(f"doi_authors/{int(group)}", kind=list)

    def save_doi_group(self, name: str, authors: Sequence[Row], group: int | None = None) -> Row:
        """Makes a group of authors, or changes one."""
        path = "doi_author_groups" if group is None else f"doi_author_groups/{int(group)}"
        return self._write("POST" if group is None else "PUT", path, {"name": name, "authors": list(authors)})

    # --- instruments

    def instruments(self, **filters: Any) -> list[Row]:
        """Instruments: id, instrument_name, nickname, instrument_type."""
        return self._read("instruments", filters, kind=list)

    def footprints(self, instrument: int | None = None) -> list[Row]:
        """Footprints, one row a CCD, as WKT in degrees around (0, 0); without an instrument, of all."""
        return self._read("footprints", {} if instrument is None else {"id": instrument}, kind=list)

    def post_instrument(self, **fields: Any) -> Row:
        """Registers an instrument; the server's row. Nothing is unique there: look it up first."""
        said = self._write("POST", "instruments", fields)
        if not isinstance(said, dict) or "success" not in said:
            raise ReplyLost(f"the Treasure Map's answer does not say whether it succeeded: {answers.short(said)}")
        if not said["success"]:
            errors = [str(error) for error in said.get("errors") or ()]
            raise Rejected("; ".join(errors) or str(said.get("message")), {"footprint": errors})
        return said["instrument"]

    def post_footprint(self, instrument: int, wkt: str) -> Row:
        """Adds a CCD to one's own instrument."""
        return self._write("POST", "footprints", {"instrumentid": instrument, "footprint": wkt})

    # --- events

    def alerts(self, **filters: Any) -> list[Row]:
        """Alerts, a row a notice, the newest first; `graceid` may be an alternate name."""
        return self._read("query_alerts", filters, kind=list)

    def names(self, graceid: str) -> tuple[str, tuple[str, ...]] | None:
        """The name under which the server takes reports of an event, and its other ones; None for an unknown event."""
        found = self.alerts(graceid=graceid)
        if not found:
            return None
        others = {row.get("alternateid") for row in found} - {None, "", found[0]["graceid"]}
        return found[0]["graceid"], tuple(sorted(others))

    def galaxies(self, graceid: str, **filters: Any) -> list[Row]:
        """Ranked galaxies that people gave for an event."""
        return self._read("event_galaxies", {"graceid": graceid, **filters}, kind=list)

    def post_galaxies(self, graceid: str, timesent_stamp: str, galaxies: Sequence[Row], **more: Any) -> int:
        """Sends a ranked list; its id, which the server gives in words alone."""
        body = {"graceid": graceid, "timesent_stamp": timesent_stamp, "galaxies": list(galaxies), **more}
        said = self._write("POST", "event_galaxies", body)
        found = re.search(r"List ID: (\d+)", str(said.get("message", "")) if isinstance(said, dict) else "")
        if found is None:
            raise ReplyLost(f"the Treasure Map's answer names no list: {answers.short(said)}")
        return int(found[1])

    def remove_galaxies(self, listid: int) -> None:
        """Removes a list of one's own."""
        self._write("DELETE", "remove_event_galaxies", None, {"listid": int(listid)})

    def candidates(self, **filters: Any) -> list[Row]:
        """Candidates; a filter by several ids is not one of the server's query."""
        return self._read("candidate", filters, kind=list)

    def post_candidates(self, graceid: str, candidates: Sequence[Row]) -> list[int]:
        """Sends candidates, all or none; their ids in order."""
        said = self._write("POST", "candidate", {"graceid": graceid, "candidates": list(candidates)})
        if not isinstance(said, dict) or not isinstance(said.get("candidate_ids"), list):
            raise ReplyLost(f"the Treasure Map's answer has no candidate_ids: {answers.short(said)}")
        return said["candidate_ids"]

    def change_candidate(self, identity: int, fields: Row) -> Row:
        """Changes one of one's own; a place goes as `position`, since ra and dec break the server."""
        return self._write("PUT", "candidate", {"id": identity, "candidate": fields})

    def delete_candidates(self, ids: Iterable[int]) -> list[int]:
        """Deletes those of one's own; the ids that are gone."""
        return list(self._write("DELETE", "candidate", {"ids": list(ids)}).get("deleted_ids") or ())

    # --- the server

    def enums(self) -> dict[str, list[Row]]:
        """The server's lists of values by name. Raises Rejected for a legacy server, which has none."""
        try:
            return self._read("enums/all").get("enums", {})
        except answers.NotThere as error:
            said = f"{self.origin} has no /api/v1/enums/all: it is no Treasure Map, or one of before 2026, which is not supported"
            raise Rejected(said) from error

    def me(self) -> Row:
        """The account of the token: id, username ... Raises Rejected for a wrong token."""
        return self._read("auth/me")

    def _count(self, said: Any) -> int:
        found = re.search(r"Updated (\d+)", str(said.get("message", "")) if isinstance(said, dict) else "")
        if found is None:
            raise ReplyLost(f"the Treasure Map's answer counts nothing: {answers.short(said)}")
        return int(found[1])


def _said(value: Any) -> Any:
    """A filter's value as the query has it: lists as JSON, times as ISO."""
    if isinstance(value, (list, tuple, set)):
        return json.dumps(sorted(value))
    return value.isoformat() if hasattr(value, "isoformat") else value
