/** Colours of a terminal as runs of text; never as HTML. ansi_up reads the sequences, the page draws the runs. */
import { AnsiUp } from "ansi_up";

type Rgb = readonly [number, number, number];

export interface Run {
    text: string;
    bold: boolean;
    faint: boolean;
    italic: boolean;
    underline: boolean;
    /** One of the 16 by name, or a colour of its own. */
    fg: string | Rgb | null;
    bg: string | Rgb | null;
}

interface Colour {
    rgb: number[];
    class_name: string;
}
interface Fragment {
    text: string;
    bold: boolean;
    faint: boolean;
    italic: boolean;
    underline: boolean;
    fg: Colour | null;
    bg: Colour | null;
}
/** What ansi_up does behind its one public method; runs are taken where it would write HTML. */
interface Inside {
    transform_to_html: (fragment: Fragment) => string;
    process_hyperlink: (packet: { text: string }) => string;
    with_state: (packet: { text: string }) => Fragment;
    ansi_to_html: (text: string) => string;
}

const ESC = "\u001b";

/** Gives the runs of a terminal's text, sequences read and taken out; moves of the cursor are dropped. */
export function runsOf(text: string): Run[] {
    if (!text.includes(ESC)) return text ? [plain(text)] : [];
    const found: Run[] = [];
    const reader = new AnsiUp() as unknown as Inside;
    reader.transform_to_html = (fragment) => {
        if (fragment.text) found.push({ ...fragment, fg: named(fragment.fg), bg: named(fragment.bg) });
        return "";
    };
    reader.process_hyperlink = (packet) => reader.transform_to_html(reader.with_state(packet));
    reader.ansi_to_html(text);
    return found;
}

function plain(text: string): Run {
    return { text, bold: false, faint: false, italic: false, underline: false, fg: null, bg: null };
}

function named(colour: Colour | null): string | Rgb | null {
    if (!colour) return null;
    if (colour.class_name !== "truecolor") return colour.class_name.replace("ansi-", "");
    return [colour.rgb[0] ?? 0, colour.rgb[1] ?? 0, colour.rgb[2] ?? 0];
}

function luminance([r, g, b]: Rgb): number {
    const linear = [r, g, b].map((value) => {
        const share = value / 255;
        return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * (linear[0] as number) + 0.7152 * (linear[1] as number) + 0.0722 * (linear[2] as number);
}

export function contrast(a: Rgb, b: Rgb): number {
    const [x, y] = [luminance(a), luminance(b)];
    return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** Gives a colour that can be read on a ground: as it is where it can, else lightened or darkened until it can. */
export function readable(colour: Rgb, ground: Rgb): Rgb {
    const goal = luminance(ground) > 0.2 ? 0 : 255;
    let now = colour;
    for (let k = 1; k <= 20 && contrast(now, ground) < 4.5; k++) {
        const share = k / 20;
        now = colour.map((value) => Math.round(value + (goal - value) * share)) as unknown as Rgb;
    }
    return now;
}
