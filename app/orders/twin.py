"""A local twin of Stripe Checkout for demonstrations: no key, no network, no money.

It answers the API calls that the shop makes, shows a payment page that says what it is, and tells
the outcome by a webhook signed in Stripe's own scheme. Its page's address carries the signed parameters
of the checkout; what was paid and refunded it keeps in a file of its own, apart from the shop's books.
"""

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.request import Request, urlopen

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response as BaseResponse

from app import access
from app.access import Permission
from app.orders import provider, twin_memory
from courses.units import Money

api = Blueprint("orders_twin_api", __name__, url_prefix=provider.TWIN_PATH)
bp = Blueprint("orders_twin", __name__, url_prefix=provider.TWIN_PATH)
DAY_S = 86_400
DELIVERY_TIMEOUT_S = 10
View = TypeVar("View", bound=Callable[..., Any])


def sealer() -> URLSafeSerializer:
    """Signs the parameters that the page's address carries."""
    return URLSafeSerializer(current_app.extensions["xueshi_settings"].secret_key, salt="twin checkout")


def keyed(view: View) -> View:
    """Stripe's 401 for a wrong key."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> BaseResponse:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given, provider.twin_key(provider.settings())):
            return refusal(401, "Invalid API Key provided")
        answer: BaseResponse = view(*args, **kwargs)
        return answer

    return cast(View, checked)


def refusal(status: int, message: str) -> BaseResponse:
    """An error as Stripe writes it."""
    response = jsonify({"error": {"type": "invalid_request_error", "message": message}})
    response.status_code = status
    return response


def folder() -> Path:
    """Where the twin keeps its own file."""
    return provider.settings().data_dir


@api.post("/v1/checkout/sessions")
@access.needs(Permission.ORDERS_NOTIFY)
@keyed
def create() -> BaseResponse:
    """Stripe's `POST /v1/checkout/sessions` for priced lines."""
    form = request.form
    lines = [f"line_items[{n}]" for n in range(len(form)) if f"line_items[{n}][quantity]" in form]
    facts = {
        "order": form["client_reference_id"],
        "amount": sum(int(form[f"{line}[price_data][unit_amount]"]) * int(form[f"{line}[quantity]"]) for line in lines),
        "currency": form["line_items[0][price_data][currency]"],
        "name": ", ".join(form[f"{line}[price_data][product_data][name]"] for line in lines),
        "success_url": form["success_url"],
        "cancel_url": form["cancel_url"],
    }
    return jsonify(session_object(facts, "unpaid", "open"))


@api.post("/v1/checkout/sessions/<checkout_id>/expire")
@access.needs(Permission.ORDERS_NOTIFY)
@keyed
def expire(checkout_id: str) -> BaseResponse:
    """Stripe's `POST /v1/checkout/sessions/:id/expire`."""
    if twin_memory.get(folder(), checkout_id):
        return refusal(400, "Only Checkout Sessions with a status in [\"open\"] can be expired.")
    closed = {"id": f"closed/{checkout_id}", "created": int(time.time())}
    twin_memory.keep(folder(), "closed", closed)
    return jsonify({"id": checkout_id, "object": "checkout.session", "status": "expired"})


@api.get("/v1/checkout/sessions")
@access.needs(Permission.ORDERS_NOTIFY)
@keyed
def sessions() -> BaseResponse:
    """Stripe's list of checkouts; the twin knows the paid ones."""
    return page_of("checkout.session", "/v1/checkout/sessions")


@api.get("/v1/refunds")
@access.needs(Permission.ORDERS_NOTIFY)
@keyed
def refunds() -> BaseResponse:
    """Stripe's list of refunds."""
    return page_of("refund", "/v1/refunds")


def page_of(kind: str, url: str) -> BaseResponse:
    """A list as Stripe pages it; `starting_after` goes on below an object."""
    asked = request.args
    rows = twin_memory.listed(
        folder(), kind, since=int(asked.get("created[gte]", 0)), until=int(asked.get("created[lt]", 2**62))
    )
    names = [row["id"] for row in rows]
    after = asked.get("starting_after")
    begin = names.index(after) + 1 if after in names else 0
    end = begin + int(asked.get("limit", 10))
    return jsonify({"object": "list", "url": url, "has_more": end < len(rows), "data": rows[begin:end]})


@api.post("/v1/refunds")
@access.needs(Permission.ORDERS_NOTIFY)
@keyed
def refund() -> BaseResponse:
    """Stripe's `POST /v1/refunds` of a payment intent; the same idempotency key gives the same refund."""
    form = request.form
    paid = twin_memory.find(folder(), "checkout.session", "payment_intent", form["payment_intent"])
    key = hashlib.sha256(request.headers.get("Idempotency-Key", "").encode()).hexdigest()[:24]
    there = twin_memory.find(folder(), "refund", "payment_intent", form["payment_intent"])
    left = sum(row["amount_total"] for row in paid) - sum(row["amount"] for row in there)
    known = twin_memory.get(folder(), f"re_twin_{key}")
    if known is None and not paid:
        return refusal(404, "No such payment_intent")
    if known is None and int(form["amount"]) > left:
        return refusal(400, f"Refund amount is greater than unrefunded amount on charge ({left})")
    made = {
        "id": f"re_twin_{key}",
        "object": "refund",
        "amount": int(form["amount"]),
        "currency": paid[0]["currency"] if paid else "cny",
        "payment_intent": form["payment_intent"],
        "metadata": {"refund": form.get("metadata[refund]", "")},
        "status": "succeeded",
        "created": int(time.time()),
    }
    return jsonify(twin_memory.keep(folder(), "refund", made))


def session_object(facts: dict[str, Any], payment_status: str, status: str) -> dict[str, Any]:
    """A `checkout.session` as Stripe writes it, so far as the shop reads it."""
    now_s = int(time.time())
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    return {
        "id": f"cs_twin_{digest[:40]}",
        "object": "checkout.session",
        "amount_total": facts["amount"],
        "currency": facts["currency"],
        "client_reference_id": facts["order"],
        "metadata": {"order": facts["order"]},
        "payment_intent": f"pi_twin_{digest[:40]}",
        "mode": "payment",
        "livemode": False,
        "payment_status": payment_status,
        "status": status,
        "created": now_s,
        "expires_at": now_s + DAY_S,
        "success_url": facts["success_url"],
        "cancel_url": facts["cancel_url"],
        "url": url_for("orders_twin.page", sealed=sealer().dumps(facts), _external=True) if status == "open" else None,
    }


def opened(sealed: str) -> dict[str, Any]:
    """The facts in a page's address, or 404."""
    try:
        facts: dict[str, Any] = sealer().loads(sealed)
    except BadSignature:
        abort(404)
    return facts


@bp.get("/pay/<sealed>")
@access.needs(Permission.ORDERS_BUY)
def page(sealed: str) -> str:
    """The imitation of the payment page."""
    facts = opened(sealed)
    price = Money(facts["amount"], facts["currency"].upper())
    return render_template("orders/twin/page.html", facts=facts, price=price, sealed=sealed)


@bp.post("/pay/<sealed>")
@access.needs(Permission.ORDERS_BUY)
def pay(sealed: str) -> BaseResponse:
    """Play the outcome: tell the shop as Stripe would, then send the buyer back."""
    facts = opened(sealed)
    if request.form.get("action") != "pay":
        return redirect(facts["cancel_url"], 303)
    told = session_object(facts, "paid", "complete")
    if twin_memory.get(folder(), f"closed/{told['id']}"):
        flash(_("This payment page is closed. Nothing was charged."), "error")
        return redirect(facts["cancel_url"], 303)
    told = twin_memory.keep(folder(), "checkout.session", told)
    deliver("checkout.session.completed", told)
    return redirect(facts["success_url"], 303)


def deliver(kind: str, told: dict[str, Any]) -> None:
    """Send one event, signed in Stripe's scheme (`t=...,v1=HMAC-SHA256 of t.body`)."""
    now_s = int(time.time())
    event = {
        "id": f"evt_twin_{hashlib.sha256((kind + told['id']).encode()).hexdigest()[:40]}",
        "object": "event",
        "type": kind,
        "created": now_s,
        "livemode": False,
        "data": {"object": told},
    }
    body = json.dumps(event).encode()
    secret = provider.webhook_secret(current_app.extensions["xueshi_settings"])
    address = url_for("orders_webhook.receive", _external=True)
    headers = {"Content-Type": "application/json", "Stripe-Signature": signature(body, secret, now_s)}
    with urlopen(Request(address, body, headers), timeout=DELIVERY_TIMEOUT_S) as answer:  # noqa: S310
        answer.read()


def signature(body: bytes, secret: str, now_s: int) -> str:
    """The `Stripe-Signature` header of a body."""
    digest = hmac.new(secret.encode(), f"{now_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={now_s},v1={digest}"



