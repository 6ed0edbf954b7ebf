"""Single sign-on with an OpenID Connect provider: a small real one, on this machine."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
import requests

from guildhall.people.models import User
from guildhall.people.tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "the provider's secret, long enough to sign with"


class Provider(ThreadingHTTPServer):
    """An OpenID Connect provider at which somebody is signed in already; ``claims`` says who."""

    claims: dict[str, Any]
    asked: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        url = self.server.url
        if address.path == "/.well-known/openid-configuration":
            names = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
            endpoints = {f"{name}_endpoint": f"{url}/{path}" for name, path in names.items()}
            self._json({"issuer": url, "jwks_uri": f"{url}/keys", **endpoints})
        elif address.path == "/authorize":
            self.server.asked = {name: values[0] for name, values in parse_qs(address.query).items()}
            self.send_response(302)
            answer = urlencode({"code": "once", "state": self.server.asked["state"]})
            self.send_header("Location", f"{self.server.asked['redirect_uri']}?{answer}")
            self.end_headers()
        elif address.path == "/userinfo" and self.headers["Authorization"] == "Bearer access":
            self._json(self.server.claims)
        else:
            self._json({}, 404)

    def do_POST(self) -> None:
        sent = {
            name: values[0] for name, values in parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()).items()
        }
        challenge = urlsafe_b64encode(sha256(sent["code_verifier"].encode()).digest()).decode().rstrip("=")
        if (sent["code"], sent["client_secret"], challenge) != ("once", SECRET, self.server.asked["code_challenge"]):
            return self._json({"error": "invalid_grant"}, 400)
        claims = {**self.server.claims, "iss": self.server.url, "aud": "guildhall", "iat": int(time()), "exp": int(time()) + 60}
        id_token = jwt.encode(claims, SECRET, algorithm="HS256")
        return self._json({"access_token": "access", "token_type": "Bearer", "id_token": id_token})

    def _json(self, answer: dict[str, Any], status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def provider(settings: Any) -> Iterator[Provider]:
    with Provider(("127.0.0.1", 0), Answers) as provider:
        Thread(target=provider.serve_forever, daemon=True).start()
        settings.SOCIALACCOUNT_PROVIDERS = {
            "openid_connect": {
                "OAUTH_PKCE_ENABLED": True,
                "APPS": [
                    {
                        "provider_id": "sso",
                        "name": "City Schools",
                        "client_id": "guildhall",
                        "secret": SECRET,
                        "settings": {"server_url": provider.url, "verified_email": ["sure.example"]},
                    }
                ],
            }
        }
        yield provider
        provider.shutdown()


def sign_in(live_server: Any, **claims: Any) -> tuple[requests.Response, bool]:
    """Press the button on the sign-in page; return where one arrives, and whether one is signed in there."""
    with requests.Session() as browser:
        page = browser.get(f"{live_server.url}/account/login/").text
        button = re.search(r'href="(/account/oidc/[^"]+)"[^>]*>.*?<span>City Schools</span>', page)
        arrived = browser.get(live_server.url + button[1].replace("&amp;", "&"))
        inside = browser.get(f"{live_server.url}/account/2fa/", allow_redirects=False).status_code == 200
        return arrived, inside


def test_an_address_that_the_provider_has_verified_opens_its_account(live_server, provider):
    user = UserFactory(email="ewa@example.org")
    provider.claims = {"sub": "1", "email": "Ewa@example.org", "email_verified": True}

    _arrived, inside = sign_in(live_server)

    assert inside
    assert user.socialaccount_set.get().uid == "1"


def test_whoever_came_so_once_comes_again_after_changing_the_address_there(live_server, provider):
    UserFactory(email="ewa@example.org")
    provider.claims = {"sub": "1", "email": "ewa@example.org", "email_verified": True}
    sign_in(live_server)
    provider.claims = {"sub": "1", "email": "ewa.lis@example.org", "email_verified": False}

    _arrived, inside = sign_in(live_server)

    assert inside


@pytest.mark.parametrize("verified", [False, None, "false"])
def test_an_address_that_the_provider_has_not_verified_opens_nothing(live_server, provider, verified):
    UserFactory(email="ewa@example.org")
    provider.claims = {"sub": "1", "email": "ewa@example.org", "email_verified": verified}

    arrived, inside = sign_in(live_server)

    assert not inside
    assert urlsplit(arrived.url).path == "/account/login/"
    assert "City Schools did not confirm that your address is yours" in arrived.text


def test_a_domain_of_which_the_operator_is_sure_counts_as_verified(live_server, provider):
    UserFactory(email="ewa@sure.example")
    provider.claims = {"sub": "1", "email": "ewa@sure.example"}

    _arrived, inside = sign_in(live_server)

    assert inside


def test_single_sign_on_makes_no_accounts(live_server, provider):
    provider.claims = {"sub": "1", "email": "new@example.org", "email_verified": True}

    arrived, inside = sign_in(live_server)

    assert not inside
    assert not User.objects.exists()
    assert "There is no account for your address here yet" in arrived.text


def test_no_button_is_shown_where_no_provider_is_configured(client, db):
    assert "/account/oidc/" not in client.get("/account/login/").content.decode()


def test_a_link_connects_nobody_to_an_account_elsewhere(live_server, provider, client):
    user = UserFactory(email="victim@example.org")
    provider.claims = {"sub": "attacker", "email": "attacker@example.org", "email_verified": True}
    client.force_login(user)
    with requests.Session() as browser:
        browser.cookies.set("guildhall", client.cookies["guildhall"].value)

        browser.get(f"{live_server.url}/account/oidc/sso/login/?process=connect")

    assert not user.socialaccount_set.exists()
