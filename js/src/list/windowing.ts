/** Which rows of a list of equal heights to render: those in sight and `margin` beyond; `end` is exclusive. */
export function visibleRows(scrollTop: number, height: number, rowHeight: number, total: number, margin = 6) {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - margin);
  const end = Math.min(total, Math.ceil((scrollTop + height) / rowHeight) + margin);
  return { first: Math.min(first, end), end };
}

/** The scroll position nearest to the present one that has `row` in full sight. */
export function scrollToShow(row: number, scrollTop: number, height: number, rowHeight: number): number {
  const top = row * rowHeight;
  if (top < scrollTop) return top;
  if (top + rowHeight > scrollTop + height) return top + rowHeight - height;
  return scrollTop;
}

export function isInSight(row: number, scrollTop: number, height: number, rowHeight: number): boolean {
  return (row + 1) * rowHeight > scrollTop && row * rowHeight < scrollTop + height;
}

/** The scroll position that leaves a row where it was on the screen, if it was, and in sight in any case. */
export function scrollToKeep(before: number, after: number, scrollTop: number, height: number, rowHeight: number): number {
  const moved = isInSight(before, scrollTop, height, rowHeight) ? (after - before) * rowHeight : 0;
  return scrollToShow(after, Math.max(0, scrollTop + moved), height, rowHeight);
}
