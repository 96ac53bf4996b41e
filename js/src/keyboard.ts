/** Which key does what. */

export type Action =
  | "next-specimen"
  | "prev-specimen"
  | "next-step"
  | "prev-step"
  | "menu"
  | "play"
  | "close"
  | "help"
  | "find"
  | "zoom-in"
  | "zoom-out"
  | "zoom-reset"
  | "compare"
  | "blink"
  | "next-compared"
  | "prev-compared"
  | "next-truth"
  | "prev-truth"
  | "words";

const ACTIONS: Record<string, Action> = {
  ArrowDown: "next-specimen",
  j: "next-specimen",
  ArrowUp: "prev-specimen",
  k: "prev-specimen",
  ArrowRight: "next-step",
  l: "next-step",
  ArrowLeft: "prev-step",
  h: "prev-step",
  m: "menu",
  " ": "play",
  Escape: "close",
  "?": "help",
  "/": "find",
  "+": "zoom-in",
  "=": "zoom-in",
  "-": "zoom-out",
  "0": "zoom-reset",
  c: "compare",
  b: "blink",
  n: "next-truth",
  w: "words",
};

const WITH_SHIFT: Record<string, Action> = {
  ArrowRight: "next-compared",
  ArrowLeft: "prev-compared",
  n: "prev-truth",
};

export const KEYS_EXPLAINED: [keys: string, meaning: string][] = [
  ["↓ ↑ or j k", "next, previous specimen"],
  ["→ ← or l h", "next, previous step"],
  ["Space", "play or pause the steps"],
  ["M", "more options"],
  ["/", "find specimens by text"],
  ["+ − 0", "zoom in, out, whole image"],
  ["C", "compare with a second step"],
  ["⇧→ ⇧←", "next, previous second step"],
  ["B", "blink A and B; hold to blink as long"],
  ["N ⇧N", "next, previous box's history"],
  ["W", "word differences"],
  ["Esc", "close, or end blinking, or a history"],
  ["?", "keys and guide"],
];

function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  if (element?.tagName === "INPUT") return !["range", "checkbox"].includes((element as HTMLInputElement).type);
  return element?.tagName === "TEXTAREA" || element?.tagName === "SELECT" || element?.isContentEditable === true;
}

/** Space presses what has the focus, where that can be pressed. */
function isPressable(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  if (element?.tagName === "INPUT") return (element as HTMLInputElement).type === "checkbox";
  return element?.tagName === "BUTTON" || element?.tagName === "SUMMARY";
}

export function actionOf(event: KeyboardEvent): Action | null {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return null;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const action = (event.shiftKey ? WITH_SHIFT[key] : undefined) ?? ACTIONS[key] ?? null;
  return action === "play" && isPressable(event.target) ? null : action;
}
