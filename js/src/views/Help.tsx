import { useLayoutEffect, useRef } from "preact/hooks";
import { KEYS_EXPLAINED } from "../keyboard";
import type { Help as HelpPlace, Store } from "../store";
import { GoodPredictions, ModesExplained } from "./Guide";
import { Cross } from "./icons";

const SECTIONS: [section: HelpPlace["section"], name: string][] = [
  ["keys", "Keys"],
  ["good", "What good looks like"],
  ["modes", "Failure modes"],
];

function Keys() {
  return (
    <dl class="ew-keys">
      {KEYS_EXPLAINED.map(([keys, meaning]) => (
        <div key={keys}>
          <dt>{keys}</dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Keys and interpretation guide, over the page until it is closed; the focus then goes back to where it was. */
export function Help({ store }: { store: Store }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const place = store.help.value;
  const { modes } = store.run.value;
  const offered = SECTIONS.filter(([section]) => section === "keys" || modes.length > 0);
  const section = offered.some(([name]) => name === place?.section) ? place?.section : "keys";

  const close = (): void => {
    store.help.value = null;
  };

  useLayoutEffect(() => {
    const shown = dialog.current;
    if (!shown) return;
    const before = (shown.getRootNode() as Document | ShadowRoot).activeElement as HTMLElement | null;
    shown.showModal();
    const wanted = store.help.peek()?.mode;
    const chosen = shown.querySelector<HTMLElement>(wanted ? `[data-explains="${wanted}"]` : '[aria-selected="true"]');
    (chosen ?? shown.querySelector<HTMLElement>('[data-testid="help-close"]'))?.focus();
    return () => {
      shown.close();
      before?.focus();
    };
  }, []);

  /** Keys are the dialog's own while it is open; the view's under it are at rest. */
  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    if (event.key !== "Escape" && event.key !== "?") return;
    event.preventDefault();
    close();
  }

  function onTabKey(event: KeyboardEvent): void {
    const at = offered.findIndex(([name]) => name === section);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: offered.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = offered[(to + offered.length) % offered.length]?.[0] ?? "keys";
    store.openHelp(next);
    dialog.current?.querySelector<HTMLElement>(`[data-testid="help-tab-${next}"]`)?.focus();
  }

  return (
    <dialog
      ref={dialog}
      class="ew-help"
      aria-label="Help"
      data-testid="help"
      data-section={section}
      onKeyDown={onKeyDown}
      onCancel={close}
      onClick={(event) => {
        // what is beside the dialog is its backdrop
        if (event.target === dialog.current) close();
      }}
    >
      <div class="ew-help-inside">
        <div class="ew-help-head">
          <div class="ew-tabs" role="tablist" aria-label="Help" onKeyDown={onTabKey}>
            {offered.map(([name, words]) => (
              <button
                key={name}
                type="button"
                role="tab"
                class="ew-button"
                data-testid={`help-tab-${name}`}
                aria-selected={name === section}
                tabIndex={name === section ? 0 : -1}
                onClick={() => store.openHelp(name)}
              >
                {words}
              </button>
            ))}
          </div>
          <button type="button" class="ew-button ew-square" data-testid="help-close" title="Close (Esc)" aria-label="Close" onClick={close}>
            <Cross />
          </button>
        </div>
        <div
          class="ew-help-body"
          role="tabpanel"
          tabIndex={0}
          aria-label={offered.find(([name]) => name === section)?.[1]}
          data-testid="help-body"
        >
          {section === "keys" && <Keys />}
          {section === "good" && <GoodPredictions store={store} />}
          {section === "modes" && <ModesExplained store={store} />}
        </div>
      </div>
    </dialog>
  );
}
