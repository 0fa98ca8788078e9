// `/verify/` and the saved page: shows what a code says, once it is found genuine, and asks the site
// whether it was revoked. Every sentence stands in the page; this only chooses which are shown.

import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { decimal, verify } from "./verify/code.js";

const root = document.querySelector("[data-verify]");
const keys = root.dataset.keys.split(" ");
let asked = 0;
let paperHash = "";

const only = (name, value) => {
  for (const one of root.querySelectorAll(`[data-${name}]`)) one.hidden = one.getAttribute(`data-${name}`) !== value;
};
const put = (name, value) => {
  root.querySelector(`[data-field="${name}"]`).textContent = value || "–";
};

async function check(text) {
  const mine = ++asked;
  const found = verify(text, keys);
  only("verdict", found.verdict);
  only("standing", "");
  only("paper-is", "");
  root.querySelector("[data-paper]").hidden = true;
  root.querySelector("[data-result]").hidden = !found.claim;
  if (!found.claim) return;
  show(found);
  only("standing", "asking");
  const said = await standing(found.claim.certificate);
  if (mine !== asked) return;
  only("standing", said.state);
  paperHash = said.pdf_sha256 || "";
  root.querySelector("[data-paper]").hidden = !paperHash;
}

function show({ claim, log, size }) {
  only("kind", claim.kind);
  const shown = decimal(claim.hours);
  put("name", claim.name);
  put("document", claim.document);
  put("title", claim.title);
  put("hours", shown.isExact ? shown.text : `${shown.text} (${claim.hours})`);
  put("period", `${claim.from} – ${claim.to}`);
  put("policies", claim.policies.split(" ").join(", "));
  put("issued", claim.issued);
  put("certificate", claim.certificate);
  put("log", log && `${log} · ${size}`);
}

async function standing(number) {
  try {
    const answer = await fetch(`${root.dataset.url}${encodeURIComponent(number)}.json`, { cache: "no-store" });
    return answer.ok ? await answer.json() : { state: "offline" };
  } catch {
    return { state: "offline" };
  }
}

root.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  check(document.getElementById("f-code").value);
});
document.getElementById("f-paper").addEventListener("change", async (event) => {
  const file = event.target.files[0];
  if (file) only("paper-is", bytesToHex(sha256(new Uint8Array(await file.arrayBuffer()))) === paperHash ? "same" : "other");
});
const scanned = () => location.hash.length > 1 && check(location.hash);
addEventListener("hashchange", scanned);
scanned();
if (location.pathname === "/verify/" && "serviceWorker" in navigator) {
  navigator.serviceWorker.register("/verify/worker.js").catch(() => {}); // without it the saved page does
}
