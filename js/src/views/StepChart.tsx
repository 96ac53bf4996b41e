import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { type Area, brokenLine, labelledSteps, nearestStep, tickText, valueScale, xOf, yOf } from "../charts/chart";
import type { Store } from "../store";
import { better, chartWords, scoreText } from "../words";
import { ModeChart } from "./ModeChart";
import { Select } from "./Select";

const HEIGHT = 128;
const CHARACTER_WIDTH = 6.5;
/** Characters of a count beside the bars of failure modes. */
const COUNT_CHARACTERS = 5;
/** More dots than this would hide the line. */
const MOST_DOTS = 80;

type Value = number | null | undefined;

function isNumber(value: Value): value is number {
  return typeof value === "number";
}

function valueWords(value: Value): string {
  return value === undefined ? "not read yet" : value === null ? "not defined" : scoreText(value);
}

/** A score of each step as a whole, the step in sight marked; a click goes to the step nearest to it. */
export function StepChart({ store }: { store: Store }) {
  const run = store.run.value;
  const { steps } = run;
  const score = store.score.value;
  const version = store.summary.version.value;
  const frame = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(600);
  const [pointed, setPointed] = useState<number | null>(null);

  useLayoutEffect(() => {
    const element = frame.current as HTMLDivElement;
    const measure = (): void => setWidth(element.clientWidth || 600);
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, []);

  const known = store.summary.valuesOf(score.name);
  // made anew when the chart changes, and not while the cursor moves in it
  const drawn = useMemo(() => {
    const values: Value[] = steps.map((step) => known.get(step));
    const numbers = values.filter(isNumber);
    const scale = valueScale(numbers, score.bounds);
    const tickTexts = scale.ticks.map((tick) => tickText(tick, scale));
    const widestStep = Math.max(...steps.map((step) => String(step).length)) * CHARACTER_WIDTH;
    const countWidth = run.modes.length > 0 ? COUNT_CHARACTERS * CHARACTER_WIDTH : 0;
    const area: Area = {
      left: Math.max(...tickTexts.map((text) => text.length * CHARACTER_WIDTH), countWidth, widestStep / 2) + 12,
      right: width - widestStep / 2 - 8,
      top: 10,
      bottom: HEIGHT - 22,
    };
    const places = steps.map((step) => xOf(step, steps, area));
    const points = values.map((value, index) =>
      isNumber(value) ? { x: places[index] as number, y: yOf(value, scale, area) } : null,
    );
    const lines = brokenLine(points);
    const dots = steps.length <= MOST_DOTS ? points : lines.flatMap((line) => (line.length === 1 ? line : []));
    const axes = (
      <>
        {scale.ticks.map((tick, place) => (
          <g key={tick}>
            <line class="ew-chart-grid" x1={area.left} x2={area.right} y1={yOf(tick, scale, area)} y2={yOf(tick, scale, area)} />
            <text class="ew-chart-text" x={area.left - 6} y={yOf(tick, scale, area)} dy="0.35em" text-anchor="end">
              {tickTexts[place]}
            </text>
          </g>
        ))}
        {places.map((x, index) => (
          <line key={index} class="ew-chart-tick" x1={x} x2={x} y1={area.bottom} y2={area.bottom + 4} />
        ))}
        {labelledSteps(places, widestStep + 16).map((index) => (
          <text key={index} class="ew-chart-text" x={places[index]} y={HEIGHT - 6} text-anchor="middle">
            {steps[index]}
          </text>
        ))}
      </>
    );
    const curve = (
      <>
        {lines.map((line) => (
          <polyline
            key={line[0]?.x}
            class="ew-chart-line"
            data-testid="chart-line"
            points={line.map(({ x, y }) => `${x},${y}`).join(" ")}
          />
        ))}
        {dots.map((point, place) => point && <circle key={place} class="ew-chart-dot" cx={point.x} cy={point.y} r="2.5" />)}
      </>
    );
    const cells = (
      <>
        {steps.map((step, index) => (
          <tr key={step}>
            <th scope="row">step {step}</th>
            <td>{valueWords(values[index])}</td>
          </tr>
        ))}
      </>
    );
    return { values, numbers, area, places, points, axes, curve, cells, words: chartWords(score, steps, values) };
  }, [known, version, run, score, width]);
  const { values, numbers, area, places, points, axes, curve, cells, words } = drawn;
  const current = store.stepIndex.value;
  const said = pointed ?? current;
  const read = values.filter((value) => value !== undefined).length;

  function indexAt(event: PointerEvent): number {
    const { left } = (event.currentTarget as Element).getBoundingClientRect();
    return nearestStep(event.clientX - left, steps, area);
  }

  return (
    <section class="ew-chart" aria-label="Metrics over steps" data-testid="chart">
      <div class="ew-chart-head">
        <Select
          label="Score"
          testid="chart-score"
          value={score.name}
          choose={(name) => store.choose({ score: name })}
        >
          {run.scores.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </Select>
        <span class="ew-quiet" data-testid="chart-direction">
          {better(score)}
        </span>
        <output class="ew-chart-value" data-testid="chart-value">
          step {steps[said]}: {valueWords(values[said])}
        </output>
      </div>
      <div ref={frame} class="ew-chart-frame">
        <svg
          class="ew-chart-plot"
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={words}
          data-testid="chart-plot"
          onPointerDown={(event) => {
            if (event.button !== 0) return;
            event.currentTarget.setPointerCapture?.(event.pointerId);
            store.playback.stop();
            store.showStep(indexAt(event));
          }}
          onPointerMove={(event) => {
            const index = indexAt(event);
            setPointed(index);
            if (event.buttons & 1) store.showStep(index);
          }}
          onPointerUp={() => store.commitStep()}
          onPointerCancel={() => store.commitStep()}
          onPointerLeave={() => setPointed(null)}
        >
          {axes}
          {pointed !== null && pointed !== current && (
            <line class="ew-chart-pointed" x1={places[pointed]} x2={places[pointed]} y1={area.top} y2={area.bottom} />
          )}
          <line
            class="ew-chart-cursor"
            data-testid="chart-cursor"
            x1={places[current]}
            x2={places[current]}
            y1={area.top - 6}
            y2={area.bottom}
          />
          {curve}
          {[...new Set([current, said])].map((index) => {
            const point = points[index];
            return point && <circle key={index} class="ew-chart-ring" cx={point.x} cy={point.y} r="4.5" />;
          })}
        </svg>
        {store.summary.message.value !== "" ? (
          <p class="ew-chart-note ew-bad" role="status" data-testid="chart-error">
            {score.name} cannot be shown: {store.summary.message.value}{" "}
            <button type="button" class="ew-button" onClick={() => store.wantSummary()}>
              retry
            </button>
          </p>
        ) : read < steps.length ? (
          <p class="ew-chart-note" data-waiting role="status" data-testid="chart-loading">
            Reading all steps… {read} of {steps.length}
          </p>
        ) : (
          numbers.length === 0 && (
            <p class="ew-chart-note" role="status" data-testid="chart-empty">
              {score.name} is not defined at any step.
            </p>
          )
        )}
      </div>
      <div class="ew-unseen">
        <table data-testid="chart-table">
          <caption>{score.name} at each step</caption>
          <tbody>{cells}</tbody>
        </table>
      </div>
      {run.modes.length > 0 && <ModeChart store={store} across={area} width={width} />}
    </section>
  );
}
