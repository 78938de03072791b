"""The inventory file: replaced at once, never half written, never taken on trust."""

import json
from pathlib import Path

import pytest

from edge_agent.core.media import Camera, Identity, Stream
from edge_agent.core.trouble import Trouble
from edge_agent.store.inventory import read_inventory, write_inventory

YARD = Camera(
    "yard",
    "Sân trước",
    "yard",
    "10.0.0.5",
    Identity(mac="aa:bb:cc:dd:ee:ff"),
    Stream("rtsp://10.0.0.5/main", 1920, 1080, "H264"),
    Stream("rtsp://10.0.0.5/sub"),
)
GATE = Camera("gate", "Cổng", "gate", "10.0.0.6", Identity(), Stream("rtsp://10.0.0.6/main"))


def test_cameras_come_back_as_they_were_ordered_by_id(tmp_path: Path) -> None:
    path = tmp_path / "inventory.json"
    assert write_inventory(path, [YARD, GATE])
    assert read_inventory(path) == (GATE, YARD)
    assert [entry.name for entry in tmp_path.iterdir()] == ["inventory.json"]


def test_the_same_content_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "inventory.json"
    write_inventory(path, [YARD, GATE])
    before = path.stat()
    assert not write_inventory(path, [GATE, YARD])
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert write_inventory(path, [YARD])
    assert path.stat().st_ino != before.st_ino


def test_no_file_is_no_camera_yet(tmp_path: Path) -> None:
    assert read_inventory(tmp_path / "inventory.json") == ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"cameras": [{}]}',
        b'{"cameras": 3}',
        b"\xff\xfe",
        json.dumps({"cameras": [{**GATE.to_dict(), "id": "../../etc"}]}).encode(),
    ],
)
def test_a_damaged_file_is_told_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "inventory.json"
    path.write_bytes(content)
    with pytest.raises(Trouble) as caught:
        read_inventory(path)
    assert caught.value.code == "inventory.damaged"
