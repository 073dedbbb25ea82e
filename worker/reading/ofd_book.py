"""The parts of an OFD: its documents, their pages, and what pages share (clauses 6 to 8).

Writers do not agree on what a location is relative to, nor on upper and lower case: a part is
looked for beside the one that names it, then from the root of the document, then of the package.
"""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from models.disclosure.finding import Reason
from worker.errors import Refused
from worker.reading.ofd_values import Box, box_of, local, number
from worker.reading.package import Element, Package

_A4: Final[Box] = (0.0, 0.0, 210.0, 297.0)
_LARGEST_PAPER: Final = 20_000
_MOST_DOCUMENTS: Final = 200
_DEEPEST_TEMPLATE: Final = 4
_LOCKED: Final = frozenset(("encryptions.xml", "decryptseed.dat", "entriesmap.dat"))
"""What GM/T 0099 puts into an encrypted package."""
_RESOURCES: Final = ("{*}CommonData/{*}PublicRes", "{*}CommonData/{*}DocumentRes")


@dataclass(frozen=True, slots=True)
class Shared:
    """What objects refer to: composite units, and line widths of drawing parameters (mm)."""

    units: Mapping[str, Element]
    widths: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One page: what is drawn on it, templates first; ``box`` is the paper in mm."""

    drawn: tuple[Element, ...]
    box: Box
    shared: Shared


class Book:
    """An OFD package; raises ``Refused`` for whatever is wrong with it."""

    def __init__(self, data: bytes) -> None:
        """Open it.

        Raises:
            Refused: ``truncated``, ``encrypted``, ``too_large`` or ``unreadable``.
        """
        self._parts = Package(data)
        self._names = {_normal(name): name for name in reversed(self._parts.names)}
        root = self.xml(self.located("OFD.xml"))
        if _LOCKED & {posixpath.basename(name) for name in self._names} or any(
            True for _ in root.iter("{*}Encryptions", "{*}Encryption")
        ):
            raise Refused(Reason.ENCRYPTED, "the OFD is encrypted (GM/T 0099)")
        self._bodies = [child for child in root if local(child) == "DocBody"]

    def leaves(self) -> Iterator[Leaf]:
        """Yield the pages of every document, in order.

        Raises:
            Refused: ``unreadable`` when a part is missing or broken, ``too_large``.
        """
        if not self._bodies:
            raise Refused(Reason.UNREADABLE, "OFD.xml names no document")
        if len(self._bodies) > _MOST_DOCUMENTS:
            raise Refused(Reason.TOO_LARGE, f"the OFD holds {len(self._bodies)} documents")
        for body in self._bodies:
            yield from _Document(self, self._root_of(body)).leaves()

    def _root_of(self, body: Element) -> str:
        """Return the part that a document begins with, that of its current version if it says."""
        for version in body.iter("{*}Version"):
            if version.get("Current", "").lower() in ("true", "1"):
                found = self.found(version.get("BaseLoc", ""))
                said = self.xml(found).find("{*}DocRoot") if found else None
                root = self.found((said.text or "") if said is not None else "", found or "")
                if root:
                    return root
        return self.located(_said(body, "{*}DocRoot") or "")

    def found(self, loc: str, *named_by: str) -> str | None:
        """Return the part at a location, as parts name it, or ``None``."""
        for folder in ("", *named_by) if loc.strip().startswith(("/", "\\")) else (*named_by, ""):
            name = self._names.get(_normal(posixpath.join(posixpath.dirname(folder), _bare(loc))))
            if name is not None:
                return name
        return None

    def located(self, loc: str, *named_by: str) -> str:
        """Return the part at a location.

        Raises:
            Refused: ``unreadable`` when there is none.
        """
        name = self.found(loc, *named_by) if loc.strip() else None
        if name is None:
            raise Refused(Reason.UNREADABLE, f"the OFD lacks its part {loc.strip()[:200]!r}")
        return name

    def xml(self, name: str) -> Element:
        """Return the root of a part."""
        return self._parts.xml(name)


class _Document:
    """One document of the package."""

    def __init__(self, book: Book, root: str) -> None:
        self._book, self._root = book, root
        self._xml = book.xml(root)
        self._units: dict[str, Element] = {}
        self._widths: dict[str, float] = {}
        for path in _RESOURCES:
            for loc in _all(self._xml, path):
                self._take(loc, self._units, self._widths)
        self._box = _paper(self._xml.find("{*}CommonData/{*}PageArea")) or _A4
        self._templates = {
            page.get("ID", ""): page.get("BaseLoc", "")
            for page in self._xml.iter("{*}TemplatePage")
        }
        self._opened: dict[str, Element] = {}

    def leaves(self) -> Iterator[Leaf]:
        pages = self._xml.find("{*}Pages")
        for page in () if pages is None else pages:
            if local(page) == "Page":
                yield self._leaf(self._book.located(page.get("BaseLoc", ""), self._root))

    def _leaf(self, name: str) -> Leaf:
        page = self._book.xml(name)
        units, widths = self._units, self._widths
        for loc in _all(page, "{*}PageRes"):
            units, widths = dict(units), dict(widths)
            self._take(loc, units, widths, name)
        under: list[Element] = []
        self._lay(page, under, 0)
        box = _paper(page.find("{*}Area")) or self._box
        return Leaf((*under, *_contents(page)), box, Shared(units, widths))

    def _lay(self, page: Element, under: list[Element], depth: int) -> None:
        """Collect what the templates of a page draw; templates may stand on others."""
        for used in page:
            if local(used) != "Template" or depth >= _DEEPEST_TEMPLATE:
                continue
            template = self._template(used.get("TemplateID", ""))
            self._lay(template, under, depth + 1)
            under.extend(_contents(template))

    def _template(self, which: str) -> Element:
        if which not in self._opened:
            name = self._book.located(self._templates.get(which, ""), self._root)
            self._opened[which] = self._book.xml(name)
        return self._opened[which]

    def _take(
        self, loc: str, units: dict[str, Element], widths: dict[str, float], page: str = ""
    ) -> None:
        """Take what a list of resources holds; fonts and pictures do not matter."""
        name = self._book.found(loc, *filter(None, (page, self._root)))
        if name is None:
            return
        resources = self._book.xml(name)
        for unit in resources.iter("{*}CompositeGraphicUnit"):
            units[unit.get("ID", "")] = unit
        parameters = {p.get("ID", ""): p for p in resources.iter("{*}DrawParam")}
        for which, parameter in parameters.items():
            base = parameters.get(parameter.get("Relative", ""))
            inherited = "" if base is None else base.get("LineWidth", "")
            width = number(parameter.get("LineWidth", inherited))
            if width is not None:
                widths[which] = width


def _contents(page: Element) -> list[Element]:
    return [child for child in page if local(child) == "Content"]


def _paper(area: Element | None) -> Box | None:
    """Return the paper that an area gives in mm: left, top, width and height."""
    box = None if area is None else box_of(_said(area, "{*}PhysicalBox"))
    return box if box and min(box[2:]) > 0 and max(box[2:]) <= _LARGEST_PAPER else None


def _said(element: Element, path: str) -> str | None:
    found = element.find(path)
    return None if found is None else found.text


def _all(element: Element, path: str) -> Iterator[str]:
    """Yield the locations that stand at a path; there may be several."""
    holder, _, last = path.rpartition("/")
    parent = element.find(holder) if holder else element
    for child in () if parent is None else parent:
        if local(child) == last.removeprefix("{*}") and child.text:
            yield child.text


def _bare(loc: str) -> str:
    return loc.strip().replace("\\", "/").lstrip("/")


def _normal(name: str) -> str:
    """Return a name by which parts are found: no ``..`` reaches out of the package."""
    return posixpath.normpath("/" + name.replace("\\", "/")).strip("/").casefold()
