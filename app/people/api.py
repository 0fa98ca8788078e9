"""The API's way in: `POST /tokens` (`watch.md`)."""

from apiflask import APIBlueprint
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app import access
from app.access import Permission
from app.people import entering
from courses.people.sign_ins import SignInKind

bp = APIBlueprint("people_api", __name__, url_prefix="/api/v1", tag="Tokens")


class Credentials(BaseModel):
    """What an account signs in with."""

    model_config = ConfigDict(extra="forbid")

    account: str = Field(max_length=254, description="Mobile number or e-mail address.")
    password: str = Field(max_length=1000)


class Token(BaseModel):
    """A bearer token and when it ends."""

    token: str
    expires_at: AwareDatetime


@bp.post("/tokens")
@bp.input(Credentials, arg_name="given")
@bp.output(Token, status_code=201, description="Signed in.")
@bp.doc(
    summary="Sign in",
    description="The token is sent as `Authorization: Bearer`. It is shown this once.",
    responses={
        401: "`sign_in_failed`, the same for an unknown account and a wrong password.",
        429: "`too_many_requests`; `Retry-After` and `retry_after` say for how many seconds.",
    },
)
@access.needs(Permission.PEOPLE_SIGN_IN)
def create_token(given: Credentials) -> dict[str, str]:
    """Exchange name and password for a bearer token."""
    opened = entering.sign_in(given.account, given.password, kind=SignInKind.TOKEN)
    expires_at = opened.sign_in.expires_at.isoformat(timespec="milliseconds")
    return {"token": opened.token, "expires_at": expires_at}
