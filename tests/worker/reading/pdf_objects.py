"""The objects of a PDF, and files of them."""


def stream(content: str, about: str = "") -> bytes:
    """Return a stream object."""
    data = content.encode()
    return b"<</Length %d%s>>\nstream\n%s\nendstream" % (len(data), about.encode(), data)


def numbered(objects: list[bytes]) -> bytes:
    """Return objects, the first of them the catalogue, as a file."""
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
