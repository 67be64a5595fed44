"""The module of macOS that `urllib.request` imports there."""


def _get_proxies() -> dict[str, str]:
    return {}


def _get_proxy_settings() -> dict[str, object]:
    return {}
