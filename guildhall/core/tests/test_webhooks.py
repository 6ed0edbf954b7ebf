"""Messages to other machines: who can tell that they are ours, and where they are never sent."""

from __future__ import annotations

import re
import socket
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from guildhall.core import reaching
from guildhall.core.errors import Refused
from guildhall.core.tests.receivers import babbling, dripping, receiving, without_end
from guildhall.core.webhooks import Trouble, check_address, new_secret, post, posting, signed_heads

MANUAL = Path(__file__).resolve().parents[3] / "docs" / "webhooks.md"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = "msg_p5jXN8AQM9LWM0D4loKWxJek"
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


class TestSigning:
    def test_it_is_the_signature_that_the_libraries_of_standard_webhooks_make(self):
        assert signed_heads(BODY, key=KEY, at=AT, secrets=[SECRET]) == {
            "webhook-id": KEY,
            "webhook-timestamp": "1614265330",
            "webhook-signature": SIGNATURE,
        }

    def test_each_secret_signs(self):
        first, second = signed_heads(BODY, key=KEY, at=AT, secrets=[new_secret(), SECRET])["webhook-signature"].split(" ")
        assert second == SIGNATURE
        assert first.startswith("v1,")
        assert first != second

    def test_no_two_secrets_are_alike(self):
        assert len({new_secret() for _ in range(100)}) == 100
        assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", new_secret())

    def test_the_manual_shows_receivers_how_to_check_it(self):
        shown = re.search(r"```python\n(.*?)```", MANUAL.read_text(), re.DOTALL)
        assert shown
        names: dict[str, Any] = {}
        exec(shown[1], names)  # noqa: S102
        heads = signed_heads(BODY, key=KEY, at=datetime.now(UTC), secrets=[new_secret(), SECRET])
        assert names["is_from_guildhall"](heads, BODY, SECRET)
        assert not names["is_from_guildhall"](heads, BODY + b" ", SECRET)
        assert not names["is_from_guildhall"](heads, BODY, new_secret())
        long_ago = signed_heads(BODY, key=KEY, at=datetime.now(UTC) - timedelta(minutes=6), secrets=[SECRET])
        assert not names["is_from_guildhall"](long_ago, BODY, SECRET)
        assert f"{SECRET}" in MANUAL.read_text()
        assert SIGNATURE in MANUAL.read_text()


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            "https://example.org",
            "https://example.org/in?school=1",
            "https://example.org:8443/in",
            "https://93.184.215.14/in",
            "https://[2606:4700::1111]/in",
            "https://xn--bcher-kva.example/in",
        ],
    )
    def test_an_address_on_the_internet_will_do(self, address):
        assert check_address(address) == address

    @pytest.mark.parametrize(
        ("address", "sentence"),
        [
            ("example.org", "whole web address"),
            ("https:///in", "whole web address"),
            ("https://example.org:seven/", "whole web address"),
            ("https://exam\nple.org/", "whole web address"),
            ("https://bücher.example/", "whole web address"),
            ("http://example.org/in", "begin with https"),
            ("ftp://example.org/in", "begin with https"),
            ("file:///etc/passwd", "whole web address"),
            ("https://ada:secret@example.org/in", "name and password"),
            ("https://@example.org/in", "name and password"),
            ("https://example.org:22/", "port"),
            ("https://example.org:80/", "port"),
            ("https://127.0.0.1/", "private network"),
            ("https://10.1.2.3/", "private network"),
            ("https://169.254.169.254/latest/meta-data/", "private network"),
            ("https://[::1]/", "private network"),
            ("https://[::ffff:10.0.0.1]/", "private network"),
        ],
    )
    def test_others_are_refused_with_a_sentence(self, address, sentence):
        with pytest.raises(Refused, match=sentence):
            check_address(address)

    def test_in_a_closed_network_private_addresses_will_do(self, settings):
        settings.WEBHOOKS_ALLOW_PRIVATE = True
        assert check_address("http://10.1.2.3:80/in")
        with pytest.raises(Refused):
            check_address("ftp://10.1.2.3/in")

    @pytest.mark.parametrize(
        "address",
        [
            "0.0.0.0",  # noqa: S104
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::7f00:1",
            "::7f00:1",
            "::ffff:0:127.0.0.1",
            "2002:a00:1::",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ],
    )
    def test_no_address_of_a_network_of_ones_own_is_public(self, address):
        assert not reaching.is_public(ip_address(address))

    @pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"])
    def test_addresses_of_the_internet_are(self, address):
        assert reaching.is_public(ip_address(address))


def resolves_to(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Let names stand for these addresses, one each time somebody asks; returns who was connected to."""
    left, connected = list(answers), []

    def getaddrinfo(name: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (left.pop(0), port))]

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(reaching.socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(reaching.socket, "create_connection", connect)
    return connected


class TestReaching:
    @pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.5", "169.254.169.254", "192.168.178.1"])
    def test_a_name_that_leads_into_a_private_network_is_not_connected_to(self, monkeypatch, address):
        connected = resolves_to(monkeypatch, address)
        assert post("https://receiver.example/in", b"{}", {}).trouble == Trouble.ADDRESS
        assert connected == []

    def test_a_name_that_says_something_else_the_second_time_changes_nothing(self, monkeypatch):
        connected = resolves_to(monkeypatch, "93.184.215.14", "127.0.0.1")
        assert post("https://receiver.example/in", b"{}", {}).trouble == Trouble.CONNECTION
        assert connected == ["93.184.215.14"]

    def test_nothing_is_sent_unencrypted_over_the_internet_even_where_private_addresses_are_allowed(self, monkeypatch, settings):
        settings.WEBHOOKS_ALLOW_PRIVATE = True
        connected = resolves_to(monkeypatch, "93.184.215.14")
        assert post("http://receiver.example/in", b"{}", {}).trouble == Trouble.ADDRESS
        assert connected == []

    def test_a_name_nobody_knows(self, monkeypatch):
        def unknown(*_: Any, **__: Any) -> None:
            raise socket.gaierror

        monkeypatch.setattr(reaching.socket, "getaddrinfo", unknown)
        assert post("https://nowhere.example/in", b"{}", {}).trouble == Trouble.NAME

    def test_a_name_server_that_keeps_silent_does_not_keep_us(self, monkeypatch):
        monkeypatch.setattr(posting, "SECONDS", 0.2)
        silence = Event()
        monkeypatch.setattr(reaching.socket, "getaddrinfo", lambda *_, **__: silence.wait(20) or [])
        began = time.monotonic()
        assert post("https://receiver.example/in", b"{}", {}).trouble == Trouble.TIME
        assert time.monotonic() - began < 3
        silence.set()


@pytest.fixture
def closed_network(settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_PRIVATE = True


@pytest.mark.usefixtures("closed_network")
class TestPosting:
    def test_it_arrives_whole_and_its_status_comes_back(self):
        with receiving(202) as receiver:
            answer = post(receiver.address, b'{"type":"test"}', {"webhook-id": "msg_1", "Content-Type": "application/json"})
        assert (answer.status, answer.trouble, answer.is_success) == (202, None, True)
        heads, body = receiver.got[0]
        assert body == b'{"type":"test"}'
        assert heads["webhook-id"] == "msg_1"
        assert heads["host"] == receiver.address.split("/")[2]

    @pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500, 503])
    def test_everything_but_a_success_is_none(self, status):
        with receiving(status) as receiver:
            assert not post(receiver.address, b"{}", {}).is_success

    def test_a_redirect_is_not_followed(self):
        with receiving() as inside, receiving(307, heads={"Location": inside.address}) as receiver:
            assert post(receiver.address, b"{}", {}).status == 307
        assert inside.got == []

    def test_an_answer_without_end_is_cut_off(self):
        with receiving(without_end) as receiver:
            answer = post(receiver.address, b"{}", {})
        assert answer.status == 200
        assert answer.ms < 5000

    def test_who_sends_a_letter_now_and_then_does_not_keep_us(self, monkeypatch):
        monkeypatch.setattr(posting, "SECONDS", 0.5)
        with receiving(dripping) as receiver:
            began = time.monotonic()
            assert post(receiver.address, b"{}", {}).trouble == Trouble.TIME
            assert time.monotonic() - began < 3

    def test_who_keeps_silent_in_the_middle_of_agreeing_on_a_cipher_does_not_either(self, monkeypatch):
        monkeypatch.setattr(posting, "SECONDS", 0.5)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            address = f"https://localhost:{silent.getsockname()[1]}/"
            assert post(address, b"{}", {}).trouble == Trouble.TIME

    def test_what_is_no_http_is_told_apart(self):
        with receiving(babbling) as receiver:
            assert post(receiver.address, b"{}", {}).trouble == Trouble.ANSWER

    def test_nobody_at_home(self):
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            address = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        assert post(address, b"{}", {}).trouble == Trouble.CONNECTION

    def test_a_proxy_of_the_environment_is_not_used(self, monkeypatch):
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        with receiving() as receiver:
            assert post(receiver.address, b"{}", {}).is_success


def certificate_for(name: str, folder: Path) -> Path:
    """Make a certificate that vouches for itself; returns a file with it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.usefixtures("closed_network")
class TestEncryption:
    def test_it_is_encrypted_for_the_name_in_the_address(self, tmp_path, monkeypatch):
        certificate = certificate_for("localhost", tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with receiving(certificate=certificate) as receiver:
            assert post(receiver.address, b"{}", {}).is_success
        assert receiver.got[0][0]["host"] == receiver.address.split("/")[2]

    @pytest.mark.parametrize("name", ["localhost", "receiver.example"])
    def test_a_certificate_that_nobody_vouches_for_or_of_another_name_gets_nothing(self, tmp_path, monkeypatch, name):
        certificate = certificate_for(name, tmp_path)
        if name != "localhost":
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with receiving(certificate=certificate) as receiver:
            assert post(receiver.address, b"{}", {}).trouble == Trouble.ENCRYPTION
        assert receiver.got == []
