"""Platforms and staff: who they are, what they may do, and their keys."""

from takeback.accounts.model import (
    ALLOWED,
    SCOPES,
    Action,
    Canary,
    IssuedKey,
    Platform,
    PlatformKey,
    Role,
    Scope,
    Staff,
    Tier,
)
from takeback.accounts.service import Platforms
from takeback.accounts.staff import StaffAccounts

__all__ = [
    "ALLOWED",
    "SCOPES",
    "Action",
    "Canary",
    "IssuedKey",
    "Platform",
    "PlatformKey",
    "Platforms",
    "Role",
    "Scope",
    "Staff",
    "StaffAccounts",
    "Tier",
]
