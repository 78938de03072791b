"""Watching a virtual camera as the house does: RTSP over TCP, read by FFmpeg."""

from urllib.parse import quote

import av
from av.packet import Packet

from edge_agent.core.secret import Credential
from edge_agent.sim.virtual_camera import VirtualCamera


def url_of(camera: VirtualCamera, credential: Credential, stream: str = "main") -> str:
    login = f"{quote(credential.user, safe='')}:{quote(credential.password, safe='')}"
    return camera.rtsp_url(stream).replace("rtsp://", f"rtsp://{login}@")


def watch(url: str, packets: int, transport: str = "tcp", patience: float = 5.0) -> list[Packet]:
    """The first packets of a stream. Raises what FFmpeg says."""
    options = {"rtsp_transport": transport, "analyzeduration": "500000"}
    taken: list[Packet] = []
    with av.open(url, options=options, timeout=(patience, patience)) as container:
        for packet in container.demux(video=0):
            taken.append(packet)
            if len(taken) == packets:
                break
    return taken
