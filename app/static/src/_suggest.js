// Suggestions while one types: the combobox of the ARIA practices. Without it the box searches as ever.

const WAIT_MS = 120;

export function suggest(form) {
  const input = form.querySelector("input[type=search]");
  const list = document.createElement("ul");
  let items = [];
  let at = -1;
  let asked = 0;
  let timer;

  list.id = `${input.id}-options`;
  list.className = "search__options";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.dataset.suggestLabel);
  list.hidden = true;
  form.append(list);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");

  function close() {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(number) {
    at = number;
    for (const [place, option] of [...list.children].entries()) {
      option.setAttribute("aria-selected", String(place === at));
    }
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", list.children[at].id);
      list.children[at].scrollIntoView({ block: "nearest" });
    }
  }

  function show() {
    list.replaceChildren(
      ...items.map(({ text, label }, place) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${place}`;
        option.className = "search__option";
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        const kind = document.createElement("span");
        kind.className = "search__kind";
        kind.textContent = label;
        option.append(text, " ", kind);
        return option;
      }),
    );
    at = -1;
    list.hidden = items.length === 0;
    input.setAttribute("aria-expanded", String(items.length > 0));
    input.removeAttribute("aria-activedescendant");
  }

  async function ask() {
    const typed = input.value.trim();
    asked += 1;
    const mine = asked;
    if (!typed) {
      close();
      return;
    }
    try {
      const answer = await fetch(`${form.dataset.suggest}?q=${encodeURIComponent(typed.slice(0, 80))}`);
      if (!answer.ok || mine !== asked) return;
      ({ items } = await answer.json());
      if (mine === asked && document.activeElement === input) show();
    } catch {
      close(); // no line: the box still searches
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || list.hidden) return;
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown") choose(at + 1 < items.length ? at + 1 : -1);
    else if (event.key === "ArrowUp") choose(at < 0 ? items.length - 1 : at - 1);
    else if (event.key === "Enter" && at >= 0) location.assign(items[at].url);
    else return;
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) location.assign(items[[...list.children].indexOf(option)].url);
  });
  input.addEventListener("blur", close);
}
