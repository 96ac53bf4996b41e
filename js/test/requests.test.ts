import { describe, expect, it, vi } from "vitest";
import { isErrorReply, isReply, isRunInfo } from "../src/protocol";
import { createClient, decodeBuffers, GONE, RESEND_AFTER_MS } from "../src/data/requests";
import { answering, FakeChannel, RUN } from "./harness/kernel";
import { until } from "./settling";

function connected(answer = answering()) {
  const channel = new FakeChannel(answer);
  const abort = new AbortController();
  return { channel, abort, client: createClient(Promise.resolve(channel), abort.signal) };
}

describe("buffers", () => {
  it("are copied, so that an unaligned start does not matter", () => {
    const bytes = new Uint8Array(1 + 8);
    bytes.set(new Uint8Array(new Float32Array([1.5, -2]).buffer), 1);
    const decoded = decodeBuffers(["score"], [new DataView(bytes.buffer, 1, 8)]);
    expect([...(decoded.score ?? [])]).toEqual([1.5, -2]);
    expect(decoded.score?.buffer).not.toBe(bytes.buffer);
  });

  it("have the type the protocol gives them", () => {
    const decoded = decodeBuffers(["offsets", "outcome"], [new Uint32Array([0, 7]).buffer, new Uint8Array([3])]);
    expect(decoded.offsets).toEqual(new Uint32Array([0, 7]));
    expect(decoded.outcome).toEqual(new Uint8Array([3]));
  });

  it("that are unknown or too few are refused", () => {
    expect(() => decodeBuffers(["nonsense"], [new ArrayBuffer(4)])).toThrow("unknown buffer: nonsense");
    expect(() => decodeBuffers(["score", "iou"], [new ArrayBuffer(4)])).toThrow("named 2 buffers and carried 1");
  });
});

describe("client", () => {
  it("resolves with the reply to its own request", async () => {
    const { client } = connected();
    const { reply } = await client.request({ kind: "names", rows: [3, 4] });
    expect(reply.names).toEqual(["images/val/specimen_00003.jpg", "images/val/specimen_00004.jpg"]);
  });

  it("ignores replies to another client", async () => {
    const { channel, client } = connected();
    channel.held = () => true;
    const asked = client.request({ kind: "names", rows: [0] });
    await until(() => channel.requests.length === 1);
    channel.deliver({ id: "other:0", kind: "names", names: ["foreign"] });
    channel.deliver({ id: "other:0", kind: "error", message: "foreign" });
    channel.deliver(null);
    channel.release();
    expect((await asked).reply.names).toEqual(["images/val/specimen_00000.jpg"]);
  });

  it("has ids of its own", async () => {
    const one = connected();
    const two = connected();
    await one.client.request({ kind: "names", rows: [0] });
    await two.client.request({ kind: "names", rows: [0] });
    expect(one.channel.requests[0]?.id).not.toBe(two.channel.requests[0]?.id);
  });

  it("rejects on an error reply and on a reply it does not understand", async () => {
    const failing = connected(answering({ fail: () => "KeyError: 'bbox'" }));
    await expect(failing.client.request({ kind: "scores", step: 250, score: "f1" })).rejects.toThrow("KeyError: 'bbox'");
    const odd = connected((request) => ({ message: { id: request.id, kind: "scores" }, buffers: [] }));
    await expect(odd.client.request({ kind: "scores", step: 250, score: "f1" })).rejects.toThrow("unexpected reply");
  });

  it("sends the same question once while it is under way, and again afterwards", async () => {
    const { channel, client } = connected();
    await Promise.all([
      client.request({ kind: "scores", step: 250, score: "f1" }),
      client.request({ kind: "scores", step: 250, score: "f1" }),
      client.request({ kind: "scores", step: 500, score: "f1" }),
    ]);
    expect(channel.requests).toHaveLength(2);
    await client.request({ kind: "scores", step: 250, score: "f1" });
    expect(channel.requests).toHaveLength(3);
  });

  it("sends a request again, under its id, until it is answered", async () => {
    vi.useFakeTimers();
    try {
      const { channel, client } = connected();
      channel.held = () => true;
      const asked = client.request({ kind: "names", rows: [0] });
      await vi.advanceTimersByTimeAsync(RESEND_AFTER_MS[1] ?? 0);
      expect(channel.requests.length).toBe(3);
      expect(new Set(channel.requests.map((request) => request.id)).size).toBe(1);
      channel.release();
      expect((await asked).reply.names.length).toBe(1);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(channel.requests.length).toBe(3);
    } finally {
      vi.useRealTimers();
    }
  });

  it("says that the kernel is gone where nothing can be sent, at once and later", async () => {
    vi.useFakeTimers();
    try {
      const { channel, client } = connected();
      channel.held = () => true;
      const asked = client.request({ kind: "names", rows: [0] });
      const refused = expect(asked).rejects.toThrow(`${GONE} (Cannot send)`);
      await vi.advanceTimersByTimeAsync(0);
      channel.send = () => {
        throw new Error("Cannot send");
      };
      await vi.advanceTimersByTimeAsync(RESEND_AFTER_MS[0] ?? 0);
      await refused;
      await expect(client.request({ kind: "scores", step: 1, score: "f1" })).rejects.toThrow(GONE);
    } finally {
      vi.useRealTimers();
    }
  });

  it("stops listening when its view goes", async () => {
    const { channel, client, abort } = connected();
    await client.request({ kind: "names", rows: [0] });
    expect(channel.handlers.size).toBe(1);
    abort.abort();
    expect(channel.handlers.size).toBe(0);
  });

  it("rejects when the data channel cannot be reached", async () => {
    const client = createClient(Promise.reject(new Error("no such model")), new AbortController().signal);
    await expect(client.request({ kind: "scores", step: 1, score: "f1" })).rejects.toThrow("no such model");
  });
});

describe("guards", () => {
  it("tell the wire's shapes from others", () => {
    expect(isRunInfo(RUN)).toBe(true);
    expect(isRunInfo({ ...RUN, steps: ["50"] })).toBe(false);
    expect(isRunInfo(null)).toBe(false);
    expect(isErrorReply({ id: "a", kind: "error", message: "m" })).toBe(true);
    expect(isErrorReply({ id: "a", kind: "error" })).toBe(false);
    expect(isReply({ id: "a", kind: "names", names: [] })).toBe(true);
    expect(isReply({ id: "a", kind: "specimen" })).toBe(false);
  });
});
