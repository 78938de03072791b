#!/bin/sh
# Installs edge-agent on this Debian 12 box: packages, users, program, models, configuration, units.
#   sudo sh deploy/install.sh [--root DIR] [--no-venv]
# Safe to run again: what is right stays as it is, /etc/edge-agent is never overwritten, and nothing that
# runs is stopped. --root DIR puts the files under DIR and touches neither packages, users nor systemd.
set -eu
cd "$(dirname "$0")/.."
. deploy/packages.sh
. deploy/steps.sh

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
    credentials <<'END'
# Tên đăng nhập và mật khẩu; mẫu: configs/credentials.example.yaml. Quyền 0600, chủ root.
# Users and passwords; a sample: configs/credentials.example.yaml. Mode 0600, owner root.
cameras: {}
mqtt: ~
END
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

need_root deploy/install.sh
if [ -z "$ROOT" ]; then
    need_packages site
    user edge-recorder edge-agent
    user edge-agent edge-agent
fi
folder 0755 root:root "$OPT"
[ -z "$WITH_VENV" ] || venv
put 0644 root:root README.md "$OPT/README.md"
models
configuration
folder 0770 edge-recorder:edge-agent "$STATE"
units edge-agent-recorder.service edge-agent.service
next_steps
