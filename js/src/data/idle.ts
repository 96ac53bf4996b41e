/** Runs work when the browser has nothing better to do; Safari has no requestIdleCallback. */
export type WhenIdle = (work: () => void) => void;

export const whenIdle: WhenIdle = (work) => {
  if (typeof requestIdleCallback === "function") requestIdleCallback(() => work(), { timeout: 500 });
  else setTimeout(work, 50);
};
