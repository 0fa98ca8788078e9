"""A local twin of Stripe Checkout for demonstrations: no key, no network, no money.

It answers the one API call that the shop makes, shows a payment page that says what it is, and tells
the outcome by a webhook signed in Stripe's own scheme. It keeps nothing: its page's address carries
the signed parameters of the checkout.
"""

import hashlib
import hmac
import json
import time
from typing import Any
from urllib.request import Request, urlopen

from flask import (
    Blueprint,
    abort,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response as BaseResponse

from app import access
from app.access import Permission
from app.orders import provider
from courses.units import Money

api = Blueprint("orders_twin_api", __name__, url_prefix=provider.TWIN_PATH)
bp = Blueprint("orders_twin", __name__, url_prefix=provider.TWIN_PATH)
DAY_S = 86_400
DELIVERY_TIMEOUT_S = 10


def sealer() -> URLSafeSerializer:
    """Signs the parameters that the page's address carries."""
    return URLSafeSerializer(current_app.extensions["xueshi_settings"].secret_key, salt="twin checkout")


@api.post("/v1/checkout/sessions")
@access.needs(Permission.ORDERS_NOTIFY)
def create() -> BaseResponse:
    """Stripe's `POST /v1/checkout/sessions` for priced lines."""
    settings = current_app.extensions["xueshi_settings"]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(given, provider.twin_key(settings)):
        body = {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided"}}
        response = jsonify(body)
        response.status_code = 401
        return response
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



