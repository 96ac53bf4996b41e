/** Requests over the data channel, each answered by one reply or one error. */
import {
  BUFFERS,
  type BufferName,
  type FindingsReply,
  type FindingsRequest,
  isBufferName,
  isErrorReply,
  isReply,
  type LabelsReply,
  type LabelsRequest,
  type LearningReply,
  type LearningRequest,
  type ModeCountsReply,
  type ModeCountsRequest,
  type ModesReply,
  type ModesRequest,
  type NamesReply,
  type NamesRequest,
  type OverlaysReply,
  type OverlaysRequest,
  type RanksReply,
  type RanksRequest,
  type Reply,
  type Request,
  type ScoresReply,
  type ScoresRequest,
  type SearchReply,
  type SearchRequest,
  type SpecimenReply,
  type SpecimenRequest,
  type SummaryReply,
  type SummaryRequest,
  type TrendsReply,
  type TrendsRequest,
} from "../protocol";

/** A request still unanswered after these times is sent again: JupyterLab sends the first messages of a page to the
 * kernel's main shell, where a running cell holds them up, until it has opened a subshell for comms. */
export const RESEND_AFTER_MS = [1000, 3000, 9000];

/** A message cannot be sent once its kernel has been restarted or shut down. */
export const GONE = "the kernel of this view is gone: run the cell again";

type MessageHandler = (message: unknown, buffers?: readonly unknown[]) => void;

/** The part of an anywidget model that carries messages. */
export interface Channel {
  send(content: unknown): void;
  on(event: "msg:custom", handler: MessageHandler): void;
  off(event: "msg:custom", handler: MessageHandler): void;
}

interface Arrays {
  u8: Uint8Array<ArrayBuffer>;
  i32: Int32Array<ArrayBuffer>;
  u32: Uint32Array<ArrayBuffer>;
  f32: Float32Array<ArrayBuffer>;
  f64: Float64Array<ArrayBuffer>;
}

const ARRAYS = { u8: Uint8Array, i32: Int32Array, u32: Uint32Array, f32: Float32Array, f64: Float64Array };

export type NamedBuffers = { [Name in BufferName]?: Arrays[(typeof BUFFERS)[Name]] };

export interface Answered<R extends Reply> {
  reply: R;
  buffers: NamedBuffers;
}

type Body<R extends Request> = Omit<R, "id">;

export interface Client {
  request(body: Body<FindingsRequest>): Promise<Answered<FindingsReply>>;
  request(body: Body<LabelsRequest>): Promise<Answered<LabelsReply>>;
  request(body: Body<LearningRequest>): Promise<Answered<LearningReply>>;
  request(body: Body<ModeCountsRequest>): Promise<Answered<ModeCountsReply>>;
  request(body: Body<ModesRequest>): Promise<Answered<ModesReply>>;
  request(body: Body<NamesRequest>): Promise<Answered<NamesReply>>;
  request(body: Body<OverlaysRequest>): Promise<Answered<OverlaysReply>>;
  request(body: Body<RanksRequest>): Promise<Answered<RanksReply>>;
  request(body: Body<ScoresRequest>): Promise<Answered<ScoresReply>>;
  request(body: Body<SearchRequest>): Promise<Answered<SearchReply>>;
  request(body: Body<SpecimenRequest>): Promise<Answered<SpecimenReply>>;
  request(body: Body<SummaryRequest>): Promise<Answered<SummaryReply>>;
  request(body: Body<TrendsRequest>): Promise<Answered<TrendsReply>>;
}

function copyBytes(buffer: unknown): ArrayBuffer {
  if (buffer instanceof ArrayBuffer) return buffer.slice(0);
  if (!ArrayBuffer.isView(buffer)) throw new Error("a reply carried a buffer that is not binary");
  return new Uint8Array(new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)).buffer;
}

/** Typed arrays by name. Bytes are copied first: a buffer may start at an address its type does not allow. */
export function decodeBuffers(names: readonly string[], buffers: readonly unknown[]): NamedBuffers {
  if (names.length !== buffers.length) {
    throw new Error(`a reply named ${names.length} buffers and carried ${buffers.length}`);
  }
  const decoded: Record<string, unknown> = {};
  names.forEach((name, place) => {
    if (!isBufferName(name)) throw new Error(`a reply carried an unknown buffer: ${name}`);
    decoded[name] = new ARRAYS[BUFFERS[name]](copyBytes(buffers[place]));
  });
  return decoded as NamedBuffers;
}

interface Pending {
  kind: Request["kind"];
  resolve(answered: Answered<Reply>): void;
  reject(error: Error): void;
}

export function createClient(connecting: Promise<Channel>, signal: AbortSignal): Client {
  const prefix = Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join("");
  const pending = new Map<string, Pending>();
  const inFlight = new Map<string, Promise<Answered<Reply>>>();
  let counter = 0;

  const receive: MessageHandler = (message, buffers = []) => {
    const id = (message as { id?: unknown } | null)?.id;
    const waiting = typeof id === "string" ? pending.get(id) : undefined;
    if (!waiting) return;
    pending.delete(id as string);
    if (isErrorReply(message)) {
      waiting.reject(new Error(message.message));
    } else if (isReply(message) && message.kind === waiting.kind) {
      try {
        waiting.resolve({ reply: message, buffers: decodeBuffers("buffers" in message ? message.buffers : [], buffers) });
      } catch (error) {
        waiting.reject(error as Error);
      }
    } else {
      waiting.reject(new Error(`unexpected reply to a request for ${waiting.kind}`));
    }
  };

  const connected = connecting.then((channel) => {
    if (!signal.aborted) {
      channel.on("msg:custom", receive);
      signal.addEventListener("abort", () => {
        channel.off("msg:custom", receive);
        pending.clear();
        inFlight.clear();
      });
    }
    return channel;
  });
  connected.catch(() => {});

  async function send(body: Body<Request>): Promise<Answered<Reply>> {
    const channel = await connected;
    const id = `${prefix}:${counter++}`;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return;
      pending.set(id, { kind: body.kind, resolve, reject });
      const ask = (): void => {
        if (!pending.has(id)) return;
        try {
          channel.send({ id, ...body });
        } catch (error) {
          pending.delete(id);
          reject(new Error(`${GONE} (${(error as Error).message})`));
        }
      };
      ask();
      for (const delay of RESEND_AFTER_MS) setTimeout(ask, delay);
    });
  }

  function request(body: Body<Request>): Promise<Answered<Reply>> {
    const key = JSON.stringify(body);
    const same = inFlight.get(key);
    if (same) return same;
    const answering = send(body).finally(() => inFlight.delete(key));
    inFlight.set(key, answering);
    return answering;
  }

  return { request: request as Client["request"] };
}
