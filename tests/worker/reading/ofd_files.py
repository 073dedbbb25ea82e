"""OFD files in the ways that programs write them, of what stands on the pages of real PDFs."""

import io
import random
import zipfile
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from xml.sax.saxutils import escape

from tests.worker.reading.pdf_parts import Sheet, Sign

TEXTS = ("run", "glyph", "repeated", "scaled", "codes", "glyph_ids", "last_said")
RULES = ("stroke", "fill", "one_path", "closed", "parameter")
HOLDERS = ("page", "template", "block", "unit", "page_unit")
LOCS = ("relative", "absolute", "root", "document")
NAMESPACES = (
    ("ofd:", ' xmlns:ofd="http://www.ofdspec.org/2016"'),
    ("", ' xmlns="http://www.ofdspec.org/2016"'),
    ("a:", ' xmlns:a="http://www.ofdspec.org"'),
    ("", ""),
)
_TURNS = {0: "1 0 0 1", 90: "0 1 -1 0", 180: "-1 0 0 -1", 270: "0 -1 1 0"}
_STEP = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}
_JOINED = 2.5
_UNIT, _TEMPLATE, _PARAMETER = 900, 901, 902


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a program writes OFD; ``origin`` is the corner of its paper, in mm."""

    texts: str = "run"
    rules: str = "stroke"
    holder: str = "page"
    locs: str = "relative"
    namespace: tuple[str, str] = NAMESPACES[0]
    origin: tuple[float, float] = (0.0, 0.0)
    area_of_page: bool = True
    watermark: bool = False


def random_dialect(rng: random.Random) -> Dialect:
    """Return any way to write OFD."""
    return Dialect(
        texts=rng.choice(TEXTS),
        rules=rng.choice(RULES),
        holder=rng.choice(HOLDERS),
        locs=rng.choice(LOCS),
        namespace=rng.choice(NAMESPACES),
        origin=rng.choice(((0.0, 0.0), (0.0, 0.0), (-5.0, 12.5))),
        area_of_page=rng.random() < 0.5,
        watermark=rng.random() < 0.3,
    )


def ofd(sheets: list[Sheet], dialect: Dialect | None = None) -> bytes:
    """Return the pages as an OFD file of one document."""
    return zipped(Writer(dialect or Dialect()).parts(sheets))


def zipped(parts: dict[str, str]) -> bytes:
    """Return parts (name → XML) as a package."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return held.getvalue()


@dataclass(slots=True)
class Writer:
    """Writes the parts of a package."""

    dialect: Dialect
    folder: str = "Doc_0"
    _id: int = 0
    _templates: dict[str, str] = field(default_factory=dict)
    _units: list[str] = field(default_factory=list)

    def parts(self, sheets: list[Sheet]) -> dict[str, str]:
        """Return the parts of a package of one document."""
        body = self._tag("DocBody", self._tag("DocRoot", self._loc("Document.xml", "")))
        return {"OFD.xml": self._root("OFD", body), **self.document(sheets)}

    def document(self, sheets: list[Sheet]) -> dict[str, str]:
        """Return the parts of a document."""
        found, pages = {}, []
        for at, sheet in enumerate(sheets):
            name = f"Pages/Page_{at}/Content.xml"
            found[f"{self.folder}/{name}"] = self._page(sheet, at)
            loc = self._loc(name, f"{self.folder}/Document.xml")
            pages.append(self._tag("Page", "", ID=at + 1, BaseLoc=loc))
        common = "" if self.dialect.area_of_page else self._area("PageArea", sheets[0])
        for at, name in enumerate(self._templates):
            loc = self._loc(name, f"{self.folder}/Document.xml")
            common += self._tag("TemplatePage", "", ID=_TEMPLATE + 1000 * at, BaseLoc=loc)
            found[f"{self.folder}/{name}"] = self._templates[name]
        common += self._tag(
            "DocumentRes", self._loc("DocumentRes.xml", f"{self.folder}/Document.xml")
        )
        found[f"{self.folder}/DocumentRes.xml"] = self._resources()
        content = self._tag("CommonData", common) + self._tag("Pages", "".join(pages))
        found[f"{self.folder}/Document.xml"] = self._root("Document", content)
        return found

    def _loc(self, name: str, named_by: str) -> str:
        if self.dialect.locs == "absolute":
            return f"/{self.folder}/{name}"
        if self.dialect.locs == "root" or not named_by:
            return f"{self.folder}/{name}"
        return f"./x/../{name}" if self.dialect.locs == "document" else name

    def _tag(self, name: str, content: str, **attributes: object) -> str:
        prefix = self.dialect.namespace[0]
        said = "".join(f' {key}="{value}"' for key, value in attributes.items() if value != "")
        return f"<{prefix}{name}{said}>{content}</{prefix}{name}>"

    def _root(self, name: str, content: str) -> str:
        prefix, declared = self.dialect.namespace
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<{prefix}{name}{declared}>'
            f"{content}</{prefix}{name}>"
        )

    def _area(self, name: str, sheet: Sheet) -> str:
        x, y = self.dialect.origin
        box = f"{x} {y} {sheet.width:.4f} {sheet.height:.4f}"
        return self._tag(name, self._tag("PhysicalBox", box))

    def _page(self, sheet: Sheet, at: int) -> str:
        rules, holder = self._rules(sheet), self.dialect.holder
        texts = "".join(self._texts(sheet))
        used = ""
        if holder == "template":
            name = f"Tpls/Tpl_{at}/Content.xml"
            layer = self._tag("Layer", rules, Type="Background")
            self._templates[name] = self._root("Page", self._tag("Content", layer))
            used = self._tag("Template", "", TemplateID=_TEMPLATE + 1000 * at, ZOrder="Background")
            rules = ""
        elif holder == "block":
            rules = self._tag("PageBlock", self._tag("PageBlock", rules))
            texts = self._tag("PageBlock", texts)
        elif holder in ("unit", "page_unit"):
            rules = self._unit(rules, sheet, at)
        area = self._area("Area", sheet) if self.dialect.area_of_page else ""
        layer = self._tag("Layer", rules + texts + self._watermark(), Type="Body")
        return self._root("Page", area + used + self._tag("Content", layer))

    def _unit(self, rules: str, sheet: Sheet, at: int) -> str:
        content = self._tag("Content", rules)
        self._units.append(self._tag("CompositeGraphicUnit", content, ID=_UNIT + 1000 * at))
        x, y = self.dialect.origin
        box = f"0 0 {sheet.width + abs(x):.4f} {sheet.height + abs(y):.4f}"
        return self._tag("CompositeObject", "", ResourceID=_UNIT + 1000 * at, Boundary=box)

    def _resources(self) -> str:
        parameters = self._tag("DrawParam", "", ID=_PARAMETER, LineWidth="0.25")
        parameters += self._tag("DrawParam", "", ID=_PARAMETER + 1, Relative=_PARAMETER)
        units = self._tag("CompositeGraphicUnits", "".join(self._units)) if self._units else ""
        return self._root("Res", self._tag("DrawParams", parameters) + units)

    def _watermark(self) -> str:
        if not self.dialect.watermark:
            return ""
        code = self._tag("TextCode", "仅供内部使用", X=0, Y=12, DeltaX="g 5 12")
        about = {"Boundary": "30 60 150 150", "CTM": "0.7 -0.7 0.7 0.7 0 90", "Size": 12}
        return self._tag("TextObject", code, **about)

    def _rules(self, sheet: Sheet) -> str:
        ox, oy = self.dialect.origin
        placed = [(x + ox, y + oy, x2 + ox, y2 + oy, w) for x, y, x2, y2, w in sheet.lines]
        if self.dialect.rules == "one_path":
            data = " ".join(f"M {x:.3f} {y:.3f} L {x2:.3f} {y2:.3f}" for x, y, x2, y2, _ in placed)
            box = f"{min(ox, 0)} {min(oy, 0)} 1000 1000"
            shift = f"1 0 0 1 {-min(ox, 0)} {-min(oy, 0)}"
            return self._path(data, Boundary=box, CTM=shift, LineWidth=0.2)
        return "".join(self._rule(*line) for line in placed)

    def _rule(self, x: float, y: float, x2: float, y2: float, thick: float) -> str:
        left, top, right, bottom = min(x, x2), min(y, y2), max(x, x2), max(y, y2)
        style = self.dialect.rules
        if style in ("stroke", "parameter"):
            box = f"{left:.3f} {top:.3f} {right - left:.3f} {bottom - top:.3f}"
            data = f"M 0 0 L {right - left:.3f} {bottom - top:.3f}"
            about: dict[str, object] = {"LineWidth": f"{max(thick, 0.1):.3f}"}
            if style == "parameter":
                about = {"DrawParam": _PARAMETER + 1}
            return self._path(data, Boundary=box, **about)
        half = max(thick, 0.2) / 2
        if right - left >= bottom - top:
            top, bottom = top - half, bottom + half
        else:
            left, right = left - half, right + half
        width, height = right - left, bottom - top
        box = f"{left:.3f} {top:.3f} {width:.3f} {height:.3f}"
        data = f"M 0 0 L {width:.3f} 0 L {width:.3f} {height:.3f} L 0 {height:.3f}"
        closed = {"Stroke": "false", "Fill": "true"}
        if style == "closed":
            return self._path(f"S 0 0 {data[6:]} L 0 0", Boundary=box, **closed)
        return self._path(f"{data} C", Boundary=box, **closed)

    def _path(self, data: str, **about: object) -> str:
        self._id += 1
        return self._tag("PathObject", self._tag("AbbreviatedData", data), ID=self._id, **about)

    def _texts(self, sheet: Sheet) -> list[str]:
        ox, oy = self.dialect.origin
        moved = [Sign(s.text, s.x + ox, s.y + oy, s.size, s.turned) for s in sheet.signs]
        if self.dialect.texts == "glyph":
            return [self._text([sign]) for sign in moved]
        return [self._text(run) for run in _runs(moved)]

    def _text(self, run: list[Sign]) -> str:
        self._id += 1
        first = run[0]
        scale = 0.4 if self.dialect.texts == "scaled" else 1.0
        size, style = first.size / scale, self.dialect.texts
        turn = " ".join(f"{float(part) * scale:g}" for part in _TURNS[first.turned].split())
        plain = scale == 1 and first.turned == 0
        deltas = [
            ((b.x - a.x) * _STEP[a.turned][0] + (b.y - a.y) * _STEP[a.turned][1]) / scale
            for a, b in pairwise(run)
        ]
        ascent = 0.85 * first.size if plain else 0
        about = {
            "ID": self._id,
            "Boundary": f"{first.x:.4f} {first.y - ascent:.4f} {first.size * len(run):.3f} 5",
            "CTM": "" if plain else f"{turn} 0 0",
            "Font": 3,
            "Size": f"{size:.4f}",
        }
        if style == "codes" and len(run) > 1:
            at, codes = 0.0, []
            for sign, delta in zip(run, [*deltas, 0.0], strict=True):
                codes.append(self._code(sign.text, at, ascent if at == 0 else "", []))
                at += delta
            return self._tag("TextObject", "".join(codes), **about)
        code = self._code("".join(s.text for s in run), 0, f"{ascent:.4f}", deltas)
        if style in ("glyph_ids", "last_said"):
            ids = self._tag("Glyphs", " ".join(str(100 + at) for at in range(len(run))))
            counts = {"CodeCount": len(run), "GlyphCount": len(run)}
            transform = self._tag("CGTransform", ids, CodePosition=0, **counts)
            code = transform + code if style == "glyph_ids" else code + transform
        return self._tag("TextObject", code, **about)

    def _code(self, text: str, x: float, y: object, deltas: list[float]) -> str:
        said = [f"{delta:.4f}" for delta in deltas]
        if self.dialect.texts == "repeated":
            groups = [(value, len(list(same))) for value, same in groupby(said)]
            said = [f"g {times} {value}" if times > 1 else value for value, times in groups]
        return self._tag("TextCode", escape(text), X=f"{x:.4f}", Y=y, DeltaX=" ".join(said))


def _runs(signs: list[Sign]) -> list[list[Sign]]:
    """Join characters that follow one another on one line, as far as a program would."""
    runs: list[list[Sign]] = []
    for sign in signs:
        last = runs[-1][-1] if runs else None
        if last is not None and _follows(last, sign):
            runs[-1].append(sign)
        else:
            runs.append([sign])
    return runs


def _follows(last: Sign, sign: Sign) -> bool:
    if last.turned != sign.turned or abs(last.size - sign.size) > 0.01:
        return False
    step = _STEP[sign.turned]
    along = (sign.x - last.x) * step[0] + (sign.y - last.y) * step[1]
    across = (sign.x - last.x) * step[1] + (sign.y - last.y) * step[0]
    return 0 < along < _JOINED * sign.size and abs(across) < 0.01
