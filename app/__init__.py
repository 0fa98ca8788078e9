"""The Flask shell: `create_app` puts the plumbing and the features together, and nothing else."""

from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from typing import Any

from apiflask import APIFlask
from flask import Flask, request, session
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from app import access, clock, db, errors, jobs, kept, keys, languages, logs, medialinks, templating
from app.settings import Settings, load

# Each is a module or package with `install(app)`; a feature never imports another one.
FEATURES = (
    "home",
    "people",
    "catalogue",
    "media",
    "policies",
    "orders",
    "enrolment",
    "seats",
    "figures",
    "calls",
    "watch",
    "faces",
    "ledger",
    "requirements",
    "classes",
    "claims",
    "appeals",
    "corrections",
    "log",
    "certificates",
    "ratings",
    "oversight",
    "files",
    "deletion",
    "signals",
    "console",
)
CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    "img-src": ["'self'", "data:"],
    "media-src": ["'self'", "blob:"],
    "worker-src": ["'self'", "blob:"],
    "style-src": ["'self'"],
    "script-src": ["'self'"],
    "object-src": "'none'",
    "base-uri": "'self'",
    "frame-ancestors": "'none'",
    "form-action": ["'self'", "https://checkout.stripe.com"],
}
MAX_REQUEST_BYTES = 64 * 1024 * 1024  # one part of an upload, with room


def create_app(
    settings: Settings | None = None, *, now: Callable[[], datetime] = clock.system
) -> Flask:
    """The application. Tests give their own settings and clock."""
    settings = keys.with_keys(settings or load())
    logs.configure(settings.log_level)
    app = APIFlask(__name__, title="Xueshi", version="1", spec_path="/api/v1/openapi.json", docs_path=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="xueshi",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        MAX_CONTENT_LENGTH=MAX_REQUEST_BYTES,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        SEND_FILE_MAX_AGE_DEFAULT=31_536_000,
        BABEL_DEFAULT_LOCALE=settings.default_locale,
        BABEL_DOMAIN=languages.DOMAIN,  # compiled from every feature's catalogue
        VALIDATION_ERROR_STATUS_CODE=422,
    )
    app.template_folder = "../templates"
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]  # members in the order of the contract
    app.extensions["xueshi_settings"] = settings
    app.extensions["xueshi_clock"] = now
    app.extensions["xueshi_db"] = db.Database(settings.effective_database_url)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    install_plumbing(app, settings)
    for feature in FEATURES:
        import_module(f"app.{feature}").install(app)
    if settings.demo:
        import_module("app.demo.city").install(app)
    access.enforce(app)
    return app


def security_policy(settings: Settings) -> dict[str, Any]:
    """What pages may load; with S3, players are sent on to its address for segments."""
    policy: dict[str, Any] = dict(CONTENT_SECURITY_POLICY)
    origins = medialinks.store_origins(settings)
    if origins:
        policy["connect-src"] = ["'self'", *origins]
        policy["img-src"] = [*CONTENT_SECURITY_POLICY["img-src"], *origins]
        policy["media-src"] = [*CONTENT_SECURITY_POLICY["media-src"], *origins]
    return policy


def install_plumbing(app: Flask, settings: Settings) -> None:
    """Everything that is no feature."""
    logs.install(app)
    languages.Languages(app, locale_selector=locale)
    app.extensions["xueshi_csrf"] = CSRFProtect(app)
    Talisman(
        app,
        force_https=False,  # the proxy's business; see docs/operating.md
        session_cookie_secure=settings.secure_cookies,
        strict_transport_security=settings.secure_cookies,
        content_security_policy=security_policy(settings),
        frame_options="DENY",
        referrer_policy="same-origin",
    )
    errors.install(app)
    templating.install(app)
    jobs.install(app, settings)
    kept.install(app)


def locale() -> str | None:
    """The visitor's choice; otherwise the site's default, not the browser's guess."""
    if request.path.startswith("/api/"):
        return request.accept_languages.best_match(["zh-CN", "en"], "zh-CN").replace("-", "_")
    chosen = session.get("locale")
    return chosen if chosen in languages.LOCALES else None
