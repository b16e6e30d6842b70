"""What a marketing person edits: `listening.yaml`, typed and checked (docs/reference/settings.md)."""

from flows.settings.access import Access, SignIn, is_own_host
from flows.settings.alerts import Alerts, Channel
from flows.settings.aspects import Aspect
from flows.settings.departments import DepartmentRule
from flows.settings.entities import Company, Competitor, Entity, Industry, Market, Product
from flows.settings.index import Index
from flows.settings.loading import load_access, load_settings, parse_settings
from flows.settings.model import SentimentRule, Settings, Watchlist
from flows.settings.problems import Problem, SettingsError
from flows.settings.secrets import SecretFromEnv

__all__ = [
    "Access",
    "Alerts",
    "Aspect",
    "Channel",
    "Company",
    "Competitor",
    "DepartmentRule",
    "Entity",
    "Index",
    "Industry",
    "Market",
    "Problem",
    "Product",
    "SecretFromEnv",
    "SentimentRule",
    "Settings",
    "SettingsError",
    "SignIn",
    "Watchlist",
    "is_own_host",
    "load_access",
    "load_settings",
    "parse_settings",
]
