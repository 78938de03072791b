# The Debian 12 packages that are needed, each with its reason; sourced by demo.sh, test.sh, install.sh.
# shellcheck shell=sh

# Running on a site.
#   python3, python3-venv   the language, and the environment that everything else goes into
#   ca-certificates         pip and the TLS line to the district center
#   libgl1, libglib2.0-0    OpenCV's wheel links them
RUNTIME_PACKAGES="python3 python3-venv ca-certificates libgl1 libglib2.0-0"

# Running a center.
#   mosquitto               the broker of a district; a province has its own
CENTER_PACKAGES="python3 python3-venv ca-certificates mosquitto"

# The demo and the tests besides.
#   mosquitto               the MQTT v5 broker that they start by themselves on loopback
#   iproute2, util-linux    ip, unshare: multicast discovery in a private network namespace
#   openssl                 certificates that live for one test
#   systemd                 systemd-analyze: the units are verified
#   chromium                plays what the agent serves
#   postgresql              the center's engine for a province, as a private cluster of one test
DEMO_PACKAGES="mosquitto"
TEST_PACKAGES="mosquitto iproute2 util-linux openssl systemd chromium postgresql"

# Comparing the cost of recording with what others do (tests.bench.recording_cost); nothing else needs them.
#   ffmpeg                  as Frigate and Viseron start it
#   motion                  Debian's own recorder
BENCH_PACKAGES="ffmpeg motion"

# packages_for PURPOSE: the packages of `site`, `center`, `demo`, `test` or `bench`.
packages_for() {
    case $1 in
        site) echo "$RUNTIME_PACKAGES" ;;
        center) echo "$CENTER_PACKAGES" ;;
        demo) echo "$RUNTIME_PACKAGES $DEMO_PACKAGES" ;;
        test) echo "$RUNTIME_PACKAGES $TEST_PACKAGES" ;;
        bench) echo "$RUNTIME_PACKAGES $TEST_PACKAGES $BENCH_PACKAGES" ;;
        *)
            echo "packages.sh: site, center, demo, test hoặc/or bench?" >&2
            return 2
            ;;
    esac
}

# missing_packages PURPOSE: those that are not installed.
missing_packages() {
    # With a Python 3.11 or later of its own, a machine needs Debian's neither for itself nor for venv.
    skip=""
    if python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        skip=" python3 python3-venv "
    fi
    for package in $(packages_for "$1"); do
        case $skip in *" $package "*) continue ;; esac
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            printf '%s ' "$package"
    done
}

# install_packages PURPOSE: installs what is missing; apt is asked only when something is.
install_packages() {
    missing=$(missing_packages "$1")
    [ -n "$missing" ] || return 0
    echo "== apt-get install $missing"
    if [ "$(id -u)" -eq 0 ]; then
        as_root=""
    elif command -v sudo >/dev/null 2>&1; then
        as_root="sudo"
    else
        echo "Cần quyền root hoặc sudo để cài: $missing" >&2
        echo "Root or sudo is needed to install: $missing" >&2
        return 1
    fi
    # shellcheck disable=SC2086  # a list of packages
    (
        set -e
        trap 'speak_again' EXIT
        trap 'exit 130' INT TERM
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null
        keep_quiet
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends \
            $missing >/dev/null
    )
}

# A broker or database server that comes in with these packages is for us to start on loopback: Debian would
# start it at once and at every boot. One that was there before belongs to somebody and stays as it is.
POLICY=/usr/sbin/policy-rc.d
ours=""

# servers: those among the missing packages.
servers() {
    for server in mosquitto postgresql; do
        case " $missing" in *" $server "*) printf '%s ' "$server" ;; esac
    done
}

keep_quiet() {
    [ -n "$(servers)" ] && [ ! -e "$POLICY" ] || return 0
    printf '%s\n' '#!/bin/sh' 'case $1 in mosquitto | postgresql*) exit 101 ;; esac' | $as_root tee "$POLICY" >/dev/null
    $as_root chmod 755 "$POLICY"
    ours=yes
}

speak_again() {
    [ -z "$ours" ] || $as_root rm -f "$POLICY"
    for server in $(servers); do
        if command -v systemctl >/dev/null 2>&1; then
            $as_root systemctl disable "$server.service" >/dev/null 2>&1 || true
        else
            $as_root update-rc.d "$server" disable >/dev/null 2>&1 || true
        fi
    done
}
