# The steps that installing a site and installing a center have in common; sourced by both install.sh.
# Each does what is not so yet and counts it. They read ROOT (a folder instead of /) and OPT.
# shellcheck shell=sh

changes=0
code_changed=""

did() {
    changes=$((changes + 1))
    echo "== $*"
}

# own MODE OWNER:GROUP PATH: mode and owner, where they are not so yet (owner only on a real installation).
own() {
    [ "$(stat -c %04a "$3")" = "$1" ] || { chmod "$1" "$3"; did "chmod $1 $3"; }
    [ -z "$ROOT" ] || return 0
    [ "$(stat -c %U:%G "$3")" = "$2" ] || { chown "$2" "$3"; did "chown $2 $3"; }
}

# folder MODE OWNER:GROUP PATH
folder() {
    [ -d "$3" ] || { mkdir -p "$3"; did "mkdir $3"; }
    own "$@"
}

# put MODE OWNER:GROUP FROM TO: copies where the content differs, whole or not at all.
put() {
    if ! cmp -s "$3" "$4"; then
        cp "$3" "$4.new"
        chmod "$1" "$4.new"
        mv "$4.new" "$4"
        did "$4"
    fi
    own "$1" "$2" "$4"
}

# user NAME GROUP: without home and shell.
user() {
    getent group "$2" >/dev/null || { groupadd --system "$2"; did "groupadd $2"; }
    getent passwd "$1" >/dev/null || {
        useradd --system --gid "$2" --no-create-home --home-dir /nonexistent \
            --shell /usr/sbin/nologin "$1"
        did "useradd $1"
    }
}

need_root() {
    [ -z "$ROOT" ] && [ "$(id -u)" -ne 0 ] || return 0
    echo "Cần quyền root: sudo sh $1" >&2
    echo "Root is needed: sudo sh $1" >&2
    exit 1
}

# What decides whether the program in the venv is this one.
fingerprint() {
    find pyproject.toml constraints.txt edge_agent -type f ! -name '*.pyc' -print |
        LC_ALL=C sort | xargs -d '\n' sha256sum | sha256sum | cut -d' ' -f1
}

pip_install() {
    "$OPT/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir \
        --use-pep517 "$@"
}

# venv [EXTRA]: the program in $OPT/venv, with `[center]` what a center needs besides.
venv() {
    want=$(fingerprint)
    stamp=$OPT/venv/.installed${1:-}
    [ "$(cat "$stamp" 2>/dev/null)" != "$want" ] || return 0
    before=""
    [ ! -x "$OPT/venv/bin/edge-agent" ] || before=yes
    [ -x "$OPT/venv/bin/python" ] || python3 -m venv "$OPT/venv"
    # setuptools leaves its work beside what it builds: a copy keeps this folder clean.
    build=$(mktemp -d)
    trap 'rm -rf "$build"' EXIT
    cp -R pyproject.toml README.md LICENSE edge_agent "$build"
    echo "== $OPT/venv: pip install (vài phút lần đầu / minutes the first time)"
    pip_install --constraint constraints.txt "$build${1:-}"
    [ -z "$before" ] || pip_install --force-reinstall --no-deps "$build"
    echo "$want" >"$stamp"
    rm -rf "$build"
    code_changed=yes
    did "$OPT/venv"
}

# need_packages PURPOSE: Debian's packages for `site` or `center`.
need_packages() {
    [ -n "$(missing_packages "$1")" ] || return 0
    install_packages "$1"
    did "apt-get install"
}

# units ENABLED... -- FURTHER...: puts all of them in place, enables the first ones.
units() {
    folder 0755 root:root "$UNITS"
    enabled=""
    further=""
    for unit in "$@"; do
        if [ "$unit" = -- ]; then
            further=yes
            continue
        fi
        put 0644 root:root "systemd/$unit" "$UNITS/$unit"
        [ -n "$further" ] || enabled="$enabled $unit"
    done
    [ -z "$ROOT" ] && [ -d /run/systemd/system ] || return 0
    systemctl daemon-reload
    for unit in $enabled; do
        systemctl is-enabled --quiet "$unit" || { systemctl enable --quiet "$unit"; did "enable $unit"; }
    done
}

# credentials: a file for passwords that is there and for root alone; its first content comes on stdin.
credentials() {
    if [ ! -e "$ETC/credentials.yaml" ]; then
        (umask 077 && cat >"$ETC/credentials.yaml")
        did "$ETC/credentials.yaml"
    fi
    own 0600 root:root "$ETC/credentials.yaml"
}
