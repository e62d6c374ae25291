"""Settings: what is read, what wins, and what is said about a value that is wrong."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from app.core.config import PROJECT_ROOT, Settings, SettingsError, load_settings

SECRET = "alice-and-bob-share-this-long-secret"
ISSUER = "https://auth.example.com"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_nothing_set_means_development_on_sqlite(env_file: Path) -> None:
    settings = load_settings(env_file)
    assert settings == Settings()
    assert settings.is_development
    assert settings.database.file == PROJECT_ROOT / "data" / "app.db"
    assert settings.data_dir == PROJECT_ROOT / "data"
    assert settings.migrates_on_start
    assert settings.uses_dev_key
    assert settings.jwks_url is None
    assert settings.audience == settings.issuer
    assert settings.warnings == ()


def test_the_environment_wins_over_the_file(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env_file.write_text("PORT=3000\nLOG_LEVEL=debug\nAUTO_MIGRATE=false\n")
    monkeypatch.setenv("PORT", "4000")
    settings = load_settings(env_file)
    assert (settings.port, settings.log_level, settings.migrates_on_start) == (4000, "DEBUG", False)


def test_empty_counts_as_unset(env_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env_file.write_text("PORT=3000\nAUTO_MIGRATE=\n")
    monkeypatch.setenv("PORT", "")
    monkeypatch.setenv("AUTH_SECRET", "")
    settings = load_settings(env_file)
    assert (settings.port, settings.auto_migrate, settings.auth_secret) == (3000, None, None)


def test_keywords_read_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "4000")
    assert Settings(db_pool_size=2).port == 2100


def test_a_slip_in_the_file_gets_a_word_and_a_strangers_name_none(env_file: Path) -> None:
    env_file.write_text("DATABSE_URL=sqlite://\nPOSTGRES_PASSWORD=bob\n")
    assert load_settings(env_file).warnings == ("DATABSE_URL: unknown in .env; is DATABASE_URL meant?",)


def test_the_file_must_be_utf8(env_file: Path) -> None:
    env_file.write_bytes(b"HOST=\xff\n")
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings(env_file)


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"PORT": "abc"}, "PORT is refused.*integer.*write for example PORT=2100"),
        ({"PORT": "70000"}, "PORT is refused.*65535.*PORT=2100"),
        ({"DB_ECHO": "perhaps"}, "DB_ECHO is refused.*boolean.*DB_ECHO=False"),
        ({"DB_COMMAND_TIMEOUT_SECONDS": "0"}, "DB_COMMAND_TIMEOUT_SECONDS is refused.*greater than 0"),
        ({"DB_COMMAND_TIMEOUT_SECONDS": "inf"}, "DB_COMMAND_TIMEOUT_SECONDS is refused"),
        ({"ENVIRONMENT": "prod"}, "ENVIRONMENT is refused.*'production'.*ENVIRONMENT=development"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL is refused.*'INFO'"),
        ({"CORS_ORIGINS": "*"}, "CORS_ORIGINS holds what is not an exact origin; write scheme"),
        ({"CORS_ORIGINS": "https://a.example,https://b.example/"}, "CORS_ORIGINS holds what is not an exact"),
        ({"CORS_ORIGINS": "https://a.example:443"}, "CORS_ORIGINS.*write https://a.example$"),
        ({"DATABASE_URL": "mysql://bob:hunter2@db/x"}, "DATABASE_URL names mysql.*write sqlite:///"),
        ({"MIGRATION_DATABASE_URL": "hunter2"}, "MIGRATION_DATABASE_URL is not a URL; write"),
        ({"AUTH_SECRET": "hunter2"}, "AUTH_SECRET is shorter than 32 bytes; write what `openssl"),
        ({"AUTH_SECRET": SECRET}, "AUTH_ISSUER is missing; write"),
        ({"AUTH_JWKS_URL": f"{ISSUER}/jwks"}, "AUTH_ISSUER is missing; write"),
        ({"AUTH_AUDIENCE": "daybook"}, "AUTH_ISSUER is missing; write"),
        (
            {"AUTH_SECRET": SECRET, "AUTH_ISSUER": ISSUER, "AUTH_JWKS_URL": ISSUER},
            "AUTH_SECRET and AUTH_JWKS_URL are both set; leave one",
        ),
        ({"AUTH_ALGORITHMS": "HS256"}, "AUTH_ALGORITHMS holds.*set AUTH_SECRET"),
        (
            {"AUTH_ALGORITHMS": "EdDSA,none"},
            "AUTH_ALGORITHMS holds.*not supported; write one or more of EdDSA",
        ),
        ({"AUTH_ALGORITHMS": ","}, "AUTH_ALGORITHMS is refused.*AUTH_ALGORITHMS=EdDSA"),
        ({"AUTH_ISSUER": "auth.example.com"}, "AUTH_ISSUER is not an absolute URL; write"),
        ({"AUTH_ISSUER": "https://bob:hunter2@auth"}, "AUTH_ISSUER holds a user name or a fragment; write"),
        ({"ENVIRONMENT": "production"}, "AUTH_ISSUER is missing; ENVIRONMENT=production needs it; write"),
        ({"ENVIRONMENT": "test", "AUTH_SECRET": SECRET}, "AUTH_ISSUER is missing; ENVIRONMENT=test"),
        (
            {"ENVIRONMENT": "production", "AUTH_ISSUER": "http://auth"},
            "AUTH_ISSUER is not https.*write an https",
        ),
        (
            {"ENVIRONMENT": "staging", "AUTH_ISSUER": ISSUER, "AUTH_JWKS_URL": "http://auth/jwks"},
            "AUTH_JWKS_URL is not https",
        ),
    ],
)
def test_a_bad_value_gets_one_line_without_secrets(
    variables: dict[str, str], sentence: str, env_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        load_settings(env_file)
    line = str(caught.value)
    assert re.match(sentence, line), line
    assert "\n" not in line
    assert "hunter2" not in line
    assert SECRET not in line


def test_no_secret_is_shown() -> None:
    settings = Settings(
        database_url="postgresql://bob:hunter2@db/x", auth_secret=SecretStr(SECRET), auth_issuer=ISSUER
    )
    assert "hunter2" not in f"{settings!r}{settings}{settings.database!r}{settings.database}"
    assert SECRET not in f"{settings!r}{settings}"
    with pytest.raises(ValidationError) as caught:
        Settings(database_url="mysql://bob:hunter2@db/x", auth_secret=SecretStr("hunter2"))
    assert "hunter2" not in str(caught.value)


def test_a_secret_means_hs256_and_no_published_keys() -> None:
    settings = Settings(
        auth_secret=SecretStr(SECRET), auth_issuer="anything at all", environment="production"
    )
    assert settings.jwks_url is None
    assert settings.algorithms == ("HS256",)
    assert settings.audience == "anything at all"
    assert not settings.uses_dev_key


@pytest.mark.parametrize(
    ("issuer", "jwks_url"),
    [
        ("https://auth.example.com", "https://auth.example.com/api/auth/jwks"),
        ("https://auth.example.com/", "https://auth.example.com/api/auth/jwks"),
        ("https://auth.example.com/base//", "https://auth.example.com/base/api/auth/jwks"),
    ],
)
def test_a_trailing_slash_of_the_issuer_is_compared_but_not_doubled(issuer: str, jwks_url: str) -> None:
    settings = Settings(auth_issuer=issuer, environment="production")
    assert settings.issuer == settings.audience == issuer
    assert settings.jwks_url == jwks_url


def test_development_may_do_without_https() -> None:
    assert Settings(auth_issuer="http://localhost:3000").jwks_url == "http://localhost:3000/api/auth/jwks"


def test_audience_none_switches_the_check_off_with_a_warning() -> None:
    settings = Settings(auth_issuer=ISSUER, auth_audience="none")
    assert settings.audience is None
    assert settings.warnings == ("AUTH_AUDIENCE: the audience of tokens is not checked",)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_the_development_key_stays_at_home_without_a_word(host: str) -> None:
    assert Settings(host=host).warnings == ()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "daybook.example.com"])  # noqa: S104 (as a test)
def test_the_development_key_on_a_network_gets_a_word(host: str) -> None:
    (warning,) = Settings(host=host).warnings
    assert warning.startswith("HOST: others reach this service while tokens of the development key count;")
    assert Settings(host=host, auth_issuer=ISSUER).warnings == ()


def test_origins_are_split_and_as_browsers_send_them(env_file: Path) -> None:
    env_file.write_text(
        "CORS_ORIGINS=https://App.example.com, http://localhost:3000 ,capacitor://localhost\n"
    )
    origins = ("https://app.example.com", "http://localhost:3000", "capacitor://localhost")
    assert load_settings(env_file).cors_origins == origins


def test_postgres_does_not_migrate_by_itself() -> None:
    settings = Settings(database_url="postgres://db/x", migration_database_url="postgres://direct/x")
    assert not settings.migrates_on_start
    assert settings.migration_database.url.host == "direct"
    assert Settings(database_url="postgres://db/x", auto_migrate=True).migrates_on_start


def test_the_example_lists_and_explains_every_setting_with_its_default(env_file: Path) -> None:
    text = (PROJECT_ROOT / ".env.example").read_text(encoding="utf-8")
    lines = re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", text, re.MULTILINE)
    assert [name.lower() for name, _ in lines] == list(Settings.model_fields)
    env_file.write_text("\n".join(f"{name}={value}" for name, value in lines))
    assert load_settings(env_file) == Settings()
    for name, field in Settings.model_fields.items():
        shown = dict(lines)[name.upper()]
        assert bool(shown) == (field.default not in (None, ())), f"{name} must show its default"
    for block in re.split(r"\n\s*\n", text):
        if re.search(r"^(?:# )?[A-Z_]+=", block, re.MULTILINE):
            assert re.match(r"# [^=]{15,}", block), f"not explained: {block}"
