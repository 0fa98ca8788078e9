// What every page does besides being read: choose colours without a reload, and lead to errors.

const sheet = document.querySelector('link[href*="dist/dark.css"]');
const choice = document.querySelector("[data-theme-choice]");

function show(code) {
  const root = document.documentElement;
  if (code === "auto") delete root.dataset.theme;
  else root.dataset.theme = code;
  sheet.media = { auto: "screen and (prefers-color-scheme: dark)", light: "not all", dark: "screen" }[code];
  document.querySelector('meta[name="color-scheme"]').content = code === "auto" ? "light dark" : code;
  for (const link of choice.querySelectorAll("[data-theme-code]")) {
    if (link.dataset.themeCode === code) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

if (choice && sheet) {
  choice.addEventListener("click", (event) => {
    const link = event.target.closest("[data-theme-code]");
    if (!link || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    show(link.dataset.themeCode);
    fetch(link.href, { redirect: "manual" });
  });
}

document.querySelector("[data-focus]")?.focus();

const search = document.querySelector("form[data-suggest]");
if (search) import("./_suggest.js").then(({ suggest }) => suggest(search));

// A part of the page that tells how far some work is brings itself up to date until the work is over.
function followUp() {
  const part = document.querySelector("[data-live]");
  if (!part) return;
  setTimeout(async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const next = page.getElementById(part.id);
      if (answer.ok && next) part.replaceWith(document.importNode(next, true));
    } catch {
      // The line is away: what is shown stays, and the next try comes.
    }
    followUp();
  }, 1500);
}
followUp();
