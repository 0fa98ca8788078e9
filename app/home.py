"""The front page, language and colours, health, the page of all components, and small site files."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog
from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _
from sqlalchemy import text
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from app import access, db, languages, navigation, showcase, templating
from app.access import Permission

bp = Blueprint("home", __name__)
log = structlog.get_logger()

THEMES = ("auto", "light", "dark")
THEME_SECONDS = 365 * 24 * 3600
ICON_COLOUR = "#0d3b3f"


# Subjects of the trade that most people look for, in the language they would type.
SOUGHT = {
    True: ("动火作业", "有限空间", "高处作业", "危险化学品"),
    False: ("hot work", "confined spaces", "work at height"),
}


@dataclass(frozen=True, slots=True)
class Way:
    """A way into the site for one kind of visitor."""

    title: str
    text: str
    icon: str
    endpoint: str

    @property
    def url(self) -> str:
        """Where it leads; empty while that page does not exist."""
        return url_for(self.endpoint) if navigation.has_endpoint(self.endpoint) else ""


def ways() -> list[Way]:
    """The ways in, most used first."""
    return [
        Way(_("I work and need hours"), _("Find a course, learn, and see what is still missing."), "helmet", "enrolment.index"),
        Way(_("I answer for a company's staff"), _("See who has which hours, and who still needs some."), "people", "people.staff_list"),
        Way(_("I teach or run an institution"), _("Make courses, upload videos and follow the review."), "studio", "catalogue.studio"),
        Way(_("I supervise for a district or the city"), _("Review courses, set policies and check hours down to the second."), "shield", "oversight.index"),
    ]


@bp.get("/")
@access.needs(Permission.PUBLIC)
def index() -> str:
    """What this is, and the way in for each role."""
    settings = current_app.extensions["xueshi_settings"]
    return render_template(
        "home/public/index.html",
        demo=settings.demo,
        making=making(),
        words=SOUGHT[templating.is_chinese()],
        ways=ways(),
    )


def making() -> tuple[int, int] | None:
    """How many of the demonstration's courses are ready, while the worker is making the others."""
    progress = current_app.extensions.get("xueshi_demo_progress")
    ready, planned = progress() if progress else (0, 0)
    return (ready, planned) if ready < planned else None


@bp.get("/locale/<code>")
@access.needs(Permission.PUBLIC)
def set_locale(code: str) -> BaseResponse:
    """Choose a language and come back to the page."""
    if code not in languages.LOCALES:
        raise NotFound()
    session["locale"] = code
    return redirect(back(), 303)


@bp.get("/theme/<code>")
@access.needs(Permission.PUBLIC)
def set_theme(code: str) -> BaseResponse:
    """Choose light or dark, or leave it to the device, and come back to the page."""
    if code not in THEMES:
        raise NotFound()
    answer = redirect(back(), 303)
    settings = current_app.extensions["xueshi_settings"]
    if code == "auto":
        answer.delete_cookie("theme", samesite="Lax")
    else:
        answer.set_cookie(
            "theme", code, max_age=THEME_SECONDS, samesite="Lax", secure=settings.secure_cookies
        )
    return answer


def back() -> str:
    """The address in `?next=` when it stays on this site; otherwise the front page."""
    asked = request.args.get("next", "")
    parts = urlsplit(asked)
    # A browser reads "//host" and "/\host" as another site.
    stays = asked.startswith("/") and not asked.startswith("//") and "\\" not in asked
    return asked if stays and not parts.scheme and not parts.netloc else url_for("home.index")


@bp.get("/components")
@access.needs(Permission.PUBLIC)
def components() -> str:
    """Every component in every state, for those who build pages and those who check them."""
    return render_template("home/public/components.html", form=showcase.filled_form(), show=showcase)


@bp.get("/healthz")
@access.needs(Permission.PUBLIC)
def alive() -> Response:
    """The process answers."""
    return jsonify(status="alive")


@bp.get("/readyz")
@access.needs(Permission.PUBLIC)
def ready() -> Response:
    """Database, store and queue answer; 503 names those that do not."""
    answers = {name: passes(name, check) for name, check in CHECKS.items()}
    failed = sorted(name for name, is_well in answers.items() if not is_well)
    shown = {name: "ready" if is_well else "failed" for name, is_well in answers.items()}
    response = jsonify(status="failed" if failed else "ready", checks=shown, failed=failed)
    response.status_code = 503 if failed else 200
    response.headers["Cache-Control"] = "no-store"
    return response


def passes(name: str, check: Callable[[], None]) -> bool:
    """Whether a part answers; why not goes to the log, not to the visitor."""
    try:
        check()
    except Exception:
        log.exception("ready.failed", part=name)
        return False
    return True


def check_database() -> None:
    """A transaction can be opened."""
    with db.reading() as session_:
        session_.execute(text("SELECT 1")).scalar_one()


def check_store() -> None:
    """The store answers a question about a file that does not exist."""
    current_app.extensions["xueshi_store"].exists("ready/none")


def check_queue() -> None:
    """The queue can be counted."""
    current_app.extensions["xueshi_queue"].pending_count()


CHECKS: dict[str, Callable[[], None]] = {
    "database": check_database,
    "store": check_store,
    "queue": check_queue,
}


@bp.get("/robots.txt")
@access.needs(Permission.PUBLIC)
def robots() -> Response:
    """Search engines may read the public pages, and need not follow switches and filters."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in ("/locale/", "/theme/", "/api/", "/media/"))]
    return text_answer("\n".join(lines) + "\n", "text/plain; charset=utf-8")


@bp.get("/favicon.ico")
@access.needs(Permission.PUBLIC)
def favicon() -> BaseResponse:
    """Browsers ask for this name without being told to."""
    return redirect(url_for("static", filename="favicon.svg"), 301)


@bp.get("/manifest.webmanifest")
@access.needs(Permission.PUBLIC)
def manifest() -> Response:
    """What a phone needs to keep the site on its home screen."""
    icon = {"src": url_for("static", filename="favicon.svg"), "sizes": "any", "type": "image/svg+xml"}
    response = jsonify(
        name=_("Xueshi"),
        short_name=_("Xueshi"),
        description=_("Safety training course market"),
        lang="zh-CN" if templating.is_chinese() else "en",
        start_url="/",
        display="standalone",
        background_color=ICON_COLOUR,
        theme_color=ICON_COLOUR,
        icons=[icon, {**icon, "purpose": "maskable"}],
    )
    response.content_type = "application/manifest+json"
    return response


def text_answer(body: str, content_type: str) -> Response:
    """A small file of the site."""
    response = make_response(body)
    response.content_type = content_type
    return response


def install(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(bp)
