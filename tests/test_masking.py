"""What looks like a secret is masked, at any depth, and nothing else is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.model.masking import MASK, masked, without_secrets

if TYPE_CHECKING:
    from runner.model.json_types import Json


@pytest.mark.parametrize(
    "key",
    [
        *(
            "password",
            "PASSWORD",
            "db_password",
            "passwd",
            "passphrase",
            "DB_PWD",
            "secret",
            "client_secret",
            "SECRETS",
        ),
        *(
            "token",
            "github_token",
            "api_key",
            "apiKey",
            "APIKEY",
            "access_key",
            "private_key",
            "secret_key",
            "credentials",
        ),
        *("authorization", "auth", "signing_key", "pass"),
    ],
)
def test_the_value_of_a_secret_is_masked(key: str) -> None:
    assert masked({key: "hunter2"}) == {key: MASK}
    assert masked([{"deep": [{key: {"of": "any kind"}}]}]) == [{"deep": [{key: MASK}]}]


@pytest.mark.parametrize(
    "key", ["total", "key", "keys", "passed", "bypass_count", "author", "path", "monkey", "passes", "lost", "compass_x"]
)
def test_what_is_no_secret_is_shown(key: str) -> None:
    value: Json = {key: [1, 2.5, None, True, "text", {"a": {}}]}

    assert masked(value) == value


def test_that_there_is_no_secret_is_none() -> None:
    assert masked({"token": None}) == {"token": None}


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("  PASSWORD: x, y", "  PASSWORD: ***"),
        ("+  env: {A: b, api_key: x}", "+  env: {A: b, api_key: ***"),
        ("jobs.a.env.TOKEN=x", "jobs.a.env.TOKEN=***"),
        ('"secret" : x', '"secret" : ***'),
        ("password:", "password:"),
        ("name: token", "name: token"),
        ("url: http://x", "url: http://x"),
    ],
)
def test_in_a_line_all_is_masked_from_the_value_of_a_secret_on(line: str, shown: str) -> None:
    assert without_secrets(line) == shown
