"""Makes the repository ready to run; does only what is missing. `make` calls it before everything else.

Usage: python3 tools/setup.py [--server] [--browser] [--bench]

Needs nothing but Python 3.11 or newer. Packages come from wherever pip is configured to find them, at the versions and
hashes of requirements.lock. What was done is written down in .venv/set-up.json.
"""

import ctypes
import fcntl
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
PEERS = ROOT / "bench" / "requirements.lock"
PYTHON_VERSION = (3, 11)
LIBRARIES = {"libpangoft2-1.0.so.0": "libpangoft2-1.0-0", "libharfbuzz-subset.so.0": "libharfbuzz-subset0"}
SERVERS = Path("/usr/lib/postgresql")
"""Where Debian keeps PostgreSQL with its extensions, one of which Prefect's shared server needs."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main(words: list[str]) -> None:
    """Bring everything up to date, one process at a time."""
    if sys.version_info < PYTHON_VERSION:
        _stop(
            f"Tidings needs Python 3.11 or newer; this is {sys.version.split()[0]}. Try: make PYTHON=python3.11"
        )
    with Path(__file__).open("rb") as ourselves:
        fcntl.flock(ourselves, fcntl.LOCK_EX)
        environment = Environment(ROOT / ".venv")
        environment.make()
        _install_libraries()
        environment.install(LOCK)
        environment.once("ourselves", [ROOT / "pyproject.toml"], _install_ourselves)
        environment.once("templates", _what_templates_hold(), _make_templates)
        if shutil.which("npm"):
            environment.once("twilio", [ROOT / "tools" / "twilio_description.py"], _fetch_twilio)
        if "--browser" in words and not any(map(shutil.which, BROWSERS)):
            _apt(["chromium"], "the browser tests")
        if "--browser" in words and shutil.which("npm"):
            environment.once("html", (ROOT / "tools" / "html").glob("package*.json"), _install_html_validate)
        if "--server" in words and not any(SERVERS.glob("*/bin/postgres")):
            _apt(["postgresql"], "the tests of several workers")
        if "--bench" in words:
            peers = Environment(ROOT / ".bench")
            peers.make()
            peers.install(PEERS)


class Environment:
    """A virtual environment and the record of what was done in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        self.record = folder / "set-up.json"

    def make(self) -> None:
        """Make the environment unless it works."""
        if self.python.exists() and (self.folder / "bin" / "pip").exists():
            return
        if importlib.util.find_spec("ensurepip") is None:
            _apt([f"python{sys.version_info.major}.{sys.version_info.minor}-venv"], "virtual environments")
        _say(f"making {self.folder.name}")
        _run([sys.executable, "-m", "venv", "--clear", self.folder])

    def once(self, step: str, inputs: Iterable[Path], do: "Callable[[Environment], None]") -> None:
        """Do a step unless it was done with these very inputs."""
        digest = hashlib.sha256(sys.version.encode())
        for path in sorted(inputs):
            digest.update(path.read_bytes())
        done = json.loads(self.record.read_text(encoding="utf-8")) if self.record.exists() else {}
        if done.get(step) == digest.hexdigest():
            return
        do(self)
        self.record.write_text(
            json.dumps(done | {step: digest.hexdigest()}, indent=2) + "\n", encoding="utf-8"
        )

    def install(self, lock: Path) -> None:
        """Install the locked packages: by uv, which takes seconds, else by pip."""
        self.once(lock.name, [lock], lambda _: self._install(lock))

    def _install(self, lock: Path) -> None:
        _say(f"installing the packages of {lock.relative_to(ROOT)} (the first time this takes a minute)")
        locked = ["install", "--quiet", "--require-hashes", "--requirement"]
        uv = self.folder / "bin" / "uv"
        if not uv.exists() and (entry := _entry_of_uv()):
            only_uv = self.folder / "uv.lock"
            only_uv.write_text(entry, encoding="utf-8")
            _try([self.python, "-m", "pip", "--disable-pip-version-check", *locked, only_uv])
        command = [uv, "pip", *locked, lock, "--python", self.python]
        if not (uv.exists() and _try(command, _uv_settings(self.python))):
            _run([self.python, "-m", "pip", "--disable-pip-version-check", *locked, lock])


def _install_ourselves(environment: Environment) -> None:
    pip = [
        environment.python,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
    ]
    _run([*pip, "--editable", ROOT])


def _what_templates_hold() -> list[Path]:
    paths = [LOCK, *(ROOT / "store").glob("migrations/versions/*.py"), ROOT / "store" / "embedded.py"]
    return [*paths, *(ROOT / "flows").glob("server.py")]


def _make_templates(environment: Environment) -> None:
    _say("making the templates of the databases")
    _run([environment.python, "-m", "store.template"])
    if (ROOT / "flows" / "server.py").exists():
        _run([environment.python, "-m", "flows.server", "--template"])


def _fetch_twilio(environment: Environment) -> None:
    """Fetch what some tests compare our requests with; without it they take the library's own names."""
    script = ROOT / "tools" / "twilio_description.py"
    if not _try([environment.python, script, environment.folder / "twilio"]):
        _say("Twilio's description could not be fetched; its tests take the library's names instead")


def _install_html_validate(environment: Environment) -> None:
    """Install what checks the HTML of the pages, at the versions and hashes of its lock; else a test is left out."""
    folder = environment.folder / "html"
    folder.mkdir(exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(ROOT / "tools" / "html" / name, folder / name)
    npm = ["npm", "ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    if not _try(npm):
        _say("html-validate could not be installed; its test is left out")


def _entry_of_uv() -> str:
    found = re.search(r"^uv==.*(?:\n +--hash.*)*", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    return found.group() + "\n" if found else ""


def _uv_settings(python: Path) -> dict[str, str]:
    """Return what pip is configured to use in uv's words; uv reads no configuration of pip."""
    listed = subprocess.run(
        [python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    found = re.findall(r"^(?:global|install|:env:)\.([\w-]+)='(.*)'$", listed.stdout, re.MULTILINE)
    pip = {name: value.split() for name, value in found}
    said = {
        "UV_DEFAULT_INDEX": " ".join(pip.get("index-url", [])),
        "UV_INDEX": " ".join(pip.get("extra-index-url", [])),
        "UV_FIND_LINKS": ",".join(pip.get("find-links", [])),
        "SSL_CERT_FILE": " ".join(pip.get("cert", [])),
        "UV_INDEX_STRATEGY": "unsafe-best-match",  # as pip does; the hashes decide what is taken
        "UV_NO_CONFIG": "1",
        "UV_LINK_MODE": "copy" if not _same_disk() else "",
    }
    return {name: value for name, value in said.items() if value and name not in os.environ}


def _same_disk() -> bool:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home())
    return cache.exists() and cache.stat().st_dev == ROOT.stat().st_dev


def _install_libraries() -> None:
    missing = [package for library, package in LIBRARIES.items() if not _loads(library)]
    if missing:
        _apt(missing, "letters and invoices")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _apt(packages: list[str], purpose: str) -> None:
    names = " ".join(packages)
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    if shutil.which("apt-get") is None or (
        sudo and not (shutil.which("sudo") and _try(["sudo", "-n", "true"]))
    ):
        _stop(f"{purpose} need the system package(s) {names}. Ask an administrator: apt-get install {names}")
    _say(f"installing {names}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    apt = [*sudo, "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    install = [*apt, "install", "-y", "--no-install-recommends", *packages]
    if _try(install, quiet):
        return
    if not (_try([*apt, "update"], quiet) and _try(install, quiet)):
        _stop(
            f"{names} could not be installed, which {purpose} need. Try: apt-get update && apt-get install {names}"
        )


def _try(command: list[object], settings: dict[str, str] | None = None) -> bool:
    done = subprocess.run(
        list(map(str, command)), cwd=ROOT, env=os.environ | (settings or {}), capture_output=True, check=False
    )
    return done.returncode == 0


def _run(command: list[object]) -> None:
    done = subprocess.run(list(map(str, command)), cwd=ROOT, check=False)
    if done.returncode:
        _stop(f"this step of the set-up failed: {' '.join(map(str, command))}")


def _say(sentence: str) -> None:
    print(f"set-up: {sentence}", file=sys.stderr, flush=True)


def _stop(sentence: str) -> None:
    _say(sentence)
    sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
