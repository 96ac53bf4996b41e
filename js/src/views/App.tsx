import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { MAX_ZOOM, type View, WHOLE } from "../drawing/geometry";
import type { Layout } from "../hub";
import { type Action, actionOf } from "../keyboard";
import { useFolding } from "../layout";
import { hasSharedImage } from "../data/pack";
import { nextTruth } from "../comparing/history";
import { type Side, type Store, WORD_BASES } from "../store";
import { Findings } from "./Findings";
import { Announcer, Header } from "./Header";
import { Help } from "./Help";
import { Menu } from "./Menu";
import { Notices } from "./Notices";
import { Panels } from "./Panels";
import { SpecimenList } from "./SpecimenList";
import { StepControl } from "./StepControl";

const KEY_ZOOM = 1.25;

function zoomed(view: View, factor: number): View {
  const zoom = Math.min(Math.max(view.zoom * factor, 1), MAX_ZOOM);
  return zoom === 1 ? WHOLE : { ...view, zoom };
}

export function App({ store, layout }: { store: Store; layout: Layout }) {
  const root = useRef<HTMLDivElement>(null);
  const menuButton = useRef<HTMLButtonElement>(null);
  const focusBefore = useRef<HTMLElement | null>(null);
  const painted = useRef(new Map<string, string>());
  const pack = store.pack.value;
  const phase = store.phase.value;
  const notes = [...new Set([...store.run.value.notes, ...store.scores.notes.value])];
  const menuOpen = store.menuOpen.value;
  const helpOpen = store.help.value !== null;

  useLayoutEffect(() => {
    if (!menuOpen) return;
    return () => (focusBefore.current ?? menuButton.current)?.focus();
  }, [menuOpen]);

  useFolding(root, layout);
  useEffect(() => () => painted.current.clear(), []);

  const compares = store.comparison.on.value;
  const hasHistory = pack !== null && store.chosenTruth.value !== null;
  const historyRows = !hasHistory ? 0 : compares && store.comparison.other.value !== null ? 2 : 1;
  useEffect(() => {
    if (compares) return () => root.current?.removeAttribute("data-painted-compared");
  }, [compares]);

  function openMenu(): void {
    const active = (root.current?.getRootNode() as Document | ShadowRoot).activeElement as HTMLElement | null;
    focusBefore.current = active && root.current?.contains(active) && active !== root.current ? active : null;
    store.menuOpen.value = true;
  }

  /** Marks the root once every canvas in sight has been painted with the same specimen and step. */
  function onPainted(side: Side | "image", what: string): void {
    if (side === "compared") return root.current?.setAttribute("data-painted-compared", what);
    painted.current.set(side, what);
    const shown = store.pack.peek();
    const sides = shown && hasSharedImage(shown) ? ["image"] : ["truth", "prediction"];
    if (sides.every((one) => painted.current.get(one) === what)) root.current?.setAttribute("data-painted", what);
  }

  const actions: Record<Action, () => void> = {
    "next-specimen": () => store.movePlace(1),
    "prev-specimen": () => store.movePlace(-1),
    "next-step": () => store.moveStep(1),
    "prev-step": () => store.moveStep(-1),
    menu: () => (store.menuOpen.peek() ? close() : openMenu()),
    play: () => store.playback.toggle(),
    close,
    help: () => store.openHelp(),
    find: () => {
      store.listOpen.value = true;
      store.findAsked.value += 1;
    },
    "zoom-in": () => {
      store.view.value = zoomed(store.view.peek(), KEY_ZOOM);
    },
    "zoom-out": () => {
      store.view.value = zoomed(store.view.peek(), 1 / KEY_ZOOM);
    },
    "zoom-reset": () => {
      store.view.value = WHOLE;
    },
    compare: () => store.comparison.toggle(),
    blink: () => store.blink.press(),
    "next-compared": () => (store.comparison.on.peek() ? store.comparison.move(1) : store.moveStep(1)),
    "prev-compared": () => (store.comparison.on.peek() ? store.comparison.move(-1) : store.moveStep(-1)),
    "next-truth": () => chooseTruth(1),
    "prev-truth": () => chooseTruth(-1),
    words: () => {
      const offered = WORD_BASES.filter((basis) => basis !== "A" || store.comparison.on.peek());
      store.wordBasis.value = offered[(offered.indexOf(store.wordBasis.peek()) + 1) % offered.length] ?? "none";
    },
  };

  function chooseTruth(by: 1 | -1): void {
    const shown = store.pack.peek();
    if (shown) store.chosenTruth.value = nextTruth(shown, store.chosenTruth.peek(), by);
  }

  function close(): void {
    if (store.menuOpen.peek()) store.menuOpen.value = false;
    else if (store.blink.shown.peek() !== "both") store.blink.stop();
    else store.chosenTruth.value = null;
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // JupyterLab would take arrows and letters for commands of the notebook.
    event.stopPropagation();
    const action = actionOf(event);
    if (!action) return;
    event.preventDefault();
    if (!(action === "blink" && event.repeat)) actions[action]();
  }

  function onKeyUp(event: KeyboardEvent): void {
    if (event.key.toLowerCase() === "b") store.blink.release();
  }

  return (
    <div
      ref={root}
      class="ew-root"
      tabIndex={0}
      role="group"
      aria-label={`Evaluation of ${store.run.value.name || "a run"}`}
      data-testid="root"
      data-state={phase}
      data-layout={layout}
      data-chart={menuOpen && store.chartOpen.value}
      data-compares={compares}
      data-history={historyRows || undefined}
      style={{ "--ew-height": `${store.height.value}px` }}
      onKeyDown={onKeyDown}
      onKeyUp={onKeyUp}
    >
      <div class="ew-frame">
        {phase === "empty" ? (
          <Notices store={store} />
        ) : (
          <>
            <Header store={store} menuButton={menuButton} />
            {layout === "sidebar" && (
              <div class="ew-steps">
                <StepControl store={store} />
              </div>
            )}
            {menuOpen && <Menu store={store} hasSteps={layout !== "sidebar"} />}
            <div class="ew-body">
              <SpecimenList store={store} />
              <div class="ew-content">
                {pack && <Panels store={store} pack={pack} onPainted={onPainted} />}
                {pack && <Findings store={store} pack={pack} />}
                <Notices store={store} />
              </div>
            </div>
            {notes.length > 0 && (
              <details class="ew-notes" data-testid="notes">
                <summary>notes on this run ({notes.length})</summary>
                <ul>
                  {notes.map((note, place) => (
                    <li key={place}>{note}</li>
                  ))}
                </ul>
              </details>
            )}
          </>
        )}
        {helpOpen && <Help store={store} />}
        <Announcer store={store} />
      </div>
    </div>
  );
}
