"""Make the device's page of firmware/web: one HTML document, compressed, as a constant table in C++.

Usage: build_page.py OUTPUT.cpp

The script and the style are put into the document, and the Content-Security-Policy names them by their hashes, so that
the browser runs nothing else. Every build of the firmware calls this file, so it needs nothing but Python 3.8.
"""

import base64
import gzip
import hashlib
import sys
from pathlib import Path

WEB = Path(__file__).resolve().parents[1] / "web"
LIMIT = 40 * 1024
"""The most bytes of the compressed page: it lies in each application image."""


def source_of(policy: str, page: bytes) -> str:
    """Return the C++ source that defines `pb::web_page`.

    Args:
        policy: the value of the header Content-Security-Policy.
        page: the compressed document.
    """
    lines = [", ".join(str(byte) for byte in page[at : at + 24]) for at in range(0, len(page), 24)]
    table = ",\n    ".join(lines)
    return (
        "// Made by firmware/tools/build_page.py of firmware/web.\n"
        '#include "features/web_ui/page.h"\n\n'
        "namespace pb {\n\nnamespace {\n\n"
        f"const uint8_t kPage[] = {{\n    {table}}};\n\n"
        "}  // namespace\n\n"
        f'WebPage web_page() {{ return {{kPage, "{policy}"}}; }}\n\n'
        "}  // namespace pb\n"
    )


def page_of(folder: Path) -> "tuple[str, bytes]":
    """Return the policy and the document of the sources in `folder`, not compressed.

    Raises:
        SystemExit: a source is missing, or the document lacks a place for one.
    """
    html = (folder / "page.html").read_text(encoding="utf-8")
    policy = "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    for directive, tag, names in (
        ("style-src", "style", ["style.css"]),
        ("script-src", "script", ["texts.js", "page.js"]),
    ):
        content = "".join((folder / name).read_text(encoding="utf-8") for name in names)
        place = f"<{tag}></{tag}>"
        if html.count(place) != 1:
            raise SystemExit(f"{folder / 'page.html'}: needs {place} exactly once, as the place of {', '.join(names)}")
        if f"</{tag}" in content:
            raise SystemExit(f"{folder}: {', '.join(names)} must not contain </{tag}")
        html = html.replace(place, f"<{tag}>{content}</{tag}>")
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        policy += f"; {directive} 'sha256-{digest}'"
    return policy, html.encode()


def main(output: Path) -> None:
    """Write the C++ source, unless it is there already with the same content."""
    policy, html = page_of(WEB)
    page = gzip.compress(html, 9, mtime=0)
    if len(page) > LIMIT:
        raise SystemExit(f"the page has {len(page)} bytes compressed; at most {LIMIT} are allowed")
    source = source_of(policy, page)
    if not output.exists() or output.read_text(encoding="utf-8") != source:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(source, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
