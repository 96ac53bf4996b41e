import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Filter, NO_FILTER, traitOf } from "../list/filter";
import { HEALTHY, LEARNING_STATES, type LearningState } from "../protocol";
import type { Store } from "../store";
import { learningWords } from "../words";
import { Cross, Funnel } from "./icons";
import { LabelFilter } from "./LabelFilter";
import { Select } from "./Select";

const TYPING_MS = 250;
const ANY = "";
const NARROWED_BY: (keyof Filter)[] = ["label", "learning", "mode"];

function modeName(store: Store, key: string): string {
  if (key === HEALTHY) return "no failure mode";
  return store.run.value.modes.find((mode) => mode.key === key)?.name ?? key;
}

function wordsOf(store: Store, key: keyof Filter): string | null {
  const value = store.filter.value[key];
  if (value === null) return null;
  if (key === "learning") return learningWords(value as LearningState);
  return key === "mode" ? modeName(store, value) : value;
}

/** Text to find; asked for once its user pauses. */
function TextFilter({ store }: { store: Store }) {
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>();
  const wanted = store.filter.value.text;
  const [text, setText] = useState(wanted);

  useLayoutEffect(() => {
    clearTimeout(timer.current);
    setText(wanted);
  }, [wanted]);

  useEffect(() => () => clearTimeout(timer.current), []);

  // before the next key, which is the first letter to find
  useLayoutEffect(() => {
    if (store.findAsked.value > 0) input.current?.focus();
  }, [store.findAsked.value]);

  function find(words: string): void {
    clearTimeout(timer.current);
    if (words !== store.filter.peek().text) store.narrow({ text: words });
  }

  return (
    <input
      ref={input}
      type="search"
      class="ew-input"
      data-testid="filter-text"
      aria-label="Find text in names, phrases, questions and answers"
      title="In names, captions, phrases, questions, references, and answers at any step (/)"
      placeholder="find text"
      value={text}
      onInput={(event) => {
        const words = event.currentTarget.value;
        setText(words);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => find(words), TYPING_MS);
      }}
      onKeyDown={(event) => {
        const words = event.currentTarget.value;
        if (event.key === "Enter") find(words);
        else if (event.key === "Escape" && words !== "") {
          setText("");
          find("");
        } else if (event.key === "Escape") input.current?.closest<HTMLElement>(".ew-root")?.focus();
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}

/** Which specimens the list shows. */
export function FilterBar({ store }: { store: Store }) {
  const filter = store.filter.value;
  const run = store.run.value;
  const open = store.filtersOpen.value;
  const count = NARROWED_BY.filter((key) => filter[key] !== null).length;
  return (
    <div class="ew-filter" role="search" aria-label="Filter specimens" data-testid="filter">
      <div class="ew-filter-line">
        <TextFilter store={store} />
        <button
          type="button"
          class="ew-button ew-square"
          data-testid="filter-button"
          aria-expanded={open}
          aria-label={count > 0 ? `More filters, ${count} in use` : "More filters"}
          title="More filters"
          data-used={count > 0}
          onClick={() => {
            store.filtersOpen.value = !store.filtersOpen.peek();
          }}
        >
          <Funnel />
        </button>
      </div>
      {open && (
        <div class="ew-filter-more" data-testid="filters">
          <LabelFilter store={store} />
          {run.steps.length > 1 && (
            <Select
              label="Learned or forgotten"
              testid="filter-learning"
              title={`Over all steps, by ${store.score.value.name}: right from the middle of its scale on`}
              value={filter.learning ?? ANY}
              choose={(value) => store.narrow({ learning: LEARNING_STATES.find((state) => state === value) ?? null })}
            >
              <option value={ANY}>learned, forgotten or not</option>
              {["learned", "forgotten", "never_learned", "always_right", "not_evaluated"].map((state) => (
                <option key={state} value={state}>
                  {learningWords(state as LearningState)}
                </option>
              ))}
            </Select>
          )}
          {run.modes.length > 0 && (
            <Select
              label="Failure mode at the step in sight"
              testid="filter-mode"
              title="At the step in sight"
              value={filter.mode ?? ANY}
              choose={(value) => store.narrow({ mode: value === ANY ? null : value })}
            >
              <option value={ANY}>any failure mode or none</option>
              {[...run.modes.map(({ key }) => key), HEALTHY].map((key) => (
                <option key={key} value={key}>
                  {modeName(store, key)}
                </option>
              ))}
            </Select>
          )}
        </div>
      )}
      {!open && count > 0 && (
        <div class="ew-filter-chips">
          {NARROWED_BY.map((key) => {
            const words = wordsOf(store, key);
            return (
              words !== null && (
                <button
                  key={key}
                  type="button"
                  class="ew-button ew-chip"
                  data-testid={`chip-${key}`}
                  title={`Remove this filter: ${words}`}
                  aria-label={`Remove this filter: ${words}`}
                  onClick={() => store.narrow({ [key]: null })}
                >
                  <span class="ew-chip-words">{words}</span>
                  <Cross />
                </button>
              )
            );
          })}
        </div>
      )}
    </div>
  );
}

/** How many specimens the list shows of how many, and the way back to all of them. */
export function FilterNote({ store }: { store: Store }) {
  const { filtering } = store;
  if (!filtering.isNarrowed.value) return null;
  const total = store.run.value.specimens;
  const { count } = filtering.listed.value;
  const searched = filtering.searched.value;
  const steps = store.run.value.steps.length;
  return (
    <p class="ew-filter-note" role="status" data-testid="filter-note" data-waiting={filtering.pending.value}>
      {filtering.message.value !== "" ? (
        <span class="ew-bad" data-testid="filter-error">
          cannot be filtered: {filtering.message.value}{" "}
          <button type="button" class="ew-button" data-testid="filter-retry" onClick={() => store.retryFilter()}>
            retry
          </button>
        </span>
      ) : filtering.pending.value ? (
        <span>filtering…</span>
      ) : (
        <span>
          {count === 0 && searched === null
            ? "No specimen matches"
            : `${count.toLocaleString("en")} of ${total.toLocaleString("en")}`}
          {searched !== null && ` · ${searched} of ${steps} steps searched…`}
        </span>
      )}{" "}
      <button
        type="button"
        class="ew-button"
        data-testid="filter-clear"
        title="Show all specimens"
        onClick={() => store.choose({ filter: traitOf(NO_FILTER) })}
      >
        clear
      </button>
    </p>
  );
}
