import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Status } from "../protocol";
import type { Store } from "../store";
import { plural, scoreText, statusInList } from "../words";
import { scrollToShow, visibleRows } from "../windowing";

export const ROW_HEIGHT = 30;

/** Characters at the end of a name that are never cut away: names of a folder differ there. */
const TAIL = 12;

interface RowProps {
  row: number;
  id: string;
  total: number;
  name: string | undefined;
  held: { score: number; status: Status } | undefined;
  selected: boolean;
  open: (row: number) => void;
}

function Row({ row, id, total, name, held, selected, open }: RowProps) {
  const scored = held !== undefined && !Number.isNaN(held.score);
  const state = scored ? scoreText(held.score) : held ? statusInList(held.status) : "";
  return (
    <div
      id={id}
      role="option"
      class="ew-row"
      aria-selected={selected}
      aria-posinset={row + 1}
      aria-setsize={total}
      aria-label={name === undefined ? undefined : state === "" ? name : `${name}, ${state}`}
      data-row={row}
      style={{ top: `${row * ROW_HEIGHT}px`, height: `${ROW_HEIGHT}px` }}
      title={name}
      onClick={() => open(row)}
    >
      {name === undefined ? (
        <span class="ew-row-name">…</span>
      ) : (
        <span class="ew-row-name">
          <span class="ew-row-head">{name.slice(0, -TAIL)}</span>
          <span class="ew-row-tail">{name.slice(-TAIL)}</span>
        </span>
      )}
      <span class={scored ? "ew-row-score" : "ew-row-state"}>
        {state}
      </span>
      {scored && (
        <span class="ew-row-bar">
          <i style={{ width: `${Math.min(Math.max(held.score, 0), 1) * 100}%` }} />
        </span>
      )}
    </div>
  );
}

export function SpecimenList({ store }: { store: Store }) {
  void store.names.version.value;
  void store.scores.version.value;
  const prefix = useId();
  const list = useRef<HTMLDivElement>(null);
  const [scrollTop, setScrollTop] = useState(0);
  const [height, setHeight] = useState(400);
  const total = store.run.value.specimens;
  const selected = store.target.value.row;
  const { first, end } = visibleRows(scrollTop, height, ROW_HEIGHT, total);

  useLayoutEffect(() => {
    const element = list.current as HTMLDivElement;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight || 400));
    observer.observe(element);
    setHeight(element.clientHeight || 400);
    return () => observer.disconnect();
  }, []);

  useEffect(() => store.names.want(first, end), [first, end, total]);

  useLayoutEffect(() => {
    const element = list.current as HTMLDivElement;
    if (selected === null || element.clientHeight === 0) return;
    element.scrollTop = scrollToShow(selected, element.scrollTop, element.clientHeight, ROW_HEIGHT);
  }, [selected, height]);

  function onKeyDown(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(height / ROW_HEIGHT) - 1);
    const jumps: Record<string, number> = {
      Home: 0,
      End: total - 1,
      PageUp: (selected ?? 0) - page,
      PageDown: (selected ?? 0) + page,
    };
    const row = jumps[event.key];
    if (row === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    store.openRow(row);
  }

  function open(row: number): void {
    store.openRow(row);
    store.listOpen.value = false;
  }

  const step = store.step.value;
  const rows = [];
  for (let row = first; row < end; row += 1) {
    rows.push(
      <Row
        key={row}
        row={row}
        id={`${prefix}-${row}`}
        total={total}
        name={store.names.at(row)}
        held={store.scores.at(step, row)}
        selected={row === selected}
        open={open}
      />,
    );
  }
  const active = selected !== null && selected >= first && selected < end ? `${prefix}-${selected}` : undefined;
  return (
    <nav class="ew-side" aria-label="Specimens" data-open={store.listOpen.value}>
      <div class="ew-side-head">
        <button
          type="button"
          class="ew-button ew-side-toggle"
          data-testid="list-toggle"
          aria-expanded={store.listOpen.value}
          onClick={() => {
            store.listOpen.value = !store.listOpen.peek();
          }}
        >
          {plural(total, "specimen")}
        </button>
        <span class="ew-side-count">{plural(total, "specimen")}</span>
        <span class="ew-side-score" data-testid="score-name">
          {store.run.value.score}
        </span>
      </div>
      <div
        ref={list}
        class="ew-list"
        role="listbox"
        tabIndex={0}
        aria-label="Specimens"
        aria-activedescendant={active}
        data-testid="list"
        onScroll={(event) => setScrollTop(event.currentTarget.scrollTop)}
        onKeyDown={onKeyDown}
      >
        <div class="ew-list-all" style={{ height: `${total * ROW_HEIGHT}px` }}>
          {rows}
        </div>
      </div>
    </nav>
  );
}
