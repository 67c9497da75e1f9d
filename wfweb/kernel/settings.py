"""Settings of one process, read once from the environment.

Every name carries the prefix ``WFWEB_``; a name with the suffix ``_FILE`` names a file
that holds the value, as container secrets do.
"""

import os
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "WFWEB_"
MINIMUM_SECRET_LENGTH = 32


class SettingsError(Exception):
    """The environment does not describe a process that may start."""


class Settings(BaseSettings):
    """All settings with their defaults; units stand in the names."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    environment: Literal["development", "test", "production"] = "production"
    database_url: str = ""
    migration_database_url: str = ""
    redis_url: str = ""
    secret_key: SecretStr = SecretStr("")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    base_url: str = ""
    trusted_proxies: int = Field(default=0, ge=0, le=5)

    smtp_host: str = "127.0.0.1"
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_starttls: bool = False
    smtp_timeout_seconds: float = Field(default=15, gt=0, le=120)
    mail_from: str = "wfweb <approvals@localhost>"
    mail_catcher_dir: str = ""

    storage_dir: str = ""
    upload_limit_bytes: int = Field(default=10 * 1024 * 1024, ge=1024)
    pool_size: int = Field(default=4, ge=1, le=64)
    statement_timeout_seconds: float = Field(default=15, gt=0)
    api_calls_per_minute: int = Field(default=12_000, ge=1)
    # Webhooks may go to private addresses; only for receivers inside one's own network.
    webhook_private_addresses: bool = False
    demo: bool = False
    log_level: str = "INFO"

    @model_validator(mode="after")
    def _complete(self) -> "Settings":
        if not self.database_url:
            message = "WFWEB_DATABASE_URL is not set"
            raise ValueError(message)
        if not self.redis_url:
            message = "WFWEB_REDIS_URL is not set"
            raise ValueError(message)
        if len(self.secret_key.get_secret_value()) < MINIMUM_SECRET_LENGTH:
            message = f"WFWEB_SECRET_KEY needs at least {MINIMUM_SECRET_LENGTH} characters"
            raise ValueError(message)
        return self

    @property
    def public_url(self) -> str:
        """Where people reach this installation, without a trailing slash."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def owner_database_url(self) -> str:
        """The address migrations use; the application's own unless one is given."""
        return self.migration_database_url or self.database_url


def _values_from_files() -> dict[str, str]:
    """Return settings given as ``WFWEB_<NAME>_FILE``."""
    found: dict[str, str] = {}
    for name, path in os.environ.items():
        if name.startswith(PREFIX) and name.endswith("_FILE"):
            key = name.removeprefix(PREFIX).removesuffix("_FILE").lower()
            found[key] = Path(path).read_text(encoding="utf-8").strip()
    return found


def load_settings(**overrides: object) -> Settings:
    """Read the environment anew.

    :raises SettingsError: with one sentence per missing or wrong setting.
    """
    values: dict[str, object] = {**_values_from_files(), **overrides}
    try:
        return Settings(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'settings'}: {item['msg']}"
            for item in error.errors(include_input=False)
        )
        raise SettingsError(problems) from None


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process, read at the first call."""
    return load_settings()
