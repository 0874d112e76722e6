/** Home: cards, calendar, search, sessions. The address holds the query; everything follows from it. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { get } from "../api/client";
import { listen } from "../api/live";
import type { Home, LiveSession } from "../api/types";
import { grouped } from "../parts/numbers";
import { go, href, type Route } from "../router";
import { useKeys } from "../shell/keys";
import { say } from "../shell/news";
import { status } from "../shell/state";
import { CardRow } from "./cards";
import { Controls, type Show } from "./controls";
import { Heatmap } from "./heatmap";
import { saved } from "./kept";
import { List } from "./list";
import { type Answer, Listing } from "./listing";
import { Projects } from "./projects";
import { Search } from "./search";
import { Loading, NoMatch, Nothing, Trouble } from "./states";

/** Kept while other views are shown, so that coming back shows the list as it was. */
let kept: Listing | null = null;

export function HomeView({ route }: { route: Route }): JSX.Element {
    const listing = useMemo(() => (kept ??= new Listing()), []);
    const home = useSignal<Home | null>(null);
    const homeError = useSignal<Error | null>(null);
    const input = useRef<HTMLInputElement>(null);
    const query = route.params.get("q") ?? "";
    const sort = route.params.get("sort") ?? "";
    const show = (route.params.get("show") === "projects" ? "projects" : "list") as Show;
    const typing = useRef(false);

    const askHome = () =>
        get<Home>("home").then(
            (value) => {
                home.value = value;
                homeError.value = null;
                if (value.cards.risk === null || value.cards.archive === null) setTimeout(() => void askHome(), 1000);
            },
            (error: Error) => void (homeError.value = error),
        );
    useEffect(() => {
        // While somebody types, the question waits for a breath.
        const wait = setTimeout(() => void listing.ask(query, sort), typing.current ? 60 : 0);
        typing.current = false;
        return () => clearTimeout(wait);
    }, [query, sort]);
    useEffect(() => {
        void askHome();
        let due: ReturnType<typeof setTimeout> | undefined;
        const soon = () => (due ??= setTimeout(() => ((due = undefined), void askHome()), 5000));
        const stops = [
            listen<LiveSession>("session", ({ session }) => {
                listing.refresh(listing.heard(session) ? 5000 : 800);
                soon();
            }),
            listen("reset", () => {
                listing.refresh(100);
                void askHome();
            }),
        ];
        return () => {
            clearTimeout(due);
            for (const stop of stops) stop();
        };
    }, []);

    const to = (params: { q?: string; sort?: string; show?: string }, how: "push" | "replace" = "push") =>
        go({ view: "home", params: { q: query, sort, show: show === "list" ? "" : show, ...params } }, how);
    useSavedKeys((q) => to({ q, show: "" }));
    const answer = listing.answer.value;
    const error = listing.error.value;
    useEffect(() => {
        if (answer && answer.q) say(`${grouped(answer.matched)} of ${grouped(answer.total)} sessions fit`);
    }, [answer]);
    const empty = answer !== null && answer.total === 0 && !answer.q;
    const settled = answer !== null && answer.q === query && answer.matched === 0 && !empty;
    return (
        <main id="main" class="home" tabIndex={-1}>
            <h1 class="hear">Sessions</h1>
            {!empty && home.value && (
                <div class="top">
                    <CardRow cards={home.value.cards} onKept={() => void askHome()} />
                    <Heatmap
                        days={home.value.heatmap}
                        today={home.value.today}
                        onPick={(day) => to({ q: `since:${day} until:${day}`, show: "" })}
                    />
                </div>
            )}
            {!empty && !home.value && !homeError.value && <div class="top waiting" />}
            {homeError.value && !error && <Trouble error={homeError.value} onRetry={() => void askHome()} />}
            {!empty && (
                <div class="ask" role="search">
                    <Search
                        query={query}
                        problems={answer?.q === query ? answer.problems : []}
                        found={foundWords(answer, status.value?.indexed ?? true)}
                        inputRef={input}
                        onQuery={(q, how) => {
                            typing.current = true;
                            // An entry of the history is what was there when Enter was pressed.
                            if (how === "push") history.pushState(null, "", href({ view: "home", params: { q, sort } }));
                            else to({ q, show: "" }, "replace");
                        }}
                    />
                    <Controls query={query} show={show} onShow={(next) => to({ show: next === "list" ? "" : next })} onQuery={(q) => to({ q, show: "" })} />
                </div>
            )}
            {error && <Trouble error={error} onRetry={() => void listing.ask(query, sort)} />}
            {empty ? (
                <Nothing status={status.value} />
            ) : show === "projects" ? (
                <Projects onQuery={(q) => to({ q, show: "" })} />
            ) : answer === null ? (
                listing.slow.value && <Loading />
            ) : settled ? (
                <NoMatch query={query} parts={answer.parts} onPart={(q) => to({ q })} />
            ) : (
                <List
                    listing={listing}
                    sort={sort}
                    onSort={(next) => to({ sort: next })}
                    onSearch={() => {
                        input.current?.focus();
                        input.current?.select();
                    }}
                />
            )}
        </main>
    );
}

function foundWords(answer: Answer | null, isIndexed: boolean): string {
    if (!answer) return "";
    const ms = `${answer.tookMs < 10 ? answer.tookMs.toFixed(answer.tookMs < 1 ? 1 : 0) : Math.round(answer.tookMs)} ms`;
    if (!answer.q) return `${grouped(answer.total)} session${answer.total === 1 ? "" : "s"} · ${ms}`;
    return `${grouped(answer.matched)} of ${grouped(answer.total)} · ${isIndexed ? ms : "texts are still being indexed"}`;
}

/** `g` and a digit take a saved search. */
function useSavedKeys(take: (q: string) => void): void {
    const pending = useRef(0);
    useKeys("Saved searches", [
        { keys: ["g"], does: "then 1 … 9: a saved search", run: () => (pending.current = Date.now()) },
        {
            keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"],
            does: "after g: that one",
            run: (event) => {
                const one = saved.value[Number(event.key) - 1];
                if (one && Date.now() - pending.current < 1500) take(one.q);
            },
        },
    ]);
}
