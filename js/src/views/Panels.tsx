import { useMemo } from "preact/hooks";
import { paintGhosts } from "../drawing/ghosts";
import { historyOf, placeIn, type SharedTruth, sharedTruth } from "../comparing/history";
import {
  answerAt,
  type Boxes,
  countOutcomes,
  hasSharedImage,
  invalidAt,
  outputAt,
  type Pack,
  predictionMatched,
  predictionsAt,
  statusAt,
  truthAt,
  truthMatched,
} from "../data/pack";
import type { Invalid, Question } from "../protocol";
import type { Side, Store } from "../store";
import { plural } from "../words";
import { CompareBar, comparedWords, Mark, shownWords } from "./CompareBar";
import { type HistoryRow, HistoryStrip } from "./HistoryStrip";
import { Legend } from "./Legend";
import { OverlayNotices } from "./Overlays";
import { absenceWords, QuestionCard, sameQuestion } from "./Questions";
import { type PaintAbove, Stage } from "./Stage";
import type { Basis } from "./WordChanges";

function imageNote(pack: Pack): string {
  if (!pack.reply.size_known) {
    return pack.imageMessage.startsWith("image unreadable")
      ? `${pack.imageMessage}, size unknown`
      : "image missing, size unknown";
  }
  return pack.imageMessage;
}

function truthNote(pack: Pack, truth: Boxes): string {
  if (!pack.reply.annotated) return "no ground truth";
  return truth.count === 0 && pack.reply.questions.length === 0 ? "annotated with no boxes" : "";
}

function predictionNote(pack: Pack, step: number | null, predictions: Boxes | null, invalid: number): string {
  const status = statusAt(pack, step);
  if (status === null) return "loading predictions…";
  if (status === "missing" || status === "no_prediction") return absenceWords(status);
  const none = predictions?.count === 0 && pack.reply.questions.length === 0 && invalid === 0;
  return none ? "no boxes predicted at this step" : "";
}

function InvalidList({ invalid }: { invalid: Invalid[] }) {
  if (invalid.length === 0) return null;
  return (
    <details class="ew-details" open data-testid="invalid">
      <summary>{plural(invalid.length, "invalid prediction")}</summary>
      <ul>
        {invalid.map((one, place) => (
          <li key={place}>
            {one.message || one.state.replaceAll("_", " ")}
            {one.raw !== "" && <pre class="ew-raw">{one.raw}</pre>}
          </li>
        ))}
      </ul>
    </details>
  );
}

function ModelOutput({ output }: { output: string | null }) {
  if (output === null) return null;
  return (
    <details class="ew-details" data-testid="output">
      <summary>model output</summary>
      <pre class="ew-raw">{output}</pre>
    </details>
  );
}

function phrasesOf(pack: Pack): string[] {
  const used = new Set(pack.truth.label);
  return [...used].flatMap((place) => pack.reply.labels[place]?.text ?? []);
}

interface PanelsProps {
  store: Store;
  pack: Pack;
  onPainted: (side: Side | "image", painted: string) => void;
}

/** Predictions of a run at a step, as one panel shows them. */
interface Predicted {
  side: "prediction" | "compared";
  mark: "A" | "B" | null;
  title: string;
  /** Null while it is on its way, and where it cannot be had. */
  pack: Pack | null;
  step: number | null;
  boxes: Boxes | null;
  invalid: Invalid[];
  note: string;
}

const NEVER = (): null => null;
const NOTHING = { name: "", labels: [], steps: [] };

function sourceOf(pack: Pack | null) {
  return pack === null ? NOTHING : { name: pack.reply.id, labels: pack.reply.labels, steps: pack.reply.steps };
}

function comparedNote(
  store: Store,
  { pack, step, boxes, invalid }: Pick<Predicted, "pack" | "step" | "boxes" | "invalid">,
  places: SharedTruth | null,
): string {
  if (pack === null) return store.comparison.message.value || "loading predictions…";
  const words = predictionNote(pack, step, boxes, invalid.length);
  const differs = places?.isWhole === false ? "held against this run's own, different ground truth" : "";
  return [words, differs].filter((one) => one !== "").join(" · ");
}

function usePredicted(side: Predicted["side"], pack: Pack | null, step: number | null) {
  const at = useMemo(() => (pack === null ? NEVER : (asked: number | null) => predictionsAt(pack, asked)), [pack]);
  const boxes = useMemo(() => at(step), [at, step]);
  const source = useMemo(() => sourceOf(pack), [pack]);
  return { side, pack, step, at, boxes, source, invalid: pack === null ? [] : invalidAt(pack, step) };
}

/** The matches of the chosen ground truth box over a run's steps, and how they are painted. */
function useHistory(pack: Pack | null, truth: number | null, steps: readonly number[], step: number | null) {
  const moments = useMemo(
    () => (pack === null || truth === null ? null : historyOf(pack, truth, steps)),
    [pack, truth, steps],
  );
  const label = pack === null || truth === null ? undefined : pack.reply.labels[pack.truth.label[truth] ?? -1];
  const above = useMemo<PaintAbove | null>(
    () => moments && ((context, scene) => paintGhosts(context, scene, moments, step, label?.colour ?? "#888888")),
    [moments, step, label],
  );
  return { moments, above, label };
}

export function Panels({ store, pack, onPainted }: PanelsProps) {
  const { comparison } = store;
  const step = store.step.value;
  const hover = store.hover.value;
  const compares = comparison.on.value;
  const shared = hasSharedImage(pack);
  const truthOf = useMemo(() => (at: number | null) => truthAt(pack, at), [pack]);
  const truth = useMemo(() => truthOf(step), [truthOf, step]);
  const source = useMemo(() => sourceOf(pack), [pack]);
  const b = usePredicted("prediction", pack, step);
  const a = usePredicted("compared", compares ? comparison.pack.value : null, comparison.step.value);
  const chosen = store.chosenTruth.value;
  const places = useMemo(() => a.pack && sharedTruth(pack, a.pack), [pack, a.pack]);
  const chosenInA = places && placeIn(places.there, chosen);
  const history = useHistory(pack, chosen, store.run.value.steps, step);
  const historyInA = useHistory(a.pack, chosenInA, comparison.steps.value, a.step);
  const questions = pack.reply.questions;
  const picture = imageNote(pack);

  const [titleA, titleB] = compares ? [comparedWords(store), shownWords(store)] : ["", "Prediction"];
  const shownB: Predicted = {
    ...b,
    mark: compares ? "B" : null,
    title: titleB,
    note: predictionNote(pack, step, b.boxes, b.invalid.length),
  };
  const shownA: Predicted = { ...a, mark: "A", title: titleA, note: comparedNote(store, a, places) };

  /** The ground truth box that is under the pointer, or is matched with the prediction that is. */
  function truthHovered(): number | null {
    if (!hover) return null;
    if (hover.side === "truth") return hover.index;
    if (hover.side === "prediction") return truthMatched(pack, step, hover.index);
    return places && placeIn(places.back, a.pack && truthMatched(a.pack, a.step, hover.index));
  }

  function highlightOf(side: Side): number | null {
    if (hover?.side === side) return hover.index;
    const found = truthHovered();
    if (side === "truth") return found ?? chosen;
    if (found === null) return null;
    if (side === "prediction") return predictionMatched(pack, step, found);
    const inA = places && placeIn(places.there, found);
    return inA === null || a.pack === null ? null : predictionMatched(a.pack, a.step, inA);
  }

  /** What the words of an answer are held against. */
  function basisOf(shown: Predicted, question: Question): Basis | null {
    const basis = store.wordBasis.value;
    if (basis === "reference") {
      return question.references.length > 0 ? { name: "the reference", texts: question.references } : null;
    }
    if (basis === "none" || !compares || shown.side === "compared" || a.pack === null) return null;
    const asked = sameQuestion(a.pack, question);
    const text = asked && answerAt(a.pack, asked, a.step)?.text;
    return typeof text === "string" ? { name: "A", texts: [text] } : null;
  }

  function isPointedAt(side: Side, question: number): boolean {
    return shared && side !== "compared" && store.pointed.value?.[side].includes(question) === true;
  }

  function notes(side: Side | "image", words: string) {
    return (
      <>
        {picture !== "" && (
          <p class="ew-note ew-note-image" role="status" title={picture} data-testid={`image-status-${side}`}>
            {picture}
          </p>
        )}
        {words !== "" && (
          <p class="ew-note" role="status" data-testid={`status-${side}`}>
            {words}
          </p>
        )}
      </>
    );
  }

  function truthPanel(words: string) {
    return (
      <section class="ew-panel" aria-label="Ground Truth" data-testid="panel-truth">
        <h3 class="ew-panel-title">Ground Truth</h3>
        {!shared && (
          <Stage
            store={store}
            pack={pack}
            side="truth"
            step={step}
            source={source}
            boxesAt={truthOf}
            highlight={highlightOf("truth")}
            pick={(index) => {
              store.chosenTruth.value = index === store.chosenTruth.peek() ? null : index;
            }}
            onPainted={onPainted}
          >
            {notes("truth", words)}
          </Stage>
        )}
        {questions.map((question, place) => (
          <QuestionCard
            key={question.item}
            pack={pack}
            question={question}
            side="truth"
            step={step}
            status={null}
            pointed={isPointedAt("truth", place)}
          />
        ))}
        <div class="ew-below" />
      </section>
    );
  }

  function predictionPanel(shown: Predicted, of: typeof a, above: PaintAbove | null) {
    const { side, mark, title } = shown;
    const status = shown.pack && statusAt(shown.pack, shown.step);
    return (
      <section class="ew-panel" data-mark={mark} aria-label={mark ? `${mark}: ${title}` : title} data-testid={`panel-${side}`}>
        <h3 class="ew-panel-title">
          {mark && <Mark of={mark} />}
          <span class="ew-panel-words" title={mark ? title : undefined}>
            {title}
          </span>
        </h3>
        {!shared && (
          <Stage
            store={store}
            pack={pack}
            side={side}
            step={shown.step}
            source={of.source}
            boxesAt={of.at}
            highlight={highlightOf(side)}
            above={above}
            onPainted={onPainted}
          >
            {notes(side, shown.note)}
          </Stage>
        )}
        {questions.map((question, place) => (
          <QuestionCard
            key={question.item}
            pack={shown.pack}
            question={question}
            side={side}
            step={shown.step}
            status={status}
            basis={basisOf(shown, question)}
            pointed={isPointedAt(side, place)}
          />
        ))}
        <div class="ew-below">
          {side === "prediction" && store.stepsMessage.value !== "" && (
            <p class="ew-state ew-bad" role="status" data-testid="steps-error">
              other steps could not be loaded: {store.stepsMessage.value}{" "}
              <button type="button" class="ew-button" onClick={() => store.retry()}>
                retry
              </button>
            </p>
          )}
          {side === "compared" && shared && a.pack === null && (
            <p class="ew-state" role="status" data-testid="status-compared">
              {shown.note}
            </p>
          )}
          <InvalidList invalid={shown.invalid} />
          <ModelOutput output={shown.pack && outputAt(shown.pack, shown.step)} />
        </div>
      </section>
    );
  }

  function legend(shown: Predicted) {
    if (shown.pack === null) return null;
    const status = statusAt(shown.pack, shown.step);
    const judged = shown.side === "prediction" ? truth : truthAt(shown.pack, shown.step);
    return (
      <Legend
        counts={countOutcomes(judged, shown.boxes, shown.invalid.length)}
        judged={shown.pack.reply.annotated && (status === "ok" || status === "no_prediction")}
        mark={shown.mark ?? undefined}
      />
    );
  }

  function historyRows(): HistoryRow[] {
    const isOther = compares && comparison.other.value !== null;
    const rowB = history.moments && { mark: isOther ? ("B" as const) : null, moments: history.moments, step, goTo: store.goToStep };
    const rowA = isOther && historyInA.moments && { mark: "A" as const, moments: historyInA.moments, step: a.step, goTo: comparison.choose };
    return [rowA, rowB].filter((row) => row !== null && row !== false);
  }

  const caption = pack.reply.caption;
  const phrases = caption === "" ? [] : phrasesOf(pack);
  const rows = ["auto", ...(shared ? [] : ["minmax(180px, 1fr)"]), ...questions.map(() => "auto"), "auto"];
  return (
    <div class="ew-main" data-compares={compares}>
      {compares && <CompareBar store={store} />}
      {shared && (
        <div class="ew-shared" data-missing={picture !== ""}>
          <Stage
            store={store}
            pack={pack}
            side="image"
            step={step}
            source={source}
            boxesAt={NEVER}
            highlight={null}
            onPainted={onPainted}
          >
            {notes("image", "")}
          </Stage>
        </div>
      )}
      <div
        class="ew-panels"
        data-shared={shared}
        data-compare={compares ? store.blink.shown.value : undefined}
        style={{ "--ew-rows": rows.join(" "), "--ew-row-count": String(rows.length) }}
      >
        {truthPanel(truthNote(pack, truth))}
        {compares && predictionPanel(shownA, a, historyInA.above)}
        {predictionPanel(shownB, b, history.above)}
      </div>
      <OverlayNotices store={store} row={pack.reply.index} />
      {chosen !== null && (
        <HistoryStrip
          label={history.label?.text || "box"}
          place={`box ${chosen + 1} of ${pack.truth.count}`}
          rows={historyRows()}
          clear={() => {
            store.chosenTruth.value = null;
          }}
        />
      )}
      <footer class="ew-foot">
        {!shared && compares && legend(shownA)}
        {!shared && legend(shownB)}
        {caption !== "" && (
          <p class="ew-caption" data-testid="caption">
            {caption}
            {phrases.length > 0 && <span class="ew-quiet"> ({phrases.join(" · ")})</span>}
          </p>
        )}
      </footer>
    </div>
  );
}
