"""A spool that an older client wrote is delivered: its format never changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from studio.sdk.delivery.sender import Sender
from studio.sdk.delivery.spool_folder import SpoolFolder
from tests.delivery.fake_client import Fake

#: As version 0.2.0 wrote them.
WRITER = "00000000000000070000000000000000"
STAGED_NAME = "00000000000000070000000000000000"
FILES = {
    "owner.json": (
        b'{"server": "http://fake", "workspace": "defa'
        b'ult", "user": "", "run_id": "r1", "writer": '
        b'"00000000000000070000000000000000", "created'
        b'": 1796071193898, "format": 1}'
    ),
    "end.json": (b'{"ended": 1796071193900, "status": "Completed", "message": "done"}'),
    "files.0000000000000000.seg": (
        b'\x89\x00\x00\x00  VS{"path": "outputs/model", "held": "0'
        b'0000000000000070000000000000000", "source": '
        b'"/data/model", "size": 7, "changed": 1796071'
        b"193899824015}"
    ),
    "logs.0000000000000000.seg": (
        b"+\x00\x00\x007VgQ\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x11\x00logs/user_log.txtp"
        b"rinted\n"
    ),
    "requests.0000000000000000.seg": (
        b'j\x00\x00\x00\xe4\x87\xd5\xff{"method": "POST", "path": "runs", "'
        b'body": {"id": "r1", "experiment": "e"}, "ess'
        b'ential": true, "held": ""}'
    ),
    "rows.0000000000000000.seg": (
        b'\x1c\x00\x00\x00j\xaf\r\x1d["loss",0.5,3,1700000000000],\x00\x00\x00?\xb6\xfd\xaf'
        b'["rows",{"a": 1},null,1796071193899,"table"]'
    ),
}


def test_a_spool_of_an_older_client_is_delivered(tmp_path: Path) -> None:
    folder = tmp_path / WRITER
    (folder / "held").mkdir(parents=True)
    (folder / "held" / STAGED_NAME).write_bytes(b"weights")
    (folder / "lock").touch()
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    claimed, fake = SpoolFolder.claim(folder), Fake()
    client: Any = fake
    assert claimed is not None
    sender = Sender(claimed, client, is_live=False)
    while sender.receipt is None:
        assert sender.send_due() or sender.upload_next()
    assert fake.rows == {
        WRITER: [
            ["loss", 0.5, 3, 1700000000000],
            ["rows", {"a": 1}, None, 1796071193899, "table"],
        ]
    }
    assert fake.log() == b"printed\n"
    assert fake.files == {"outputs/model": b"weights"}
    assert fake.statuses == ["Completed"]
    assert fake.asked[0] == "POST runs"
    assert sender.receipt.is_whole
    assert not folder.exists()
