import { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { PAGE } from "../data/names";
import type { Score, Status } from "../protocol";
import { rowHeading, rowValue } from "../list/rowValue";
import { spark } from "../charts/sparkline";
import type { Store } from "../store";
import { TREND_PAGE, type Trend } from "../data/trends";
import { better, chartWords, plural, scoreText, statusInList } from "../words";
import { isInSight, scrollToKeep, scrollToShow, visibleRows } from "../list/windowing";
import { FilterBar, FilterNote } from "./FilterBar";
import { SortControl } from "./SortControl";
import { Sparkline } from "./Sparkline";

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
  /** What the row is sorted by, where that is no score. */
  value: string | undefined;
  /** What the value is. */
  heading: string;
  score: Score;
  trend: Trend | undefined;
  steps: readonly number[];
  stepIndex: number;
  selected: boolean;
  open: (row: number) => void;
}

/** How much of the way from the least score to the most, in percent. */
function filled(score: number, [least, most]: [number, number]): number {
  return Math.min(Math.max((score - least) / (most - least), 0), 1) * 100;
}

/** The specimens at the places from `first` to `end`, with those around them, by whole pages. */
function pageOf(size: number, first: number, end: number, count: number, rowAt: (place: number) => number): number[] {
  const from = Math.floor(first / size) * size;
  const to = Math.min(Math.ceil(end / size) * size, count);
  return Array.from({ length: Math.max(to - from, 0) }, (_, by) => rowAt(from + by));
}

function trendWords({ values }: Trend, score: Score, steps: readonly number[]): string {
  return chartWords(
    score,
    steps,
    Array.from(values, (value) => (Number.isNaN(value) ? null : value)),
  );
}

function Row({ row, place, id, total, name, held, value, heading, score, trend, steps, stepIndex, selected, open }: RowProps) {
  const { bounds } = score;
  const scored = held !== undefined && !Number.isNaN(held.score);
  const state = value ?? (scored ? scoreText(held.score) : held ? statusInList(held.status) : "");
  const line = useMemo(() => trend && spark(trend.values, steps, bounds), [trend, steps, bounds]);
  const words = useMemo(() => (trend && trend.read >= steps.length ? trendWords(trend, score, steps) : ""), [trend, steps, score]);
  const said = [name, value === undefined ? state : `${heading} ${value}`, words].filter((part) => part !== undefined && part !== "").join(", ");
  return (
    <div
      id={id}
      role="option"
      class="ew-row"
      aria-selected={selected}
      aria-posinset={place + 1}
      aria-setsize={total}
      aria-label={name === undefined ? undefined : said}
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
      {steps.length > 1 && !(line?.path === "" && words !== "") && <Sparkline line={line} steps={steps} stepIndex={stepIndex} />}
      <span class={scored || value !== undefined ? "ew-row-score" : "ew-row-state"}>
        {state}
      </span>
      {scored && bounds && value === undefined && (
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
  void store.trends.version.value;
  const prefix = useId();
  const list = useRef<HTMLDivElement>(null);
  const [scrollTop, setScrollTop] = useState(0);
  const [height, setHeight] = useState(400);
  const { steps, specimens } = store.run.value;
  const score = store.score.value;
  const listed = store.filtering.listed.value;
  const total = listed.count;
  const selected = store.target.value.row;
  const selectedPlace = selected === null ? null : listed.placeOf(selected);
  const seen = useRef({ listed, place: selectedPlace, height: 0 });
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
    store.names.want(pageOf(PAGE, first, end, total, listed.rowAt));
  }, [first, end, listed]);

  useEffect(() => {
    if (steps.length > 1) store.trends.want(score.name, pageOf(TREND_PAGE, first, end, total, listed.rowAt));
  }, [first, end, listed, steps, score.name]);

  useLayoutEffect(() => {
    const element = list.current as HTMLDivElement;
    const { clientHeight, scrollTop: top } = element;
    const before = seen.current;
    seen.current = { listed, place: selectedPlace, height: clientHeight };
    if (clientHeight === 0) return;
    const resorted = before.listed !== listed;
    const wasInSight = before.height === 0 || isInSight(selectedPlace ?? 0, top, before.height, ROW_HEIGHT);
    if (resorted && toTop.current) element.scrollTop = 0;
    else if (selectedPlace === null) return;
    else if (resorted && before.place !== null) {
      element.scrollTop = scrollToKeep(before.place, selectedPlace, top, clientHeight, ROW_HEIGHT);
    } else if (before.place !== selectedPlace || wasInSight) {
      element.scrollTop = scrollToShow(selectedPlace, top, clientHeight, ROW_HEIGHT);
    }
    if (resorted) toTop.current = false;
  }, [selectedPlace, listed, height]);

  function onKeyDown(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(height / ROW_HEIGHT) - 1);
    const from = (by: number): number => (selected === null ? by : listed.placeFrom(selected, by));
    const jumps: Record<string, number> = {
      Home: 0,
      End: total - 1,
      PageUp: from(-page),
      PageDown: from(page),
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
  const stepIndex = store.stepIndex.value;
  const sortedBy = store.sorting.values.value;
  const heading = rowHeading(sortedBy?.by ?? "score", score, store.changesFrom.value);
  const rows = [];
  for (let place = first; place < end; place += 1) {
    const row = listed.rowAt(place);
    const value = sortedBy?.values[row];
    rows.push(
      <Row
        key={row}
        row={row}
        place={place}
        id={`${prefix}-${row}`}
        total={total}
        name={store.names.at(row)}
        held={store.scores.at(step, score.name, row)}
        value={sortedBy && value !== undefined ? rowValue(sortedBy.by, value, steps) : undefined}
        heading={heading}
        score={score}
        trend={steps.length > 1 ? store.trends.at(score.name, row) : undefined}
        steps={steps}
        stepIndex={stepIndex}
        selected={row === selected}
        open={open}
      />,
    );
  }
  const isRendered = selectedPlace !== null && selectedPlace >= first && selectedPlace < end;
  const unsorted = store.sorting.failure.value;
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
          {plural(specimens, "specimen")}
        </button>
        <span class="ew-side-count">{plural(specimens, "specimen")}</span>
        <span class="ew-side-score" data-testid="score-name" title={`${heading} (${better(score)})`}>
          {heading}
        </span>
      </div>
      <FilterBar store={store} />
      <SortControl
        store={store}
        chosen={() => {
          toTop.current = true;
        }}
      />
      {failure !== "" && (
        <p class="ew-list-note" role="status" data-testid="list-error">
          {unsorted === "" ? `${score.name} cannot be shown` : "the list cannot be sorted"}: {failure}{" "}
          <button type="button" class="ew-button" onClick={() => store.retryScores()}>
            retry
          </button>
        </p>
      )}
      <FilterNote store={store} />
      <div
        ref={list}
        class="ew-list"
        role="listbox"
        tabIndex={0}
        aria-label="Specimens"
        aria-activedescendant={isRendered ? `${prefix}-${selected}` : undefined}
        aria-busy={store.sorting.pending.value || store.filtering.pending.value}
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
