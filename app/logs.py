"""Structured logs: one JSON line an event, with the request's id, and no personal data.

Log ids and codes, never names, numbers, addresses, reasons or request bodies.
"""

import logging
import re
import secrets
import sys
import time

import structlog
from flask import Flask, Response, g, request

REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


def configure(level: str) -> None:
    """JSON lines on standard error; libraries' own loggers pass through the same door."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


def install(app: Flask) -> None:
    """Give each request an id, answered in `X-Request-Id`, and one line when it is done."""
    log = structlog.get_logger()

    @app.before_request
    def begin() -> None:
        asked = request.headers.get("X-Request-Id", "")
        g.request_id = asked if REQUEST_ID.fullmatch(asked) else secrets.token_hex(8)
        g.began = time.perf_counter_ns()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        took_us = (time.perf_counter_ns() - g.get("began", time.perf_counter_ns())) // 1000
        log.info(
            "request.end",
            method=request.method,
            endpoint=request.endpoint,
            status=response.status_code,
            took_us=took_us,
        )
        return response
