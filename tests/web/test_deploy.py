"""The files for systemd, nginx and Caddy do what the how-to says, and log no address."""

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from takeback.settings import PREFIX, Settings, from_environment
from takeback.web.partner.routes import LONGEST_WAIT
from takeback.web.server import GRACE_SECONDS
from tests.web.conftest import Served

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
WHO_CALLS = ("Cookie", "Forwarded", "Referer", "User-Agent", "X-Forwarded-For", "X-Real-IP")
"""Headers by which a proxy would tell the hub about its caller."""


def _self_signed(directory: Path) -> tuple[Path, Path]:
    """Write a certificate and its key, so that nginx can read the file to its end."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    paths = directory / "fullchain.pem", directory / "privkey.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def _nginx_accepts(text: str, directory: Path) -> bool:
    """Let nginx read the file inside a smallest configuration of its own."""
    for path in _self_signed(directory):
        text = text.replace(f"/etc/ssl/takeback/{path.name}", str(path))
    outer = directory / "nginx.conf"
    outer.write_text(
        f"pid {directory}/nginx.pid;\nerror_log {directory}/error.log;\nevents {{}}\n"
        f"http {{\n{text}\n}}\n"
    )
    answer = subprocess.run(
        [shutil.which("nginx") or "nginx", "-t", "-q", "-p", str(directory), "-c", str(outer)],
        check=False,
        capture_output=True,
        text=True,
    )
    return answer.returncode == 0


def test_nginx_logs_no_address_and_passes_none_on(tmp_path: Path) -> None:
    """No access log, no error log with addresses in it, and no header about the caller."""
    text = (DEPLOY / "nginx.conf").read_text()

    assert re.findall(r"^\s*access_log (.*);", text, re.M) == ["off"]
    assert re.findall(r"^\s*error_log (.*);", text, re.M) == ["/dev/null emerg"]
    for header in WHO_CALLS:
        assert re.search(rf'proxy_set_header {header}\s+"";', text)
    assert "$remote_addr" not in text
    assert "$proxy_add_x_forwarded_for" not in text
    if shutil.which("nginx"):
        assert _nginx_accepts(text, tmp_path)


def test_nginx_leaves_room_for_bodies_and_long_polls_and_none_on_disk() -> None:
    """A body stays in memory whole, and a poll is not cut off while it waits."""
    text = (DEPLOY / "nginx.conf").read_text()

    assert re.search(r"client_max_body_size\s+4m;", text)
    assert re.search(r"client_body_buffer_size\s+4m;", text)
    assert re.search(r"proxy_max_temp_file_size\s+0;", text)
    waits = re.search(r"proxy_read_timeout (\d+)s;", text)
    assert waits
    assert int(waits[1]) > LONGEST_WAIT


def test_caddy_logs_no_address_and_passes_none_on(tmp_path: Path) -> None:
    """No access log, no logger that writes addresses, and no header about the caller."""
    text = (DEPLOY / "Caddyfile").read_text()

    assert not re.search(r"^\tlog\b", text.partition("hub.example {")[2], re.M)
    for logger in ("http.log.error", "http.log.access", "http.handlers.reverse_proxy"):
        assert re.search(rf"exclude .*\b{logger}\b", text)
    for header in WHO_CALLS:
        assert f"header_up -{header}\n" in text
    if caddy := shutil.which("caddy"):
        answer = subprocess.run(
            [caddy, "validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "Caddyfile")],
            check=False,
            capture_output=True,
            env={"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)},
        )
        assert answer.returncode == 0


def test_both_keep_what_is_for_the_operator_inside() -> None:
    """Health, readiness, metrics and the demonstration are not for the internet."""
    nginx = (DEPLOY / "nginx.conf").read_text()
    caddy = (DEPLOY / "Caddyfile").read_text()

    assert "location ~ ^/(health|ready|metrics|demo/.*)$ {\n        return 404;" in nginx
    assert "@inside path /health /ready /metrics /demo/*\n\trespond @inside 404" in caddy


def test_the_unit_names_settings_that_there_are() -> None:
    """Its environment is read without complaint, and nothing faces outwards."""
    text = (DEPLOY / "takeback.service").read_text()
    named = dict(re.findall(rf"^Environment=({PREFIX}\w+)=(.*)$", text, re.M))

    settings = from_environment(named)

    assert settings.host == Settings().host
    assert settings.journal_path.parent != settings.data


def test_the_unit_gives_the_hub_time_to_stop_and_leaves_no_memory_image() -> None:
    """Systemd waits longer than the hub does, and a crash writes no signals to disk."""
    text = (DEPLOY / "takeback.service").read_text()
    patience = re.search(r"^TimeoutStopSec=(\d+)$", text, re.M)

    assert patience
    assert int(patience[1]) > GRACE_SECONDS
    for line in ("LimitCORE=0", "UMask=0077", "NoNewPrivileges=yes", "ProtectSystem=strict"):
        assert f"\n{line}\n" in text


def test_the_how_to_shows_what_the_hub_answers_and_names_files_that_there_are(
    served: Served,
) -> None:
    """Who follows it sees the same on their own server."""
    page = (ROOT / "docs" / "how-to" / "run-a-hub.md").read_text()

    for path in ("/health", "/ready"):
        assert f"http://127.0.0.1:8080{path}\n{served.http.get(path).text}\n" in page
    for link in re.findall(r"\]\(([^)]+)\)", page):
        assert (ROOT / "docs" / "how-to" / link).exists(), link
