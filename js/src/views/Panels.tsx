import { useMemo } from "preact/hooks";
import {
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
} from "../pack";
import type { Invalid } from "../protocol";
import type { Side, Store } from "../store";
import { plural } from "../words";
import { Legend } from "./Legend";
import { absenceWords, QuestionCard } from "./Questions";
import { Stage } from "./Stage";

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

const NEVER = (): null => null;

export function Panels({ store, pack, onPainted }: PanelsProps) {
  const step = store.step.value;
  const hover = store.hover.value;
  const shared = hasSharedImage(pack);
  const truthOf = useMemo(() => (at: number | null) => truthAt(pack, at), [pack]);
  const predictionsOf = useMemo(() => (at: number | null) => predictionsAt(pack, at), [pack]);
  const truth = useMemo(() => truthOf(step), [truthOf, step]);
  const predictions = useMemo(() => predictionsOf(step), [predictionsOf, step]);
  const invalid = invalidAt(pack, step);
  const status = statusAt(pack, step);
  const questions = pack.reply.questions;
  const picture = imageNote(pack);

  function highlightOf(side: Side): number | null {
    if (!hover || hover.side === side) return hover?.index ?? null;
    return side === "truth" ? truthMatched(pack, step, hover.index) : predictionMatched(pack, step, hover.index);
  }

  function notes(side: Side | "image", words: string) {
    return (
      <>
        {picture !== "" && (
          <p class="ew-note" role="status" data-testid={`image-status-${side}`}>
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

  function panel(side: Side, title: string, words: string, boxesAt: (at: number | null) => Boxes | null) {
    return (
      <section class="ew-panel" aria-label={title} data-testid={`panel-${side}`}>
        <h3 class="ew-panel-title">{title}</h3>
        {shared ? null : (
          <Stage
            store={store}
            pack={pack}
            side={side}
            boxesAt={boxesAt}
            highlight={highlightOf(side)}
            onPainted={onPainted}
          >
            {notes(side, words)}
          </Stage>
        )}
        {questions.map((question) => (
          <QuestionCard key={question.item} pack={pack} question={question} side={side} step={step} status={status} />
        ))}
        <div class="ew-below">
          {side === "prediction" && (
            <>
              {store.stepsMessage.value !== "" && (
                <p class="ew-state ew-bad" role="status" data-testid="steps-error">
                  other steps could not be loaded: {store.stepsMessage.value}{" "}
                  <button type="button" class="ew-button" onClick={() => store.retry()}>
                    retry
                  </button>
                </p>
              )}
              <InvalidList invalid={invalid} />
              <ModelOutput output={outputAt(pack, step)} />
            </>
          )}
        </div>
      </section>
    );
  }

  const caption = pack.reply.caption;
  const phrases = caption === "" ? [] : phrasesOf(pack);
  const rows = ["auto", ...(shared ? [] : ["minmax(180px, 1fr)"]), ...questions.map(() => "auto"), "auto"];
  return (
    <div class="ew-main">
      {shared && (
        <div class="ew-shared">
          <Stage store={store} pack={pack} side="image" boxesAt={NEVER} highlight={null} onPainted={onPainted}>
            {notes("image", "")}
          </Stage>
        </div>
      )}
      <div
        class="ew-panels"
        data-shared={shared}
        style={{ "--ew-rows": rows.join(" "), "--ew-row-count": String(rows.length) }}
      >
        {panel("truth", "Ground Truth", truthNote(pack, truth), truthOf)}
        {panel("prediction", "Prediction", predictionNote(pack, step, predictions, invalid.length), predictionsOf)}
      </div>
      <footer class="ew-foot">
        {!shared && (
          <Legend
            counts={countOutcomes(truth, predictions, invalid.length)}
            judged={pack.reply.annotated && (status === "ok" || status === "no_prediction")}
          />
        )}
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
