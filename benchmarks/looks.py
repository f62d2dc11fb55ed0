"""Sides for coverage: ours, and a list of pixels for each pointing as the Treasure Map keeps it; the same looks for both."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np

from benchmarks.side import serve

TEAMS = ("anza", "blanco", "cerro", "dorado", "etna")
NIGHT = datetime(2026, 11, 20, tzinfo=timezone.utc)
#: HEALPix side of the pixels' lists
NSIDE = 1024
#: CCDs in each row of DECam
ROWS = (2, 4, 5, 6, 6, 7, 7, 6, 6, 5, 4, 3, 1)
Rings = list[tuple[list[float], list[float]]]


def decam() -> Rings:
    """62 CCDs of 0.298 by 0.149 degrees, 2.75 deg2 without the gaps; east, north, degrees."""
    middles = [
        ((place - (count - 1) / 2) * 0.315, (row - 6) * 0.165)
        for row, count in enumerate(ROWS)
        for place in range(count)
    ]
    return [rectangle(x, y, 0.149, 0.0745) for x, y in middles]


def ztf() -> Rings:
    """64 quadrants of 0.86 degrees, in 16 CCDs with gaps between them."""
    along = [(ccd - 1.5) * 1.88 + (half - 0.5) * 0.865 for ccd in range(4) for half in range(2)]
    return [rectangle(x, y, 0.43, 0.43) for x in along for y in along]


def rectangle(x: float, y: float, width: float, height: float) -> tuple[list[float], list[float]]:
    """Corners around a middle, by half its sides."""
    return [x - width, x + width, x + width, x - width], [y - height, y - height, y + height, y + height]


def grid() -> tuple[np.ndarray, np.ndarray]:
    """(ra, dec) of the fields of two grids that overlap by half a field: some 1,700 all over the sky."""
    found = []
    for shift in (0.0, 0.5):
        for row in np.arange(-87, 88, 7.25) + shift * 3:
            count = max(1, round(360 * np.cos(np.radians(row)) / 7.3))
            found += [((place + shift) * 360 / count, row) for place in range(count)]
    ra, dec = np.array(found).T
    return ra, np.clip(dec, -89, 89)


def scattered(path: str, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(ra, dec, angle): where the map has probability, some degrees around; the same for the same count."""
    from tom_scimma import skymap
    from tom_scimma.skymap import grid as healpix

    sky, rng = skymap.read(Path(path).read_bytes()), np.random.default_rng(count)
    chance = sky.density * sky.pixel_area
    ra, dec = healpix.centres(sky.uniq[rng.choice(len(chance), count, p=chance / chance.sum())])
    ra, dec = ra + rng.normal(0, 3, count), np.clip(dec + rng.normal(0, 3, count), -89, 89)
    return ra % 360, dec, rng.uniform(0, 360, count)


def about(ra: float, dec: float, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(ra, dec, angle) some degrees around a place; the same for the same count."""
    rng = np.random.default_rng(count)
    return ra + rng.normal(0, 8, count), dec + rng.normal(0, 8, count), rng.uniform(0, 360, count)


def pointings(ra, dec, angle, teams: int) -> list:
    """Normal forms of them, handed to so many teams in turn."""
    from tom_treasuremap.pointings import Pointing

    return [
        Pointing(
            key=f"bench:{n}",
            event="S261121b",
            team=TEAMS[n % teams],
            telescope="camera",
            instrument_id=1,
            ra=float(ra[n]),
            dec=float(dec[n]),
            pos_angle=float(angle[n]),
            time=NIGHT + timedelta(minutes=n),
            status="completed",
            band="r",
            central_wave=None,
            bandwidth=None,
            depth=22.0,
            depth_unit="ab_mag",
            source="treasuremap",
            source_id=str(n),
        )
        for n in range(len(ra))
    ]


class Sides:
    """What a side keeps between questions."""

    def ours(self, path: str, camera: str, count: int, teams: int) -> dict:
        """Map parsed, camera made, footprints placed, union, teams: all of it timed; then one pointing more."""
        from tom_scimma import skymap
        from tom_scimma.skymap import footprint
        from tom_treasuremap import coverage

        looks = pointings(*self._places(path, camera, count), teams)
        extra = pointings(*scattered(path, 1), 1)
        data, rings = Path(path).read_bytes(), CAMERAS[camera]()
        begun = time.perf_counter()
        cameras = {1: footprint.mosaic(rings)}
        found = coverage.coverage(skymap.read(data), looks, cameras=cameras)
        seconds = time.perf_counter() - begun
        begun = time.perf_counter()
        gain = coverage.more(found, extra, cameras)
        more = time.perf_counter() - begun
        shares = {team: one.union for team, one in found.by_team.items()}
        said = {"count": len(found.pointings), "probability": found.union, "teams": shares}
        return {**said, "seconds": seconds, "more": more, "gain": gain}

    def pixels(self, path: str, camera: str, count: int, teams: int) -> dict:
        """A list of pixels for each pointing, and their union; corners and the even map are there before."""
        import healpy

        corners, chance = self._corners(path, camera, count)
        begun = time.perf_counter()
        lists: dict[str, list] = {}
        for one, pieces in enumerate(corners):
            covered = [healpy.query_polygon(NSIDE, piece, nest=True) for piece in pieces]
            lists.setdefault(TEAMS[one % teams], []).append(np.concatenate(covered))
        mine = {team: np.unique(np.concatenate(some)) for team, some in lists.items()}
        probability = float(chance[np.unique(np.concatenate(list(mine.values())))].sum())
        shares = {team: float(chance[some].sum()) for team, some in mine.items()}
        return {"seconds": time.perf_counter() - begun, "probability": probability, "teams": shares}

    def _places(self, path: str, camera: str, count: int):
        if camera == "decam":
            return scattered(path, count)
        ra, dec = (some[:count] for some in grid())
        return ra, dec, np.zeros(len(ra))

    def _corners(self, path: str, camera: str, count: int):
        """Unit vectors of the corners of each piece of each pointing, and the map on even pixels."""
        from tom_scimma import skymap
        from tom_scimma.skymap import footprint

        ra, dec, angle = self._places(path, camera, count)
        polygons = footprint.mosaic(CAMERAS[camera]()).at(ra, dec, -angle).polygons
        sky = skymap.read(Path(path).read_bytes())
        return [[vectors(*piece) for piece in pieces] for pieces in polygons], even(sky)


def vectors(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Unit vectors of positions in degrees."""
    a, d = np.radians(ra), np.radians(dec)
    return np.stack((np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)), axis=-1)


def even(sky) -> np.ndarray:
    """Probability in each pixel of NSIDE, nested."""
    import healpy

    ra, dec = healpy.pix2ang(NSIDE, np.arange(12 * NSIDE**2), nest=True, lonlat=True)
    return sky.density_at(ra, dec) * healpy.nside2pixarea(NSIDE)


CAMERAS = {"decam": decam, "ztf": ztf}

if __name__ == "__main__":
    sides = Sides()
    serve({"ours": sides.ours, "pixels": sides.pixels})
