/** Shapes of the tape that no font may carry: the marks, and the playhead with its flag. */
import { type Pen, type Sheet } from "./paint";
import { type Palette } from "./palette";

export function paintMark(pen: Pen, kind: string, x: number, y: number, inks: Palette): void {
    pen.lineWidth = 1.4;
    pen.beginPath();
    if (kind === "you") {
        pen.fillStyle = inks.ink;
        polygon(pen, [x - 4.5, y - 4, x + 4.5, y - 4, x, y + 4]);
        pen.fill();
    } else if (kind === "error") {
        pen.strokeStyle = inks.bad;
        lines(pen, [x - 3, y - 3, x + 3, y + 3], [x + 3, y - 3, x - 3, y + 3]);
    } else if (kind === "compaction") {
        pen.strokeStyle = inks.ink2;
        lines(pen, [x - 4.5, y - 4, x, y, x - 4.5, y + 4], [x + 4.5, y - 4, x, y, x + 4.5, y + 4]);
    } else if (kind === "fork") {
        pen.strokeStyle = inks.fork;
        lines(pen, [x - 3, y - 4, x - 3, y + 4], [x - 3, y + 2, x + 3, y - 1, x + 3, y - 4]);
    } else if (kind === "permission") {
        pen.fillStyle = inks.warn;
        pen.font = `600 11px ${inks.font}`;
        pen.textAlign = "center";
        pen.textBaseline = "middle";
        pen.fillText("?", x, y + 0.5);
    } else {
        pen.fillStyle = inks.note;
        const points: number[] = [];
        for (let k = 0; k < 10; k++) {
            const r = k % 2 ? 2 : 4.6;
            const turn = (k * Math.PI) / 5 - Math.PI / 2;
            points.push(x + r * Math.cos(turn), y + r * Math.sin(turn));
        }
        polygon(pen, points);
        pen.fill();
    }
}

function polygon(pen: Pen, points: readonly number[]): void {
    pen.beginPath();
    for (let k = 0; k < points.length; k += 2) {
        if (k) pen.lineTo(points[k] as number, points[k + 1] as number);
        else pen.moveTo(points[k] as number, points[k + 1] as number);
    }
    pen.closePath();
}

function lines(pen: Pen, ...each: readonly (readonly number[])[]): void {
    pen.beginPath();
    for (const points of each)
        for (let k = 0; k < points.length; k += 2) {
            if (k) pen.lineTo(points[k] as number, points[k + 1] as number);
            else pen.moveTo(points[k] as number, points[k + 1] as number);
        }
    pen.stroke();
}

/** The playhead with its flag, and the grey line of what the pointer hovers. */
export function paintHead(pen: Pen, sheet: Sheet, inks: Palette, head: { x: number; text: string; ghost: number | null }): void {
    const { width } = sheet.scale;
    const floor = sheet.height;
    if (head.ghost !== null) {
        pen.fillStyle = inks.ink3;
        pen.fillRect(Math.round(head.ghost), 16, 1, floor - 16);
    }
    if (head.x < -1 || head.x > width + 1) return;
    pen.fillStyle = inks.signal;
    pen.fillRect(head.x - 0.875, 14, 1.75, floor - 14);
    pen.font = `600 10.5px ${inks.font}`;
    const wide = pen.measureText(head.text).width + 16;
    const left = Math.min(Math.max(0, head.x - wide / 2), width + sheet.margin - wide);
    polygon(pen, [left, 0, left + wide, 0, left + wide, 12, left + wide - 4, 16.5, left + 4, 16.5, left, 12]);
    pen.fill();
    pen.fillStyle = "#1A0B04";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(head.text, left + wide / 2, 8.5);
}
