// A life with the client that openapi-generator makes for TypeScript.

import {
    AuthApi, Configuration, EventsApi, EventStatus, OccurrencesApi, RegistrationsApi, RegistrationStatus,
    ResponseError, UsersApi, ProblemFromJSON, type NewUser, type Problem, type TokenPair,
} from "../generated/typescript/index.js";

// The only name of Node.js that is used here.
declare const process: { argv: string[] };

const password = "correct horse 7";

function assert(condition: unknown, ...what: unknown[]): asserts condition {
    if (!condition) {
        throw new Error(`unexpected: ${JSON.stringify(what)}`);
    }
}

/** Calls, expects a problem, and returns it. */
async function refused(status: number, kind: string, call: () => Promise<unknown>): Promise<Problem> {
    try {
        await call();
    } catch (refusal) {
        if (!(refusal instanceof ResponseError)) throw refusal;
        const problem = ProblemFromJSON(await refusal.response.json());
        assert(refusal.response.status === status && problem.status === status, problem);
        assert(problem.type === `/problems/${kind}`, problem);
        return problem;
    }
    throw new Error(`not refused as ${kind}`);
}

class Person {
    auth: AuthApi;
    users: UsersApi;
    events: EventsApi;
    occurrences: OccurrencesApi;
    registrations: RegistrationsApi;

    private constructor(base: string, readonly signUp: NewUser, readonly tokens?: TokenPair) {
        const configuration = new Configuration({ basePath: base, accessToken: tokens?.accessToken });
        this.auth = new AuthApi(configuration);
        this.users = new UsersApi(configuration);
        this.events = new EventsApi(configuration);
        this.occurrences = new OccurrencesApi(configuration);
        this.registrations = new RegistrationsApi(configuration);
    }

    static async signedIn(base: string, username: string): Promise<Person> {
        const newUser = { username, email: `${username}@example.org`, password };
        const anonymous = new Person(base, newUser);
        const user = await anonymous.users.usersCreate({ newUser });
        assert(user.username === username, user);
        const tokens = await anonymous.auth.authLogin({ credentials: { login: username, password } });
        return new Person(base, newUser, tokens);
    }
}

async function walk(base: string): Promise<void> {
    const ada = await Person.signedIn(base, "typescript-ada");
    const bob = await Person.signedIn(base, "typescript-bob");
    await refused(409, "username-taken", () => ada.users.usersCreate({ newUser: ada.signUp }));
    const wrong = { login: "typescript-ada", password: "wrong horse 8" };
    await refused(401, "invalid-credentials", () => ada.auth.authLogin({ credentials: wrong }));

    const newEvent = {
        title: "Typescript evening", location: "Room 2", startsAt: "2099-03-05T18:30:00",
        timezone: "Europe/Berlin", capacity: 4, registrationClosesBefore: "PT2H",
        recurrence: { rrule: "FREQ=WEEKLY;COUNT=3", rdate: [], exdate: [] },
    };
    const event = await ada.events.eventsCreate({ newEvent });
    assert(event.occurrenceCount === 3 && event.registrationClosesBefore === "PT2H", event);
    assert(event.nextOccurrence?.startsAt === "2099-03-05T18:30:00+01:00", event);
    const problem = await refused(400, "invalid-input",
        () => ada.events.eventsCreate({ newEvent: { ...newEvent, capacity: 0 } }));
    assert(problem.errors?.[0]?.pointer === "/capacity", problem);
    const changed = await ada.events.eventsChange({ event: event.id, eventChange: { capacity: 5 } });
    assert(changed.capacity === 5 && changed.version === event.version + 1, changed);
    await refused(412, "version-mismatch",
        () => ada.events.eventsChange({ event: event.id, eventChange: { capacity: 6 }, ifMatch: '"1"' }));

    const first = await bob.occurrences.occurrencesList({ q: "typescript", limit: 2, count: true });
    assert(first.total === 3 && first.items.length === 2 && first.next, first);
    const rest = await bob.occurrences.occurrencesList({ q: "typescript", limit: 2, cursor: first.next });
    assert(rest.items.length === 1 && rest.next === null, rest);
    const occurrence = first.items[0]!.id;
    const registration =
        await bob.registrations.registrationsRegister({ occurrence, partyInput: { partySize: 2 } });
    assert(registration.status === RegistrationStatus.Confirmed && registration.ticketCode, registration);
    assert((await bob.occurrences.occurrencesRead({ occurrence })).seatsLeft === 3);
    const mine = await bob.registrations.registrationsListMine();
    assert(mine.items[0]?.occurrence?.title === "Typescript evening", mine);
    const attendees = await ada.registrations.registrationsList({ occurrence });
    assert(attendees.items[0]?.user.username === "typescript-bob", attendees);
    const ticket = await bob.registrations.registrationsTicketPng({ registration: registration.id });
    assert(ticket.size > 100 && ticket.type === "image/png", ticket.type);
    await bob.registrations.registrationsCancel({ occurrence });
    assert((await bob.occurrences.occurrencesRead({ occurrence })).seatsLeft === 5);
    const nobody = "01890000-0000-7000-8000-000000000000";
    await refused(404, "not-found", () => bob.events.eventsRead({ event: nobody }));

    const cancelled = await ada.events.eventsCancel({ event: event.id });
    assert(cancelled.status === EventStatus.Cancelled, cancelled);
    const refreshToken = { refreshToken: bob.tokens!.refreshToken };
    const tokens = await bob.auth.authRefresh({ refreshToken });
    await bob.auth.authLogout({ refreshToken: { refreshToken: tokens.refreshToken } });
    await refused(401, "invalid-credentials", () => bob.users.usersRead({ user: "me" }));
}

await walk(process.argv[2]!);
