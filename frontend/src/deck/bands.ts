/** Where things stand on the tape from top to bottom, and what lies under a pointer. */
import { type Lane } from "./steps";

export type BandId = "ruler" | "overview" | "context" | "main" | "child" | "more" | "tools" | "marks";

export interface Band {
    id: BandId;
    y: number;
    h: number;
    label: string;
    /** The sub-agent drawn here. */
    lane?: Lane;
}

/** More sub-agents than this fold into one line that opens. */
export const LANES_SHOWN = 5;

export interface BandsFor {
    lanes: Lane[];
    isZoomed: boolean;
    isNarrow: boolean;
    isUnfolded: boolean;
}

export function bandsOf({ lanes, isZoomed, isNarrow, isUnfolded }: BandsFor): Band[] {
    const bands: Band[] = [];
    let y = 0;
    const put = (id: BandId, h: number, label: string, after = 0, lane?: Lane): void => {
        bands.push(lane ? { id, y, h, label, lane } : { id, y, h, label });
        y += h + after;
    };
    put("ruler", 18, "");
    if (isZoomed) put("overview", 6, "", 1);
    put("context", isNarrow ? 34 : 54, "Context", isNarrow ? 4 : 6);
    put("main", isNarrow ? 11 : 13, "Main", 3);
    const most = isNarrow ? 1 : isUnfolded ? lanes.length : LANES_SHOWN;
    const shown = lanes.length > most ? lanes.slice(0, Math.max(0, most - 1)) : lanes;
    for (const lane of shown) put("child", 9, lane.title, 3, lane);
    if (shown.length < lanes.length) put("more", 9, `+${lanes.length - shown.length}`, 3);
    put("tools", isNarrow ? 10 : 13, "Tools", 2);
    if (!isNarrow) put("marks", 16, "Marks", 2);
    return bands;
}

export function heightOf(bands: Band[]): number {
    const last = bands[bands.length - 1];
    return last ? last.y + last.h + 2 : 0;
}

/** The band at a height; between two bands the nearer one. */
export function bandAt(bands: Band[], y: number): Band | undefined {
    let best: Band | undefined;
    let distance = Infinity;
    for (const band of bands) {
        const off = y < band.y ? band.y - y : y > band.y + band.h ? y - band.y - band.h : 0;
        if (off < distance) {
            distance = off;
            best = band;
        }
    }
    return best;
}
