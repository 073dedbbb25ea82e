// Rows copied from a spreadsheet, a document or a page, and the fields of a statutory table they go to.
"use strict";

window.pasted = (() => {
  const BLANK = /^(?:[-—–－−/／]*|无)$/;
  const FIGURE = /^[-+－＋−]?[\d０-９]+(?:[.,，．][\d０-９]+)*$/;
  const NUMBERING = /^[（(]?[一二三四五六七八九十\d０-９]{1,3}[）)、.．,，\s]+/;
  const LONG = 4;  // characters of a label of which a part may be left out

  // Cells by row: a program quotes a cell that holds a quote, a tab or a line break.
  function rowsOf(text) {
    const rows = [];
    const cells = /[\t\n](?:"((?:[^"]|"")*)"(?=[\t\n]|$)|([^\t\n]*))/g;
    const whole = text.replace(/\r\n?/g, "\n").replace(/\n+$/, "");
    for (const [found, quoted, plain] of `\n${whole}`.matchAll(cells)) {
      if (found.startsWith("\n")) rows.push([]);
      rows.at(-1).push((quoted?.replaceAll('""', '"') ?? plain).trim());
    }
    return rows;
  }

  // What is left of a label without numbering, notes in brackets, marks and spaces.
  function bare(label) {
    return label.replace(/\s/g, "").replace(NUMBERING, "").replace(/[（(].*?[）)]/g, "")
      .replace(/[^\p{L}]/gu, "");
  }
  function alike(one, other) {
    if (one === other) return one !== "";
    return Math.min(one.length, other.length) >= LONG && (one.includes(other) || other.includes(one));
  }
  const isLabel = (part) => !BLANK.test(part) && !/[\d０-９]/.test(part.replace(NUMBERING, ""));
  const saysSomething = (part) => part !== "" && !isLabel(part);

  // Where the label of a row ends, and the line of the form that it is of; the last label counts.
  function line(parts, lines) {
    for (let at = parts.length - 1; at >= 0; at -= 1) {
      if (!isLabel(parts[at])) continue;
      const label = bare(parts[at]);
      const found = label ? lines.findIndex((one) => alike(bare(one.label), label)) : -1;
      if (found >= 0) return [found, at + 1];
    }
    return [-1, 1 + parts.findLastIndex(isLabel)];
  }

  // What stands behind the label, and the line of the form it is of: of one that has it, and figures.
  function rowOf(parts, lines) {
    const [found, start] = line(parts, lines);
    const rest = parts.slice(start);
    const fields = lines[found]?.fields.length;
    const isRow = found >= 0 && (rest.some(saysSomething) || rest.length >= fields);
    return { parts, rest, of: isRow ? lines[found] : null };
  }

  // As many cells as there are fields: merged cells leave blanks before or behind them.
  function fitted(cells, width, usual) {
    const first = cells.findIndex((cell) => cell !== "");
    const last = cells.findLastIndex((cell) => cell !== "");
    if (cells.length <= width) return [cells, first];
    if (first < 0) return [cells.slice(0, width), usual];
    if (last - first + 1 >= width) return [cells.slice(first, last + 1), first];
    const start = Math.max(last + 1 - width, Math.min(usual, first, cells.length - width));
    return [cells.slice(start, start + width), usual];
  }

  function typed(cell) {
    if (BLANK.test(cell)) return "空";
    if (!FIGURE.test(cell)) return cell;
    return cell.replace(/[,，]/g, "").replace(/^[+＋]/, "").replace(/^[－−]/, "-").replace("．", ".");
  }

  // Figures by address, and whether all there were found a field.
  //   lines: [{label, fields: [address]}] of the table, from top to bottom
  //   at: [line, field] where somebody pastes
  function placed(text, lines, at) {
    const rows = rowsOf(text).map((parts) => rowOf(parts, lines));
    const byLabel = rows.some((row) => row.of);
    const figures = {};
    let [next, left] = at;
    let usual = 0;
    let whole = true;
    function put(cells, fields) {
      cells.forEach((cell, n) => {
        if (n < fields.length) figures[fields[n]] = typed(cell);
        else if (cell !== "") whole = false;
      });
    }
    if (lines.length === 1) {
      const cells = rows.filter((row) => row.parts.some(saysSomething)).flatMap((row) => row.rest);
      put(fitted(cells, lines[0].fields.length - left, 0)[0], lines[0].fields.slice(left));
      return { figures, whole };
    }
    for (const { parts, rest, of } of rows) {
      if (byLabel) {
        if (of) {
          const [cells, from] = fitted(rest, of.fields.length, usual);
          usual = from;
          put(cells, of.fields);
        } else if (parts.some(isLabel) && rest.some(saysSomething)) {
          whole = false;
        }
      } else if (!parts.some(isLabel) || rest.some(saysSomething)) {
        const fields = lines[next]?.fields.slice(left) ?? [];
        put(fitted(rest, fields.length, 0)[0], fields);
        next += 1;
      }
    }
    return { figures, whole };
  }
  return placed;
})();
