import { useMemo, useState } from "preact/hooks";
import { type Area, xOf } from "../charts/chart";
import { barWidth, highestStack, segmentAt, segments } from "../charts/modeChart";
import { OF_RUN } from "../data/modes";
import type { Store } from "../store";
import { plural } from "../words";

const HEIGHT = 96;

const COMPACT = new Intl.NumberFormat("en", { notation: "compact" });

/** How many specimens show each failure mode at each step, stacked; a piece of a bar leads to its step and narrows the
 * list to its mode. `across` is where the chart above it draws the steps. */
export function ModeChart({ store, across, width }: { store: Store; across: Area; width: number }) {
  const { steps, modes } = store.run.value;
  const version = store.modeCounts.version.value;
  const [pointed, setPointed] = useState<{ step: number; mode: number | null } | null>(null);
  const known = store.modeCounts.valuesOf(OF_RUN);
  const counts = useMemo(() => steps.map((step) => known.get(step)), [known, steps, version]);
  const area: Area = { ...across, top: 8, bottom: HEIGHT - 8 };
  const current = store.stepIndex.value;
  const said = pointed?.step ?? current;
  const chosen = store.filter.value.mode;
  const read = counts.filter((of) => of !== undefined).length;
  const none = read === steps.length && highestStack(counts) === 1 && counts.every((of) => of?.counts.every((count) => count === 0));
  const highest = highestStack(counts);

  const bars = useMemo(() => {
    const bar = barWidth(steps, area);
    return segments(steps, counts, area).map(({ step, mode, count, x, y, height }) => (
      <rect
        key={`${step} ${mode}`}
        class="ew-modes-bar"
        data-mode={modes[mode]?.key}
        data-step={steps[step]}
        data-count={count}
        x={x - bar / 2}
        y={y}
        width={bar}
        height={Math.max(height - 1, 0.5)}
      />
    ));
  }, [counts, steps, modes, area.left, area.right]);

  const cells = useMemo(
    () =>
      steps.map((step, index) => (
        <tr key={step}>
          <th scope="row">{step}</th>
          {modes.map(({ key }, place) => (
            <td key={key}>{counts[index]?.counts[place] ?? "not read yet"}</td>
          ))}
          <td>{counts[index]?.judged ?? "not read yet"}</td>
        </tr>
      )),
    [counts, steps, modes],
  );

  function at(event: PointerEvent | MouseEvent): { step: number; mode: number | null } {
    const { left, top } = (event.currentTarget as Element).getBoundingClientRect();
    return segmentAt(event.clientX - left, event.clientY - top, steps, counts, area);
  }

  function go({ step, mode }: { step: number; mode: number | null }): void {
    store.playback.stop();
    store.showStep(step);
    store.commitStep();
    const key = mode === null ? undefined : modes[mode]?.key;
    if (key !== undefined) store.narrow({ mode: key });
  }

  const of = counts[said];
  const words =
    of === undefined
      ? "not read yet"
      : pointed?.mode != null
        ? `${of.counts[pointed.mode] ?? 0} of ${of.judged} with ${modes[pointed.mode]?.name ?? ""}`
        : `${plural(of.judged, "specimen")} judged`;
  return (
    <section class="ew-modes" aria-label="Failure modes over steps" data-testid="mode-chart">
      <div class="ew-chart-head">
        <ul class="ew-modes-legend" aria-label={`Failure modes at step ${steps[current]}`}>
          {modes.map(({ key, name, meaning }, place) => (
            <li key={key}>
              <button
                type="button"
                class="ew-button ew-modes-key"
                data-testid={`mode-${key}`}
                aria-pressed={chosen === key}
                title={`${meaning}. Show only specimens with it at the step in sight.`}
                onClick={() => store.narrow({ mode: chosen === key ? null : key })}
              >
                <i class="ew-swatch" data-mode={key} aria-hidden="true" />
                {name}
                <span class="ew-quiet">{(counts[current]?.judged ? counts[current].counts[place] : undefined) ?? "–"}</span>
              </button>
            </li>
          ))}
        </ul>
        <output class="ew-chart-value" data-testid="mode-value">
          step {steps[said]}: {words}
        </output>
      </div>
      <div class="ew-chart-frame ew-modes-frame">
        <svg
          class="ew-chart-plot"
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`Specimens that show each failure mode at each of ${plural(steps.length, "step")}. A table follows.`}
          data-testid="mode-plot"
          data-chosen={chosen ?? undefined}
          onPointerMove={(event) => setPointed(at(event))}
          onPointerLeave={() => setPointed(null)}
          onClick={(event) => go(at(event))}
        >
          {[0, highest].map((count) => {
            const y = count === 0 ? area.bottom : area.top;
            return (
              <g key={count}>
                <line class="ew-chart-grid" x1={area.left} x2={area.right} y1={y} y2={y} />
                <text class="ew-chart-text" x={area.left - 10} y={y} dy="0.35em" text-anchor="end">
                  {COMPACT.format(count)}
                </text>
              </g>
            );
          })}
          {pointed !== null && pointed.step !== current && (
            <line
              class="ew-chart-pointed"
              x1={xOf(steps[pointed.step] ?? 0, steps, area)}
              x2={xOf(steps[pointed.step] ?? 0, steps, area)}
              y1={area.top}
              y2={area.bottom}
            />
          )}
          {bars}
          <line
            class="ew-chart-cursor"
            data-testid="mode-cursor"
            x1={xOf(steps[current] ?? 0, steps, area)}
            x2={xOf(steps[current] ?? 0, steps, area)}
            y1="0"
            y2={HEIGHT}
          />
        </svg>
        {store.modeCounts.message.value !== "" ? (
          <p class="ew-chart-note ew-bad" role="status" data-testid="mode-error">
            failure modes cannot be shown: {store.modeCounts.message.value}{" "}
            <button type="button" class="ew-button" onClick={() => store.wantSummary()}>
              retry
            </button>
          </p>
        ) : read < steps.length ? (
          <p class="ew-chart-note" data-waiting role="status" data-testid="mode-loading">
            Looking for failure modes… {read} of {steps.length}
          </p>
        ) : (
          none && (
            <p class="ew-chart-note" role="status" data-testid="mode-none">
              {counts.every((of) => of?.judged === 0)
                ? "No specimen can be judged at any step: there is no ground truth for those evaluated."
                : "No failure mode at any step."}
            </p>
          )
        )}
      </div>
      <div class="ew-unseen">
        <table data-testid="mode-table">
          <caption>Specimens that show each failure mode at each step</caption>
          <thead>
            <tr>
              <th scope="col">step</th>
              {modes.map(({ key, name }) => (
                <th key={key} scope="col">
                  {name}
                </th>
              ))}
              <th scope="col">judged</th>
            </tr>
          </thead>
          <tbody>{cells}</tbody>
        </table>
      </div>
    </section>
  );
}
