import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { PAGE } from "../names";
import type { Score, Status } from "../protocol";
import type { Store } from "../store";
import { better, plural, scoreText, statusInList } from "../words";
import { isInSight, scrollToKeep, scrollToShow, visibleRows } from "../windowing";
import { SortControl } from "./SortControl";

export const ROW_HEIGHT = 30;

/** Characters at the end of a name that are never cut away: names of a folder differ there. */
const TAIL = 12;

interface RowProps {
  row: number;
  place: number;
  id: string;
  total: number;
  name: string | undefined;
  held: { score: number; status: Status } | undefined;
  bounds: Score["bounds"];
  selected: boolean;
  open: (row: number) => void;
}

/** How much of the way from the least score to the most, in percent. */
function filled(score: number, [least, most]: [number, number]): number {
  return Math.min(Math.max((score - least) / (most - least), 0), 1) * 100;
}

function Row({ row, place, id, total, name, held, bounds, selected, open }: RowProps) {
  const scored = held !== undefined && !Number.isNaN(held.score);
  const state = scored ? scoreText(held.score) : held ? statusInList(held.status) : "";
  return (
    <div
      id={id}
      role="option"
      class="ew-row"
      aria-selected={selected}
      aria-posinset={place + 1}
      aria-setsize={total}
      aria-label={name === undefined ? undefined : state === "" ? name : `${name}, ${state}`}
      data-row={row}
      style={{ top: `${place * ROW_HEIGHT}px`, height: `${ROW_HEIGHT}px` }}
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
      {scored && bounds && (
        <span class="ew-row-bar">
          <i style={{ width: `${filled(held.score, bounds)}%` }} />
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
  const score = store.score.value;
  const order = store.sorting.order.value;
  const selected = store.target.value.row;
  const selectedPlace = selected === null ? null : order.placeOf(selected);
  const seen = useRef({ order, place: selectedPlace, height: 0 });
  const toTop = useRef(false);
  const { first, end } = visibleRows(scrollTop, height, ROW_HEIGHT, total);

  useLayoutEffect(() => {
    const element = list.current as HTMLDivElement;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight || 400));
    observer.observe(element);
    setHeight(element.clientHeight || 400);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const from = Math.floor(first / PAGE) * PAGE;
    const to = Math.min(Math.ceil(end / PAGE) * PAGE, total);
    store.names.want(Array.from({ length: Math.max(to - from, 0) }, (_, by) => order.rowAt(from + by)));
  }, [first, end, total, order]);

  useLayoutEffect(() => {
    const element = list.current as HTMLDivElement;
    const { clientHeight, scrollTop: top } = element;
    const before = seen.current;
    seen.current = { order, place: selectedPlace, height: clientHeight };
    if (clientHeight === 0) return;
    const resorted = before.order !== order;
    const wasInSight = before.height === 0 || isInSight(selectedPlace ?? 0, top, before.height, ROW_HEIGHT);
    if (resorted && toTop.current) element.scrollTop = 0;
    else if (selectedPlace === null) return;
    else if (resorted && before.place !== null) {
      element.scrollTop = scrollToKeep(before.place, selectedPlace, top, clientHeight, ROW_HEIGHT);
    } else if (before.place !== selectedPlace || wasInSight) {
      element.scrollTop = scrollToShow(selectedPlace, top, clientHeight, ROW_HEIGHT);
    }
    if (resorted) toTop.current = false;
  }, [selectedPlace, order, height]);

  function onKeyDown(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(height / ROW_HEIGHT) - 1);
    const jumps: Record<string, number> = {
      Home: 0,
      End: total - 1,
      PageUp: (selectedPlace ?? 0) - page,
      PageDown: (selectedPlace ?? 0) + page,
    };
    const place = jumps[event.key];
    if (place === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    store.openPlace(place);
  }

  function open(row: number): void {
    store.openRow(row);
    store.listOpen.value = false;
  }

  const step = store.step.value;
  const rows = [];
  for (let place = first; place < end; place += 1) {
    const row = order.rowAt(place);
    rows.push(
      <Row
        key={row}
        row={row}
        place={place}
        id={`${prefix}-${row}`}
        total={total}
        name={store.names.at(row)}
        held={store.scores.at(step, score.name, row)}
        bounds={score.bounds}
        selected={row === selected}
        open={open}
      />,
    );
  }
  const isRendered = selectedPlace !== null && selectedPlace >= first && selectedPlace < end;
  const unsorted = store.sortBy.value === "identifier" ? store.sorting.message.value : "";
  const failure = unsorted || store.scores.message.value;
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
        <span class="ew-side-score" data-testid="score-name" title={`${score.name}: ${better(score)}`}>
          {score.name}
        </span>
      </div>
      <SortControl
        store={store}
        chosen={() => {
          toTop.current = true;
        }}
      />
      {failure !== "" && (
        <p class="ew-list-note" role="status" data-testid="list-error">
          {unsorted === "" ? `${score.name} cannot be shown` : "identifiers cannot be sorted"}: {failure}{" "}
          <button type="button" class="ew-button" onClick={() => store.retryScores()}>
            retry
          </button>
        </p>
      )}
      <div
        ref={list}
        class="ew-list"
        role="listbox"
        tabIndex={0}
        aria-label="Specimens"
        aria-activedescendant={isRendered ? `${prefix}-${selected}` : undefined}
        aria-busy={store.sorting.pending.value}
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
