// Reads the pages of a running eventd with html-validate, and checks them in headless Chromium with axe-core: on a
// narrow dark screen and on a wide light one. Reads a list of {name, url, form} as JSON from the standard input,
// where `form` is what is posted to a page that is the answer to a button. Prints what is wrong; the exit status says
// whether anything is.
//
//   node check.mjs CHROMIUM

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";

// The packages are installed elsewhere.
const require = createRequire(path.join(process.env.PACKAGES, "package.json"));
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const { HtmlValidate, StaticConfigLoader, formatterFactory } = require("html-validate");
const puppeteer = require("puppeteer-core");

/** Rules of html-validate that are about style, which our templates do otherwise. */
const RULES = { "long-title": "off", "no-trailing-whitespace": "off" };
/** Colours do not depend on the width: two screens have all of both. */
const SCREENS = [
    { width: 320, scheme: "dark" },
    { width: 1280, scheme: "light" },
];

const pages = JSON.parse(readFileSync(0, "utf8"));
const validator = new HtmlValidate(
    new StaticConfigLoader({ root: true, extends: ["html-validate:standard"], rules: RULES }),
);
const format = formatterFactory("text");
const wrong = [];

const browser = await puppeteer.launch({
    executablePath: process.argv[2],
    headless: "shell",
    // It runs as root in containers, and reads our own pages only.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
});
try {
    for (const page of pages) {
        wrong.push(...(await validate(page)), ...(await look(page)));
    }
} finally {
    await browser.close();
}
for (const line of wrong) console.log(line);
if (wrong.length === 0) console.log(`${pages.length} pages are valid and accessible`);
process.exitCode = wrong.length === 0 ? 0 : 1;

function request({ form }) {
    const headers = { accept: "text/html" };
    if (form === undefined) return { headers };
    return { method: "POST", headers, body: new URLSearchParams(form) };
}

/** What html-validate finds in a page. */
async function validate(page) {
    const answer = await fetch(page.url, request(page));
    const html = await answer.text();
    const report = await validator.validateString(html, page.name);
    return report.valid ? [] : [format(report.results)];
}

/** What axe-core finds in a page on each screen, and whether it is wider than the screen. */
async function look(page) {
    const found = [];
    for (const { width, scheme } of SCREENS) {
        const tab = await browser.newPage();
        await tab.setViewport({ width, height: 800 });
        await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
        await open(tab, page);
        const violations = await tab.evaluate(`${axe}; axe.run().then(({ violations }) => violations)`);
        const room = await tab.evaluate("document.documentElement.scrollWidth");
        const where = `${page.name}, ${width} px, ${scheme}`;
        if (room > width) found.push(`${where}: ${room} px wide`);
        for (const { id, help, nodes } of violations) {
            const places = nodes.map(({ html, failureSummary }) => `    ${html}\n    ${failureSummary}`);
            found.push(`${where}: ${id}: ${help}\n${places.join("\n")}`);
        }
        await tab.close();
    }
    return found;
}

/** Opens a page; what is posted goes with the request of the document itself. */
async function open(tab, page) {
    if (page.form !== undefined) {
        await tab.setRequestInterception(true);
        tab.once("request", (sent) =>
            sent.continue({
                method: "POST",
                postData: new URLSearchParams(page.form).toString(),
                headers: { ...sent.headers(), "content-type": "application/x-www-form-urlencoded" },
            }),
        );
    }
    await tab.goto(page.url, { waitUntil: "load", timeout: 60_000 });
}
