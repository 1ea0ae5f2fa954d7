"""Names of files that lead elsewhere, or that no system agrees on, as in an address.

Each is percent-encoded, so that it arrives as written. `{outside}` is the path of a
file on the server's disk that no request may read.
"""

from __future__ import annotations

TRAVERSALS = [
    "..",
    "../x",
    "../../../../../../{outside}",
    "a/../../../../{outside}",
    "a/..",
    "a/../b",
    "/{outside}",
    "//{outside}",
    "%2F{outside}",
    "..%2F..%2F..%2F{outside}",
    "%2e%2e/%2e%2e/{outside}",
    "%2e%2e%2f%2e%2e%2f{outside}",
    "..%5C..%5C{outside}",
    "..%5c..%5cwindows%5cwin.ini",
    "%5C%5Chost%5Cshare",
    "C:%5Cwindows",
    "C:/windows",
    "c:x",
    "out.txt%00.png",
    "%00",
    "..%00/x",
    "a%0A",
    "a%0D%0ASet-Cookie:%20x=1",
    "%7F",
    "%C2%85",
    "a%E2%80%AEtxt.exe",
    "%E2%80%8B",
    "a%EF%BB%BF",
    "%E2%80%A8",
    "a%2F%2Fb",
    "%20",
    "x/" * 65 + "x",
    "x" * 1025,
    "%C3%A9" * 600,
    "x/" * 40 + "x" * 200 + "/y" * 2500,
]
#: Not UTF-8: half a surrogate, overlong forms of `/` and `.`, a cut-off letter.
BROKEN = [
    "%FF%FE",
    "%ED%A0%80",
    "..%C0%AFx",
    "%C0%AE%C0%AE/x",
    "%E0%80%AE%E0%80%AE/x",
    "a%C3",
]
#: Legal names: a percent sign that was not decoded, and what only Windows reserves.
LEGAL = [
    "%252e%252e%252f{outside}",
    "%25%32%65%25%32%65/x",
    "..%252f{outside}",
    "...",
    "a./b.",
    "a..",
    "..a",
    "a%20",
    "%20/x",
    "CON",
    "nul.txt",
    "ab:c",
    "a.txt::$DATA",
    "~/x",
    "-rf",
    "$(id)",
    "a;b|c&d",
    "%2A%3F",
    "file:x",
    "yy/C:x",
    "%EF%BC%8E%EF%BC%8E%EF%BC%8Fx",
    "%E2%88%95",
    "a%CC%81",
]
EVERY = [*TRAVERSALS, *BROKEN, *LEGAL]
