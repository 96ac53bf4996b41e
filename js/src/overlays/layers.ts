/** Several overlays on one canvas: each is drawn as if it had a canvas of its own, which lies on those before it. */
import type { Size, Transform } from "../drawing/geometry";
import { prepareCanvas } from "../drawing/paint";
import type { Drawing } from "./drawing";
import { type Frame, replay } from "./replay";

/** An overlay that the browser could not draw to its end, and why. */
export interface Failure {
  overlay: string;
  message: string;
}

export function frameOf(image: Size, isKnown: boolean, { scale, offsetX, offsetY }: Transform, ratio: number): Frame {
  return { scale: scale * ratio, x: offsetX * ratio, y: offsetY * ratio, ...image, clips: isKnown };
}

function own(context: CanvasRenderingContext2D, drawing: Drawing, frame: Frame): Failure[] {
  try {
    replay(context, drawing, frame);
    return [];
  } catch (error) {
    return [{ overlay: drawing.overlay, message: (error as Error).message }];
  }
}

/** What clears, or draws by another rule than over what is there, must not reach what others drew: every drawing but the
 * first gets a sheet of its own. */
export function paintDrawings(canvas: HTMLCanvasElement, drawings: readonly Drawing[], frame: Frame, panel: Size, ratio: number): Failure[] {
  const context = prepareCanvas(canvas, panel, ratio);
  if (!context) return [];
  const sheet = drawings.length > 1 ? canvas.ownerDocument.createElement("canvas") : null;
  const failures = drawings.flatMap((drawing, place) => {
    if (place === 0 || sheet === null) return own(context, drawing, frame);
    const above = prepareCanvas(sheet, panel, ratio);
    if (!above) return [];
    const failed = own(above, drawing, frame);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(sheet, 0, 0);
    return failed;
  });
  return failures;
}
