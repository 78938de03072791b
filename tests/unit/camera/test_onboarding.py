from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.camera.discovery import Found
from edge_agent.camera.identity import adopted_id, completed, recognises, same
from edge_agent.camera.onboarding import Onboarding, onboard
from edge_agent.camera.onvif import Description, Profile
from edge_agent.camera.profiles import choose
from edge_agent.config.schema import CameraEntry, Match, Rtsp
from edge_agent.core.media import Camera, Identity, Stream


def profile(width: int, source: str = "v1", codec: str = "H264", name: str = "") -> Profile:
    name = name or f"{source}-{width}"
    url = f"rtsp://10.0.0.1:554/{name}"
    return Profile(name, source, name, codec, width, width * 9 // 16, url)


def device(number: int, host: str = "", *, sources: int = 1, **marks: str) -> Description:
    identity = Identity(f"28:57:be:00:00:{number:02x}", f"SN{number}", f"urn:uuid:{number}")
    profiles = [profile(width, f"v{n}") for n in range(sources) for width in (1920, 640)]
    host = host or f"10.0.0.{number}"
    return Description(
        replace(identity, **marks), "Acme", "C1", "1.0", 0.0, tuple(profiles), f"http://{host}/o"
    )


def entry(name: str, rtsp: Rtsp | None = None, **match: str) -> CameraEntry:
    return CameraEntry(
        id=name, name=name.title(), match=Match(**match) if match else None, rtsp=rtsp
    )


def run(
    found: list[Description],
    entries: list[CameraEntry] | None = None,
    known: tuple[Camera, ...] = (),
    adopt: bool = True,
    unanswered: tuple[Found, ...] = (),
) -> Onboarding:
    return onboard(found, entries or [], adopt=adopt, known=known, unanswered=unanswered)


def ids(result: Onboarding) -> list[str]:
    return [camera.id for camera in result.cameras]


def codes(result: Onboarding) -> list[str]:
    return [trouble.code for trouble in result.troubles]


# ------------------------------------------------------------------------------ entries
@pytest.mark.parametrize(
    "match",
    [
        {"mac": "28-57-BE-00-00-02"},
        {"serial": "SN2"},
        {"epr": "urn:uuid:2"},
        {"host": "10.0.0.2"},
        {"host": "10.0.0.2:8000"},
        {"mac": "28:57:be:00:00:02", "host": "10.0.0.1"},
    ],
    ids="+".join,
)
def test_an_entry_finds_its_camera(match: dict[str, str]) -> None:
    result = run([device(1), device(2)], [entry("gate", **match)], adopt=False)
    (camera,) = result.cameras
    assert (camera.id, camera.name, camera.host) == ("gate", "Gate", "10.0.0.2")
    assert (camera.make, camera.identity.serial) == ("Acme", "SN2")
    assert camera.sub is not None
    assert (camera.main.width, camera.sub.width) == (1920, 640)
    assert codes(result) == []


def test_what_no_entry_names_is_adopted_by_mac() -> None:
    result = run([device(2), device(1)], [entry("gate", serial="SN2")])
    assert ids(result) == ["gate", "cam-000001"]
    assert result.cameras[1].name == "Acme C1"


def test_what_no_entry_names_is_left_when_not_adopting() -> None:
    assert ids(run([device(1)], adopt=False)) == []


def test_disabled_entries_are_left_out_and_not_adopted() -> None:
    off = entry("gate", serial="SN1").model_copy(update={"enabled": False})
    first = run([device(1)])
    assert ids(run([device(1)], [off], first.cameras)) == []
    assert ids(run([], [off], (replace(first.cameras[0], id="gate"),))) == []


def test_expected_and_not_found_is_a_trouble() -> None:
    result = run([], [entry("gate", mac="28:57:be:00:00:01"), entry("yard")])
    assert codes(result) == ["camera.not_found", "camera.not_found"]
    assert "mac 28:57:be:00:00:01" in result.troubles[0].en
    assert "neither match nor rtsp" in result.troubles[1].en


def test_a_camera_that_answered_but_would_not_talk_gets_one_reason_only() -> None:
    refused = Found("urn:uuid:1", ("http://10.0.0.1/o",), (), "10.0.0.1")
    for match in ({"host": "10.0.0.1"}, {"epr": "urn:uuid:1"}):
        assert codes(run([], [entry("gate", **match)], unanswered=(refused,))) == []


def test_typed_streams_need_no_onvif() -> None:
    typed = Rtsp(main="rtsp://10.0.0.9:554/101", sub="rtsp://10.0.0.9:554/102")
    result = run([], [entry("gate", typed)])
    (camera,) = result.cameras
    assert (camera.host, camera.main.url) == ("10.0.0.9", "rtsp://10.0.0.9:554/101")
    assert camera.sub == Stream("rtsp://10.0.0.9:554/102")
    assert codes(result) == []


def test_typed_streams_with_a_match_keep_the_cameras_identity() -> None:
    typed = Rtsp(main="rtsp://10.0.0.1:554/101")
    result = run([device(1)], [entry("gate", typed, serial="SN1")])
    (camera,) = result.cameras
    assert (camera.identity.serial, camera.main.url, camera.sub) == ("SN1", typed.main, None)


# ------------------------------------------------------------------------------ over time
def test_a_camera_at_a_new_address_keeps_its_name() -> None:
    before = run([device(1)], [entry("gate", host="10.0.0.1")])
    moved = device(1, "10.0.0.77")
    result = run([moved], [entry("gate", mac="28:57:be:00:00:01")], before.cameras)
    assert (ids(result), result.cameras[0].host) == (["gate"], "10.0.0.77")


def test_an_entry_without_match_means_the_camera_it_was() -> None:
    before = run([device(1), device(2)], [entry("gate", serial="SN2")])
    assert ids(run([device(1), device(2)], [entry("gate")], before.cameras))[0] == "gate"


def test_an_adopted_camera_keeps_its_id_when_it_hides_its_mac() -> None:
    before = run([device(1)])
    after = run([device(1, mac="")], known=before.cameras)
    assert after.cameras == before.cameras


def test_a_camera_that_did_not_answer_stays() -> None:
    before = run([device(1), device(2)], [entry("gate", serial="SN1")])
    after = run([], [entry("gate", serial="SN1")], before.cameras)
    assert after.cameras == before.cameras
    assert codes(after) == ["camera.not_found"]


def test_a_missing_camera_goes_when_it_is_no_longer_wanted() -> None:
    before = run([device(1)])
    assert ids(run([], known=before.cameras, adopt=False)) == []


def test_a_renamed_entry_does_not_leave_the_old_name_behind() -> None:
    before = run([device(1)])
    assert ids(run([device(1)], [entry("gate", serial="SN1")], before.cameras)) == ["gate"]


@pytest.mark.parametrize("match", [{"host": "10.0.0.1"}, {"serial": "SN1"}, {}], ids=str)
def test_a_stranger_at_the_old_address_never_inherits_the_name(match: dict[str, str]) -> None:
    entries = [entry("gate", **match)]
    before = run([device(1)], [entry("gate", serial="SN1")])
    stranger = device(9, "10.0.0.1")
    after = run([stranger], entries, before.cameras)
    assert ids(after) == ["cam-000009"]
    assert [camera.id for camera in after.replaced] == ["gate"]
    assert codes(after) == ["camera.replaced"]
    assert "28:57:be:00:00:09" in after.troubles[0].en
    again = run([stranger], entries, (*after.cameras, *after.replaced))
    assert (again.cameras, again.replaced) == (after.cameras, after.replaced)
    assert codes(again) == codes(after)


def test_a_stranger_is_not_taken_when_not_adopting_either() -> None:
    before = run([device(1)], [entry("gate", host="10.0.0.1")])
    after = run([device(9, "10.0.0.1")], [entry("gate", host="10.0.0.1")], before.cameras, False)
    assert (ids(after), codes(after)) == ([], ["camera.replaced"])


def test_an_adopted_camera_can_be_replaced_too() -> None:
    before = run([device(1)])
    after = run([device(9, "10.0.0.1")], known=before.cameras)
    assert (ids(after), codes(after)) == (["cam-000009"], ["camera.replaced"])


def test_the_old_camera_gets_its_name_back_when_it_returns() -> None:
    entries = [entry("gate", host="10.0.0.1")]
    before = run([device(1)], entries)
    after = run([device(9, "10.0.0.1")], entries, before.cameras)
    back = run(
        [device(1, "10.0.0.5"), device(9, "10.0.0.1")],
        [entry("gate", serial="SN1")],
        (*after.cameras, *after.replaced),
    )
    assert (ids(back), codes(back)) == (["gate", "cam-000009"], [])


def test_naming_the_new_device_confirms_the_exchange() -> None:
    before = run([device(1)], [entry("gate", host="10.0.0.1")])
    stranger = device(9, "10.0.0.1")
    after = run([stranger], [entry("gate", mac="28:57:be:00:00:09")], before.cameras)
    assert (ids(after), after.replaced, codes(after)) == (["gate"], (), [])


def test_two_cameras_that_swap_addresses_are_not_replaced() -> None:
    before = run([device(1), device(2)])
    after = run([device(1, "10.0.0.2"), device(2, "10.0.0.1")], known=before.cameras)
    assert (ids(after), codes(after)) == (["cam-000001", "cam-000002"], [])


# ------------------------------------------------------------------------------ recorders
def test_a_recorders_channels_are_cameras_of_their_own() -> None:
    result = run([device(1, sources=3)], [entry("hall", serial="SN1"), entry("hall-2")])
    assert ids(result) == ["hall", "hall-3", "hall-4"]
    assert [camera.main.url[-7:] for camera in result.cameras] == ["v0-1920", "v1-1920", "v2-1920"]


def test_a_channel_that_vanishes_stays_in_the_inventory() -> None:
    before = run([device(1, sources=2)])
    after = run([device(1, sources=1)], known=before.cameras)
    assert ids(after) == ids(before) == ["cam-000001", "cam-000001-2"]


def test_a_replaced_recorder_is_reported_once() -> None:
    before = run([device(1, sources=4)])
    after = run([device(9, "10.0.0.1")], known=before.cameras)
    assert (codes(after), len(after.replaced)) == (["camera.replaced"], 4)


# ------------------------------------------------------------------------------ clones
def test_two_devices_with_one_mac_are_both_kept() -> None:
    twins = [device(1, "10.0.0.1"), device(1, "10.0.0.2")]
    result = run(twins)
    assert (len(set(ids(result))), codes(result)) == (2, ["camera.clone"])
    assert ids(run(twins[::-1], known=result.cameras)) == ids(result)


def test_one_device_described_twice_is_one_camera() -> None:
    assert ids(run([device(1), replace(device(1), xaddr="http://10.0.0.1:8000/o")])) == [
        "cam-000001"
    ]


# ------------------------------------------------------------------------------ parts
@given(st.permutations([device(n) for n in range(1, 6)]), st.booleans())
def test_the_order_of_answers_changes_nothing(found: list[Description], second: bool) -> None:
    entries = [entry("b", serial="SN2"), entry("a", host="10.0.0.4")]
    known = run([device(n) for n in range(1, 6)], entries).cameras if second else ()
    result = run(found, entries, known)
    assert ids(result) == ["b", "a", "cam-000001", "cam-000003", "cam-000005"]


@given(
    st.lists(st.integers(1, 6), unique=True),
    st.lists(st.integers(1, 6), unique=True),
    st.booleans(),
)
def test_no_known_camera_is_ever_lost_while_it_is_wanted(
    first: list[int], then: list[int], shifted: bool
) -> None:
    before = run([device(n) for n in first])
    host = 1 if shifted else 0
    after = run([device(n, f"10.0.0.{n + host}") for n in then], known=before.cameras)
    kept = {camera.id for camera in (*after.cameras, *after.replaced)}
    assert {camera.id for camera in before.cameras} <= kept
    assert len(ids(after)) == len(set(ids(after)))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Identity("m", "s", "e"), Identity("m", "t", "f"), True),
        (Identity("m", "s", "e"), Identity("n", "s", "e"), False),
        (Identity("", "s", "e"), Identity("m", "s", "f"), True),
        (Identity("", "", "e"), Identity("m", "s", "e"), True),
        (Identity("m"), Identity("", "s"), None),
        (Identity(), Identity(), None),
    ],
)
def test_identity_goes_by_the_most_trusted_mark_both_have(
    one: Identity, other: Identity, expected: bool | None
) -> None:
    assert same(one, other) is expected
    assert same(other, one) is expected


def test_the_first_mark_that_is_set_counts() -> None:
    me = Identity("28:57:be:00:00:01", "SN1", "urn:1")
    assert not recognises(Match(mac="28:57:be:00:00:02", serial="SN1"), me, "h")
    assert not recognises(Match(mac="nonsense"), me, "h")
    assert not recognises(Match(), me, "")


def test_ids_of_adopted_cameras_need_no_mac() -> None:
    assert adopted_id(Identity(serial="SN1"), "h") == adopted_id(Identity("", "SN1", "x"), "i")
    assert adopted_id(Identity(), "10.0.0.1") != adopted_id(Identity(), "10.0.0.2")


def test_marks_a_camera_kept_to_itself_are_remembered() -> None:
    assert completed(Identity("", "s"), Identity("m", "t", "e")) == Identity("m", "s", "e")


@pytest.mark.parametrize(
    ("profiles", "main", "sub"),
    [
        ([profile(640), profile(1920), profile(1280)], 1920, 640),
        ([profile(1920)], 1920, None),
        ([profile(1920), profile(160)], 1920, None),
        ([profile(1920), profile(320), profile(160)], 1920, 320),
        ([profile(1920), profile(352, codec="JPEG")], 1920, None),
        ([profile(1920, codec="JPEG"), profile(352, codec="JPEG")], 1920, 352),
        ([profile(0, name="a"), profile(0, name="b")], 0, None),
        ([profile(1920, name="a"), profile(1920, name="b")], 1920, 1920),
    ],
)
def test_the_largest_is_recorded_and_the_smallest_sufficient_is_looked_at(
    profiles: list[Profile], main: int, sub: int | None
) -> None:
    chosen, small = choose(profiles)
    assert (chosen.width, small.width if small else None) == (main, sub)
    assert small is None or small.url != chosen.url


def test_nobody_is_missing_where_nobody_looked() -> None:
    entries = [entry("gate", serial="SN1")]
    before = run([device(1)], entries)
    after = onboard([], entries, adopt=True, known=before.cameras, looked=False)
    assert (after.cameras, after.troubles) == (before.cameras, ())
