"""What `make lint` runs finds a secret that was never committed, and passes evidently made-up ones."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# In parts, so that this file has none of them.
LIVE = {
    "AWS": ("settings.py", 'KEY = "AKIA' + 'Q3EGRBXKJ5TZ7WNM"'),
    "GitHub": ("notes.md", "The token is ghp_" + "R4nd0mQwErTyUiOpAsDfGhJkLzXcVbNm9876."),
    "private key": ("deploy/key.pem", "-----BEGIN RSA PRIVATE " + "KEY-----\nMIIEowIBAAKCAQEA\n"),
    "Slack": (".github/workflows/ci.yml", "token: xoxb" + "-1234567890-1234567890-AbCdEfGhIjKl"),
    "Stripe": ("stub.json", '{"key": "sk_' + 'live_4eC39HqLyjWDarjtT1zdp7dc"}'),
    "plain word": ("config.yaml", "database_password" + ": Tr0ub4dor9x"),
    "index with a password": (
        "requirements.lock",
        "--index-url https://reader:" + "Tr0ub4dor9x@registry.example/simple",
    ),
}
MADE_UP = [
    ("config.yaml", "client_secret" + ": test-client-secret"),
    ("test_it.py", "PASSWORD" + ' = "Tr0ub4dor9x"  # pragma: allowlist ' + "secret # nobody's"),
    (
        "requirements.lock",
        "httpx==0.28.1 --hash=sha256:75e98c5f16b0f35b567856f597f06ff2270a374470a5c2392242528e3e3e42fc",
    ),
]


def scan(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run in another tree what `make lint` runs in this one."""
    lint = subprocess.run(["make", "--dry-run", "lint"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    (command,) = (each for each in lint.replace("\\\n", "").splitlines() if "detect-secrets" in each)
    command = command.replace(".venv/bin/", f"{ROOT}/.venv/bin/")
    return subprocess.run(["sh", "-c", command], cwd=tree, check=False, capture_output=True, text=True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """An empty repository."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def write(tree: Path, name: str, text: str) -> None:
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).write_text(text + "\n")


def test_each_secret_that_looks_live_fails(tree: Path) -> None:
    write(tree, "README.md", "Nothing here.")
    for name, text in LIVE.values():
        write(tree, name, text)

    done = scan(tree)
    assert done.returncode != 0
    assert {name for name, _ in LIVE.values() if f"{name}:1" not in done.stdout} == set()
    assert "README.md" not in done.stdout


def test_made_up_secrets_a_lock_and_a_removed_file_pass(tree: Path) -> None:
    for name, text in MADE_UP:
        write(tree, name, text)
    write(tree, "gone.py", "PASSWORD" + ' = "Tr0ub4dor9x"  # pragma: allowlist ' + "secret")
    subprocess.run(["git", "-C", tree, "add", "--all"], check=True)
    (tree / "gone.py").unlink()

    done = scan(tree)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
