import type { JSX } from "preact";
import type { Route } from "../router";

export function NowView({ route }: { route: Route }): JSX.Element {
    return <main class="now" id="main" data-view={route.view} />;
}
