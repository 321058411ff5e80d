"""Paths become the files of the page: those that were there at the start, and nothing else."""
import os

from aiohttp import web

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "static")
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".js": "text/javascript; charset=utf-8", ".json": "application/json",
         ".txt": "text/plain; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png",
         ".ico": "image/x-icon", ".webmanifest": "application/manifest+json"}
OTHER = "application/octet-stream"


class Pages:
    """Call it with a request; HTTPNotFound where there is no such file.

    A path is looked up among the names that the folder had, so that no spelling of one leads out
    of it.
    """

    def __init__(self, folder=FOLDER):
        self._files = dict(_found(folder))

    async def __call__(self, request):
        path = request.path.lstrip("/") or "index.html"
        place = self._files.get(path + "index.html" if path.endswith("/") else path)
        if place is None or not os.path.isfile(place):
            raise web.HTTPNotFound()
        # Kept, but asked for each time whether it changed: an update must not meet an older half.
        return web.FileResponse(place, headers={
            "Content-Type": TYPES.get(os.path.splitext(place)[1], OTHER),
            "Cache-Control": "no-cache"})


def _found(folder):
    """(path in a URL, path of the file) of everything in a folder but hidden files."""
    for at, _, names in os.walk(folder):
        for name in names:
            place = os.path.join(at, name)
            path = os.path.relpath(place, folder).replace(os.sep, "/")
            if not path.startswith(".") and "/." not in path and os.path.isfile(place):
                yield path, place
