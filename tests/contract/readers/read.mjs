// Prints what calendar files show, by ical.js, in the format of read.py.
//
//   PACKAGES=FOLDER node read.mjs FOLDER

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

// The package is installed elsewhere.
const module = path.join(process.env.PACKAGES, "node_modules/ical.js/dist/ical.js");
const { default: ICAL } = await import(pathToFileURL(module));

const folder = process.argv[2];
const files = readdirSync(folder).filter((file) => file.endsWith(".ics"));
for (const file of files.sort()) {
    const spans = shown(readFileSync(path.join(folder, file), "utf8"));
    spans.sort(([a, b], [c, d]) => a - c || b - d);
    console.log([path.basename(file, ".ics"), ...spans.map((span) => span.join("/"))].join(" "));
}

function shown(text) {
    const calendar = new ICAL.Component(ICAL.parse(text));
    ICAL.TimezoneService.reset();
    for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
    const components = calendar.getAllSubcomponents("vevent");
    const [overrides, events] = [true, false].map((wanted) =>
        components.filter((component) => component.hasProperty("recurrence-id") === wanted),
    );
    const spans = [];
    for (const component of events) {
        const uid = component.getFirstPropertyValue("uid");
        const exceptions = overrides.filter((other) => other.getFirstPropertyValue("uid") === uid);
        const event = new ICAL.Event(component, { exceptions });
        if (!event.isRecurring()) {
            add(spans, event.component, event.startDate, event.endDate);
            continue;
        }
        const iterator = event.iterator();
        for (let next = iterator.next(); next; next = iterator.next()) {
            const { item, startDate, endDate } = event.getOccurrenceDetails(next);
            add(spans, item.component, startDate, endDate);
        }
    }
    return spans;
}

function add(spans, component, start, end) {
    if (component.getFirstPropertyValue("status") !== "CANCELLED") {
        spans.push([start, end].map((time) => time.toUnixTime()));
    }
}
