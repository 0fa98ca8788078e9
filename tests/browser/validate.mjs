// Reads one page a line (as a JSON string), answers one line of findings (as a JSON array).
import { createInterface } from "node:readline";
import { HtmlValidate } from "html-validate";

const checker = new HtmlValidate({
  root: true,
  extends: ["html-validate:recommended"],
  rules: {
    "long-title": "off", // course titles are as long as they are
    "no-trailing-whitespace": "off", // of templates, gone with compression
    "require-sri": "off", // every script is our own
    "tel-non-breaking": "off",
    "no-inline-style": "error", // the content security policy forbids them too
    "form-dup-name": ["error", { shared: ["radio", "checkbox", "button", "submit"] }],
    "attribute-boolean-style": "off", // WTForms writes both
    "attribute-empty-style": "off",
    // named lists of figures and bars are announced by every screen reader we know
    "aria-label-misuse": ["error", { allowAnyNamable: true }],
  },
});

for await (const line of createInterface({ input: process.stdin })) {
  const report = await checker.validateString(JSON.parse(line));
  const found = report.results.flatMap((result) =>
    result.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}`),
  );
  process.stdout.write(`${JSON.stringify(found)}\n`);
}
