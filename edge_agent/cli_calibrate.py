"""`edge-agent calibrate`: the floor of a camera, by hand or from the people who walked by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from edge_agent.cli_told import ConfigPath, err, not_written, told
from edge_agent.cli_typed import lengths, points, rectangle_sides, size_of, straight_edges
from edge_agent.config.calibration import calibration_faults
from edge_agent.config.document import spell
from edge_agent.config.editing import calibration_block, calibration_from, with_calibration
from edge_agent.config.loader import load
from edge_agent.config.schema import Calibration, Config
from edge_agent.config.secrets import read_credentials
from edge_agent.core.geometry import Size
from edge_agent.core.trouble import Trouble
from edge_agent.runtime import logs
from edge_agent.runtime.clock import SystemClock

if TYPE_CHECKING:
    from edge_agent.rules.ground import GroundPlane
    from edge_agent.vision.frame import Image

_GOOD, _FAIR = 15, 40  # centimetres for two people 2 m apart


Camera = Annotated[str, typer.Argument(help="mã camera / camera id")]
Picture = Annotated[Path | None, typer.Option(help="ảnh hoặc phim / picture or film")]
Grid = Annotated[Path | None, typer.Option(help="ảnh kẻ lưới / where the grid goes")]
Points = Annotated[list[str] | None, typer.Option(help="'x,y=mét,mét' (pixel = metres)")]
Sides = Annotated[str, typer.Option(help="3.6x9: rộng x dài / width x length of 4 points 'x,y'")]
Frame = Annotated[str, typer.Option(help="1920x1080, khi không có ảnh / without a picture")]
Edges = Annotated[list[str] | None, typer.Option(help="'x,y x,y x,y' cạnh thẳng / straight edge")]
Clicks = Annotated[float, typer.Option(min=0.1, max=50, help="pixel")]
Lengths = Annotated[list[str] | None, typer.Option(help="'x,y x,y=mét' đã biết / a known length")]
Chart = Annotated[Path | None, typer.Option("--map", help="bản đồ sai số / error map")]
Write = Annotated[bool, typer.Option(help="ghi vào cấu hình / into the configuration")]
People = Annotated[bool, typer.Option(help="từ người đi lại / from people walking by")]
Accept = Annotated[bool, typer.Option(help="nhận đề xuất / accept the proposal")]


@told
def calibrate(
    camera: Camera,
    config: ConfigPath = Path("site.yaml"),
    picture: Picture = None,
    grid: Grid = None,
    point: Points = None,
    rectangle: Sides = "",
    size: Frame = "",
    straight: Edges = None,
    click_error: Clicks = 2.0,
    length: Lengths = None,
    chart: Chart = None,
    write: Write = False,
    people: People = False,
    accept: Accept = False,
) -> None:
    """Tell the camera's floor in metres, see how sure that is, and keep it."""
    settings = load(config)
    logs.configure(level="critical")
    if people or accept:
        _from_people(camera, settings, config, accept)
        return
    typed = list(point or ())
    image = None
    if not typed or picture is not None or not size:
        image = _picture(camera, settings, picture)
        _write(grid or Path(f"{camera}-grid.png"), _gridded(image))
    if not typed:
        if not _at_a_terminal():
            typer.echo(_HOW)
            return
        typed, rectangle = _ask_points()
    frame = size_of(size) if image is None else Size(image.shape[1], image.shape[0])
    calibration = _fit(camera, frame, typed, rectangle, list(straight or ()), click_error)
    plane, errors = _judged(camera, calibration)
    _measure(plane, list(length or ()), click_error)
    if chart is not None and image is not None:
        _draw(chart, image, errors, calibration)
    _keep(config, camera, calibration, write)


def floors_of(settings: Config) -> list[Trouble]:
    """The calibrations of a configuration that fix no floor; doubts about others go to stderr."""
    from edge_agent.rules.survey import look_over  # noqa: PLC0415 - numpy, where it is needed

    wrong = []
    for entry in settings.cameras:
        try:
            doubts = look_over(entry.calibration, entry.id) if entry.calibration else ()
        except Trouble as trouble:
            wrong.append(trouble)
            continue
        for doubt in doubts:
            err.print(f"{entry.id}: {doubt.vi}\n  {entry.id}: {doubt.en}", markup=False)
    return wrong


def _fit(
    camera: str, frame: Size, typed: list[str], rectangle: str, edges: list[str], error: float
) -> Calibration:
    """The calibration as typed. Raises Trouble `calibrate.*`, `calibration.*`."""
    from edge_agent.rules.lens import fit_lens  # noqa: PLC0415 - numpy, for this command alone

    marks = points(typed, rectangle_sides(rectangle) if rectangle else None)
    lens = fit_lens(straight_edges(edges), frame) if edges else 0.0
    calibration = Calibration(
        size=(frame.width, frame.height), points=marks, click_error=error, lens=lens
    )
    for loc, vi, en in calibration_faults(calibration):
        where = f"camera {camera}: {spell(loc)}"
        raise Trouble("calibrate.points", f"{where}: {vi}.", f"{where}: {en}.")
    return calibration


def _judged(camera: str, calibration: Calibration) -> tuple[GroundPlane, list[list[float]]]:
    """The floor and its error map, after saying what they are worth; refused if nothing."""
    from edge_agent.rules.ground import fit_plane  # noqa: PLC0415
    from edge_agent.rules.survey import cautions, demand_shape, error_map  # noqa: PLC0415

    plane = fit_plane(calibration, Size(*calibration.size), camera)
    demand_shape(calibration, plane, camera)
    for caution in cautions(calibration, plane):
        err.print(f"{caution.vi}\n  {caution.en}", markup=False)
    errors = error_map(plane)
    _show_map(errors)
    if plane.upright is not None:
        pose = plane.upright.pose
        typer.echo(
            f"camera: cao / height {pose.height:.2f} m, chúc / tilt {pose.tilt:.1f}°, "
            f"góc nhìn / view {pose.view(plane.size):.0f}°, lens {calibration.lens:g}"
        )
    return plane, errors


def _measure(plane: GroundPlane, known: list[str], error: float) -> None:
    """What the floor says of known lengths."""
    from edge_agent.rules.survey import measure_length  # noqa: PLC0415

    if not known and _at_a_terminal():
        known = _ask_length()
    for one, other, metres in lengths(known):
        found = measure_length(plane, one, other, metres, error)
        if found is None:
            raise _no_floor()
        typer.echo(
            f"đo được / measured {found.measured:.2f} ± {found.sigma:.2f} m, "
            f"thật / true {metres:.2f} m: {_verdict(found.sigmas)}"
        )


def _draw(path: Path, image: Image, errors: list[list[float]], calibration: Calibration) -> None:
    from edge_agent.vision.chart import error_chart  # noqa: PLC0415

    _write(path, error_chart(image, errors, [mark.pixel for mark in calibration.points]))


def _from_people(camera: str, settings: Config, config: Path, accept: bool) -> None:
    """Propose from the walks that were kept; accept what was proposed."""
    from edge_agent.app.floors import learn  # noqa: PLC0415
    from edge_agent.app.layout import Layout  # noqa: PLC0415
    from edge_agent.store.walks import read_proposal, read_walks  # noqa: PLC0415

    folder = Layout.of(settings).floors
    used = {entry.id: entry.calibration for entry in settings.cameras}.get(camera)
    found = (read_proposal(folder, camera) if accept else None) or {}
    calibration = calibration_from(found.get("calibration"))
    if calibration is None:
        found = learn(camera, [walk for _, walk in read_walks(folder, camera)], used)
        calibration = Calibration.model_validate(found["calibration"])
    people, error, drift = (found.get(key) or 0 for key in ("people", "error", "drift"))
    differs = f", khác bản đang dùng / drift {drift:.0%}" if drift else ""
    typer.echo(f"{camera}: {people} người / people, sai số / error ±{error:.0%}{differs}")
    _keep(config, camera, calibration, accept)


def _keep(config: Path, camera: str, calibration: Calibration, write: bool) -> None:
    """Print the block; write it where that was asked for."""
    typer.echo(calibration_block(calibration), nl=False)
    if not write and _at_a_terminal():
        write = typer.confirm(f"Ghi vào / write into {config}?", default=False)
    if not write:
        return
    edited = with_calibration(config.read_text(encoding="utf-8"), camera, calibration)
    _write(config, edited.encode())
    typer.echo(
        f"{config}: đã ghi; khởi động lại tác tử để dùng / written; restart the agent to use it"
    )


def _picture(camera: str, settings: Config, picture: Path | None) -> Image:
    from edge_agent.app.view import picture_in, view_of  # noqa: PLC0415

    if picture is not None:
        return picture_in(picture)
    credentials = read_credentials(settings.credentials, logs.hide)
    image, source = view_of(camera, settings, credentials, SystemClock())
    typer.echo(f"{camera}: {source}, {image.shape[1]}x{image.shape[0]}")
    return image


def _gridded(image: Image) -> bytes:
    from edge_agent.vision.chart import gridded  # noqa: PLC0415

    return gridded(image)


def _show_map(errors: list[list[float]]) -> None:
    """The error in centimetres for two people 2 m apart, over the picture."""
    console = Console(highlight=False)
    console.print("Sai số dự kiến (cm) khi hai người cách nhau 2 m / expected error in cm at 2 m:")
    for row in errors:
        console.print("".join(_cell(error * 100) for error in row))


def _cell(cm: float) -> str:
    if cm == float("inf"):
        return "   ·"
    colour = "green" if cm <= _GOOD else "yellow" if cm <= _FAIR else "red"
    return f"[{colour}]{cm:4.0f}[/]"


def _verdict(sigmas: float) -> str:
    if sigmas <= 2:
        return f"khớp / agrees ({sigmas:.1f} σ)"
    if sigmas <= 3:
        return f"đáng ngờ, đo lại / doubtful, measure again ({sigmas:.1f} σ)"
    return f"KHÔNG khớp: có điểm sai / does NOT agree: a point is wrong ({sigmas:.1f} σ)"


def _ask_points() -> tuple[list[str], str]:
    """Points asked for one by one; an empty line ends them."""
    typer.echo(_ASK)
    sides = typer.prompt("Rộng x dài / width x length (m)", default="", show_default=False)
    typed: list[str] = []
    while not (sides and len(typed) == 4):
        said = typer.prompt(f"Điểm / point {len(typed) + 1}", default="", show_default=False)
        if not said:
            break
        typed.append(said)
    return typed, sides


def _ask_length() -> list[str]:
    said = typer.prompt(
        "Một đoạn đã biết để kiểm tra / a known length to check with: 'x,y x,y=mét'",
        default="",
        show_default=False,
    )
    return [said] if said else []


def _at_a_terminal() -> bool:
    return typer.get_text_stream("stdin").isatty()


def _write(path: Path, content: bytes) -> None:
    from edge_agent.store.durable import replace_file  # noqa: PLC0415

    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o640
        replace_file(path, content, mode)
    except OSError as error:
        raise not_written(path, error) from error
    typer.echo(f"→ {path}")


def _no_floor() -> Trouble:
    return Trouble(
        "calibrate.length",
        "Đoạn đã biết nằm ngoài phần sàn mà hiệu chỉnh này nói được. Chọn đoạn gần các điểm hơn.",
        "The known length lies outside the floor that this calibration speaks of. Choose one "
        "nearer to the points.",
    )


_HOW = """\
Đọc pixel trong ảnh kẻ lưới rồi chạy lại với --point 'x,y=mét,mét' (bốn điểm trở lên), hoặc
--rectangle RỘNGxDÀI và bốn --point 'x,y' (gần trái, gần phải, xa phải, xa trái).
  Read pixels in the gridded picture, then run again with --point 'x,y=metres,metres' (four or
  more), or --rectangle WIDTHxLENGTH and four --point 'x,y' (near left, near right, far right, far
  left). docs/calibration.md"""
_ASK = """\
Hình chữ nhật đã biết trên sàn? Ghi rộng x dài (ví dụ 3.6x9) rồi bốn điểm 'x,y': gần trái, gần phải,
xa phải, xa trái. Bỏ trống nếu không: rồi ghi từng điểm 'x,y=mét,mét', dòng trống để kết thúc.
  A known rectangle on the floor? Width x length, then four points 'x,y': near left, near right, far
  right, far left. Empty if not: then points 'x,y=metres,metres', an empty line ends them."""
