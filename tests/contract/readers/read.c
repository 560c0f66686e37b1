/* Prints what calendar files show, by libical, in the format of read.py.
 *
 *     cc read.c -lical -o read && ./read FILE...
 */

#include <libical/ical.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4096 };

/* Occurrences, each a begin and an end in seconds. */
struct spans {
    long long begins[MOST], ends[MOST];
    int count;
};

static void fail(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

/* An instant in seconds; days begin at midnight UTC. */
static long long seconds(struct icaltimetype time) {
    const icaltimezone *zone = time.is_date ? icaltimezone_get_utc_timezone() : time.zone;
    return (long long)icaltime_as_timet_with_zone(time, zone);
}

/* A time with the zone that the TZID of its property names. */
static struct icaltimetype in_zone(icalcomponent *calendar, icalproperty *property, struct icaltimetype time) {
    icalparameter *tzid = icalproperty_get_first_parameter(property, ICAL_TZID_PARAMETER);
    if (tzid) {
        time.zone = icalcomponent_get_timezone(calendar, icalparameter_get_tzid(tzid));
        if (!time.zone) fail(icalparameter_get_tzid(tzid), "no such VTIMEZONE");
    }
    return time;
}

static long long time_of(icalcomponent *calendar, icalcomponent *event, icalproperty_kind kind) {
    icalproperty *property = icalcomponent_get_first_property(event, kind);
    if (!property) fail(icalproperty_kind_to_string(kind), "missing");
    return seconds(in_zone(calendar, property, icalvalue_get_datetime(icalproperty_get_value(property))));
}

static long long length(icalcomponent *calendar, icalcomponent *event) {
    return time_of(calendar, event, ICAL_DTEND_PROPERTY) - time_of(calendar, event, ICAL_DTSTART_PROPERTY);
}

static void append(struct spans *spans, long long begin, long long end) {
    if (spans->count == MOST) fail("a file", "too many occurrences");
    spans->begins[spans->count] = begin;
    spans->ends[spans->count++] = end;
}

/* Adds an instance of a recurrence set, which has each once. */
static void add(struct spans *spans, long long begin, long long end) {
    for (int n = 0; n < spans->count; n++) {
        if (spans->begins[n] == begin) return;
    }
    append(spans, begin, end);
}

static void drop(struct spans *spans, long long begin) {
    for (int n = 0; n < spans->count; n++) {
        if (spans->begins[n] == begin) {
            spans->count--;
            spans->begins[n] = spans->begins[spans->count];
            spans->ends[n] = spans->ends[spans->count];
            return;
        }
    }
}

/* The recurrence set of RFC 5545, 3.8.5: the start, the rule and the dates, without the exceptions. */
static void expand(icalcomponent *calendar, icalcomponent *event, struct spans *spans) {
    icalproperty *start = icalcomponent_get_first_property(event, ICAL_DTSTART_PROPERTY);
    struct icaltimetype begin = in_zone(calendar, start, icalproperty_get_dtstart(start));
    long long takes = length(calendar, event);
    add(spans, seconds(begin), seconds(begin) + takes);
    icalproperty *rule = icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY);
    if (rule) {
        /* Without a zone: ICU, which libical calls, has zones of its own, and moves an instance that follows one
           whose time the clocks skip. */
        struct icalrecurrencetype clock = icalproperty_get_rrule(rule);
        if (begin.zone && icaltime_is_utc(clock.until)) {
            clock.until = icaltime_convert_to_zone(clock.until, (icaltimezone *)begin.zone);
            clock.until.zone = NULL;
        }
        struct icaltimetype floating = begin;
        floating.zone = NULL;
        icalrecur_iterator *instances = icalrecur_iterator_new(clock, floating);
        if (!instances) fail("RRULE", icalerror_strerror(icalerrno));
        for (struct icaltimetype at = icalrecur_iterator_next(instances); !icaltime_is_null_time(at);
             at = icalrecur_iterator_next(instances)) {
            at.zone = begin.zone;
            add(spans, seconds(at), seconds(at) + takes);
        }
        icalrecur_iterator_free(instances);
    }
    icalproperty *date;
    for (date = icalcomponent_get_first_property(event, ICAL_RDATE_PROPERTY); date;
         date = icalcomponent_get_next_property(event, ICAL_RDATE_PROPERTY)) {
        long long at = seconds(in_zone(calendar, date, icalproperty_get_rdate(date).time));
        add(spans, at, at + takes);
    }
    for (date = icalcomponent_get_first_property(event, ICAL_EXDATE_PROPERTY); date;
         date = icalcomponent_get_next_property(event, ICAL_EXDATE_PROPERTY)) {
        drop(spans, seconds(in_zone(calendar, date, icalproperty_get_exdate(date))));
    }
}

static char *read_line(char *text, size_t size, void *file) { return fgets(text, (int)size, file); }

static void read_file(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path, "cannot be opened");
    icalparser *parser = icalparser_new();
    icalparser_set_gen_data(parser, file);
    icalcomponent *calendar = icalparser_parse(parser, read_line);
    fclose(file);
    if (!calendar || icalcomponent_count_errors(calendar)) fail(path, "has errors");

    static struct spans spans, moved;
    spans.count = moved.count = 0;
    icalcomponent *event;
    for (event = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT); event;
         event = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
        bool replaces = icalcomponent_get_first_property(event, ICAL_RECURRENCEID_PROPERTY);
        bool takes_place = icalcomponent_get_status(event) != ICAL_STATUS_CANCELLED;
        if (!replaces) {
            if (takes_place) expand(calendar, event, &spans);
            continue;
        }
        /* The event that it overrides comes first in our files. */
        drop(&spans, time_of(calendar, event, ICAL_RECURRENCEID_PROPERTY));
        if (takes_place) {
            long long begin = time_of(calendar, event, ICAL_DTSTART_PROPERTY);
            append(&moved, begin, begin + length(calendar, event));
        }
    }
    icalcomponent_free(calendar);
    icalparser_free(parser);

    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    printf("%.*s", (int)strcspn(name, "."), name);
    for (int n = 0; n < spans.count; n++) printf(" %lld/%lld", spans.begins[n], spans.ends[n]);
    for (int n = 0; n < moved.count; n++) printf(" %lld/%lld", moved.begins[n], moved.ends[n]);
    putchar('\n');
}

int main(int count, char **paths) {
    for (int n = 1; n < count; n++) read_file(paths[n]);
    return 0;
}
