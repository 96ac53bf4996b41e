/** Draws what was recorded of ipycanvas's commands, as ipycanvas would on a canvas of the image's size, on a part of
 * another canvas and at any scale. */
import { DRAWING_STYLES } from "../protocol";
import type { Argument, CommandName, Drawing, Numbers, Paint, Picture } from "./drawing";

type Context = CanvasRenderingContext2D;

/** Where the image lies on the canvas, in the canvas's own pixels, and its size in pixels of the original. */
export interface Frame {
  scale: number;
  x: number;
  y: number;
  width: number;
  height: number;
  /** Nothing is drawn outside the image; false where its size is a guess. */
  clips: boolean;
}

interface Pen {
  context: Context;
  frame: Frame;
  /** States that the drawing has saved and not restored. */
  saved: number;
}

type Handler = (pen: Pen, args: readonly Argument[]) => void;

const FULL_TURN = 2 * Math.PI;

function isNumbers(value: Argument): value is Numbers {
  return ArrayBuffer.isView(value);
}

/** The argument of one of many shapes: a number is that of all of them. */
function of(argument: Argument, place: number): number {
  return isNumbers(argument) ? (argument[place] ?? Number.NaN) : (argument as number);
}

function countOf(args: readonly Argument[]): number {
  const lengths = args.filter(isNumbers).map(({ length }) => length);
  return lengths.length > 0 ? Math.min(...lengths) : 1;
}

function paintWith(context: Context, fills: boolean): void {
  if (fills) context.fill();
  else context.stroke();
}

interface Shape {
  numbers: number;
  /** How many of them may differ from shape to shape. */
  varying: number;
  draw(context: Context, fills: boolean, numbers: readonly number[]): void;
}

const SHAPES: Record<"Rect" | "Circle" | "Arc", Shape> = {
  Rect: {
    numbers: 4,
    varying: 4,
    draw(context, fills, [x = 0, y = 0, width = 0, height = 0]) {
      if (fills) context.fillRect(x, y, width, height);
      else context.strokeRect(x, y, width, height);
    },
  },
  Circle: {
    numbers: 3,
    varying: 3,
    draw(context, fills, [x = 0, y = 0, radius = 0]) {
      context.beginPath();
      context.arc(x, y, radius, 0, FULL_TURN);
      paintWith(context, fills);
      context.closePath();
    },
  },
  Arc: {
    numbers: 6,
    varying: 5,
    /** A filled arc is the slice up to its centre. */
    draw(context, fills, [x = 0, y = 0, radius = 0, start = 0, end = 0, anticlockwise = 0]) {
      context.beginPath();
      if (fills) {
        context.moveTo(x, y);
        context.lineTo(x + radius * Math.cos(start), y + radius * Math.sin(start));
      }
      context.arc(x, y, radius, start, end, anticlockwise !== 0);
      if (fills) context.lineTo(x, y);
      paintWith(context, fills);
      context.closePath();
    },
  },
};

function styleOf(colours: Argument, alphas: Argument, place: number): string {
  const [red, green, blue] = [0, 1, 2].map((part) => of(colours, place * 3 + part));
  return `rgba(${red}, ${green}, ${blue}, ${of(alphas, place)})`;
}

/** Draws each of `count` in the colour and with the opacity it has, and leaves the styles as they were. */
function styled(context: Context, fills: boolean, colours: Argument, alphas: Argument, count: number, draw: (place: number) => void): void {
  context.save();
  try {
    for (let place = 0; place < count; place += 1) {
      context[fills ? "fillStyle" : "strokeStyle"] = styleOf(colours, alphas, place);
      draw(place);
    }
  } finally {
    context.restore();
  }
}

function drawMany({ context }: Pen, args: readonly Argument[], shape: Shape, fills: boolean, isStyled: boolean): void {
  const own = args.slice(0, shape.numbers);
  const count = countOf(own.slice(0, shape.varying));
  const draw = (place: number): void => shape.draw(context, fills, own.map((argument) => of(argument, place)));
  if (isStyled) styled(context, fills, args[shape.numbers], args[shape.numbers + 1], count, draw);
  else for (let place = 0; place < count; place += 1) draw(place);
}

function trace(context: Context, points: Argument, first: number, last: number): void {
  context.beginPath();
  context.moveTo(of(points, first), of(points, first + 1));
  for (let place = first + 2; place < last; place += 2) context.lineTo(of(points, place), of(points, place + 1));
}

function drawLines({ context }: Pen, args: readonly Argument[], fills: boolean, closes: boolean, isStyled: boolean): void {
  const [count, points, sizes, colours, alphas] = args;
  let first = 0;
  const draw = (place: number): void => {
    const last = first + 2 * of(sizes, place);
    trace(context, points, first, last);
    first = last;
    if (closes) context.closePath();
    paintWith(context, fills);
  };
  if (isStyled) styled(context, fills, colours, alphas, count as number, draw);
  else for (let place = 0; place < (count as number); place += 1) draw(place);
}

function lengthOf(points: Argument): number {
  return isNumbers(points) ? points.length : 0;
}

function decoded(picture: Picture): CanvasImageSource {
  if (picture === null) throw new Error("the browser cannot decode the image");
  return picture;
}

function drawPicture({ context }: Pen, [image, x, y, width, height]: readonly Argument[]): void {
  const picture = decoded((image as { picture: Picture }).picture);
  if (width === undefined || height === undefined) context.drawImage(picture, x as number, y as number);
  else context.drawImage(picture, x as number, y as number, width as number, height as number);
}

function styleFrom(context: Context, { kind, numbers, stops, picture, repetition }: Paint): CanvasGradient | CanvasPattern | null {
  if (kind === "pattern") return context.createPattern(decoded(picture), repetition);
  const gradient =
    kind === "linear"
      ? context.createLinearGradient(...(numbers as [number, number, number, number]))
      : context.createRadialGradient(...(numbers as [number, number, number, number, number, number]));
  for (const [offset, colour] of stops) gradient.addColorStop(offset, colour);
  return gradient;
}

/** Shadows and filters know nothing of the transform: what they measure in pixels is scaled here. */
function scaled(style: (typeof DRAWING_STYLES)[number], value: number | string, scale: number): number | string {
  if (style === "filter") return String(value).replace(/(-?(?:\d+\.?\d*|\.\d+))px/g, (_, pixels) => `${Number(pixels) * scale}px`);
  return style === "shadowBlur" || style === "shadowOffsetX" || style === "shadowOffsetY" ? (value as number) * scale : value;
}

function setStyle({ context, frame }: Pen, [place, value]: readonly Argument[]): void {
  const style = DRAWING_STYLES[place as number];
  if (style === undefined) throw new Error("a reply carried an unknown style");
  const isPaint = typeof value === "object" && "paint" in value;
  const set = isPaint ? styleFrom(context, value.paint) : scaled(style, value as number | string, frame.scale);
  (context as unknown as Record<string, unknown>)[style] = set;
}

function home({ context, frame }: Pen): void {
  context.setTransform(frame.scale, 0, 0, frame.scale, frame.x, frame.y);
}

/** Commands that are methods of the canvas, with the same arguments. */
const METHODS = [
  ...(["clearRect", "beginPath", "closePath", "moveTo", "lineTo", "rect", "arc", "ellipse", "arcTo"] as const),
  ...(["quadraticCurveTo", "bezierCurveTo", "stroke", "fill", "clip", "fillText", "strokeText"] as const),
  ...(["translate", "rotate", "scale", "transform"] as const),
];

const HANDLERS = new Map<CommandName, Handler>([
  ...METHODS.map((name): [CommandName, Handler] => [
    name,
    ({ context }, args) => Reflect.apply(context[name] as (...args: unknown[]) => void, context, args),
  ]),
  ...(["Rect", "Circle", "Arc"] as const).flatMap((name) =>
    (["fill", "stroke"] as const).flatMap((verb): [CommandName, Handler][] => {
      const shape = SHAPES[name];
      const fills = verb === "fill";
      return [
        [`${verb}${name}`, (pen, args) => drawMany(pen, args, shape, fills, false)],
        [`${verb}${name}s`, (pen, args) => drawMany(pen, args, shape, fills, false)],
        [`${verb}Styled${name}s`, (pen, args) => drawMany(pen, args, shape, fills, true)],
      ];
    }),
  ),
  ...(["fill", "stroke"] as const).flatMap((verb): [CommandName, Handler][] => {
    const fills = verb === "fill";
    const polygon: Handler = ({ context }, [points]) => {
      trace(context, points, 0, lengthOf(points));
      context.closePath();
      paintWith(context, fills);
    };
    return [
      [`${verb}Polygon`, polygon],
      [`${verb}Polygons`, (pen, args) => drawLines(pen, args, fills, true, false)],
      [`${verb}StyledPolygons`, (pen, args) => drawLines(pen, args, fills, true, true)],
    ];
  }),
  ["strokeLineSegments", (pen, args) => drawLines(pen, args, false, false, false)],
  ["strokeStyledLineSegments", (pen, args) => drawLines(pen, args, false, false, true)],
  [
    "strokeLines",
    ({ context }, [points]) => {
      trace(context, points, 0, lengthOf(points));
      context.stroke();
      context.closePath();
    },
  ],
  [
    "strokeLine",
    ({ context }, [x1, y1, x2, y2]) => {
      trace(context, new Float64Array([x1, y1, x2, y2] as number[]), 0, 4);
      context.stroke();
      context.closePath();
    },
  ],
  ["strokePath", ({ context }, [path]) => context.stroke(new Path2D(path as string))],
  ["fillPath", ({ context }, [path]) => context.fill(new Path2D(path as string))],
  ["drawImage", drawPicture],
  ["putImageData", drawPicture],
  ["set", setStyle],
  ["setLineDash", ({ context }, [segments]) => context.setLineDash(Array.from(segments as Numbers))],
  [
    "save",
    (pen) => {
      pen.saved += 1;
      pen.context.save();
    },
  ],
  [
    "restore",
    (pen) => {
      if (pen.saved === 0) return;
      pen.saved -= 1;
      pen.context.restore();
    },
  ],
  ["resetTransform", home],
  [
    "setTransform",
    (pen, args) => {
      home(pen);
      pen.context.transform(...(args as [number, number, number, number, number, number]));
    },
  ],
  ["clear", ({ context, frame }) => context.clearRect(0, 0, frame.width, frame.height)],
]);

/** Draws on a context in its first state, and leaves it so, whatever the drawing saved and set. Throws what the browser
 * throws about a command, such as one with a radius below 0. */
export function replay(context: Context, drawing: Drawing, frame: Frame): void {
  const pen: Pen = { context, frame, saved: 0 };
  context.save();
  try {
    home(pen);
    context.beginPath();
    if (frame.clips) {
      context.rect(0, 0, frame.width, frame.height);
      context.clip();
      context.beginPath();
    }
    for (const { name, args } of drawing.commands()) {
      const handler = HANDLERS.get(name);
      if (!handler) throw new Error(`${name} cannot be replayed`);
      handler(pen, args);
    }
  } finally {
    for (; pen.saved > 0; pen.saved -= 1) context.restore();
    context.restore();
  }
}

/** Names of the commands that can be replayed. */
export const REPLAYED: ReadonlySet<CommandName> = new Set(HANDLERS.keys());
