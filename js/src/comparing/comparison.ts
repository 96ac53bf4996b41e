/** The second step (A) beside the one in sight (B): of the same run, or of another over the same specimens. */
import { computed, effect, signal, untracked } from "@preact/signals";
import { type DecodeImage, holdsSteps, type Pack } from "../data/pack";
import type { RunInfo } from "../protocol";
import type { Client } from "../data/requests";
import { createSpecimens } from "../data/specimens";
import type { Model } from "../model";

export type Comparison = ReturnType<typeof createComparison>;

/** What of the view a comparison reads, inside effects. */
interface Compared {
  run: () => RunInfo;
  /** The step in sight. */
  step: () => number | null;
  pack: () => Pack | null;
}

export function createComparison(model: Model, client: Client, decode: DecodeImage, view: Compared, abort: AbortSignal) {
  const specimens = createSpecimens(client, decode, "other");
  const other = computed(() => view.run().other);
  /** The steps that A may be at, and their epochs. */
  const steps = computed(() => (other.value ?? view.run()).steps);
  const epochs = computed(() => (other.value ?? view.run()).epochs);
  const step = signal(readStep());
  const on = computed(() => step.value !== null);
  const otherPack = signal<Pack | null>(null);
  /** Why the other run's specimen cannot be shown, or empty. */
  const message = signal("");
  let wanted: string | null = null;

  /** What A shows; null while it is on its way, and where it cannot be had. */
  const pack = computed(() => {
    if (other.value === null) return view.pack();
    return otherPack.value?.reply.specimen === view.pack()?.reply.specimen ? otherPack.value : null;
  });

  function readStep(): number | null {
    const asked = model.get("compare_step");
    return typeof asked === "number" && steps.peek().includes(asked) ? asked : null;
  }

  async function load(name: string): Promise<void> {
    wanted = name;
    message.value = "";
    const isWanted = (): boolean => wanted === name && !abort.aborted;
    try {
      const first =
        specimens.held({ row: null, name }) ?? (await specimens.first({ row: null, name }, step.peek()));
      if (!isWanted()) return;
      otherPack.value = first;
      if (holdsSteps(first, steps.peek())) return;
      const whole = await specimens.rest(first, step.peek(), steps.peek());
      if (isWanted()) otherPack.value = whole;
    } catch (error) {
      if (isWanted()) message.value = (error as Error).message;
    }
  }

  /** Has A follow the specimen in view; what failed is tried again once the comparison is taken up anew. */
  function follow(): void {
    const name = view.pack()?.reply.specimen;
    if (!on.value) wanted = null;
    else if (other.value !== null && name !== undefined && name !== wanted) untracked(() => void load(name));
  }

  /** Shows A at a step, and tells Python nothing. */
  function show(to: number | null): void {
    if (to === null || steps.peek().includes(to)) step.value = to;
  }

  function commit(): void {
    if (model.get("compare_step") === step.peek()) return;
    model.set("compare_step", step.peek());
    model.save_changes();
  }

  function choose(to: number | null): void {
    show(to);
    commit();
  }

  /** The step before the one in sight, of its own run; of another run the same step, or else its last. */
  function likely(): number | null {
    const here = view.step();
    const all = steps.peek();
    if (other.peek() !== null) return here !== null && all.includes(here) ? here : (all.at(-1) ?? null);
    const place = here === null ? 0 : all.indexOf(here);
    return all[Math.max(place - 1, 0)] ?? null;
  }

  const stepSet = (): void => {
    step.value = readStep();
  };
  model.on("change:compare_step", stepSet);
  abort.addEventListener("abort", () => {
    model.off("change:compare_step", stepSet);
    specimens.clear();
  });
  abort.addEventListener("abort", effect(follow));

  return {
    other,
    steps,
    epochs,
    step,
    on,
    pack,
    message,
    show,
    commit,
    choose,

    /** Compares with the likeliest step, or no more. */
    toggle(): void {
      choose(on.peek() ? null : untracked(likely));
    },

    move(by: number): void {
      const place = steps.peek().indexOf(step.peek() as number);
      const next = steps.peek()[place + by];
      if (place >= 0 && next !== undefined) choose(next);
    },

    /** Forgets what is there of another run's specimens, when the run in view is another. */
    clear(): void {
      specimens.clear();
      wanted = null;
      otherPack.value = null;
      message.value = "";
      step.value = readStep();
    },
  };
}
