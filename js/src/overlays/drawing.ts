/** What overlays draw over a specimen at a step, as it came from Python. */
import type { Answered } from "../data/requests";
import {
  DRAWING_ARGUMENTS,
  DRAWING_COMMANDS,
  DRAWING_NUMBERS,
  type DrawingPaint,
  type DrawingSpan,
  type OverlaysReply,
} from "../protocol";

export type Numbers = Uint8Array | Int32Array | Float32Array | Float64Array;
/** An image to draw; null where the browser cannot decode it. */
export type Picture = CanvasImageSource | null;
export type CommandName = (typeof DRAWING_COMMANDS)[number];

export interface Paint extends Omit<DrawingPaint, "image"> {
  picture: Picture;
}

export type Argument = number | string | Numbers | { picture: Picture } | { paint: Paint } | undefined;

export interface Command {
  name: CommandName;
  args: readonly Argument[];
}

/** What one overlay draws at one step, or why it cannot. */
export interface Drawing {
  overlay: string;
  message: string;
  commands(): Iterable<Command>;
}

export type DecodePicture = (bytes: Uint8Array<ArrayBuffer>, mime: string) => Promise<CanvasImageSource>;

/** An element rather than a bitmap: of an SVG the browser makes no bitmap. */
export const pictureInBrowser: DecodePicture = async (bytes, mime) => {
  const url = URL.createObjectURL(new Blob([bytes], { type: mime }));
  const picture = new Image();
  picture.src = url;
  try {
    await picture.decode();
  } finally {
    URL.revokeObjectURL(url);
  }
  return picture;
};

const ARRAYS = { u8: Uint8Array, i32: Int32Array, f32: Float32Array, f64: Float64Array };
const NO_COMMANDS = new Float64Array(0);

/** What the commands of a reply refer to. */
interface Tables {
  numbers: Float64Array;
  texts: readonly string[];
  arrays: readonly Numbers[];
  pictures: readonly Picture[];
  paints: readonly Paint[];
}

function viewsOf(parts: Uint32Array, bytes: Uint8Array<ArrayBuffer>): Numbers[] {
  return Array.from({ length: parts.length / 3 }, (_, place) => {
    const [kind = 0, first = 0, count = 0] = parts.subarray(place * 3, place * 3 + 3);
    const type = DRAWING_NUMBERS[kind];
    if (type === undefined) throw new Error(`a reply carried an array of an unknown type: ${kind}`);
    return new ARRAYS[type](bytes.buffer, bytes.byteOffset + first, count);
  });
}

function argumentOf(tables: Tables, kind: number, value: number): Argument {
  switch (DRAWING_ARGUMENTS[kind]) {
    case "number":
      return value;
    case "text":
      return tables.texts[value];
    case "array":
      return tables.arrays[value];
    case "image":
      return { picture: tables.pictures[value] ?? null };
    case "paint": {
      const paint = tables.paints[value];
      return paint && { paint };
    }
    default:
      return undefined;
  }
}

function* commandsOf(tables: Tables, { first, last }: DrawingSpan): Iterable<Command> {
  const { numbers } = tables;
  for (let place = first; place < last; ) {
    const name = DRAWING_COMMANDS[numbers[place] ?? -1];
    if (name === undefined) throw new Error("a reply carried an unknown command");
    const end = place + 2 + 2 * (numbers[place + 1] ?? 0);
    const args: Argument[] = [];
    for (let at = place + 2; at < end; at += 2) args.push(argumentOf(tables, numbers[at] ?? -1, numbers[at + 1] ?? 0));
    yield { name, args };
    place = end;
  }
}

/** The drawings of each step of a reply, once their images are decoded. */
export async function decodeDrawings({ reply, buffers }: Answered<OverlaysReply>, decode: DecodePicture): Promise<Drawing[][]> {
  const bytes = buffers.drawing_images ?? new Uint8Array(0);
  const offsets = buffers.drawing_image_offsets ?? new Uint32Array(1);
  const pictures = await Promise.all(
    reply.images.map((mime, place) => decode(bytes.slice(offsets[place], offsets[place + 1]), mime).catch(() => null)),
  );
  const tables: Tables = {
    numbers: buffers.drawing_commands ?? NO_COMMANDS,
    texts: reply.texts,
    arrays: viewsOf(buffers.drawing_parts ?? new Uint32Array(0), buffers.drawing_arrays ?? new Uint8Array(0)),
    pictures,
    paints: reply.paints.map(({ image, ...paint }) => ({ ...paint, picture: pictures[image ?? -1] ?? null })),
  };
  return reply.drawings.map((spans) =>
    spans.map((span) => ({ overlay: span.overlay, message: span.message, commands: () => commandsOf(tables, span) })),
  );
}
