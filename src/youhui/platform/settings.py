"""Settings, each from an environment variable: YOUHUI_DATABASE_URL, YOUHUI_CURRENCY …"""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What a deployment decides."""

    model_config = SettingsConfigDict(env_prefix="YOUHUI_", extra="forbid", frozen=True)

    database_url: str = "sqlite:///var/youhui.db"
    """as SQLAlchemy writes it: sqlite, postgresql+psycopg or mysql+pymysql"""
    currency: str = Field("CNY", pattern="^[A-Z]{3}$")
    """of a promotion that names none"""
    strategy: Literal["priority", "best_for_customer"] = "priority"
    """how a cart is priced, unless its request says otherwise"""
    access_log: bool = True
    """one line a request; for a quote only where it is refused or fails"""
