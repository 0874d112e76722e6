/** The licences of all that is bundled into the page. */
import { useEffect, useState } from "preact/hooks";
import type { JSX } from "preact";

export function LicencesView(): JSX.Element {
    const [text, setText] = useState("");
    useEffect(() => {
        void fetch("licences").then(async (answer) => setText(answer.ok ? await answer.text() : "The licences are missing."));
    }, []);
    return (
        <main id="main" class="licences" tabIndex={0}>
            <h1 class="title">Licences</h1>
            <pre>{text}</pre>
        </main>
    );
}
