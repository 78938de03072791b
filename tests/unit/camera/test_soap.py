import base64
import hashlib
import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from lxml import etree

from edge_agent.camera.soap import Token, wsdl_folder
from edge_agent.core.secret import Credential
from tests.fakes.clock import FakeClock

WSSE = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd}"
WSU = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"
ENVELOPE = '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body/></e:Envelope>'


def signed(token: Token) -> tuple[str, str, str]:
    envelope, _ = token.apply(etree.fromstring(ENVELOPE), {})
    values = [
        next(envelope.iter(name)).text
        for name in (f"{WSU}Created", f"{WSSE}Nonce", f"{WSSE}Password")
    ]
    return values[0], values[1], values[2]


def test_requests_are_signed_with_the_cameras_time_in_zulu() -> None:
    clock = FakeClock()
    token = Token(Credential("admin", "p@ss: w/rd#"), clock, -3600.0)
    created, nonce, digest = signed(token)
    assert created == "2021-07-28T06:00:00Z"
    raw = base64.b64decode(nonce) + created.encode() + b"p@ss: w/rd#"
    assert base64.b64decode(digest) == hashlib.sha1(raw).digest()


def test_one_token_in_many_threads_never_stamps_a_wrong_time() -> None:
    token = Token(Credential("admin", "x"), FakeClock(), 7200.0)
    with ThreadPoolExecutor(4) as pool:
        stamps = list(pool.map(lambda _: signed(token), range(600)))
    assert {created for created, _, _ in stamps} == {"2021-07-28T09:00:00Z"}
    assert len({nonce for _, nonce, _ in stamps}) == 600


def test_the_wsdl_files_are_those_of_the_installed_package() -> None:
    assert (wsdl_folder() / "devicemgmt.wsdl").is_file()
    assert (wsdl_folder() / "media.wsdl").is_file()


def test_importing_the_library_leaves_logging_and_environment_alone() -> None:
    code = (
        "import logging, os; before = dict(os.environ); import edge_agent.camera.soap;"
        "assert logging.getLogger().handlers == [], logging.getLogger().handlers;"
        "assert dict(os.environ) == before"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={"http_proxy": "http://10.0.0.1"})


def test_the_library_logs_no_requests() -> None:
    assert not logging.getLogger("zeep.transports").isEnabledFor(logging.DEBUG)
