"""HERMES among the host's data services: a search of its archive, whose targets and data come in as those of the stream do.

A person finds what their own token shows; without one, and without a user (`rundataquery`), what HERMES shows to
everybody. See results.py for why one person's results are no other's.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.utils.html import escape
from tom_dataservices.dataservices import DataService, MissingDataException, QueryServiceError

from tom_hermes import results, searching, taking
from tom_hermes.conf import conf, page
from tom_hermes.credentials import own_token, token_of
from tom_hermes.searching import Found, Search
from tom_scimma.errors import DeliveryError

logger = logging.getLogger(__name__)
#: messages looked at for one search, and for one target's update
MOST, MOST_OF_ONE = 1000, 200


class HermesDataService(DataService):
    """Targets and data in HERMES messages."""

    name = "HERMES"
    verbose_name = "HERMES, messages of astronomers"
    info_url = "https://hermes.lco.global/about"
    service_notes = "Finds the targets of HERMES messages, with their photometry, astrometry and spectra."
    query_results_table = "tom_hermes/partials/query_results.html"
    app_version = ""  # of this suite, which has no page of its own to link

    def __init__(self, query_parameters=None, user=None, *args, **kwargs):
        super().__init__(query_parameters, user, *args, **kwargs)
        self._request: Any = None  #: of a person who makes targets of results
        self._seen: dict[str, Found] = {}  #: what this service has just been shown, by uuid
        self._open: dict[str, Found | None] = {}  #: the same as shown to nobody in person

    @classmethod
    def get_form_class(cls):
        from tom_hermes.forms import HermesQueryForm

        return HermesQueryForm

    @classmethod
    def urls(cls, **kwargs) -> dict[str, str]:
        return {"base_url": conf.BASE_URL, "info_url": cls.info_url}

    @classmethod
    def configuration(cls) -> dict[str, Any]:
        return {"base_url": conf.BASE_URL}

    def build_query_parameters(self, parameters: dict[str, Any], **kwargs) -> dict[str, Any]:
        """The search in what the form said, or a saved query has."""
        place = [parameters.get(key) for key in ("ra", "dec", "radius")]
        cone = None
        if all(value not in (None, "") for value in place):
            cone = (float(place[0]), float(place[1]), float(place[2]) / 3600)
        search = Search(
            names=tuple(filter(None, [parameters.get("target_name", "").strip()])),
            exact=bool(parameters.get("exact")),
            cone=cone,
            event=parameters.get("event_id", "").strip(),
            topics=tuple(filter(None, (topic.strip() for topic in parameters.get("topic", "").split(",")))),
            start=_time(parameters.get("after")),
            end=_time(parameters.get("before")),
            words=parameters.get("words", "").strip(),
            uuid=str(parameters.get("uuid") or ""),
        )
        return {"search": search, "most": MOST, "once": results.Once()}

    def build_query_parameters_from_target(self, target, **kwargs) -> dict[str, Any]:
        """The search for a target's own messages: by each of its names, and at its place."""
        cone = None
        if target.type == target.SIDEREAL and target.ra is not None and target.dec is not None:
            cone = (target.ra, target.dec, conf.MATCH_ARCSEC / 3600)
        search = Search(names=tuple(target.names), exact=True, cone=cone)
        return {"search": search, "most": MOST_OF_ONE, "once": results.Once()}

    def query_service(self, query_parameters: dict[str, Any], **kwargs) -> list[Found]:
        """The messages that fit, the newest first. Raises QueryServiceError."""
        wanted, most = query_parameters["search"], query_parameters["most"]
        # the TOM's token may see what this user may not: it asks the index, and reads nothing
        tokens = _asked(lambda: (own_token(self.user), token_of(self.user)))
        found = _asked(lambda: searching.search(conf.BASE_URL, *tokens, wanted, most))
        self._seen.update({message.uuid: message for message, _ in found})
        self.query_results = [message for message, _ in found]
        return self.query_results

    def query_targets(self, query_parameters: dict[str, Any], **kwargs) -> list[results.Result]:
        """A result for each target that fits, of each message that fits."""
        wanted = query_parameters["search"]
        return [
            self._result(message, said, target)
            for message in self.query_service(query_parameters)
            for said in [message.said]
            for target in said.targets
            if searching.fits(target, wanted)
        ]

    def _result(self, message: Found, said, target) -> results.Result:
        reference = results.reference(message.uuid, target.index, self.user)
        rows = sum(datum.target == target.name for datum in said.data)
        return results.Result(
            {
                results.KEY: reference,
                "name": target.name,
                "ra": target.ra,
                "dec": target.dec,
                "aliases": list(target.aliases),
                "event": said.event,
                "title": said.title,
                "topic": message.topic,
                "sent": message.sent,
                "submitter": said.submitter,
                "rows": rows,
                "link": page(f"message/{message.uuid}"),
                "reduced_datums": {"HERMES": [{results.KEY: reference}]},
            }
        )

    def query_reduced_data(self, target, **kwargs) -> dict[str, list[dict[str, str]]]:
        """References to all that messages say of a target. Raises QueryServiceError."""
        if self.user is not None and not self.user.is_authenticated:
            raise QueryServiceError("log in to bring data in from HERMES")
        wanted = self.build_query_parameters_from_target(target)
        return {"HERMES": [{results.KEY: result[results.KEY]} for result in self.query_targets(wanted)]}

    def create_target_from_query(self, target_result: dict[str, Any], **kwargs):
        """The unsaved target that a result describes."""
        message, index = self._opened(target_result)
        return taking.unsaved(message, index)

    def to_target(self, target_result=None, **kwargs):
        """The target of a result: the one that is here, if the user may see it, else a new one that is the user's.

        The host's own would change a target that is here, and give a new one to all of the user's groups whatever the message.
        """
        if not target_result:
            raise MissingDataException("No query results. Did you call query_service()?")
        self._request = kwargs.get("request")
        return self._taken(lambda: taking.target(*self._opened(target_result), self._reader()))

    def create_reduced_datums_from_query(self, target, data, data_type=None, **kwargs) -> list[Any]:
        """The typed datums that messages give a target, those that were here already among them."""
        made: list[Any] = []
        for item in data:
            found = self._taken(lambda item=item: taking.data(target, *self._opened(item), self._reader()))
            made += found or []
        return made

    def _reader(self) -> taking.Reader:
        return taking.Reader(self.user, self._openly)

    def _openly(self, uuid: str) -> Found | None:
        """The message as HERMES shows it to everybody; None when it does not."""
        if uuid not in self._open:
            self._open[uuid] = _asked(lambda: searching.one(conf.BASE_URL, "", uuid))
        return self._open[uuid]

    def _opened(self, result: dict[str, Any]) -> tuple[Found, int]:
        """The message and the place of a target in it. Asked for again, with the user's own token, where it is not at hand."""
        try:
            uuid, index = results.opened(result.get(results.KEY), self.user)
        except ValueError as error:
            raise taking.CannotTake(str(error)) from error
        if uuid not in self._seen:
            message = _asked(lambda: searching.one(conf.BASE_URL, own_token(self.user), uuid))
            if message is None:
                raise taking.CannotTake("HERMES does not show you that message any more")
            self._seen[uuid] = message
        if self._seen[uuid].retracted:
            raise taking.CannotTake("That message was retracted.")
        return self._seen[uuid], index

    def _taken(self, take: Callable[[], Any]) -> Any:
        """What was taken. Of several that a person ticked, or without a user, nothing where it cannot be, so that the others
        are: the page, or the log, says why."""
        try:
            return take()
        except taking.CannotTake as error:
            if self._request is not None:
                messages.error(self._request, str(error))
                return None
            if self.user is not None:
                raise
            logger.warning("not taken in from HERMES: %s", error)
            return None


def _asked(ask: Callable[[], Any]) -> Any:
    """What HERMES answered. Raises CannotTake, which the host's pages show, whatever went wrong on the way."""
    try:
        return ask()
    except DeliveryError as error:
        raise taking.CannotTake(escape(f"HERMES: {error}")) from error


def _time(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
