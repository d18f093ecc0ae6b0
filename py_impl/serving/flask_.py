# SPDX-License-Identifier: MIT
"""A Flask application under gunicorn."""

from __future__ import annotations

from py_impl.library import library
from py_impl.serving.endpoint import TYPE
from py_impl.serving.gunicorn_ import run_gunicorn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from py_impl.serving.site import Site


def serve(site: Site) -> None:
    flask = library("flask")
    application = flask.Flask("cobench")

    @application.get("/work")
    def work() -> object:
        request = flask.request
        status, body = site.endpoint.answer(request.method, request.path, request.query_string.decode("latin-1"))
        return flask.Response(body, status, content_type=TYPE)

    run_gunicorn(site, application)
