#!/bin/sh
# Everything that must hold before a commit lands: style, types, arrows, tests. Extra arguments go to pytest.
set -eu
cd "$(dirname "$0")/.."
. deploy/packages.sh
. deploy/venv.sh
install_packages test
make_venv "[test,yolo]"
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
.venv/bin/lint-imports
exec .venv/bin/python -m pytest "$@"
