import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { panBy, type Point, type Size, transformOf, WHOLE, zoomAt } from "../drawing/geometry";
import { type Boxes, type Pack, isDrawable, statusAt } from "../data/pack";
import { DIMMED } from "../drawing/ghosts";
import { boxAt, paintBoxes, paintHighlight, paintImage, prepareCanvas, type Scene } from "../drawing/paint";
import { createPrepared, PREPARE_FROM } from "../drawing/prepared";
import type { Drawing } from "../overlays/drawing";
import { frameOf, paintDrawings } from "../overlays/layers";
import { type Label, outcomeOf } from "../protocol";
import type { Side, Store } from "../store";
import { ratioText } from "../words";

const WHEEL_ZOOM = 0.01;
/** CSS pixels that a pointer may move in a click. */
const CLICK_SLACK = 4;

/** Draws on top of the boxes, which are dimmed under it. */
export type PaintAbove = (context: CanvasRenderingContext2D, scene: Scene) => void;

interface StageProps {
  store: Store;
  /** Whose image is shown. */
  pack: Pack;
  side: Side | "image";
  step: number | null;
  /** Whose boxes are shown, by a name, with their labels and the steps that they are known at. */
  source: { name: string; labels: readonly Label[]; steps: readonly number[] };
  boxesAt: (step: number | null) => Boxes | null;
  highlight: number | null;
  above?: PaintAbove | null;
  /** A click on a box. */
  pick?: (index: number) => void;
  onPainted: (side: Side | "image", painted: string) => void;
  children?: preact.ComponentChildren;
}

const NONE: readonly number[] = [];
const NO_DRAWINGS: readonly Drawing[] = [];

const NO_BOXES: Boxes = {
  count: 0,
  corners: new Float32Array(0),
  label: new Uint32Array(0),
  outcome: new Uint8Array(0),
  iou: new Float32Array(0),
  score: null,
  crowd: null,
};

function pointIn(element: HTMLElement, event: MouseEvent): Point {
  const box = element.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

/** The panel's size in CSS pixels and the screen's pixel ratio, kept up to date. */
function usePanelSize(element: { current: HTMLElement | null }): { panel: Size; ratio: number } {
  const [measured, setMeasured] = useState({ panel: { width: 0, height: 0 }, ratio: 1 });
  useLayoutEffect(() => {
    const stage = element.current as HTMLElement;
    const measure = (): void => {
      const panel = { width: stage.clientWidth, height: stage.clientHeight };
      const ratio = window.devicePixelRatio || 1;
      setMeasured((before) =>
        before.panel.width === panel.width && before.panel.height === panel.height && before.ratio === ratio
          ? before
          : { panel, ratio },
      );
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(stage);
    const abort = new AbortController();
    window.addEventListener("resize", measure, { signal: abort.signal });
    return () => {
      observer.disconnect();
      abort.abort();
    };
  }, []);
  return measured;
}

/** The list of the last time, as long as it holds the same. */
function useUnchanged<Item>(list: readonly Item[]): readonly Item[] {
  const last = useRef(list);
  const isSame = list.length === last.current.length && list.every((item, place) => item === last.current[place]);
  if (!isSame) last.current = list;
  return last.current;
}

function Tooltip({ scene, index, at }: { scene: Scene; index: number; at: Point }) {
  const { boxes, labels, panel } = scene;
  const score = boxes.score?.[index] ?? Number.NaN;
  const iou = boxes.iou[index] ?? Number.NaN;
  const corners = Array.from(boxes.corners.subarray(index * 4, index * 4 + 4), (value) => Number(value.toFixed(2)));
  const style = {
    ...(at.x > panel.width / 2 ? { right: `${panel.width - at.x + 12}px` } : { left: `${at.x + 12}px` }),
    ...(at.y > panel.height / 2 ? { bottom: `${panel.height - at.y + 12}px` } : { top: `${at.y + 12}px` }),
  };
  return (
    <div class="ew-tooltip" role="tooltip" data-testid="tooltip" style={style}>
      <strong>{labels[boxes.label[index] ?? 0]?.text ?? ""}</strong>
      <span>
        {outcomeOf(boxes.outcome[index])}
        {boxes.crowd?.[index] === 1 && " · crowd region"}
      </span>
      {!Number.isNaN(iou) && <span>IoU {ratioText(iou)}</span>}
      {!Number.isNaN(score) && <span>score {ratioText(score)}</span>}
      <span class="ew-quiet">{corners.join(", ")}</span>
    </div>
  );
}

/** An image on one canvas, its boxes on another above it; a step repaints only the boxes. */
export function Stage(props: StageProps) {
  const { store, pack, side, step, source, boxesAt, highlight, above: paintAbove = null, pick, onPainted, children } = props;
  const stage = useRef<HTMLDivElement>(null);
  const below = useRef<HTMLCanvasElement>(null);
  const above = useRef<HTMLCanvasElement>(null);
  const top = useRef<HTMLCanvasElement>(null);
  const pointers = useRef(new Map<number, Point>());
  const pressedAt = useRef<Point | null>(null);
  const prepared = useMemo(() => createPrepared(store.idle), []);
  const [pointer, setPointer] = useState<Point | null>(null);
  const { panel, ratio } = usePanelSize(stage);

  const view = store.view.value;
  const options = store.options.value;
  const hover = store.hover.value;
  const pointed = side === "truth" || side === "prediction" ? (store.pointed.value?.[side] ?? NONE) : NONE;
  const [width, height] = pack.reply.size;
  const image: Size = { width: width || 1, height: height || 1 };
  const transform = transformOf(view, image, panel);
  const visible = panel.width > 0 && panel.height > 0;
  const boxes = useMemo(() => boxesAt(step), [boxesAt, step]) ?? NO_BOXES;
  const scene: Scene = { boxes, labels: source.labels, transform, panel, ratio, options };

  useLayoutEffect(() => {
    if (!visible) return;
    const context = prepareCanvas(below.current as HTMLCanvasElement, panel, ratio);
    if (context) paintImage(context, pack.image, image, transform);
  }, [pack.image, width, height, view, panel, ratio]);

  function layerOf(at: number | null, shown: Boxes): HTMLCanvasElement | null {
    const layer = (above.current as HTMLCanvasElement).ownerDocument.createElement("canvas");
    const context = prepareCanvas(layer, panel, ratio);
    if (!context) return null;
    const noTexts = paintAbove && { labels: false, scores: false, iou: false };
    paintBoxes(context, { ...scene, boxes: shown, options: { ...options, ...noTexts } });
    if (at !== null) prepared.set(at, layer);
    return layer;
  }

  useLayoutEffect(() => {
    if (!visible) return;
    const canvas = above.current as HTMLCanvasElement;
    const context = prepareCanvas(canvas, panel, ratio);
    if (context) {
      context.globalAlpha = paintAbove ? DIMMED : 1;
      if (boxes.count >= PREPARE_FROM && step !== null) {
        const { scale, offsetX, offsetY } = transform;
        const signature = JSON.stringify([source.name, scale, offsetX, offsetY, panel, ratio, options]);
        const layer = prepared.get(signature, step) ?? layerOf(step, boxes);
        if (layer) context.drawImage(layer, 0, 0, panel.width, panel.height);
        const here = source.steps.indexOf(step);
        const near = source.steps
          .map((value, place) => ({ value, distance: Math.abs(place - here) }))
          .sort((a, b) => a.distance - b.distance);
        prepared.ahead(
          near.map(({ value }) => value),
          (value) => layerOf(null, boxesAt(value) ?? NO_BOXES),
        );
      } else if (paintAbove) {
        const layer = layerOf(null, boxes);
        if (layer) context.drawImage(layer, 0, 0, panel.width, panel.height);
      } else {
        paintBoxes(context, scene);
      }
      context.globalAlpha = 1;
      paintAbove?.(context, scene);
      if (highlight !== null) paintHighlight(context, scene, highlight, paintAbove === null);
      for (const index of pointed) paintHighlight(context, scene, index);
    }
    if (step === null || statusAt(pack, step) !== null) onPainted(side, `${pack.reply.specimen}|${step}`);
  }, [boxes, step, pack, source, view, panel, ratio, options, highlight, paintAbove, pointed]);

  const isOfOtherRun = side === "compared" && store.comparison.other.value !== null;
  const drawings = useUnchanged(isOfOtherRun ? NO_DRAWINGS : store.overlays.shownAt(pack.reply.index, step, side));

  useLayoutEffect(() => {
    if (!visible || drawings.length === 0) return store.overlays.failed(side, pack.reply.specimen, step, []);
    const canvas = top.current as HTMLCanvasElement;
    const frame = frameOf(image, pack.reply.size_known, transform, ratio);
    store.overlays.failed(side, pack.reply.specimen, step, paintDrawings(canvas, drawings, frame, panel, ratio));
    canvas.dataset.painted = `${pack.reply.specimen}|${step}`;
  }, [drawings, width, height, view, panel, ratio]);

  useEffect(() => () => store.overlays.failed(side, "", null, []), []);
  useEffect(() => () => prepared.stop(), []);

  useLayoutEffect(() => {
    const element = stage.current as HTMLDivElement;
    const onWheel = (event: WheelEvent): void => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      store.view.value = zoomAt(
        store.view.peek(),
        Math.exp(-event.deltaY * WHEEL_ZOOM),
        pointIn(element, event),
        image,
        panel,
      );
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [width, height, panel]);

  function setHover(index: number | null): void {
    const before = store.hover.peek();
    if (side === "image" || (index === null && before === null)) return;
    if (index !== null && before?.side === side && before.index === index) return;
    store.hover.value = index === null ? null : { side, index };
  }

  function onPointerMove(event: PointerEvent): void {
    const at = pointIn(stage.current as HTMLElement, event);
    const held = pointers.current;
    const before = held.get(event.pointerId);
    if (!before) {
      setPointer(at);
      setHover(boxAt(scene, at.x, at.y));
      return;
    }
    const others = [...held].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    const other = others[0];
    held.set(event.pointerId, at);
    if (other) {
      const spread = (point: Point): number => Math.hypot(point.x - other.x, point.y - other.y) || 1;
      const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
      store.view.value = zoomAt(store.view.peek(), spread(at) / spread(before), middle, image, panel);
    } else if (store.view.peek().zoom > 1) {
      store.view.value = panBy(store.view.peek(), at.x - before.x, at.y - before.y, image, panel);
    }
  }

  function release(event: PointerEvent): void {
    pointers.current.delete(event.pointerId);
    const from = pressedAt.current;
    pressedAt.current = null;
    if (!pick || !from || event.type === "pointercancel") return;
    const at = pointIn(stage.current as HTMLElement, event);
    const index = Math.hypot(at.x - from.x, at.y - from.y) <= CLICK_SLACK ? boxAt(scene, at.x, at.y) : null;
    if (index !== null) pick(index);
  }

  const extent = { width: `${panel.width}px`, height: `${panel.height}px` };
  const hovered = hover?.side === side && hover.index < boxes.count && isDrawable(boxes, hover.index) ? hover.index : null;
  return (
    <div
      ref={stage}
      class="ew-stage"
      data-zoomed={view.zoom > 1}
      data-pick={pick !== undefined && hovered !== null}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture?.(event.pointerId);
        const at = pointIn(event.currentTarget, event);
        pressedAt.current = pointers.current.size === 0 ? at : null;
        pointers.current.set(event.pointerId, at);
        setHover(null);
      }}
      onPointerMove={onPointerMove}
      onPointerUp={release}
      onPointerCancel={release}
      onPointerLeave={() => setHover(null)}
      onDblClick={() => {
        store.view.value = WHOLE;
      }}
    >
      <canvas ref={below} class="ew-canvas" style={extent} data-testid={`image-${side}`} aria-hidden="true" />
      <canvas
        ref={above}
        class="ew-canvas"
        style={extent}
        role="img"
        aria-label={`${boxes.count} ${side === "prediction" || side === "compared" ? "predicted" : "ground truth"} boxes`}
        data-testid={`canvas-${side}`}
        data-image-width={image.width}
        data-image-height={image.height}
        data-scale={transform.scale}
        data-offset-x={transform.offsetX}
        data-offset-y={transform.offsetY}
      />
      {drawings.length > 0 && (
        <canvas ref={top} class="ew-canvas" style={extent} data-testid={`overlays-${side}`} aria-hidden="true" />
      )}
      <div class="ew-notes-above">{children}</div>
      {hovered !== null && pointer && <Tooltip scene={scene} index={hovered} at={pointer} />}
    </div>
  );
}
