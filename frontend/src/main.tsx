/** The page: bar above, the view that the address names below. */
import { render, type ComponentType, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { HomeView } from "./home/view";
import { route, type Route } from "./router";
import { Bar } from "./shell/bar";
import { hear } from "./shell/keys";
import { LicencesView } from "./shell/licences";
import { News } from "./shell/news";
import { start, titleTab } from "./shell/state";
import "./theme";

type ViewOf = ComponentType<{ route: Route }>;

/** Views that are not needed for the first picture come when they are first asked for. */
const LATER: Record<string, () => Promise<ViewOf>> = {
    session: async () => (await import("./session/view")).SessionView,
    usage: async () => (await import("./usage/view")).UsageView,
    now: async () => (await import("./now/view")).NowView,
};
const loaded = new Map<string, ViewOf>();

function Later({ route }: { route: Route }): JSX.Element {
    const [, arrived] = useState(0);
    const View = loaded.get(route.view);
    useEffect(() => {
        if (View) return;
        void LATER[route.view]!().then((view) => {
            loaded.set(route.view, view);
            arrived((n) => n + 1);
        });
    }, [route.view]);
    return View ? <View route={route} /> : <main id="main" aria-busy="true" />;
}

function Page(): JSX.Element {
    const at = route.value;
    return (
        <>
            <Bar />
            {at.view === "licences" ? <LicencesView /> : at.view in LATER ? <Later key={at.view} route={at} /> : <HomeView route={at} />}
            <News />
        </>
    );
}

const TITLES: Record<Route["view"], string> = {
    home: "reenact",
    session: "Session · reenact",
    usage: "Usage · reenact",
    now: "Now · reenact",
    licences: "Licences · reenact",
};

start();
titleTab(() => TITLES[route.value.view]);
addEventListener("keydown", hear);
render(<Page />, document.getElementById("page")!);
