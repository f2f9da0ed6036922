// Reads a page as a person does: which fields carry which label, what a button says, what can be seen. Changes nothing.
// Called by page_view.py as ask(task, request); nothing secret is ever given to it.
(() => {
  const LONGEST = 100000;
  const TAIL = /(?:\s|[*:.!?›»→✱…]|\((?:required|optional|mandatory)\)|\brequired\b)+$/i;
  const clean = (text) => (text || "").replace(/[\u200b-\u200f\ufeff]/g, "").replace(/\s+/g, " ").trim();
  // As it is typed on a keyboard: a page sets other marks for the same words.
  const plain = (text) => clean(text).replace(/[\u2018\u2019\u02bc]/g, "'").replace(/[\u201c\u201d]/g, '"').replace(/[\u2010-\u2015]/g, "-");
  const bare = (text) => {
    const whole = plain(text);
    return whole.replace(/^[*‹«←\s]+/, "").replace(TAIL, "").trim().toLowerCase() || whole.toLowerCase();
  };
  // "Title…" is the beginning of a text, "…number" its end: looseness is the writer's choice.
  const fits = (wanted, text) => {
    const open = wanted.endsWith("…") || wanted.endsWith("..."), begin = wanted.startsWith("…") || wanted.startsWith("...");
    const core = bare(wanted.replace(/^(…|\.\.\.)|(…|\.\.\.)$/g, "")), has = bare(text);
    if (!core || !has) return false;
    if (open && begin) return has.includes(core);
    return open ? has.startsWith(core) : begin ? has.endsWith(core) : has === core;
  };

  function* elements(root) {
    for (const element of root.querySelectorAll("*")) {
      yield element;
      if (element.shadowRoot) yield* elements(element.shadowRoot);
    }
  }
  const every = (root, selector) => [...elements(root)].filter((element) => element.matches(selector));
  const roots = (root) => [root, ...[...elements(root)].filter((e) => e.shadowRoot).map((e) => e.shadowRoot)];
  const query = (root, selector) => [...new Set(roots(root).flatMap((one) => [...one.querySelectorAll(selector)]))];
  const seen = (element) => {
    if (!element.isConnected || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1;
  };
  const words = (element) => clean(element.innerText ?? element.textContent);
  const byIds = (element, name) => (element.getAttribute(name) || "").split(/\s+/).filter(Boolean)
    .map((id) => element.getRootNode().getElementById?.(id)).filter(Boolean);

  const TEXTUAL = 'input:not([type=hidden]):not([type=checkbox]):not([type=radio]):not([type=file]):not([type=submit]):not([type=button]):not([type=image]):not([type=reset])';
  const CONTROLS = {
    fill: TEXTUAL + ',textarea,[contenteditable=""],[contenteditable=true],[contenteditable=plaintext-only],[role=textbox],[role=searchbox],[role=spinbutton]',
    choose: 'select,[role=combobox],[role=listbox],[aria-haspopup=listbox],input[list],[role=radiogroup],fieldset',
    tick: 'input[type=checkbox],input[type=radio],[role=checkbox],[role=radio],[role=switch]',
    upload: 'input[type=file]',
    click: 'button,a[href],a[onclick],a[role],input[type=submit],input[type=button],input[type=image],input[type=reset],summary,label,' +
      '[role=button],[role=link],[role=tab],[role=menuitem],[role=option],[role=checkbox],[role=radio],[role=switch],[onclick]',
  };
  const ANY = "input:not([type=hidden]),select,textarea,[contenteditable=true],[role=textbox],[role=combobox],iframe";
  const ROLES = {
    button: "button,input[type=submit],input[type=button],input[type=image],input[type=reset],[role=button],summary",
    link: "a[href],[role=link]", tab: "[role=tab]", menuitem: "[role=menuitem]", option: "option,[role=option]",
    checkbox: "input[type=checkbox],[role=checkbox]", radio: "input[type=radio],[role=radio]", switch: "[role=switch]",
    textbox: TEXTUAL + ",textarea,[role=textbox],[contenteditable=true]", searchbox: "input[type=search],[role=searchbox]",
    combobox: "select,[role=combobox],input[list]",
  };

  // The words under which a field is known: of its labels whole, their own, and those of their first part.
  const ofLabel = (label) => {
    const own = [...label.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent).join(" ");
    const first = [...label.children].find((child) => clean(child.textContent));
    return [words(label), label.textContent, own, first ? first.textContent : ""];
  };
  function names(element) {
    const found = [element.getAttribute("aria-label")];
    for (const label of byIds(element, "aria-labelledby")) found.push(...ofLabel(label));
    for (const label of element.labels || []) found.push(...ofLabel(label));
    if (element.localName === "fieldset") {
      const legend = element.querySelector(":scope > legend");
      if (legend) found.push(...ofLabel(legend));
    }
    found.push(element.getAttribute("title"));
    return found.map(clean).filter(Boolean);
  }
  function spoken(element) {
    const found = [words(element), element.textContent, element.getAttribute("aria-label"), element.getAttribute("title")];
    if (element.localName === "input") found.push(element.value, element.getAttribute("alt"));
    if (element.localName === "input" && element.type === "submit" && !element.hasAttribute("value")) found.push("Submit");
    for (const picture of element.querySelectorAll("img[alt],svg[aria-label]"))
      found.push(picture.getAttribute("alt") || picture.getAttribute("aria-label"));
    const own = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent).join(" ");
    found.push(own, ...byIds(element, "aria-labelledby").map(words));
    return found.map(clean).filter(Boolean);
  }

  // Words that stand beside a field without being tied to it: the nearest part of the page that holds them and one field.
  function beside(wanted, controls, scope) {
    const found = new Set();
    for (const element of elements(scope)) {
      if (!["LABEL", "TH", "TD", "DT", "LEGEND", "SPAN", "DIV", "P", "B", "STRONG", "H3", "H4", "H5"].includes(element.tagName)) continue;
      if (element.tagName === "LABEL" && element.control && controls.includes(element.control)) continue;
      if (element.textContent.length > 300 || element.querySelector(ANY)) continue;
      if (![words(element), ...ofLabel(element)].some((text) => fits(wanted, text)) || !seen(element)) continue;
      let around = element.parentElement;
      for (let depth = 0; around && depth < 5; depth++, around = around.parentElement) {
        const inside = controls.filter((control) => around.contains(control) && !element.contains(control));
        const after = inside.filter((c) => element.compareDocumentPosition(c) & Node.DOCUMENT_POSITION_FOLLOWING);
        const others = inside.length ? [...around.querySelectorAll(ANY)].filter((c) => !inside.includes(c) && seen(c)) : [];
        if (inside.length === 1 && !others.length) { found.add(inside[0]); break; }
        if (inside.length) {
          if (["TR", "DL"].includes(around.tagName) && after.length) found.add(after[0]);
          break;
        }
      }
    }
    return [...found];
  }

  const FACADES = '.select2-container,.choices,.ts-wrapper,.chosen-container,.bootstrap-select,.selectize-control,.ss-main,[role=combobox],[aria-haspopup=listbox]';
  const EDITORS = '[contenteditable=""],[contenteditable=true],iframe,.CodeMirror,.ace_editor';
  // What a person would touch instead of a field that the page hides behind its own widget.
  function facade(hidden, selector) {
    let around = hidden.parentElement;
    for (let depth = 0; around && depth < 3; depth++, around = around.parentElement) {
      const found = [around, ...around.querySelectorAll(selector)].filter((e) => e !== hidden && e.matches(selector) && seen(e));
      const outer = found.filter((e) => !found.some((other) => other !== e && other.contains(e)));
      if (outer.length === 1) return outer[0];
      if (outer.length > 1) {
        const next = outer.find((e) => hidden.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING);
        return next && hidden.nextElementSibling && (hidden.nextElementSibling === next || hidden.nextElementSibling.contains(next)) ? next : null;
      }
    }
    return null;
  }
  const isRadios = (element) => element.matches("fieldset,[role=radiogroup]");
  const radios = (group) => every(group, "input[type=radio],[role=radio]");

  function scopeOf(want) {
    let scopes = [document];
    if (want.within) scopes = query(document, want.within);
    if (want.in_row) {
      const rows = new Set();
      for (const scope of scopes)
        for (const element of every(scope, "tr,li,[role=row],[role=listitem],article,dl,.card,.panel,.row,.list-group-item,section"))
          if (plain(element.innerText).toLowerCase().includes(plain(want.in_row).toLowerCase())) rows.add(element);
      scopes = [...rows].filter((row) => ![...rows].some((other) => other !== row && row.contains(other)));
    }
    return scopes;
  }

  // Of some things those in the smallest part of the page that also holds these words: under a heading, in a box.
  function inPart(text, things) {
    const kept = new Set();
    for (const element of elements(document)) {
      if (element.textContent.length > 500 || ![words(element), ...ofLabel(element)].some((said) => fits(text, said)) || !seen(element)) continue;
      let around = element;
      while (around && !things.some((thing) => around.contains(thing))) around = around.parentElement;
      if (around) things.filter((thing) => around.contains(thing)).forEach((thing) => kept.add(thing));
    }
    return things.filter((thing) => kept.has(thing));
  }

  function locate(verb, want) {
    const selector = CONTROLS[verb] || CONTROLS.click;
    let found = [];
    for (const scope of scopeOf(want)) {
      if (want.css) { found.push(...query(scope, want.css)); continue; }
      let controls = every(scope, want.role && ROLES[want.role] ? ROLES[want.role] : selector);
      if (want.name) controls = named(verb, scope, controls, want.name);
      if (want.placeholder) controls = controls.filter((c) => fits(want.placeholder, c.getAttribute("placeholder") || ""));
      if (want.text) {
        controls = controls.filter((c) => spoken(c).some((text) => fits(want.text, text)));
        const real = controls.filter((c) => c.localName !== "label" && c.localName !== "div");
        if (real.length) controls = real;
      }
      if (want.label) {
        const tied = controls.filter((c) => names(c).some((text) => fits(want.label, text)));
        controls = tied.length ? tied : beside(want.label, candidates(verb, scope, controls), scope);
      }
      found.push(...controls);
    }
    found = [...new Set(found)];
    if (want.in_part) found = inPart(want.in_part, found);
    if (verb === "choose") found = groups(found);
    if (found.length > 1) {
      const visible = found.filter(seen);
      if (visible.length) found = visible;
    }
    // A button and the icon or label inside it are one thing.
    found = found.filter((e) => !found.some((other) => other !== e && other.contains(e) && verb === "click"));
    if (verb === "click") found = found.filter(seen);
    if (want.place) found = [found.at(want.place > 0 ? want.place - 1 : want.place)].filter(Boolean);
    return found;
  }
  const candidates = (verb, scope, controls) => {
    if (verb === "fill") return [...controls, ...every(scope, "iframe").filter(seen)].filter((c) => seen(c) || c.localName === "textarea");
    if (verb === "choose") return [...controls.filter((c) => !isRadios(c)), ...loneRadios(scope)];
    return controls;
  };
  // Of radio buttons without a group of their own, the first of each name stands for all.
  const loneRadios = (scope) => {
    const firsts = new Map();
    for (const radio of every(scope, "input[type=radio]")) if (!firsts.has(radio.name)) firsts.set(radio.name, radio);
    return [...firsts.values()];
  };
  function named(verb, scope, controls, name) {
    const own = controls.filter((c) => c.getAttribute("name") === name || c.id === name);
    if (own.length || verb !== "choose") return own;
    return every(scope, "input[type=radio]").filter((radio) => radio.name === name).slice(0, 1);
  }
  // A select and its own facade are one thing; a fieldset counts only where it holds radio buttons.
  function groups(found) {
    const kept = found.filter((e) => !isRadios(e) || radios(e).length);
    const hidden = kept.filter((e) => !seen(e)).map((e) => facade(e, FACADES)).filter(Boolean);
    const inner = kept.filter((e) => !kept.some((other) => other !== e && e.contains(other) && !isRadios(e)));
    return inner.filter((e) => !hidden.some((front) => front === e || front.contains(e)) || !seen(e));
  }

  function kindOf(element, verb) {
    if (verb === "choose") {
      if (isRadios(element) || element.type === "radio") return "radios";
      if (element.localName === "select") return seen(element) ? "select" : "facade";
      return "scripted";
    }
    if (verb === "fill") {
      if (element.localName === "iframe") return "frame";
      if (!seen(element) || element.closest(".CodeMirror")) return "editor";
      return element.isContentEditable ? "editable" : "field";
    }
    return seen(element) ? "seen" : "hidden";
  }
  function choiceOf(group, text) {
    const all = isRadios(group) ? radios(group) : every(group.form || group.closest("form") || document, "input[type=radio]").filter((r) => r.name === group.name);
    const near = (radio) => {
      const tied = names(radio);
      const next = radio.nextSibling && radio.nextSibling.nodeType === 3 ? [radio.nextSibling.textContent] : [];
      const beside = radio.nextElementSibling && !radio.nextElementSibling.querySelector("input") ? [words(radio.nextElementSibling)] : [];
      return tied.length ? tied : [...next, ...beside, words(radio)];
    };
    return all.filter((radio) => near(radio).some((words) => fits(text, words)) || radio.value === text);
  }
  // What can be picked once a scripted select is open.
  function options(text, selector) {
    const all = selector ? query(document, selector) : query(document, '[role=option],[role=menuitem],[role=menuitemradio],li,.option,[data-value],.dropdown-item');
    const fitting = all.filter((e) => seen(e) && [words(e), e.getAttribute("aria-label"), e.dataset?.value].some((said) => fits(text, said || "")));
    const inner = fitting.filter((e) => !fitting.some((other) => other !== e && e.contains(other)));
    const real = inner.filter((e) => e.closest("[role=option]"));
    return (real.length ? real : inner).filter((e) => e.getAttribute("aria-disabled") !== "true");
  }

  function visibleText() {
    const parts = [document.body ? document.body.innerText : ""];
    for (const element of elements(document)) {
      if (element.shadowRoot) for (const child of element.shadowRoot.children) parts.push(child.innerText || "");
      if (element.matches("input[readonly],output,textarea[readonly]") && seen(element)) parts.push(element.value || "");
    }
    return parts.join("\n").slice(0, LONGEST);
  }
  const shownText = (element) => ("value" in element && typeof element.value === "string" && element.value) || words(element);

  const TASKS = {
    look({ css, messages }) {
      const shows = (selector) => { try { return query(document, selector).some(seen); } catch { return false; } };
      const said = messages.flatMap((selector) => { try { return query(document, selector); } catch { return []; } });
      return {
        text: visibleText(),
        css: css.filter(shows),
        messages: [...new Set(said.filter(seen).map(words).filter(Boolean))].slice(0, 20).map((text) => text.slice(0, 1000)),
        isReady: document.readyState !== "loading",
      };
    },
    locate({ verb, want }) { return locate(verb, want); },
    kind({ element, verb }) { return kindOf(element, verb); },
    front({ element, verb }) { return facade(element, verb === "choose" ? FACADES : EDITORS); },
    choice({ element, text }) { return choiceOf(element, text); },
    options({ text, css }) { return options(text, css); },
    labelOf({ element }) { return [...(element.labels || [])].filter(seen)[0] || (element.closest("label") ?? null); },
    shown({ element }) { return shownText(element); },
    chosen({ element }) {
      const texts = element.localName === "select" ? [...element.selectedOptions].map((o) => o.textContent) : [shownText(element)];
      return texts.map(clean);
    },
    fits({ wanted, texts }) { return texts.some((text) => fits(wanted, text)); },
    // What the page has, for a person who asks why a step found nothing.
    things({ verb }) {
      const all = every(document, CONTROLS[verb] || CONTROLS.click).filter((e) => seen(e) || verb === "upload");
      const said = all.map((e) => (verb === "click" ? spoken(e) : [...names(e), e.getAttribute("placeholder"), e.getAttribute("name")]).map(clean).find(Boolean));
      return [...new Set(said.filter(Boolean).map((text) => text.slice(0, 60)))].slice(0, 25);
    },
    parts({ css }) { return query(document, css).filter(seen).map(shownText).slice(0, 200); },
    links({ css }) {
      const within = css ? query(document, css) : [document.body];
      return within.flatMap((part) => [part, ...query(part, "a[href]")]).filter((e) => e.href && seen(e)).map((e) => e.href).slice(0, 500);
    },
    rows({ reference, css }) {
      const all = query(document, css || "tr,li,[role=row],[role=listitem],article,dl,.card,.list-group-item")
        .filter((row) => seen(row) && clean(row.innerText).includes(reference));
      const inner = all.filter((row) => !all.some((other) => other !== row && row.contains(other)));
      return inner.slice(0, 20);
    },
    rowText({ element }) { return clean(element.innerText); },
    rowLinks({ element }) { return [element, ...query(element, "a[href]")].filter((e) => e.href).map((e) => e.href); },
    sameWindow({ element }) {
      const opener = element.closest("a[target],form[target]") || (element.form?.target ? element.form : null);
      if (opener) opener.removeAttribute("target");
      element.removeAttribute("formtarget");
    },
    // Values of fields, compared in Python with what must not be seen; what is marked there is covered in pictures.
    values() { return every(document, "input,textarea").map((e) => e.value || ""); },
    cover({ places }) {
      const fields = every(document, "input,textarea");
      for (const place of places) fields[place]?.setAttribute("data-covered", "");
    },
    reduced() {
      const copy = document.documentElement.cloneNode(true);
      for (const part of copy.querySelectorAll("script,style,svg,noscript,link,meta")) part.remove();
      for (const part of copy.querySelectorAll("*")) {
        for (const { name } of [...part.attributes])
          if (!["id", "class", "name", "type", "for", "role", "href", "action", "method", "placeholder", "aria-label", "title", "disabled", "checked", "alt", "label"].includes(name)) part.removeAttribute(name);
      }
      return copy.outerHTML.slice(0, 3 * LONGEST);
    },
  };
  // In an object: a function by itself would be called by whoever evaluates this text.
  return { ask: (task, request) => TASKS[task](request) };
})()
