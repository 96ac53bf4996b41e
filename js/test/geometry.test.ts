import { describe, expect, it } from "vitest";
import { MAX_ZOOM, panBy, toImage, toPanel, transformOf, WHOLE, zoomAt } from "../src/drawing/geometry";

const IMAGE = { width: 640, height: 480 };
const PANEL = { width: 400, height: 400 };

describe("transform", () => {
  it("fits and centres the whole image", () => {
    expect(transformOf(WHOLE, IMAGE, PANEL)).toEqual({ scale: 0.625, offsetX: 0, offsetY: 50 });
  });

  it("takes image points to the panel and back", () => {
    const transform = transformOf({ zoom: 3, x: 0.4, y: 0.6 }, IMAGE, PANEL);
    const back = toImage(transform, toPanel(transform, { x: 123, y: 45 }));
    expect(back.x).toBeCloseTo(123, 9);
    expect(back.y).toBeCloseTo(45, 9);
  });

  it("keeps an image of one pixel in the panel", () => {
    expect(transformOf(WHOLE, { width: 1, height: 1 }, { width: 300, height: 200 })).toEqual({
      scale: 200,
      offsetX: 50,
      offsetY: 0,
    });
  });
});

describe("zoom", () => {
  it("keeps the point under the pointer where it is", () => {
    const anchor = { x: 210, y: 190 };
    const before = toImage(transformOf(WHOLE, IMAGE, PANEL), anchor);
    const view = zoomAt(WHOLE, 4, anchor, IMAGE, PANEL);
    const after = toPanel(transformOf(view, IMAGE, PANEL), before);
    expect(view.zoom).toBe(4);
    expect(after.x).toBeCloseTo(anchor.x, 6);
    expect(after.y).toBeCloseTo(anchor.y, 6);
  });

  it("never shows less than the whole image nor more than the limit", () => {
    expect(zoomAt({ zoom: 2, x: 0.1, y: 0.1 }, 0.01, { x: 0, y: 0 }, IMAGE, PANEL)).toEqual(WHOLE);
    expect(zoomAt(WHOLE, 1e6, { x: 0, y: 0 }, IMAGE, PANEL).zoom).toBe(MAX_ZOOM);
  });
});

describe("pan", () => {
  it("moves the image with the pointer", () => {
    const view = { zoom: 4, x: 0.5, y: 0.5 };
    const before = transformOf(view, IMAGE, PANEL);
    const after = transformOf(panBy(view, 30, -20, IMAGE, PANEL), IMAGE, PANEL);
    expect(after.offsetX - before.offsetX).toBeCloseTo(30, 6);
    expect(after.offsetY - before.offsetY).toBeCloseTo(-20, 6);
  });

  it("stops at the image's edge", () => {
    const view = panBy({ zoom: 4, x: 0.5, y: 0.5 }, 1e5, 1e5, IMAGE, PANEL);
    const { offsetX, offsetY } = transformOf(view, IMAGE, PANEL);
    expect(offsetX).toBeCloseTo(0, 6);
    expect(offsetY).toBeCloseTo(0, 6);
  });
});
