"""`manage.py loadgalaxies`: a galaxy catalogue into the database and a column file."""

from __future__ import annotations

import sys
import time

from django.core.management.base import BaseCommand, CommandError

from tom_scimma.errors import BadCatalog
from tom_scimma.galaxies import layouts, load, sheet, store
from tom_scimma.models import GalaxyCatalog

FIELDS = "\n".join(f"  {name:<15} {words}" for name, words in layouts.FIELDS.items())


class Command(BaseCommand):
    help = (
        "Loads a galaxy catalogue: NED-LVS (FITS), GLADE+ (text), or any FITS, VOTable or CSV table whose columns are named. "
        "Started again after a stop it goes on where it stood; the same file twice changes nothing; a new file of the same "
        "catalogue takes the place of the old one when it is whole."
    )

    def create_parser(self, *args, **options):
        parser = super().create_parser(*args, **options)
        parser.epilog = f"--columns knows: {', '.join(layouts.FIELDS)} (see docs/galaxies.md)"
        return parser

    def add_arguments(self, parser):
        parser.add_argument("file", nargs="?", metavar="FILE", help="the catalogue, gzipped or not")
        parser.add_argument(
            "--catalog", default="", help="its name here; by default NED-LVS, GLADE+ or the file's name"
        )
        parser.add_argument("--edition", default="", help="which edition it is; by default as the file says")
        parser.add_argument(
            "--layout", default="", choices=["", "nedlvs", "glade+", "table"], help="by default as it looks"
        )
        parser.add_argument("--columns", default="", metavar="ra=RAJ2000,dec=DEJ2000,...", help="which column is what")
        parser.add_argument("--max-distance", type=float, metavar="MPC", help="leave out what lies beyond")
        parser.add_argument("--quasars", action="store_true", help="GLADE+: with the quasars of SDSS-DR16Q too")
        parser.add_argument("--block", type=int, default=store.BATCH, help="rows read and committed at a time")
        act = parser.add_mutually_exclusive_group()
        act.add_argument(
            "--rebuild", action="store_true", help="write the column files anew from the database (--catalog: of one)"
        )
        act.add_argument(
            "--list", action="store_true", help="which catalogues are loaded, and whether their files are whole"
        )
        act.add_argument("--remove", metavar="NAME", help="forget a catalogue")

    def handle(self, *args, file, **options):
        chosen = [options["rebuild"], options["list"], bool(options["remove"])]
        if bool(file) == any(chosen):
            raise CommandError("name a FILE to load, or one of --rebuild, --list and --remove NAME")
        self._shown, self._tty = time.monotonic(), sys.stderr.isatty()
        try:
            if options["list"]:
                self.show()
            elif options["remove"]:
                self.remove(options["remove"])
            elif options["rebuild"]:
                self.rebuild(options["catalog"])
            else:
                self.load(file, options)
        except (BadCatalog, OSError) as error:
            raise CommandError(str(error)) from error

    def load(self, file: str, options: dict) -> None:
        wish = load.Wish(
            path=file,
            name=options["catalog"],
            edition=options["edition"],
            layout="" if options["layout"] == "table" else options["layout"],
            columns=_columns(options["columns"]) or ({} if options["layout"] == "table" else None),
            max_distance=options["max_distance"],
            quasars=options["quasars"],
        )
        began = time.monotonic()
        done = load.load(wish, self.tell, max(1, options["block"]))
        self._end()
        catalog = done.catalog
        if done.already:
            self.stdout.write(f"{catalog} is in use already, with {catalog.rows:,} galaxies; nothing to do.")
            return
        if done.resumed:
            self.stdout.write(f"went on after {done.resumed:,} rows that an earlier run had read")
        left = ", ".join(f"{count:,} {reason}" for reason, count in catalog.left_out.items())
        twice = catalog.read - sum(catalog.left_out.values()) - catalog.rows
        left = ", ".join(filter(None, (left, f"{twice:,} with an identifier that was there already" if twice else "")))
        self.stdout.write(
            f"{catalog}: {catalog.rows:,} galaxies of {catalog.read:,} rows in {time.monotonic() - began:.0f} s"
            + (f"; left out: {left}" if left else "")
            + (f"; it took the place of {done.replaced}" if done.replaced else "")
        )
        self.stdout.write(f"column file {store.path_of(catalog)}")

    def rebuild(self, name: str) -> None:
        found = load.rebuild(name, self.tell)
        self._end()
        for catalog in found:
            self.stdout.write(f"{catalog}: {store.path_of(catalog)}")
        if not found:
            raise CommandError(f"no catalogue {name or 'at all'} is in use; load one: manage.py loadgalaxies FILE")

    def remove(self, name: str) -> None:
        found = list(GalaxyCatalog.objects.filter(name=name))
        for catalog in found:
            GalaxyCatalog.objects.filter(pk=catalog.pk).update(state=GalaxyCatalog.State.OLD)
            store.forget(catalog)
        if not found:
            raise CommandError(f"there is no catalogue {name!r}; see manage.py loadgalaxies --list")
        self.stdout.write(f"{name} is forgotten")

    def show(self) -> None:
        """A line a catalogue; a CommandError when a file is not as it was written."""
        wrong = []
        for catalog in GalaxyCatalog.objects.all():
            words = f"{catalog.rows:,} galaxies" if catalog.loaded else f"{catalog.read:,} rows read so far"
            self.stdout.write(f"{catalog}: {catalog.get_state_display()}, {words}, from {catalog.file}")
            if catalog.state == GalaxyCatalog.State.CURRENT:
                try:
                    sheet.open_sheet(store.path_of(catalog)).check()
                except BadCatalog as error:
                    wrong.append(str(error))
        if wrong:
            raise CommandError("\n".join(wrong))
        if not GalaxyCatalog.objects.exists():
            self.stdout.write("No catalogue is loaded. Load one: manage.py loadgalaxies FILE (docs/galaxies.md)")

    def tell(self, what: str, part: float) -> None:
        """A progress bar on a terminal; elsewhere a line each ten seconds."""
        now = time.monotonic()
        if now - self._shown < (0.1 if self._tty else 10) and not (self._tty and part >= 1):
            return
        self._shown = now
        if self._tty:
            filled = round(30 * min(part, 1))
            self.stderr.write(f"\r{what:<24} [{'#' * filled}{'.' * (30 - filled)}] {part:6.1%} ", str, ending="")
        else:
            self.stderr.write(f"{what} {part:.0%}", str)

    def _end(self) -> None:
        if self._tty:
            self.stderr.write("", str)


def _columns(text: str) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    if wrong := ["".join(pair) for pair in pairs if not (pair[1] and pair[0].strip() and pair[2].strip())]:
        raise CommandError(f"--columns takes ours=theirs,...; {wrong[0]!r} is not that")
    return {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
