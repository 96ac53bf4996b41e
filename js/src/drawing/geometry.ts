/** How an image lies in a panel: both panels share one `View`, each has its own `Transform`. */

export interface Size {
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

/** `zoom` 1 shows the whole image; (x, y) is the image point in the panel's centre, as a fraction of the image. */
export interface View {
  zoom: number;
  x: number;
  y: number;
}

/** Image pixels to CSS pixels of the panel: `offset + scale * image`. */
export interface Transform {
  scale: number;
  offsetX: number;
  offsetY: number;
}

export const WHOLE: View = { zoom: 1, x: 0.5, y: 0.5 };
export const MAX_ZOOM = 40;

function fitScale(image: Size, panel: Size): number {
  return Math.min(panel.width / image.width, panel.height / image.height);
}

/** Keeps a fraction of the image in the centre such that no more than necessary is empty. */
function clampCentre(fraction: number, imageExtent: number, panelExtent: number): number {
  const half = panelExtent / imageExtent / 2;
  return half >= 0.5 ? 0.5 : Math.min(Math.max(fraction, half), 1 - half);
}

function clamp(view: View, image: Size, panel: Size): View {
  const zoom = Math.min(Math.max(view.zoom, 1), MAX_ZOOM);
  const scale = fitScale(image, panel) * zoom;
  return {
    zoom,
    x: clampCentre(view.x, image.width * scale, panel.width),
    y: clampCentre(view.y, image.height * scale, panel.height),
  };
}

export function transformOf(view: View, image: Size, panel: Size): Transform {
  const { zoom, x, y } = clamp(view, image, panel);
  const scale = fitScale(image, panel) * zoom;
  return {
    scale,
    offsetX: panel.width / 2 - x * image.width * scale,
    offsetY: panel.height / 2 - y * image.height * scale,
  };
}

export function toPanel(transform: Transform, point: Point): Point {
  return {
    x: transform.offsetX + transform.scale * point.x,
    y: transform.offsetY + transform.scale * point.y,
  };
}

export function toImage(transform: Transform, point: Point): Point {
  return { x: (point.x - transform.offsetX) / transform.scale, y: (point.y - transform.offsetY) / transform.scale };
}

/** Zooms by `factor` and keeps the image point under `anchor` (CSS pixels of the panel) where it is. */
export function zoomAt(view: View, factor: number, anchor: Point, image: Size, panel: Size): View {
  const zoom = Math.min(Math.max(view.zoom * factor, 1), MAX_ZOOM);
  const fixed = toImage(transformOf(view, image, panel), anchor);
  const scale = fitScale(image, panel) * zoom;
  return clamp(
    {
      zoom,
      x: (fixed.x + (panel.width / 2 - anchor.x) / scale) / image.width,
      y: (fixed.y + (panel.height / 2 - anchor.y) / scale) / image.height,
    },
    image,
    panel,
  );
}

export function panBy(view: View, dx: number, dy: number, image: Size, panel: Size): View {
  const centred = clamp(view, image, panel);
  const scale = fitScale(image, panel) * centred.zoom;
  return clamp(
    { zoom: centred.zoom, x: centred.x - dx / (image.width * scale), y: centred.y - dy / (image.height * scale) },
    image,
    panel,
  );
}
