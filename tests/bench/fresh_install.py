"""`deploy/install.sh` in a fresh Debian 12 root: twice, looked at, measured.

    sudo python -m tests.bench.fresh_install --root DIR

Makes the root with debootstrap where DIR is empty (from the mirror that this machine's apt uses),
chroots into it in a mount namespace of its own, and prints a table and, as last line, JSON.
Exit status 0 only if every check holds. Needs root; takes minutes; not part of the tests.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PASSED_ON = re.compile(r"(?i)^(pip_.*|.*_proxy|lang)$")
CA = Path("/etc/ssl/certs/ca-certificates.crt")
OWNERS = {
    "/etc/edge-agent": "750 root:edge-agent",
    "/etc/edge-agent/site.yaml": "640 root:edge-agent",
    "/etc/edge-agent/credentials.yaml": "600 root:root",
    "/var/lib/edge-agent": "770 edge-recorder:edge-agent",
    "/opt/edge-agent/venv": "755 root:root",
    "/opt/edge-agent/models/manifest.yaml": "644 root:root",
    "/etc/systemd/system/edge-agent.service": "644 root:root",
    "/etc/systemd/system/edge-agent-recorder.service": "644 root:root",
}


def mirror() -> str:
    """The Debian mirror of this machine's apt."""
    for path in [Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list")]:
        if path.exists():
            found = re.search(r"https?://\S+/debian/?(?=\s)", path.read_text())
            if found:
                return found[0]
    return "http://deb.debian.org/debian"


def bootstrap(root: Path) -> float:
    """A minimal bookworm in `root`; 0 s where one is there already."""
    if (root / "etc/debian_version").exists():
        return 0.0
    began = time.monotonic()
    command = ["debootstrap", "--variant=minbase", "bookworm", str(root), mirror()]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def furnish(root: Path) -> None:
    """What the new machine needs of this one: names, certificates, and the project's files."""
    (root / "etc/resolv.conf").write_text(Path("/etc/resolv.conf").read_text())
    shutil.copy("/etc/hosts", root / "etc/hosts")
    if CA.exists():
        shutil.copy(CA, root / "ca.crt")
    for folder in wheel_folders():
        (root / folder.relative_to("/")).mkdir(parents=True, exist_ok=True)
    source = root / "src"
    shutil.rmtree(source, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    for name in listed:
        if (PROJECT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, source / name)


def wheel_folders() -> list[Path]:
    """Local folders that this machine's pip looks into."""
    words = os.environ.get("PIP_FIND_LINKS", "").split()
    return [Path(word) for word in words if word.startswith("/") and Path(word).is_dir()]


def inside(root: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script as root of the new machine; mounts end with it."""
    kept = {key: value for key, value in os.environ.items() if PASSED_ON.match(key)}
    env = kept | {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        **({"PIP_CERT": "/ca.crt"} if CA.exists() else {}),
    }
    binds = " && ".join(
        [f"mount --bind {folder} '{root}{folder}'" for folder in wheel_folders()]
        + [f"mount -t proc proc '{root}/proc'", f"mount --rbind /dev '{root}/dev'"]
    )
    shell = f"{binds} && exec chroot '{root}' /bin/sh -c \"$1\""
    return subprocess.run(
        ["unshare", "--mount", "/bin/sh", "-c", shell, "sh", script],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def megabytes(path: Path) -> int:
    out = subprocess.run(["du", "-sm", str(path)], check=True, capture_output=True, text=True)
    return int(out.stdout.split()[0])


def checks(root: Path) -> dict[str, bool]:
    """What must be true of the installed machine."""
    binary = "/opt/edge-agent/venv/bin/edge-agent"
    results = {}
    for user in ("edge-recorder", "edge-agent"):
        said = inside(root, f"id -gn {user}; getent passwd {user} | cut -d: -f6,7").stdout
        results[f"user {user}"] = said == "edge-agent\n/nonexistent:/usr/sbin/nologin\n"
    for path, want in OWNERS.items():
        said = inside(root, f"stat -c '%a %U:%G' {path}").stdout.strip()
        results[f"{path} is {want}"] = said == want
    version = inside(root, f"{binary} version")
    results["edge-agent version"] = version.returncode == 0 and bool(version.stdout.strip())
    good = inside(root, f"{binary} check-config /etc/edge-agent/site.yaml")
    results["the installed site.yaml is correct"] = good.returncode == 0
    bad = inside(root, f"{binary} check-config /src/configs/bad/keys.yaml")
    results["a bad site.yaml ends with 78"] = bad.returncode == 78
    drop = "setpriv --reuid=edge-agent --regid=edge-agent --clear-groups"
    secret = inside(root, f"{drop} cat /etc/edge-agent/credentials.yaml")
    results["the agent's user cannot read the credentials file"] = secret.returncode != 0
    verify = inside(root, "systemd-analyze verify /etc/systemd/system/edge-agent*.service")
    results["systemd-analyze verify prints nothing"] = (
        verify.returncode == 0 and verify.stdout + verify.stderr == ""
    )
    return results


def timed(root: Path, script: str) -> tuple[float, subprocess.CompletedProcess[str]]:
    began = time.monotonic()
    done = inside(root, script)
    return round(time.monotonic() - began, 1), done


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, required=True)
    root: Path = parser.parse_args().root.resolve()
    figures: dict[str, object] = {"debootstrap_s": round(bootstrap(root), 1)}
    furnish(root)
    figures["install_s"], first = timed(root, "cd /src && sh deploy/install.sh")
    figures["second_s"], second = timed(root, "cd /src && sh deploy/install.sh")
    print(first.stdout + first.stderr)
    inside(root, "apt-get install -yq --no-install-recommends systemd >/dev/null 2>&1")
    for name in ("venv", "models"):
        folder = root / "opt/edge-agent" / name
        figures[f"{name}_mb"] = megabytes(folder) if folder.exists() else 0
    results = {
        "install.sh ends with 0": first.returncode == 0,
        "the second run changes nothing": second.returncode == 0
        and second.stdout.strip().endswith("Nothing changed.")
        and "==" not in second.stdout,
        **checks(root),
    }
    for name, held in results.items():
        print(f"{'ok  ' if held else 'FAIL'}  {name}")
    for name, value in figures.items():
        print(f"{name:>15}  {value}")
    print(
        json.dumps(
            {**figures, "checks": len(results), "failed": sum(not r for r in results.values())}
        )
    )
    return 0 if all(results.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
