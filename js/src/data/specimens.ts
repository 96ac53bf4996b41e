/** Packs of the specimens opened last, and of the neighbours of the one in sight. */
import { Lru } from "./lru";
import { type DecodeImage, decodePack, holdsSteps, type Pack, withImageOf } from "./pack";
import type { SpecimenRequest } from "../protocol";
import type { Client } from "./requests";

export const PACKS_KEPT = 32;

/** A specimen by its row, or by its identifier as long as its row is unknown. */
export interface Target {
  row: number | null;
  name: string | null;
}

export type Specimens = ReturnType<typeof createSpecimens>;

/** `of`: whose specimens; those of the other run come without their images, which are the run's own. */
export function createSpecimens(client: Client, decode: DecodeImage, of: SpecimenRequest["of"] = "run") {
  const packs = new Lru<number, Pack>(PACKS_KEPT, (pack) => pack.image?.close());
  let generation = 0;

  function keep(pack: Pack, begun: number): Pack {
    if (begun === generation) packs.set(pack.reply.index, pack);
    return pack;
  }

  return {
    held(target: Target): Pack | undefined {
      if (target.row !== null) return packs.get(target.row);
      for (const [row, pack] of packs.entries()) if (pack.reply.specimen === target.name) return packs.get(row);
      return undefined;
    },

    /** Something to paint soon: the image, and at least the given step. */
    async first(target: Target, step: number | null): Promise<Pack> {
      const begun = generation;
      const answered = await client.request({
        kind: "specimen",
        of,
        specimen: target.row === null ? target.name : null,
        index: target.row,
        step,
        all_steps: false,
        image: of === "run",
      });
      return keep(await decodePack(answered, decode), begun);
    },

    /** All steps of a specimen whose image is there already. */
    async rest(pack: Pack, step: number | null, steps: readonly number[]): Promise<Pack> {
      if (holdsSteps(pack, steps)) return pack;
      const begun = generation;
      const answered = await client.request({
        kind: "specimen",
        of,
        specimen: null,
        index: pack.reply.index,
        step,
        all_steps: true,
        image: false,
      });
      return keep(withImageOf(answered, pack), begun);
    },

    /** Frees every bitmap; replies still under way are not kept. */
    clear(): void {
      generation += 1;
      packs.clear();
    },

    get size(): number {
      return packs.size;
    },
  };
}
