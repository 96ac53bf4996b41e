import { type Sort, SORTS } from "../protocol";
import type { Store } from "../store";
import { better, sortWords } from "../words";
import { Turn } from "./icons";
import { Select } from "./Select";

/** Before the name of a score, so that none is taken for another way of sorting. */
const SCORE = "score:";

/** What the list is sorted by, and which way; `chosen` is called when its user has chosen. */
export function SortControl({ store, chosen }: { store: Store; chosen: () => void }) {
  const by = store.sortBy.value;
  const reversed = store.sortReversed.value;
  const score = store.score.value;
  const words = sortWords(by, reversed);

  function choose(value: string): void {
    const sort_by: Sort = value.startsWith(SCORE) ? "score" : (SORTS.find((sort) => sort === value) ?? "order");
    chosen();
    store.choose({
      ...(sort_by === "score" && { score: value.slice(SCORE.length) }),
      sort_by,
      sort_reversed: reversed && sort_by === by,
    });
  }

  return (
    <div class="ew-sort">
      <Select
        label="Sort"
        testid="sort-by"
        title={by !== "order" && by !== "identifier" ? `${score.name}: ${better(score)}` : undefined}
        value={by === "score" ? SCORE + score.name : by}
        choose={choose}
      >
        <option value="order">in run order</option>
        <option value="identifier">by identifier</option>
        {store.run.value.steps.length > 1 && (
          <>
            <option value="change">by change in {score.name}</option>
            <option value="learned_at">by step learned</option>
            <option value="forgetting">by times forgotten</option>
          </>
        )}
        {store.run.value.scores.map(({ name }) => (
          <option key={name} value={SCORE + name}>
            by {name}
          </option>
        ))}
      </Select>
      <button
        type="button"
        class="ew-button"
        data-testid="sort-direction"
        title="Turn the order round"
        aria-label={`${words}: turn the order round`}
        onClick={() => {
          chosen();
          store.choose({ sort_reversed: !reversed });
        }}
      >
        <Turn />
        {words}
      </button>
    </div>
  );
}
