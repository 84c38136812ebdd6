"""The broker's jars: fetched once per machine by Maven, and never run unless their checksums are the committed ones."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from local.errors import StackError

_ROOM = Path(__file__).parent
POM = _ROOM / "pom.xml"
CHECKSUMS = _ROOM / "jars.sha256"


def pinned() -> Mapping[str, str]:
    """The committed sha256 (hex) of each jar, by file name."""
    lines = CHECKSUMS.read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def check(folder: Path, expected: Mapping[str, str]) -> None:
    """Raise StackError unless the folder holds exactly the expected files with the expected contents."""
    present = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    missing, unknown = expected.keys() - present, present - expected.keys()
    if missing or unknown:
        raise StackError(f"{folder} should hold Kafka's jars: missing {_few(missing)}; unknown {_few(unknown)}.")
    for name, digest in expected.items():
        with (folder / name).open("rb") as jar:
            found = hashlib.file_digest(jar, "sha256").hexdigest()
        if found != digest:
            raise StackError(f"{folder / name} is not the jar that was pinned: sha256 {found}, expected {digest}.")


def complete(folder: Path, expected: Mapping[str, str]) -> bool:
    """Whether `check` would pass."""
    try:
        check(folder, expected)
    except StackError:
        return False
    return True


def fetch(folder: Path, *, report: Callable[[str], None]) -> None:
    """Have the pinned jars in `folder`, which then holds nothing else; does nothing where they are there already.

    Downloads into a folder beside it and renames only what was verified, so a broken download is never used and two
    at a time do no harm. `report` is told what is being done, in a few words. Raises StackError.
    """
    expected = pinned()
    if complete(folder, expected):
        return
    maven = find_maven(report)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
        arriving = Path(scratch) / "jars"
        report("downloading Kafka's jars (44 MB)")
        copy_jars(maven, arriving)
        report("verifying checksums")
        check(arriving, expected)
        if folder.exists():
            folder.rename(Path(scratch) / "replaced")
        try:
            arriving.rename(folder)
        except OSError:
            check(folder, expected)  # another process was faster, with the same jars


def copy_jars(maven: Path, into: Path) -> None:
    command = (str(maven), "-q", "-B", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={into}")
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise StackError(
            f"Maven could not download Kafka's jars:\n{_last_lines(done.stdout + done.stderr, 8)}",
            "Check the network and Maven's own settings (mirror, proxy), then run it again.",
        )


def find_maven(report: Callable[[str], None]) -> Path:
    """The `mvn` to use; installed by apt-get where that is missing and may be done. Raises StackError otherwise."""
    found = shutil.which("mvn")
    if found is None:
        install_maven(report)
        found = shutil.which("mvn")
    if found is None:
        raise StackError("Kafka's jars are not cached, and Maven is needed to fetch them.", MAVEN_REMEDY)
    return Path(found)


MAVEN_REMEDY = (
    "Install it (as root: apt-get install maven), or copy the folder kafka-4.3.1 of another machine's cache "
    "into ~/.cache/kontor (KONTOR_CACHE)."
)


def install_maven(report: Callable[[str], None]) -> None:
    """Try `apt-get install maven` where it needs no password; silent where it cannot be tried."""
    root = () if os.geteuid() == 0 else ("sudo", "-n")
    if shutil.which("apt-get") is None or (root and shutil.which("sudo") is None):
        return
    report("installing Maven (apt-get)")
    for step in (("update", "-qq"), ("install", "-y", "-qq", "--no-install-recommends", "maven")):
        done = subprocess.run(  # noqa: S603
            (*root, "apt-get", *step),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
        if done.returncode != 0:
            raise StackError(
                f"Maven is missing, and apt-get could not install it:\n{_last_lines(done.stdout + done.stderr, 5)}",
                MAVEN_REMEDY,
            )


def _few(names: set[str]) -> str:
    shown = sorted(names)[:3]
    return ", ".join(shown) + (f" and {len(names) - 3} more" if len(names) > 3 else "") if names else "nothing"


def _last_lines(text: str, count: int) -> str:
    return "\n".join(text.strip().splitlines()[-count:])
