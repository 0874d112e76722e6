/** The scrubber: readouts above, the tape below, one slider over all of it. The tape moves in the hand's own frame. */
import { effect, useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { compact, grouped, money } from "../parts/numbers";
import type { Session } from "../session/state";
import { isPlayKey } from "../session/keys";
import { useKeys } from "../shell/keys";
import { isDark } from "../theme";
import { type Band, bandAt, bandsOf, heightOf } from "./bands";
import { paintTape, type Pen, type Sheet } from "./paint";
import { type Palette, paletteOf } from "./palette";
import { Readouts } from "./readouts";
import { fitted, fold, nearest, onLane, panned, resized, revealed, type Scale, scaleOf, switched, xOfIndex, zoomed } from "./scale";
import type { Steps } from "./steps";
import { paintHead } from "./strokes";
import { TapeTable } from "./table";
import { Tip } from "./tip";
import { clock } from "./ruler";
import { usePlayer } from "./player";

/** What is right of the tape: the soft end of an unfinished step, half a flag. */
const MARGIN = 14;
const NARROW = 640;
const PENCIL = 0.62;
const CLICK_PX = 3;
const LONG_PRESS_MS = 450;

export interface Hover {
    i: number;
    x: number;
    y: number;
}

export function Deck({ s, modes }: { s: Session; modes: { mode: Scale["mode"]; onMode: (mode: Scale["mode"]) => void } }): JSX.Element {
    const canvas = useRef<HTMLCanvasElement>(null);
    const slider = useRef<HTMLDivElement>(null);
    const scale = useSignal<Scale | null>(null);
    const hover = useSignal<Hover | null>(null);
    const isUnfolded = useSignal(false);
    const asTable = useSignal(false);
    const isNarrow = useSignal(innerWidth <= NARROW);
    const layers = useRef<{ ink: HTMLCanvasElement; pencil: HTMLCanvasElement; inks: Palette } | null>(null);
    const player = usePlayer(s);
    const steps = s.steps.value;
    useKeys("Playing", [
        { keys: ["Space"], does: "play, pause", run: player.toggle }, // heard below: a button with the focus has Space for itself
        { keys: ["+", "="], does: "faster", run: () => player.change(1) },
        { keys: ["-"], does: "slower", run: () => player.change(-1) },
        { keys: ["t"], does: "the tape as a table", run: () => (asTable.value = !asTable.peek()) },
    ]);
    useEffect(() => {
        const heard = (event: KeyboardEvent): void => {
            if (!isPlayKey(event)) return;
            event.preventDefault();
            player.toggle();
        };
        addEventListener("keydown", heard);
        return () => removeEventListener("keydown", heard);
    }, []);

    const bandsFor = (now: Scale | null): Band[] =>
        bandsOf({ lanes: now?.steps.lanes ?? [], isZoomed: (now?.zoom ?? 1) > 1.001, isNarrow: isNarrow.value, isUnfolded: isUnfolded.value });
    const bands = bandsFor(scale.value);
    const height = heightOf(bands);

    // another width, other steps: the same stretch of the session stays in view
    useEffect(() => {
        const element = slider.current;
        if (!element) return;
        const sized = (): void => {
            isNarrow.value = innerWidth <= NARROW;
            const width = element.clientWidth - MARGIN;
            if (width > 0 && scale.peek()) scale.value = resized(scale.peek() as Scale, width);
            else refit(s.steps.peek());
        };
        const watch = new ResizeObserver(sized);
        watch.observe(element);
        const stop = effect(() => refit(s.steps.value));
        return () => {
            watch.disconnect();
            stop();
        };
    }, []);

    function refit(now: Steps | null): void {
        const element = slider.current;
        if (!now || !element || element.clientWidth <= MARGIN) return;
        const before = scale.peek();
        const folded = fold(now);
        const mode = folded.active > 0 ? (before?.mode ?? modes.mode) : "step";
        const next = scaleOf(now, folded, mode, element.clientWidth - MARGIN);
        scale.value = before && before.zoom > 1 ? { ...next, zoom: before.zoom, offset: before.offset } : next;
    }

    useEffect(() => {
        const now = scale.peek();
        if (now && now.mode !== modes.mode) scale.value = switched(now, modes.mode, s.at.peek());
    }, [modes.mode]);

    // the whole tape in ink and once in pencil: what remains per frame is two copies and a line
    useSignalEffect(() => {
        const now = scale.value;
        void isDark.value;
        const sheet = sheetOf(now, s.solo.value);
        if (!sheet) return;
        const inks = paletteOf(0);
        layers.current = { ink: layer(sheet, inks), pencil: layer(sheet, paletteOf(PENCIL)), inks };
        compose();
    });

    useSignalEffect(() => {
        void s.at.value;
        void hover.value;
        const now = scale.peek();
        const shown = now && revealed(now, s.at.peek());
        if (shown && shown !== now && !s.moving.peek()) scale.value = shown;
        else compose();
    });

    function sheetOf(now: Scale | null, solo: number | null): Sheet | null {
        if (!now) return null;
        const all = bandsFor(now);
        return { scale: now, bands: all, height: heightOf(all), margin: MARGIN, solo };
    }

    function layer(sheet: Sheet, inks: Palette): HTMLCanvasElement {
        const made = document.createElement("canvas");
        const ratio = devicePixelRatio || 1;
        made.width = Math.round((sheet.scale.width + MARGIN) * ratio);
        made.height = Math.round(sheet.height * ratio);
        const pen = made.getContext("2d");
        if (pen) {
            pen.scale(ratio, ratio);
            paintTape(pen as Pen, sheet, inks);
        }
        return made;
    }

    function compose(): void {
        const sheet = sheetOf(scale.peek(), s.solo.peek());
        const pen = canvas.current?.getContext("2d");
        const drawn = layers.current;
        if (!sheet || !pen || !drawn || !canvas.current) return;
        const ratio = devicePixelRatio || 1;
        const { width, height: tall } = drawn.ink;
        if (canvas.current.width !== width || canvas.current.height !== tall) {
            canvas.current.width = width;
            canvas.current.height = tall;
            canvas.current.style.width = `${width / ratio}px`;
            canvas.current.style.height = `${tall / ratio}px`;
        }
        const x = xOfIndex(sheet.scale, s.at.peek());
        const cut = Math.min(width, Math.max(0, Math.round(x * ratio)));
        pen.setTransform(1, 0, 0, 1, 0, 0);
        pen.drawImage(drawn.pencil, 0, 0);
        if (cut > 0) pen.drawImage(drawn.ink, 0, 0, cut, tall, 0, 0, cut, tall);
        // the ruler has no future
        const ruler = Math.round(18 * ratio);
        pen.drawImage(drawn.ink, 0, 0, width, ruler, 0, 0, width, ruler);
        pen.setTransform(ratio, 0, 0, ratio, 0, 0);
        const last = sheet.scale.steps.last[sheet.scale.steps.count - 1] ?? 0;
        const text = `${s.seq.peek()} / ${Math.max(last, s.view.peek()?.last ?? 0)}`;
        paintHead(pen as Pen, sheet, drawn.inks, { x, text, ghost: hover.peek()?.x ?? null });
    }

    const hand = useRef<Hand>({ pointers: new Map(), downX: 0, moved: false, pinch: 0, press: undefined });
    const under = (event: { clientX: number; clientY: number }): { x: number; y: number } => {
        const place = (slider.current as HTMLDivElement).getBoundingClientRect();
        return { x: event.clientX - place.left, y: event.clientY - place.top };
    };

    function rowUnder(x: number, y: number, isLane: boolean): number {
        const now = scale.peek() as Scale;
        const band = isLane ? bandAt(bandsFor(now), y) : undefined;
        if (band?.id === "main" || band?.id === "tools" || band?.id === "marks") return nearest(now, x, onLane(now.steps, band.id));
        if (band?.lane) {
            const lane = band.lane;
            return nearest(now, x, (i) => i >= lane.spawn && i <= lane.back);
        }
        return nearest(now, x);
    }

    function down(event: PointerEvent): void {
        if (!scale.peek()?.steps.count || event.button > 0) return;
        const at = under(event);
        const state = hand.current;
        (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
        state.pointers.set(event.pointerId, at);
        state.downX = at.x;
        state.moved = false;
        clearTimeout(state.press);
        if (state.pointers.size === 2) {
            state.pinch = distance(state.pointers);
            return;
        }
        if (event.pointerType === "touch") state.press = setTimeout(() => (hover.value = { i: rowUnder(at.x, at.y, true), ...at }), LONG_PRESS_MS);
        player.stop();
        s.moving.value = true;
        s.move(rowUnder(at.x, at.y, true));
    }

    function moved(event: PointerEvent): void {
        const now = scale.peek();
        if (!now?.steps.count) return;
        const at = under(event);
        const state = hand.current;
        if (!state.pointers.has(event.pointerId)) {
            if (event.pointerType !== "touch") hover.value = { i: rowUnder(at.x, at.y, true), x: Math.min(now.width, Math.max(0, at.x)), y: at.y };
            return;
        }
        state.pointers.set(event.pointerId, at);
        if (state.pointers.size === 2) {
            const apart = distance(state.pointers);
            if (state.pinch > 0) scale.value = zoomed(now, apart / state.pinch, at.x);
            state.pinch = apart;
            return;
        }
        if (!state.moved && Math.abs(at.x - state.downX) < CLICK_PX) return;
        state.moved = true;
        clearTimeout(state.press);
        hover.value = null;
        const i = rowUnder(at.x, at.y, false);
        if (i !== s.at.peek()) s.move(i);
    }

    function up(event: PointerEvent): void {
        const state = hand.current;
        clearTimeout(state.press);
        const wasDown = state.pointers.delete(event.pointerId);
        state.pinch = 0;
        if (wasDown && !state.pointers.size && s.moving.peek()) s.release();
    }

    function wheel(event: WheelEvent): void {
        const now = scale.peek();
        if (!now) return;
        event.preventDefault();
        hover.value = null;
        if (event.ctrlKey || event.metaKey) scale.value = zoomed(now, Math.exp(-event.deltaY * 0.004), under(event).x);
        else scale.value = panned(now, Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.deltaY);
    }

    useEffect(() => {
        const element = slider.current;
        element?.addEventListener("wheel", wheel, { passive: false });
        return () => element?.removeEventListener("wheel", wheel);
    }, []);

    return (
        <section class="deck" aria-label="Scrubber" data-pane="deck">
            {asTable.value && <TapeTable s={s} onClose={() => (asTable.value = false)} />}
            {s.progress.value !== null && <Reading s={s} share={s.progress.value} />}
            <Readouts s={s} player={player} mode={scale.value?.mode ?? modes.mode} onMode={modes.onMode} hasTimes={(scale.value?.folded.active ?? 1) > 0} />
            <div class="tape-of" style={{ height: `${height}px` }}>
                <Labels bands={bands} onLane={(i) => s.move(i, "jump")} onUnfold={() => (isUnfolded.value = !isUnfolded.value)} />
                <div class="strip">
                    <canvas ref={canvas} aria-hidden="true" />
                    <div
                        ref={slider}
                        class="slider"
                        role="slider"
                        tabIndex={0}
                        aria-label="Step"
                        aria-valuemin={steps?.seq[0] ?? 0}
                        aria-valuemax={steps?.seq[steps.count - 1] ?? 0}
                        aria-valuenow={s.seq.value}
                        aria-valuetext={steps ? said(steps, s.at.value) : ""}
                        aria-orientation="horizontal"
                        onPointerDown={down}
                        onPointerMove={moved}
                        onPointerUp={up}
                        onPointerCancel={up}
                        onPointerLeave={() => (hover.value = null)}
                        onDblClick={() => scale.value && (scale.value = fitted(scale.value))}
                    />
                    <Tip s={s} hover={hover} width={scale.value?.width ?? 0} />
                </div>
            </div>
        </section>
    );
}

/** How much of a large session is read: until then the tape is the piece around the playhead. */
function Reading({ s, share }: { s: Session; share: number }): JSX.Element {
    const steps = s.steps.value;
    const all = grouped(s.view.value?.session.events ?? 0);
    return (
        <p class="reading" role="progressbar" aria-label={`reading ${all} events`} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(share * 100)}>
            <i style={{ width: `${Math.max(2, share * 100)}%` }} />
            <span>
                reading {all} events · {Math.round(share * 100)} %{steps?.count ? ` · steps ${grouped(steps.seq[0] as number)} to ${grouped(steps.last[steps.count - 1] as number)} so far` : ""}
            </span>
        </p>
    );
}

interface Hand {
    pointers: Map<number, { x: number; y: number }>;
    downX: number;
    moved: boolean;
    pinch: number;
    press: ReturnType<typeof setTimeout> | undefined;
}

function distance(pointers: Map<number, { x: number; y: number }>): number {
    const [a, b] = [...pointers.values()];
    return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
}

/** "step 38 of 64, Edit app.py, context 41.8k, $2.17, 5:21" */
function said(steps: Steps, i: number): string {
    if (!steps.count) return "no steps";
    const what = steps.label?.[i] || steps.kinds[steps.kind[i] as number] || "step";
    const facts = [`step ${steps.seq[i]} of ${steps.last[steps.count - 1]}`, what];
    if (steps.context[i]) facts.push(`context ${compact(steps.context[i] as number)}`);
    if (steps.cost[i]) facts.push(money(steps.cost[i] as number));
    facts.push(`at ${clock(steps.place[i] as number)}`);
    return facts.join(", ");
}

/** The names of the bands; that of a sub-agent leads to where it was started, as its row in the outline does. */
function Labels({ bands, onLane, onUnfold }: { bands: readonly Band[]; onLane: (i: number) => void; onUnfold: () => void }): JSX.Element {
    const at = (band: Band): Record<string, string> => ({ top: `${band.y + band.h / 2 - 7}px` });
    return (
        <div class="labels">
            {bands.map((band, k) => {
                if (band.id === "ruler" || band.id === "overview") return null;
                if (band.id === "context")
                    return (
                        <div key={k}>
                            <span class="of-context" style={{ top: `${band.y + 2}px` }}>
                                <i />
                                Context
                            </span>
                            <span class="of-cost" style={{ top: `${band.y + 20}px` }}>
                                <i />
                                Cost
                            </span>
                        </div>
                    );
                if (band.id === "more")
                    return (
                        <button key={k} type="button" style={at(band)} onClick={onUnfold} title="show every sub-agent">
                            {band.label} more
                        </button>
                    );
                const lane = band.lane ? `l-s${((band.lane.index - 1) % 6) + 1}` : `of-${band.id}`;
                return (
                    <span key={k} class={lane} style={at(band)} title={band.label} data-lane={band.lane?.index} onClick={() => band.lane && onLane(band.lane.spawn)}>
                        <i />
                        <b>{band.label}</b>
                    </span>
                );
            })}
        </div>
    );
}
