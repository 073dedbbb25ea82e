// Everything here only makes quicker what forms and links do without it.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const dialog = document.getElementById("dialog");
  const body = document.getElementById("dialog-body");
  const said = document.getElementById("said");

  // A decision is asked for in a dialog instead of on a page of its own.
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail?.ctx?.target ?? event.target;
    if (target === body && body.firstElementChild && !dialog.open) dialog.showModal();
    if (target?.id === "judgement") mark();
    everySelection();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]") && dialog.open) {
      event.preventDefault();
      dialog.close();
    }
  });
  dialog?.addEventListener("close", () => body.replaceChildren());

  // What a fresh check says about each cell.
  function mark() {
    const told = document.querySelector("[data-marks]");
    if (!told) return;
    const marks = JSON.parse(told.dataset.marks);
    const proposed = new Set(JSON.parse(told.dataset.proposed ?? "[]"));
    for (const cell of document.querySelectorAll("[data-cell]")) {
      const kind = marks[cell.dataset.cell] ?? "";
      const field = cell.querySelector("input");
      cell.classList.toggle("hard", kind === "hard");
      cell.classList.toggle("soft", kind === "soft");
      cell.classList.toggle("proposed", proposed.has(cell.dataset.cell));
      cell.classList.toggle("changed", field !== null && field.value.trim() !== field.dataset.read);
      if (kind) cell.dataset.sign = kind === "hard" ? "!" : "?";
      else delete cell.dataset.sign;
      if (field && kind) field.setAttribute("aria-invalid", "true");
      else field?.removeAttribute("aria-invalid");
    }
    if (said) said.textContent = told.dataset.said ?? "";
  }
  mark();

  // What was typed before anybody listened is checked too.
  document.addEventListener("htmx:after:process", () => {
    const fields = [...document.querySelectorAll("#correction input")];
    const typed = fields.find((field) => field.type !== "hidden" && field.value !== field.defaultValue);
    typed?.dispatchEvent(new Event("input", { bubbles: true }));
  }, { once: true });

  // The candidate's figures in their fields, to be looked at before they are taken, and taken back.
  const filled = [];
  const placeOf = (cell) => document.querySelector(`[data-cell="${CSS.escape(cell)}"]`);
  function fill(figures) {
    const before = {};
    let last = null;
    for (const [cell, value] of Object.entries(figures)) {
      const field = placeOf(cell)?.querySelector("input");
      if (!field) continue;
      before[cell] = field.value;
      field.value = value;
      last = field;
    }
    last?.dispatchEvent(new Event("input", { bubbles: true }));
    last?.focus();
    return before;
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fill], [data-undo]");
    if (!button) return;
    event.preventDefault();
    if (button.dataset.fill) take(JSON.parse(button.dataset.fill));
    else if (filled.length) fill(filled.pop());
    undoable();
  });
  function take(figures) {
    filled.push(fill(figures));
    undoable();
  }
  function undoable() {
    for (const undo of document.querySelectorAll("[data-undo]")) undo.hidden = !filled.length;
  }

  // Rows copied from a spreadsheet, a document or a page go to the fields that they are of.
  document.addEventListener("paste", (event) => {
    const cell = event.target.closest?.("[data-cell]");
    const text = event.clipboardData.getData("text/plain").replace(/\s+$/, "");
    if (!cell || !/[\t\n,，]/.test(text)) return;
    event.preventDefault();
    const rows = [...cell.closest("table").rows].filter((row) => row.querySelector("[data-cell]"));
    const lines = rows.map((row) => ({
      label: [...row.querySelectorAll("th")].at(-1)?.textContent ?? "",
      fields: [...row.querySelectorAll("[data-cell]")].map((field) => field.dataset.cell),
    }));
    const at = [rows.indexOf(cell.closest("tr")), 0];
    at[1] = lines[at[0]].fields.indexOf(cell.dataset.cell);
    const { figures, whole } = window.pasted(text, lines, at);
    document.getElementById("unfit").hidden = whole;
    for (const [address, figure] of Object.entries(figures)) {
      const place = placeOf(address);
      const blank = !("missing" in place.dataset) && place.querySelector("input").value === "";
      if (blank && figure === "空") delete figures[address];  // it was read as one
    }
    take(figures);
  });

  // Arrow keys go from cell to cell, as in any table of figures.
  document.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1, Enter: 1 }[event.key];
    const cell = event.target.closest?.("[data-cell]");
    if (!step || !cell) return;
    event.preventDefault();
    const right = event.target.getBoundingClientRect();
    const fields = [...cell.closest("table").querySelectorAll("input")].filter((other) => {
      const box = other.getBoundingClientRect();
      const beside = box.left < right.right && box.right > right.left;
      return beside && (step > 0 ? box.top > right.top + 2 : box.top < right.top - 2);
    });
    const next = step > 0 ? fields[0] : fields.at(-1);
    next?.focus();
    next?.select();
  });

  // One box selects all rows of the page.
  function everySelection() {
    for (const all of document.querySelectorAll("[data-all]")) {
      all.hidden = false;
      all.onchange = () => {
        for (const box of all.form.querySelectorAll(`[name="${all.dataset.all}"]`)) box.checked = all.checked;
      };
    }
  }
  everySelection();

  // The overview while it is looked at.
  const live = document.querySelector("[data-live]");
  if (live && "EventSource" in window) {
    const rows = document.querySelector(".events tbody");
    const figures = document.getElementById("figures");
    let due = 0;
    const stream = new EventSource(`${live.dataset.live}?after=${live.dataset.after}`);
    stream.onopen = () => { live.hidden = false; };
    stream.onerror = () => { live.hidden = true; };
    stream.addEventListener("events", (event) => {
      rows.insertAdjacentHTML("afterbegin", event.data);
      while (rows.children.length > 20) rows.lastElementChild.remove();
      if (!due) due = setTimeout(() => { due = 0; window.htmx?.trigger(figures, "refresh"); }, 1000);
    });
    addEventListener("pagehide", () => stream.close());
  }
});
