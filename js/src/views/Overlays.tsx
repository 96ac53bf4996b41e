import type { Store } from "../store";

/** A toggle for each overlay, in the order they are drawn in. */
export function OverlayChoices({ store: { overlays } }: { store: Store }) {
  const entries = overlays.info.value.overlays;
  if (entries.length === 0) return null;
  return (
    <fieldset class="ew-choices" data-testid="overlays">
      <legend class="ew-menu-title">Overlays</legend>
      {entries.map(({ name }) => (
        <label key={name} class="ew-choice ew-overlay-choice" title={name}>
          <input
            type="checkbox"
            data-overlay={name}
            checked={!overlays.hidden.value.has(name)}
            onChange={(event) => overlays.setVisible(name, event.currentTarget.checked)}
          />
          <span class="ew-overlay-name">{name}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** What of the overlays could not be drawn at the steps in sight; the panels stay as they are. */
export function OverlayNotices({ store, row }: { store: Store; row: number }) {
  const { overlays, comparison } = store;
  const isSameRun = comparison.on.value && comparison.other.value === null;
  const messages = overlays.messagesAt(row, [store.step.value, ...(isSameRun ? [comparison.step.value] : [])]);
  const lacking = overlays.message.value;
  if (messages.length === 0 && lacking === "") return null;
  return (
    <div class="ew-overlay-notices" role="status" data-testid="overlay-notices">
      {messages.map((message) => (
        <p key={message}>{message}</p>
      ))}
      {lacking !== "" && (
        <p>
          overlays could not be loaded: {lacking}{" "}
          <button type="button" class="ew-button" onClick={() => overlays.retry()}>
            retry
          </button>
        </p>
      )}
    </div>
  );
}
