#!/bin/sh
# Sets this checkout up on a bare Debian or Ubuntu: Python's venv, the locked dependencies, Kontor itself.
# Safe to run again. Java and Kafka come with the first `kontor up`.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# Installs system packages where that needs no password; otherwise says which are missing.
install() {
    if ! command -v apt-get >/dev/null; then fail "please install $*, then run this again"; fi
    if [ "$(id -u)" -eq 0 ]; then as_root=""
    elif sudo -n true 2>/dev/null; then as_root="sudo -n"
    else fail "please run: sudo apt-get install $*"; fi
    say "installing $* (apt-get)"
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# The first interpreter that fits pyproject.toml's requires-python.
find_python() {
    for name in python3.11 python3.12 python3; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
}

has_venv() { "$python" -c 'import ensurepip, venv' 2>/dev/null; }

command -v python3 >/dev/null || install python3 python3-venv
python="$(find_python)"
[ -n "$python" ] || fail "Kontor runs on Python 3.11 and 3.12; here is $(python3 --version 2>&1). Install python3.11 or python3.12 with its venv package."

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    has_venv || install python3-venv
    has_venv || install "python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi
say "installing the locked dependencies (checked by hash)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
say "installing Kontor (editable)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
say "compiling what decodes events"
.venv/bin/python -m streams.engine.warm
say "done: ./kontor up"
