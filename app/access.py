"""Who may call which route. Every route names one permission; an unlabelled route stops the start.

Grammar of a permission: `feature:verb[:audience]`. Roles hold permissions; *which* rows an actor
reaches is decided by the loaders of `courses`, which answer as if the rest did not exist (404).
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar, cast

from flask import Flask, g, redirect, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from courses.people.organisations import Actor, Role

View = TypeVar("View", bound=Callable[..., Any])


class Permission(StrEnum):
    """Everything that can be allowed."""

    PUBLIC = "site:read"  # nobody needs to sign in
    PEOPLE_SIGN_IN = "people:sign_in"
    PEOPLE_SELF = "people:write:self"
    PEOPLE_STAFF = "people:write:enterprise"
    CATALOGUE_READ = "catalogue:read"
    CATALOGUE_KEEP = "catalogue:write:learner"
    CATALOGUE_STUDIO = "catalogue:write:studio"
    CATALOGUE_REVIEW = "catalogue:review:oversight"
    MEDIA_UPLOAD = "media:write:studio"
    MEDIA_PLAY = "media:read"  # the link's own signature is checked
    ORDERS_BUY = "orders:write:learner"
    ORDERS_SEATS = "orders:write:enterprise"
    ORDERS_NOTIFY = "orders:notify:provider"  # the webhook's signature is checked
    ENROLMENT_SELF = "enrolment:write:learner"
    SEATS_ASSIGN = "seats:assign:enterprise"
    WATCH_SELF = "watch:write:learner"
    FACES_SELF = "faces:write:learner"
    FACES_READ = "faces:read:oversight"
    WATCH_BEAT = "watch:beat"  # the playback's token or the account's is checked
    POLICIES_READ = "policies:read"
    POLICIES_WRITE = "policies:write:city"
    LEDGER_SELF = "ledger:read:learner"
    CLASSES_STUDIO = "classes:write:studio"
    CLASSES_REVIEW = "classes:review:oversight"
    CLAIMS_SELF = "claims:write:learner"
    CLAIMS_REVIEW = "claims:review:oversight"
    CORRECTIONS_PROPOSE = "corrections:propose:oversight"
    CORRECTIONS_DECIDE = "corrections:decide:city"
    APPEALS_SELF = "appeals:write:learner"
    APPEALS_ANSWER = "appeals:answer:oversight"
    LEDGER_REQUIRE = "ledger:require:oversight"
    REQUIREMENTS_READ = "requirements:read"
    REQUIREMENTS_STAFF = "requirements:write:enterprise"
    REQUIREMENTS_CLASSIFY = "requirements:classify:oversight"
    REQUIREMENTS_WRITE = "requirements:write:city"
    LOG_READ = "log:read"
    LOG_COSIGN = "log:cosign"  # the witness's signature is checked
    CERTIFICATES_SELF = "certificates:write:learner"
    CERTIFICATES_REVOKE = "certificates:revoke:oversight"
    CERTIFICATES_VERIFY = "certificates:verify"
    FILES_SELF = "files:read:learner"
    FILES_STUDIO = "files:read:studio"
    FILES_READ = "files:read:oversight"
    FILES_VERIFY = "files:verify"
    DELETION_SELF = "deletion:write:learner"
    RATINGS_READ = "ratings:read"
    RATINGS_WRITE = "ratings:write:learner"
    RATINGS_REPLY = "ratings:reply:studio"
    RATINGS_MODERATE = "ratings:moderate:oversight"
    OVERSIGHT_READ = "oversight:read"
    CALLS_READ = "calls:read"
    CALLS_ANSWER = "calls:answer:studio"
    CALLS_JUDGE = "calls:judge:oversight"
    FIGURES_READ = "figures:read:studio"
    SIGNALS_READ = "signals:read:studio"
    SIGNALS_ANSWER = "signals:answer:oversight"
    CONSOLE_OPERATE = "console:operate"


P = Permission
ANYBODY = frozenset(
    {
        P.PUBLIC,
        P.PEOPLE_SIGN_IN,
        P.CATALOGUE_READ,
        P.MEDIA_PLAY,
        P.ORDERS_NOTIFY,
        P.WATCH_BEAT,
        P.POLICIES_READ,
        P.REQUIREMENTS_READ,
        P.LOG_READ,
        P.LOG_COSIGN,
        P.CERTIFICATES_VERIFY,
        P.FILES_VERIFY,
        P.RATINGS_READ,
        P.CALLS_READ,
    }
)
LEARNER = frozenset(
    {
        P.PEOPLE_SELF,
        P.CATALOGUE_KEEP,
        P.ORDERS_BUY,
        P.ENROLMENT_SELF,
        P.WATCH_SELF,
        P.FACES_SELF,
        P.LEDGER_SELF,
        P.CERTIFICATES_SELF,
        P.FILES_SELF,
        P.DELETION_SELF,
        P.CLAIMS_SELF,
        P.APPEALS_SELF,
        P.RATINGS_WRITE,
    }
)
# What somebody may still do who asked for deletion: see what is kept, take it along, change their mind.
RESTRICTED = frozenset(
    {P.PEOPLE_SELF, P.LEDGER_SELF, P.CERTIFICATES_SELF, P.FILES_SELF, P.DELETION_SELF}
)
# Officers decide; only the city's decide on what another officer proposed.
DECIDING = frozenset(
    {P.CLASSES_REVIEW, P.FILES_READ, P.CLAIMS_REVIEW, P.CORRECTIONS_PROPOSE, P.APPEALS_ANSWER, P.CALLS_JUDGE}
)
GRANTS: dict[Role, frozenset[Permission]] = {
    Role.LEARNER: LEARNER,
    Role.EMPLOYEE: frozenset(),
    Role.ENTERPRISE_MANAGER: frozenset({P.PEOPLE_STAFF, P.SEATS_ASSIGN, P.ORDERS_SEATS, P.REQUIREMENTS_STAFF}),
    Role.INSTITUTION_STAFF: frozenset(
        {
            P.CATALOGUE_STUDIO, P.MEDIA_UPLOAD, P.CLASSES_STUDIO, P.FILES_STUDIO, P.RATINGS_REPLY, P.SIGNALS_READ,
            P.FIGURES_READ, P.CALLS_ANSWER,
        }
    ),
    Role.INSTRUCTOR: frozenset(),
    Role.DISTRICT_REGULATOR: DECIDING
    | frozenset(
        {
            P.OVERSIGHT_READ,
            P.FACES_READ,
            P.CATALOGUE_REVIEW,
            P.RATINGS_MODERATE,
            P.LEDGER_REQUIRE,
            P.REQUIREMENTS_CLASSIFY,
            P.CERTIFICATES_REVOKE,
            P.SIGNALS_ANSWER,
        }
    ),
    Role.CITY_REGULATOR: DECIDING
    | frozenset(
        {
            P.CORRECTIONS_DECIDE,
            P.OVERSIGHT_READ,
            P.FACES_READ,
            P.CATALOGUE_REVIEW,
            P.RATINGS_MODERATE,
            P.LEDGER_REQUIRE,
            P.REQUIREMENTS_CLASSIFY,
            P.CERTIFICATES_REVOKE,
            P.SIGNALS_ANSWER,
            P.POLICIES_WRITE,
            P.REQUIREMENTS_WRITE,
        }
    ),
    Role.OPERATOR: frozenset({P.CONSOLE_OPERATE}),
}
LABEL = "_xueshi_permission"


class SignInNeeded(HTTPException):
    """Nobody is signed in, and the route is not for everybody."""

    code = 401


class NotAllowed(HTTPException):
    """The actor's roles do not hold the route's permission."""

    code = 403


def needs(permission: Permission) -> Callable[[View], View]:
    """Label a view with the permission it needs. Put it directly above the function."""

    def label(view: View) -> View:
        setattr(view, LABEL, permission)
        return view

    return label


def actor() -> Actor | None:
    """Who asks, or None; set before each request by the `people` feature."""
    return cast("Actor | None", g.get("actor"))


def someone() -> Actor:
    """Who asks, where the route's permission made sure that somebody does."""
    found = actor()
    if found is None:
        raise SignInNeeded()
    return found


def may(permission: Permission) -> bool:
    """Whether the asking actor holds a permission; templates show links by it."""
    if permission in ANYBODY:
        return True
    found = actor()
    if found is None or (found.is_restricted and permission not in RESTRICTED):
        return False
    return any(permission in GRANTS[role] for role in found.roles)


def permission_of(app: Flask, endpoint: str) -> Permission | None:
    """The label of an endpoint's view, also under decorators that keep `__wrapped__`."""
    view: Any = app.view_functions[endpoint]
    while view is not None:
        found = getattr(view, LABEL, None) or getattr(getattr(view, "view_class", None), LABEL, None)
        if found is not None:
            return cast(Permission, found)
        view = getattr(view, "__wrapped__", None)
    return None


def enforce(app: Flask) -> None:
    """Refuse unlabelled routes now, and unpermitted requests later."""
    labels: dict[str, Permission] = {}
    for endpoint in app.view_functions:
        permission = permission_of(app, endpoint)
        if endpoint == "static" or endpoint.endswith(".static") or endpoint.startswith("openapi."):
            permission = Permission.PUBLIC
        if permission is None:
            raise RuntimeError(f"the route {endpoint} names no permission")
        labels[endpoint] = permission
    app.extensions["xueshi_labels"] = labels

    @app.before_request
    def check() -> Response | None:
        if request.endpoint is None or may(labels[request.endpoint]):
            return None
        who = actor()
        if who is not None and who.is_restricted and not request.path.startswith("/api/"):
            return redirect(url_for("deletion.index"), 303)  # it says what is possible, and why no more
        raise NotAllowed() if who else SignInNeeded()
