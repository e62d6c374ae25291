"""Settings: what the environment and `.env` say, checked once, at start."""

import difflib
import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from app.core.db.url import DatabaseUrl, parse_database_url
from app.core.setting_values import algorithm_of, lower, origin_of, split, upper, web_url

PROJECT_ROOT: Final = Path(__file__).resolve().parents[3]
ENV_FILE: Final = PROJECT_ROOT / ".env"
SECRET_BYTES_MIN: Final = 32
DEVELOPMENT_ISSUER: Final = "http://localhost/daybook-development"
JWKS_PATH: Final = "/api/auth/jwks"

CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split)]
Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class SettingsError(Exception):
    """A setting that the service can't start with: one line, fit for a terminal, without secrets."""


class Settings(BaseSettings):
    """Every setting, by its environment variable's name in small letters.

    The constructor takes keywords only and reads nothing; `load_settings` reads the environment.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True
    )

    @classmethod
    def settings_customise_sources(cls, *_: Any, **sources: Any) -> tuple[PydanticBaseSettingsSource, ...]:
        """Keywords alone, so that a test or a script gets what it says and nothing else."""
        return (sources["init_settings"],)

    database_url: str = Field(
        default="sqlite:///./data/app.db", repr=False, examples=["sqlite:///./data/app.db"]
    )
    migration_database_url: str | None = Field(
        default=None, repr=False, examples=["postgresql://user:password@host/database"]
    )
    db_pool_size: int = Field(default=10, ge=1, le=1000)
    db_max_overflow: int = Field(default=0, ge=0, le=1000)
    db_pool_timeout_seconds: Seconds = 3
    db_connect_timeout_seconds: Seconds = 5
    db_command_timeout_seconds: Seconds = 10
    db_echo: bool = False
    trash_days: int = Field(default=30, ge=1, le=36_500)
    auto_migrate: bool | None = Field(default=None, examples=["true"])

    environment: Annotated[
        Literal["development", "test", "staging", "production"], BeforeValidator(lower)
    ] = "development"
    host: str = Field(default="127.0.0.1", min_length=1)
    port: int = Field(default=2100, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    cors_origins: CommaSeparated = Field(default=(), examples=["https://app.example.com"])
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(upper)] = (
        "INFO"
    )

    auth_issuer: str | None = Field(default=None, min_length=1, examples=["https://auth.example.com"])
    auth_audience: str | None = Field(default=None, min_length=1, examples=["https://auth.example.com"])
    auth_jwks_url: str | None = Field(
        default=None, examples=["https://auth.example.com/.well-known/jwks.json"]
    )
    auth_algorithms: CommaSeparated = Field(default=("EdDSA",), min_length=1)
    auth_secret: SecretStr | None = Field(default=None, examples=[""])

    _unknown: tuple[str, ...] = PrivateAttr(default=())

    @property
    def is_development(self) -> bool:
        """Whether this is somebody's own machine, where a key made here may stand in for an issuer."""
        return self.environment == "development"

    @property
    def data_dir(self) -> Path:
        """Where files that the service makes for itself live."""
        return PROJECT_ROOT / "data"

    @property
    def database(self) -> DatabaseUrl:
        """`database_url`, read."""
        return parse_database_url(self.database_url, root=PROJECT_ROOT)

    @property
    def migration_database(self) -> DatabaseUrl:
        """Where migrations run: around a pooler, if one is told how."""
        return parse_database_url(self.migration_database_url or self.database_url, root=PROJECT_ROOT)

    @property
    def migrates_on_start(self) -> bool:
        """Whether the service migrates before it serves: by default only its own file."""
        return self.database.dialect == "sqlite" if self.auto_migrate is None else self.auto_migrate

    @property
    def uses_dev_key(self) -> bool:
        """Whether tokens are checked with the key that development makes for itself."""
        return self.is_development and not (self.auth_issuer or self.auth_jwks_url or self.auth_secret)

    @property
    def issuer(self) -> str:
        """The `iss` that tokens must carry, to the letter."""
        return self.auth_issuer or DEVELOPMENT_ISSUER

    @property
    def audience(self) -> str | None:
        """The `aud` that tokens must carry, or None where AUTH_AUDIENCE=none switched the check off."""
        if self.auth_audience is None:
            return self.issuer
        return None if self.auth_audience.lower() == "none" else self.auth_audience

    @property
    def jwks_url(self) -> str | None:
        """Where the issuer publishes its keys, or None with a secret or with the development key."""
        if self.auth_secret or self.uses_dev_key:
            return None
        return self.auth_jwks_url or self.issuer.rstrip("/") + JWKS_PATH

    @property
    def algorithms(self) -> tuple[str, ...]:
        """The algorithms that a token may be signed with, whatever its own header says."""
        return ("HS256",) if self.auth_secret else self.auth_algorithms

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed but deserves a word at start, one line each, without secrets."""
        found = [f"DATABASE_URL: {warning}" for warning in self.database.warnings]
        if self.audience is None:
            found.append("AUTH_AUDIENCE: the audience of tokens is not checked")
        if self.auth_secret and "auth_algorithms" in self.model_fields_set:
            found.append("AUTH_ALGORITHMS: has no effect with AUTH_SECRET, which means HS256")
        if self.uses_dev_key and not _is_loopback(self.host):
            found.append(
                "HOST: others reach this service while tokens of the development key count;"
                " write an AUTH_ISSUER, or HOST=127.0.0.1"
            )
        return (*found, *self._unknown)

    @field_validator("database_url", "migration_database_url")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is not None:
            parse_database_url(value, root=PROJECT_ROOT)
        return value

    @field_validator("cors_origins")
    @classmethod
    def _exact(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(origin_of(text) for text in value)

    @field_validator("auth_algorithms")
    @classmethod
    def _allowed(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(algorithm_of(text) for text in value)

    @field_validator("auth_secret")
    @classmethod
    def _long(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < SECRET_BYTES_MIN:
            raise ValueError(
                f"is shorter than {SECRET_BYTES_MIN} bytes; write what `openssl rand -base64 48` prints"
            )
        return value

    @model_validator(mode="after")
    def _one_database(self) -> Self:
        if self.workers > 1 and self.database.is_memory:
            raise ValueError("WORKERS is refused: in memory, each would have a database of its own; write 1")
        return self

    @model_validator(mode="after")
    def _auth_complete(self) -> Self:
        if self.auth_secret and self.auth_jwks_url:
            raise ValueError("AUTH_SECRET and AUTH_JWKS_URL are both set; leave one of them out")
        if not self.auth_issuer and not self.uses_dev_key:
            raise ValueError(f"AUTH_ISSUER is missing; {self._why_issuer()}")
        if self.uses_dev_key and self.auth_audience:
            raise ValueError("AUTH_ISSUER is missing; write the `iss` of the tokens, or drop AUTH_AUDIENCE")
        if self.jwks_url:
            source = "AUTH_JWKS_URL" if self.auth_jwks_url else "AUTH_ISSUER"
            try:
                web_url(self.jwks_url, https_only=not self.is_development)
            except ValueError as error:
                raise ValueError(f"{source} {error}") from None
        return self

    def _why_issuer(self) -> str:
        if self.is_development:
            return "write the `iss` of the tokens, such as AUTH_ISSUER=https://auth.example.com"
        return f"ENVIRONMENT={self.environment} needs it; write the `iss` of the tokens"


def load_settings(env_file: Path | None = ENV_FILE) -> Settings:
    """The settings of this process: the environment, and below it the file.

    An empty variable counts as unset. SettingsError says what is wrong.
    """
    try:
        file = DotEnvSettingsSource(
            Settings, env_file=env_file, env_file_encoding="utf-8", env_ignore_empty=True
        )
        values = {**file(), **EnvSettingsSource(Settings, env_ignore_empty=True)()}
        settings = Settings(
            **{name: value for name, value in values.items() if name in Settings.model_fields}
        )
    except ValidationError as error:
        raise SettingsError(_sentence(error.errors(include_url=False)[0])) from None
    except UnicodeDecodeError:
        raise SettingsError(".env is not UTF-8; save it as UTF-8") from None
    except OSError as error:
        raise SettingsError(f".env can't be read ({error.strerror}); make it readable") from None
    settings._unknown = _slips(file.env_vars)
    return settings


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _slips(names: Iterable[str]) -> tuple[str, ...]:
    """A word for each unknown name in the file that looks like a slip of the pen.

    The rest belongs to others who read the same file, such as compose.
    """
    known = list(Settings.model_fields)
    likely = {name: difflib.get_close_matches(name, known, 1, 0.8) for name in names if name not in known}
    return tuple(f"{a.upper()}: unknown in .env; is {b[0].upper()} meant?" for a, b in likely.items() if b)


def _sentence(error: ErrorDetails) -> str:
    """One line: the variable, what is wrong, what to write. It never quotes the value of a secret."""
    cause = error.get("ctx", {}).get("error")
    if not error["loc"]:
        return str(cause)
    name = str(error["loc"][0])
    if cause:
        return f"{name.upper()} {cause}"
    field = Settings.model_fields[name]
    example = field.examples[0] if field.examples else field.default
    if isinstance(example, tuple):
        example = ",".join(example)
    problem = f"{error['msg'][0].lower()}{error['msg'][1:]}"
    return f"{name.upper()} is refused: {problem}; write for example {name.upper()}={example}"
