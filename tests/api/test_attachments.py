"""Which media type a download has, and how its header names the file."""

import pytest

from runs.api.file_responses import attachment_header
from runs.render.files import attachment_content_type


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.txt", "text/plain"),
        ("out.log", "text/plain"),
        ("data.json", "text/plain"),
        ("table.csv", "text/plain"),
        ("conda.yaml", "text/plain"),
        ("MLmodel", "text/plain"),
        ("train.py", "text/plain"),
        ("page.html", "text/html"),
        ("drawing.svg", "image/svg+xml"),
        ("plot.PNG", "image/png"),
        ("paper.pdf", "application/pdf"),
        ("model.pkl", "application/octet-stream"),
        ("weights", "application/octet-stream"),
        ("table.csv.gz", "application/octet-stream"),
        ("archive.tar.gz", "application/octet-stream"),
        ("data:text/html,x.bin", "application/octet-stream"),
        # A page of this server can't load these as scripts or style sheets.
        ("code.js", "text/plain"),
        ("module.mjs", "application/octet-stream"),
        ("look.css", "application/octet-stream"),
        ("sheet.xsl", "text/plain"),
    ],
)
def test_an_attachment_has_the_type_of_its_name(name: str, kind: str) -> None:
    assert attachment_content_type(name) == kind


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("a b.txt", "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt"),
        ("ü.txt", "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%BC.txt"),
        (
            'a"\\%.txt',
            "attachment; filename=\"a___.txt\"; filename*=UTF-8''a%22%5C%25.txt",
        ),
        ("a\r\nb", "attachment; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab"),
    ],
)
def test_a_header_names_the_file_in_ascii_and_in_utf_8(name: str, header: str) -> None:
    assert attachment_header(name) == header
