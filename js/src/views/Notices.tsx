import type { Store } from "../store";

/** What stands in place of the panels: nothing there yet, nothing there at all, or what went wrong. */
export function Notices({ store }: { store: Store }) {
  const phase = store.phase.value;
  const run = store.run.value;
  const loading = phase === "loading";
  const words = loading
    ? store.slow.value
      ? "waiting for the kernel…"
      : "loading…"
    : phase === "error"
      ? store.message.value
      : phase === "empty"
        ? run.specimens === 0
          ? "This run holds no specimens."
          : "This run holds no evaluated steps yet."
        : "";
  return (
    <div class="ew-notices" data-phase={phase}>
      {loading && (
        <div class="ew-skeleton" aria-hidden="true">
          <i />
          <i />
        </div>
      )}
      <p class="ew-notice" role="status" data-testid="status">
        {words}
      </p>
      {phase === "error" && (
        <button type="button" class="ew-button" data-testid="retry" onClick={() => store.retry()}>
          retry
        </button>
      )}
      {phase === "empty" && run.notes.length > 0 && (
        <ul class="ew-run-notes" data-testid="notes">
          {run.notes.map((note, place) => (
            <li key={place}>{note}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
