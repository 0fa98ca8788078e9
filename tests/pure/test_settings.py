"""Settings from the environment: typed, and refused in a sentence that names the variable."""

import socket
from fractions import Fraction
from pathlib import Path

import pytest

from app.cli import Stop, check_disk, check_port
from app.keys import with_keys
from app.settings import Settings, SettingsError, load


def test_nothing_set_is_the_embedded_default() -> None:
    settings = load({})
    assert settings.effective_database_url.startswith("sqlite:///")
    assert (settings.media_store, settings.port, settings.rating_prior_mean) == ("directory", 8000, Fraction(7, 2))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("XUESHI_PORT", "eighty"),
        ("XUESHI_PORT", "70000"),
        ("XUESHI_RATING_PRIOR_MEAN", "7/0"),
        ("XUESHI_SECURE_COOKIES", "perhaps"),
        ("XUESHI_SECRET_KEY", "abc"),
        ("XUESHI_MEDIA_STORE", "tape"),
        ("XUESHI_DEFAULT_LOCALE", "fr"),
        ("XUESHI_THREE_POST_SCOPE", "broad"),
        ("XUESHI_PORTT", "8000"),
    ],
)
def test_a_malformed_or_unknown_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        load({name: value})


def test_a_secret_is_not_repeated_in_the_sentence() -> None:
    with pytest.raises(SettingsError) as refused:
        load({"XUESHI_VAULT_KEY": "hunter2hunter2"})
    assert "hunter2" not in str(refused.value)


def test_settings_that_need_each_other_say_so() -> None:
    with pytest.raises(SettingsError, match="XUESHI_S3_BUCKET"):
        load({"XUESHI_MEDIA_STORE": "s3"})
    with pytest.raises(SettingsError, match="XUESHI_STRIPE_WEBHOOK_SECRET"):
        load({"XUESHI_STRIPE_KEY": "sk_test_x"})


def test_faces_need_their_optional_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.settings.FACE_PACKAGES", ("dlib_is_not_here",))
    with pytest.raises(SettingsError, match=r"XUESHI_FACE=dlib needs .* -r requirements-face\.txt"):
        load({"XUESHI_FACE": "dlib"})
    assert load({}).face == "off"
    with pytest.raises(SettingsError, match="XUESHI_FACE_LIMIT"):
        load({"XUESHI_FACE_LIMIT": "0"})


def test_keys_are_made_once_and_readable_by_their_owner_only(tmp_path: Path) -> None:
    first = with_keys(Settings(data_dir=tmp_path))
    assert with_keys(Settings(data_dir=tmp_path)) == first
    assert len({first.secret_key, first.vault_key, first.index_key}) == 3
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "keys").iterdir())


def test_a_port_in_use_is_said_in_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Stop, match=f"Port {port} is in use"):
            check_port(Settings(port=port))


def test_a_full_disk_is_said_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.cli.NEEDED_BYTES", 10**18)
    with pytest.raises(Stop, match="MB left"):
        check_disk(Settings(data_dir=tmp_path))
