/** The to-dos as they stood at step N, each with the step that changed it. */
import type { JSX } from "preact";
import { Todos } from "./bodies";
import type { Session } from "./state";

export function TodosTab({ s }: { s: Session }): JSX.Element {
    const state = s.state.value;
    if (!state) return <div class="tab-body" aria-busy="true" />;
    if (!state.todos.length) return <p class="empty">No to-dos at step {s.seenSeq.value}.</p>;
    return (
        <div class={`tab-body todo-list ${state.seq === s.until.value ? "" : "late"}`} tabIndex={0} role="region" aria-label="To-dos">
            <Todos todos={state.todos} go={(seq) => s.moveTo(seq)} />
            {state.todos_seq !== null && (
                <p class="meta">
                    last changed at step{" "}
                    <button type="button" class="text" onClick={() => s.moveTo(state.todos_seq as number)}>
                        {state.todos_seq}
                    </button>
                </p>
            )}
        </div>
    );
}
