#!/bin/sh
# Installs a district's center on this Debian 12 machine: packages, user, program, broker settings, units.
#   sudo sh deploy/center/install.sh [--root DIR] [--no-venv]
# Safe to run again: what is right stays as it is, /etc/edge-agent-center is never overwritten, and nothing
# that runs is stopped. --root DIR puts the files under DIR and touches neither packages, users nor systemd.
set -eu
cd "$(dirname "$0")/../.."
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
ETC=$ROOT/etc/edge-agent-center
BROKER=$ROOT/etc/mosquitto
STATE=$ROOT/var/lib/edge-agent-center
UNITS=$ROOT/etc/systemd/system

configuration() {
    folder 0750 root:edge-center "$ETC"
    if [ ! -e "$ETC/center.yaml" ]; then
        cp configs/center.example.yaml "$ETC/center.yaml"
        did "$ETC/center.yaml"
    fi
    own 0640 root:edge-center "$ETC/center.yaml"
    credentials <<'END'
# Mật khẩu của trung tâm: cơ sở dữ liệu PostgreSQL nếu có. Quyền 0600, chủ root.
# The center's passwords: PostgreSQL where it is used. Mode 0600, owner root.
mqtt: ~
database: ~
END
}

# The broker's user reads broker/ through its group and nothing else here: files made in it get that group.
state() {
    folder 0711 edge-center:edge-center "$STATE"
    folder 2750 edge-center:mosquitto "$STATE/broker"
}

broker() {
    folder 0755 root:root "$BROKER/conf.d"
    put 0644 root:root deploy/center/acl "$BROKER/edge-agent-center.acl"
    put 0644 root:root deploy/center/mosquitto.conf "$BROKER/conf.d/edge-agent-center.conf"
}

next_steps() {
    if [ "$changes" -eq 0 ]; then
        echo "Không có gì thay đổi. / Nothing changed."
        return 0
    fi
    cat <<END

Đã cài xong ($changes thay đổi). Việc tiếp theo (docs/security.md):
  1. sudo -u edge-center $OPT/venv/bin/edge-agent center ca init --host TÊN-MÁY --state $STATE
  2. Sửa $ETC/center.yaml: https.host, https.broker, https.enabled, mqtt
  3. $OPT/venv/bin/edge-agent center check-config $ETC/center.yaml
  4. systemctl enable --now mosquitto; systemctl restart mosquitto edge-agent-center
Installed ($changes changes). Next (docs/security.md):
  1. sudo -u edge-center $OPT/venv/bin/edge-agent center ca init --host HOST --state $STATE
  2. Edit $ETC/center.yaml: https.host, https.broker, https.enabled, mqtt
  3. $OPT/venv/bin/edge-agent center check-config $ETC/center.yaml
  4. systemctl enable --now mosquitto; systemctl restart mosquitto edge-agent-center
END
}

need_root deploy/center/install.sh
if [ -z "$ROOT" ]; then
    need_packages center
    user edge-center edge-center
fi
folder 0755 root:root "$OPT"
[ -z "$WITH_VENV" ] || venv '[center]'
put 0644 root:root README.md "$OPT/README.md"
configuration
state
broker
units edge-agent-center.service edge-agent-center-revocations.path -- edge-agent-center-revocations.service
next_steps
