import { useEffect, useRef } from "preact/hooks";
import { KEYS_EXPLAINED } from "../keyboard";

export function KeyboardHelp({ close }: { close: () => void }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => button.current?.focus(), []);
  return (
    <div class="ew-help" role="dialog" aria-label="Keyboard" data-testid="keyboard-help">
      <dl>
        {KEYS_EXPLAINED.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>{keys}</dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <button ref={button} type="button" class="ew-button" onClick={close}>
        close
      </button>
    </div>
  );
}
