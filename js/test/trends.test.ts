import { describe, expect, it } from "vitest";
import { createClient } from "../src/data/requests";
import { createTrends } from "../src/data/trends";
import { answering, FakeChannel, RUN, type Scenario } from "./harness/kernel";
import { until } from "./settling";

const SCORE = "mean_iou";

function start(part: Partial<Scenario> = {}, steps = RUN.steps) {
  const channel = new FakeChannel(answering({ score: (_name, step, row) => step + row, ...part }));
  const trends = createTrends(createClient(Promise.resolve(channel), new AbortController().signal), () => steps);
  const asked = () => channel.requests as { rows: number[]; steps: number[] }[];
  return { channel, trends, asked };
}

describe("trends", () => {
  it("arrive some steps at a time, and keep what has arrived", async () => {
    const { trends, asked } = start();
    trends.want(SCORE, [4, 9]);
    await until(() => trends.at(SCORE, 4)?.read === 2);
    expect(Array.from(trends.at(SCORE, 9)?.values ?? [])).toEqual([59, 109, NaN, NaN, NaN, NaN]);
    await until(() => trends.at(SCORE, 4)?.read === 6);
    expect(Array.from(trends.at(SCORE, 4)?.values ?? [])).toEqual(RUN.steps.map((step) => step + 4));
    expect(asked().map((request) => request.steps.length)).toEqual([6, 4, 2]);
  });

  it("are asked for once, and only those that are lacking", async () => {
    const { trends, asked } = start({ summarySteps: 99 });
    trends.want(SCORE, [1, 2]);
    await until(() => trends.at(SCORE, 2) !== undefined);
    trends.want(SCORE, [2, 3]);
    await until(() => trends.at(SCORE, 3) !== undefined);
    trends.want(SCORE, [1, 2, 3]);
    await until(() => true);
    expect(asked().map(({ rows }) => rows)).toEqual([[1, 2], [3]]);
    expect(trends.at("centre_distance", 1)).toBeUndefined();
  });

  it("of rows that scrolled away before they were asked for are dropped", async () => {
    const { channel, trends, asked } = start({ summarySteps: 99 });
    channel.held = () => true;
    trends.want(SCORE, [1]);
    await until(() => asked().length === 1);
    trends.want(SCORE, [2]);
    trends.want(SCORE, [3]);
    channel.release();
    await until(() => trends.at(SCORE, 3) !== undefined);
    expect(asked().map(({ rows }) => rows)).toEqual([[1], [3]]);
  });

  it("that cannot be had are asked for again when they are wanted again, and not before", async () => {
    let broken = true;
    const { trends, asked } = start({ fail: () => (broken ? "ZeroDivisionError" : null), summarySteps: 99 });
    trends.want(SCORE, [1]);
    await until(() => asked().length === 1 && trends.version.value > 0);
    expect(trends.at(SCORE, 1)).toBeUndefined();
    broken = false;
    trends.want(SCORE, [1]);
    await until(() => trends.at(SCORE, 1) !== undefined);
    expect(asked()).toHaveLength(2);
  });
});
