/** What folds when there is little room, told by the width of a view and by where it stands. */
import { useLayoutEffect } from "preact/hooks";
import type { RefObject } from "preact";
import type { Layout } from "./hub";

/** Widths, in CSS pixels, below which the list folds away, the panels stack, and only the least is said. */
const LIMITS = { folded: 640, stacked: 480, least: 320 };

/** Names of what folds, as ``data-width`` has them for the styles: the sidebar folds and stacks whatever its width. */
export function foldedAt(width: number, layout: Layout): string {
  const isForced = (name: string): boolean => layout === "sidebar" && name !== "least";
  return Object.entries(LIMITS)
    .filter(([name, limit]) => width < limit || isForced(name))
    .map(([name]) => name)
    .join(" ");
}

/** Keeps ``data-width`` of the root in step with its width; before the first paint too. */
export function useFolding(root: RefObject<HTMLElement>, layout: Layout): void {
  useLayoutEffect(() => {
    const element = root.current;
    if (!element) return;
    const fold = (): void => {
      // a hidden view has no width, and keeps what it had
      if (element.clientWidth > 0) element.dataset.width = foldedAt(element.clientWidth, layout);
    };
    fold();
    const observer = new ResizeObserver(fold);
    observer.observe(element);
    return () => observer.disconnect();
  }, [layout]);
}
