#!/bin/sh
# Installs edge-agent on this Debian 12 box: packages, users, program, models, configuration, units.
#   sudo sh deploy/install.sh [--root DIR] [--no-venv]
# Safe to run again: what is right stays as it is, /etc/edge-agent is never overwritten, and nothing that
# runs is stopped. --root DIR puts the files under DIR and touches neither packages, users nor systemd.
set -eu
cd "$(dirname "$0")/.."
. deploy/packages.sh

ROOT=""
WITH_VENV=yes
while [ $# -gt 0 ]; do
    case $1 in
        --root) ROOT=${2:?--root DIR}; shift ;;
        --no-venv) WITH_VENV="" ;;
        -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) echo "install.sh: không hiểu / unknown: $1" >&2; exit 2 ;;
    esac
    shift
done

OPT=$ROOT/opt/edge-agent
ETC=$ROOT/etc/edge-agent
STATE=$ROOT/var/lib/edge-agent
UNITS=$ROOT/etc/systemd/system
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

need_root() {
    [ -z "$ROOT" ] && [ "$(id -u)" -ne 0 ] || return 0
    echo "Cần quyền root: sudo sh deploy/install.sh" >&2
    echo "Root is needed: sudo sh deploy/install.sh" >&2
    exit 1
}

packages() {
    [ -n "$(missing_packages site)" ] || return 0
    install_packages site
    did "apt-get install"
}

# user NAME: in group edge-agent, without home and shell.
user() {
    getent group edge-agent >/dev/null || { groupadd --system edge-agent; did "groupadd edge-agent"; }
    getent passwd "$1" >/dev/null || {
        useradd --system --gid edge-agent --no-create-home --home-dir /nonexistent \
            --shell /usr/sbin/nologin "$1"
        did "useradd $1"
    }
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

venv() {
    want=$(fingerprint)
    stamp=$OPT/venv/.installed
    [ "$(cat "$stamp" 2>/dev/null)" != "$want" ] || return 0
    before=""
    [ ! -x "$OPT/venv/bin/edge-agent" ] || before=yes
    [ -x "$OPT/venv/bin/python" ] || python3 -m venv "$OPT/venv"
    # setuptools leaves its work beside what it builds: a copy keeps this folder clean.
    build=$(mktemp -d)
    trap 'rm -rf "$build"' EXIT
    cp -R pyproject.toml README.md LICENSE edge_agent "$build"
    echo "== $OPT/venv: pip install (vài phút lần đầu / minutes the first time)"
    pip_install --constraint constraints.txt "$build"
    [ -z "$before" ] || pip_install --force-reinstall --no-deps "$build"
    echo "$want" >"$stamp"
    rm -rf "$build"
    code_changed=yes
    did "$OPT/venv"
}

models() {
    folder 0755 root:root "$OPT/models"
    for file in models/*; do
        [ ! -f "$file" ] || put 0644 root:root "$file" "$OPT/$file"
    done
}

configuration() {
    folder 0750 root:edge-agent "$ETC"
    if [ ! -e "$ETC/site.yaml" ]; then
        cp configs/site.example.yaml "$ETC/site.yaml"
        did "$ETC/site.yaml"
    fi
    own 0640 root:edge-agent "$ETC/site.yaml"
    if [ ! -e "$ETC/credentials.yaml" ]; then
        (umask 077 && cat >"$ETC/credentials.yaml") <<'END'
# Tên đăng nhập và mật khẩu; mẫu: configs/credentials.example.yaml. Quyền 0600, chủ root.
# Users and passwords; a sample: configs/credentials.example.yaml. Mode 0600, owner root.
cameras: {}
mqtt: ~
END
        did "$ETC/credentials.yaml"
    fi
    own 0600 root:root "$ETC/credentials.yaml"
}

units() {
    folder 0755 root:root "$UNITS"
    for unit in edge-agent-recorder.service edge-agent.service; do
        put 0644 root:root "systemd/$unit" "$UNITS/$unit"
    done
    [ -z "$ROOT" ] && [ -d /run/systemd/system ] || return 0
    systemctl daemon-reload
    for unit in edge-agent-recorder.service edge-agent.service; do
        systemctl is-enabled --quiet "$unit" || { systemctl enable --quiet "$unit"; did "enable $unit"; }
    done
}

next_steps() {
    if [ "$changes" -eq 0 ]; then
        echo "Không có gì thay đổi. / Nothing changed."
        return 0
    fi
    cat <<END

Đã cài xong ($changes thay đổi). Việc tiếp theo:
  1. Sửa $ETC/site.yaml (mã cơ sở, máy chủ MQTT) và $ETC/credentials.yaml (mật khẩu camera)
  2. $OPT/venv/bin/edge-agent check-config $ETC/site.yaml
  3. systemctl restart edge-agent-recorder edge-agent; journalctl -fu edge-agent
Installed ($changes changes). Next:
  1. Edit $ETC/site.yaml (site id, MQTT broker) and $ETC/credentials.yaml (camera passwords)
  2. $OPT/venv/bin/edge-agent check-config $ETC/site.yaml
  3. systemctl restart edge-agent-recorder edge-agent; journalctl -fu edge-agent
END
    [ -z "$code_changed" ] || cat <<END
Nâng cấp chỉ cần khởi động lại tác tử; máy ghi hình khởi động lại vào lúc phù hợp.
After an upgrade restart edge-agent; restart edge-agent-recorder when a gap of seconds is acceptable.
END
}

need_root
if [ -z "$ROOT" ]; then
    packages
    user edge-recorder
    user edge-agent
fi
folder 0755 root:root "$OPT"
[ -z "$WITH_VENV" ] || venv
put 0644 root:root README.md "$OPT/README.md"
models
configuration
folder 0770 edge-recorder:edge-agent "$STATE"
units
next_steps
