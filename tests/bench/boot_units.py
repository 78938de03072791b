"""The installed units under a real systemd: start, kill, hang, upgrade, wrong configuration.

    sudo python -m tests.bench.boot_units --root DIR

DIR is what `tests.bench.fresh_install` left. Its systemd is booted as pid 1 of namespaces of its
own (mounts, processes, network, cgroups; nothing of this machine is touched), starts both units,
and a script inside looks what they do. Prints a table and, as last line, JSON.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
SECONDS = 170

BOOT = r"""
set -eu
cd "$1"
mount --make-rprivate /
mount --bind . . && cd "$1"
mount -t proc proc proc
mount -t sysfs sysfs sys
if [ "$2" = hybrid ]; then
    mount -t tmpfs tmpfs sys/fs/cgroup
    mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified
    mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
    mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
else
    mount -t cgroup2 cgroup2 sys/fs/cgroup
fi
for folder in run tmp dev; do mount -t tmpfs tmpfs $folder; done
for name in null zero full random urandom tty; do
    touch dev/$name && mount --bind /dev/$name dev/$name
done
mkdir dev/shm dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t devpts devpts dev/pts
ln -s /proc/self/fd dev/fd
ln -s pts/ptmx dev/ptmx
ip link set lo up
hostname edge-probe
mkdir -p before
pivot_root . before
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /bin/sh -c \
    'cd /; umount -l /before; mount --make-rshared /
     exec /lib/systemd/systemd --system --unit=probe.target --show-status=0' </dev/null
"""

UNITS = {
    "probe.target": "[Unit]\nRequires=basic.target probe.service\nAfter=basic.target\n",
    "probe.service": (
        "[Unit]\nAfter=basic.target\n[Service]\nType=oneshot\nTimeoutStartSec=160\n"
        "ExecStart=/bin/sh /probe.sh\nStandardOutput=truncate:/probe.log\nStandardError=inherit\n"
    ),
    # The watchdog of the product is a minute; here it may bite sooner.
    "edge-agent-recorder.service.d/probe.conf": "[Service]\nWatchdogSec=3\n",
}

PROBE = r"""
pid() { systemctl show -P MainPID "$1"; }
state() { systemctl show -P ActiveState "$1"; }
say() { echo "$1=$2"; }
until_pid_changes() {
    for _ in $(seq 150); do
        now=$(pid "$1")
        [ "$now" != "$2" ] && [ "$now" != 0 ] && [ "$(state "$1")" = active ] && return 0
        sleep 0.2
    done
    return 1
}
holds() { if "$@"; then echo yes; else echo no; fi; }
over() {
    journalctl --no-pager -o cat -b -u $R -u $A | cut -c1-300 >/probe.journal
    systemctl --force --force poweroff
    sleep 60
}
R=edge-agent-recorder A=edge-agent STATE=/var/lib/edge-agent
systemctl start $R $A
sleep 5
say "both are active" "$(holds [ "$(state $R) $(state $A)" = 'active active' ])"
[ "$(state $R) $(state $A)" = 'active active' ] || over
say "own users" "$(holds [ "$(stat -c %U /proc/"$(pid $R)" /proc/"$(pid $A)" | xargs)" = \
    'edge-recorder edge-agent' ])"
say "shared files are for user and group only" "$(holds [ -z "$(find $STATE -perm /007)" ])"
say "shared files are of one group" "$(holds [ -z "$(find $STATE ! -group edge-agent)" ])"
recorder=$(pid $R)
agent=$(pid $A)
kill -9 "$agent"
say "a killed agent comes back" "$(holds until_pid_changes $A "$agent")"
systemctl restart $A
say "a restart of the agent ends well" "$(holds [ "$(state $A)" = active ])"
say "the recorder never noticed" "$(holds [ "$(pid $R)" = "$recorder" ])"
kill -STOP "$recorder"
say "a recorder that hangs is replaced by the watchdog" "$(holds until_pid_changes $R "$recorder")"
recorder=$(pid $R)
sed -i 's/^site:/siet:/' /etc/edge-agent/site.yaml
systemctl restart $A
sleep 8
status=$(systemctl show -P ExecMainStatus $A)
say "a wrong configuration ends with 78" "$(holds [ "$status" = 78 ])"
say "and is not tried again" "$(holds [ "$(systemctl show -P NRestarts $A)$(state $A)" = 0failed ])"
say "while the recorder records on" "$(holds [ "$(pid $R)" = "$recorder" ])"
sed -i 's/^siet:/site:/' /etc/edge-agent/site.yaml
systemctl stop $R
say "a stop ends the recorder well" "$(holds [ "$(systemctl show -P Result $R)" = success ])"
over
"""


def boot(root: Path) -> None:
    """Boot the root's systemd until its probe ends it."""
    hybrid = not (CGROUPS / "cgroup.controllers").exists()
    trees = [CGROUPS / "systemd", CGROUPS / "unified"] if hybrid else [CGROUPS]
    groups = [tree / "edge-probe" for tree in trees]
    for group in groups:
        group.mkdir(exist_ok=True)
    enter = "".join(f"echo $$ >{group}/cgroup.procs; " for group in groups)
    command = (
        f"{enter}exec timeout --signal=KILL {SECONDS} "
        "unshare --mount --pid --fork --uts --ipc --net --cgroup "
        '--kill-child /bin/sh -c "$1" sh "$2" "$3"'
    )
    arguments = [BOOT, str(root), "hybrid" if hybrid else "unified"]
    subprocess.run(["/bin/sh", "-c", command, "sh", *arguments], check=False)
    for group in groups:
        for folder in sorted(group.rglob("*/"), reverse=True):
            folder.rmdir()
        group.rmdir()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    root: Path = parser.parse_args().root.resolve()
    for name, text in UNITS.items():
        path = root / "etc/systemd/system" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    (root / "probe.sh").write_text(PROBE)
    (root / "probe.log").unlink(missing_ok=True)
    boot(root)
    log = (root / "probe.log").read_text() if (root / "probe.log").exists() else ""
    results = dict(
        line.split("=", 1) for line in log.splitlines() if line.endswith(("=yes", "=no"))
    )
    for name, held in results.items():
        print(f"{'ok  ' if held == 'yes' else 'FAIL'}  {name}")
    failed = [name for name, held in results.items() if held != "yes"]
    print(json.dumps({"checks": len(results), "failed": failed}))
    return 0 if len(results) == PROBE.count("\nsay ") and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
