# Makes .venv and installs the project; sourced by demo.sh and test.sh, which stand in the root.
# shellcheck shell=sh

# make_venv EXTRAS…: `make_venv ""` installs the base, `make_venv "[test,yolo]"` more. Installs again
# only when pyproject.toml, constraints.txt or the extras have changed.
make_venv() {
    extras=$1
    stamp=.venv/.installed
    want="$extras $(cat pyproject.toml constraints.txt edge_agent/__init__.py | sha256sum | cut -d' ' -f1)"
    if [ -x .venv/bin/edge-agent ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
        return 0
    fi
    echo "== .venv: pip install .$extras (vài phút lần đầu / minutes the first time)"
    [ -x .venv/bin/python ] || python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --use-pep517 \
        --constraint constraints.txt --editable ".$extras"
    # The demo cuts its people out of the package's two photographs: about a megabyte without torch.
    if [ ! -d "$(echo .venv/lib/python3*/site-packages)/ultralytics" ]; then
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
            --constraint constraints.txt ultralytics
    fi
    echo "$want" >"$stamp"
}
