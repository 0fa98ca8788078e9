"""Settings: every one from the environment, typed, documented here and in `docs/operating.md`.

A malformed value refuses to start, with a sentence that names the variable and what it takes.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import Any


class SettingsError(Exception):
    """A variable cannot be read; the message is for the operator."""


def _text(raw: str) -> str:
    return raw


def _integer(raw: str) -> int:
    return int(raw)


def _flag(raw: str) -> bool:
    if raw.lower() in ("1", "true", "yes", "on"):
        return True
    if raw.lower() in ("0", "false", "no", "off"):
        return False
    raise ValueError("not a yes or a no")


def _path(raw: str) -> Path:
    return Path(raw).expanduser().resolve()


def _fraction(raw: str) -> Fraction:
    return Fraction(raw)


def _key(raw: str) -> bytes:
    key = bytes.fromhex(raw)
    if len(key) != 32:
        raise ValueError("not 64 hexadecimal digits")
    return key


def setting(parse: Callable[[str], Any], default: Any, takes: str, meaning: str) -> Any:
    """One setting: how it is read, its default, what it takes and what it does."""
    return field(default=default, metadata={"parse": parse, "takes": takes, "meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings. A field `database_url` is read from `XUESHI_DATABASE_URL`."""

    data_dir: Path = setting(_path, Path("var").resolve(), "a directory", "where the embedded engines keep everything")
    database_url: str = setting(_text, "", "an SQLAlchemy URL", "empty: SQLite in the data directory; `postgresql+psycopg://...` when scaled")
    secret_key: bytes = setting(_key, b"", "64 hex digits", "signs sessions, tokens and links; empty: made once and kept in the data directory")
    vault_key: bytes = setting(_key, b"", "64 hex digits", "encrypts document numbers and sign-in names; empty: made once and kept in the data directory")
    index_key: bytes = setting(_key, b"", "64 hex digits", "keys the blind indexes; empty: made once and kept in the data directory")
    log_key: bytes = setting(_key, b"", "64 hex digits", "signs the log's checkpoints; empty: made once and kept in the data directory")
    certificate_key: bytes = setting(_key, b"", "64 hex digits", "signs what certificates claim; empty: made once and kept in the data directory")
    file_key: bytes = setting(_key, b"", "64 hex digits", "signs training files; empty: made once and kept in the data directory")
    log_origin: str = setting(_text, "", "a name without spaces", "the log's name, for ever; empty: the public URL without its scheme, and /log")
    log_highest: str = setting(_text, "", "a path", "the file that keeps the highest signed checkpoint, best on another disk than the database; empty: in the data directory")
    log_witnesses: str = setting(_text, "", "verifier keys, a space between", "whose cosignatures the log shows")
    host: str = setting(_text, "127.0.0.1", "an address", "where the web server listens")
    port: int = setting(_integer, 8000, "a port number", "where the web server listens")
    web_workers: int = setting(_integer, 1, "a whole number", "processes of the web server")
    public_url: str = setting(_text, "", "a URL", "how people reach the site; empty: http://host:port")
    trusted_proxies: int = setting(_integer, 0, "a whole number", "how many reverse proxies stand in front and set X-Forwarded-*")
    secure_cookies: bool = setting(_flag, False, "yes or no", "cookies only over HTTPS; set it to yes in a city")
    default_locale: str = setting(_text, "zh_CN", "zh_CN or en", "language where the visitor chose none")
    time_zone: str = setting(_text, "Asia/Shanghai", "an IANA zone", "in which moments are shown")
    media_store: str = setting(_text, "directory", "directory or s3", "where files lie")
    s3_endpoint: str = setting(_text, "", "a URL", "the S3 service; empty: the provider's default")
    s3_bucket: str = setting(_text, "", "a name", "the bucket, which must exist")
    s3_region: str = setting(_text, "us-east-1", "a name", "the bucket's region")
    s3_access_key: str = setting(_text, "", "text", "credentials of the bucket")
    s3_secret_key: str = setting(_text, "", "text", "credentials of the bucket")
    accel_prefix: str = setting(_text, "", "a path", "where nginx maps the store for X-Accel-Redirect; empty: the site sends files itself")
    ffmpeg: str = setting(_text, "", "a path", "the ffmpeg to use; empty: from the PATH, then from the wheel")
    ffprobe: str = setting(_text, "", "a path", "the ffprobe to use; empty: from the PATH, then from the wheel")
    upload_max_bytes: int = setting(_integer, 8 * 1024**3, "bytes", "largest file an institution may send")
    upload_quota_bytes: int = setting(_integer, 500 * 1024**3, "bytes, 0 for no end", "how much the files of one institution may take")
    huey_url: str = setting(_text, "", "a Redis URL", "the queue; empty: SQLite in the data directory")
    search_dir: Path = setting(_path, Path("var/search").resolve(), "a directory", "where the search index lies")
    stripe_key: str = setting(_text, "", "sk_...", "Stripe's secret key; empty: a local twin plays Stripe's part, marked as such")
    stripe_webhook_secret: str = setting(_text, "", "whsec_...", "verifies Stripe's webhooks; required with a key")
    stripe_api_base: str = setting(_text, "", "a URL", "Stripe's API; empty: Stripe's own, or the local twin without a key")
    password_minimum: int = setting(_integer, 10, "a whole number", "shortest password that is accepted")
    sign_in_tries: int = setting(_integer, 5, "a whole number", "failed sign-ins by account and quarter of an hour; twenty times that by address")
    session_days: int = setting(_integer, 30, "days", "how long a sign-in lasts unused")
    rating_minimum: int = setting(_integer, 5, "a whole number", "ratings needed before a score is shown")
    rating_prior_mean: Fraction = setting(_fraction, Fraction(7, 2), "a fraction", "prior mean of the Bayesian mean")
    rating_prior_weight: int = setting(_integer, 5, "a whole number", "how many ratings the prior weighs")
    rating_change_days: int = setting(_integer, 14, "days", "how long a rating may be changed")
    beat_days: int = setting(_integer, 180, "days, 30 at least", "how long a closed playback's beats are kept beside its archive; `forget-beats` deletes older ones")
    beat_every_ms: int = setting(_integer, 15_000, "milliseconds", "how often a player reports while nothing changes")
    three_post_scope: str = setting(_text, "wide", "wide or narrow", "wide: principals and safety managers of every enterprise are trained by their own rules; narrow: only where risk is high, elsewhere as other employees")
    face: str = setting(_text, "off", "off or dlib", "compares photos of faces for presence checks, of those who agreed; dlib needs `requirements-face.txt`")
    face_limit: Fraction = setting(_fraction, Fraction(3, 5), "a number such as 0.6", "up to which distance two faces are one person's; lower is stricter")
    log_level: str = setting(_text, "INFO", "DEBUG, INFO, WARNING or ERROR", "how much is logged")
    demo: bool = setting(_flag, False, "yes or no", "shows the demonstration accounts on the sign-in page")

    @property
    def effective_database_url(self) -> str:
        """The database in use."""
        return self.database_url or f"sqlite:///{self.data_dir / 'xueshi.sqlite'}"

    @property
    def effective_public_url(self) -> str:
        """The site's own address, without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def effective_log_origin(self) -> str:
        """The log's name, which is its key's name too."""
        return self.log_origin or self.effective_public_url.split("://", 1)[-1] + "/log"

    @property
    def effective_certificate_name(self) -> str:
        """The name of the key that signs certificates' claims."""
        return self.effective_log_origin.removesuffix("/log") + "/certificates"

    @property
    def effective_file_name(self) -> str:
        """The name of the key that signs training files."""
        return self.effective_log_origin.removesuffix("/log") + "/files"

    @property
    def effective_log_highest(self) -> Path:
        """The file outside the database that keeps the highest signed checkpoint."""
        return Path(self.log_highest) if self.log_highest else self.data_dir / "log" / "highest"


PREFIX = "XUESHI_"
FACE_PACKAGES = ("dlib", "face_recognition_models", "numpy")
KEY_SETTINGS = ("secret_key", "vault_key", "index_key", "log_key", "certificate_key", "file_key")


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment; SettingsError on a malformed or unknown variable."""
    environ = os.environ if environ is None else environ
    known = {variable(f.name): f for f in fields(Settings)}
    unknown = sorted(k for k in environ if k.startswith(PREFIX) and k not in known)
    if unknown:
        raise SettingsError(f"{unknown[0]} is not a setting; see docs/operating.md")
    values: dict[str, Any] = {}
    for name, spec in known.items():
        raw = environ.get(name, "")
        if raw == "":
            continue
        try:
            values[spec.name] = spec.metadata["parse"](raw)
        except (ValueError, ZeroDivisionError) as error:
            shown = "that" if spec.metadata["parse"] is _key else repr(raw)  # a secret is not repeated
            raise SettingsError(f"{name} takes {spec.metadata['takes']}, not {shown}") from error
    return check(derive(values))


def derive(values: dict[str, Any]) -> Settings:
    """Fill in what follows from other settings."""
    if "data_dir" in values and "search_dir" not in values:
        values["search_dir"] = values["data_dir"] / "search"
    return Settings(**values)


def check(settings: Settings) -> Settings:
    """Refuse combinations that cannot work."""
    choices = {
        "media_store": ("directory", "s3"),
        "default_locale": ("zh_CN", "en"),
        "log_level": ("DEBUG", "INFO", "WARNING", "ERROR"),
        "face": ("off", "dlib"),
        "three_post_scope": ("wide", "narrow"),
    }
    for name, allowed in choices.items():
        if getattr(settings, name) not in allowed:
            raise SettingsError(f"{variable(name)} takes {' or '.join(allowed)}")
    if settings.media_store == "s3" and not settings.s3_bucket:
        raise SettingsError("XUESHI_MEDIA_STORE=s3 needs XUESHI_S3_BUCKET")
    if settings.stripe_key and not settings.stripe_webhook_secret:
        raise SettingsError("XUESHI_STRIPE_KEY needs XUESHI_STRIPE_WEBHOOK_SECRET")
    if settings.face == "dlib" and not all(map(find_spec, FACE_PACKAGES)):
        raise SettingsError(
            "XUESHI_FACE=dlib needs optional packages: pip install --require-hashes -r requirements-face.txt"
        )
    if not 0 < settings.face_limit < 2:
        raise SettingsError("XUESHI_FACE_LIMIT takes a number above 0 and below 2")
    if settings.beat_days < 30:
        raise SettingsError("XUESHI_BEAT_DAYS takes 30 days at least: an appeal needs the beats")
    if any(sign.isspace() or sign == "+" for sign in settings.log_origin):
        raise SettingsError("XUESHI_LOG_ORIGIN takes a name without spaces and plus signs")
    if not 1 <= settings.port <= 65535:
        raise SettingsError("XUESHI_PORT takes a port number from 1 to 65535")
    return settings
