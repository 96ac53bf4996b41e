/** Which words one text has lost and which it has added, against another. */

export interface Part {
  kind: "same" | "lost" | "added";
  text: string;
}

/** Pairs of words looked at; beyond, what differs between the common beginning and end counts as rewritten. */
const MOST_PAIRS = 4_000_000;

/** Words with the white space before them. */
function wordsOf(text: string): string[] {
  return text.match(/\s*\S+/g) ?? [];
}

/** Words are the same whatever their case and the punctuation around them. */
function keyOf(word: string): string {
  const bare = word.trim().toLowerCase();
  return bare.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}%]+$/gu, "") || bare;
}

/** Pairs of places of a longest common subsequence. */
function commonPairs(a: readonly string[], b: readonly string[]): [number, number][] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const pairs: [number, number][] = [];
  for (let place = 0; place < start; place += 1) pairs.push([place, place]);
  const rows = a.length - start - end;
  const columns = b.length - start - end;
  if (rows * columns <= MOST_PAIRS) {
    const width = columns + 1;
    const lengths = new Uint16Array((rows + 1) * width);
    for (let i = rows - 1; i >= 0; i -= 1) {
      for (let j = columns - 1; j >= 0; j -= 1) {
        lengths[i * width + j] =
          a[start + i] === b[start + j]
            ? (lengths[(i + 1) * width + j + 1] as number) + 1
            : Math.max(lengths[(i + 1) * width + j] as number, lengths[i * width + j + 1] as number);
      }
    }
    for (let i = 0, j = 0; i < rows && j < columns; ) {
      if (a[start + i] === b[start + j]) pairs.push([start + i++, start + j++]);
      else if ((lengths[(i + 1) * width + j] as number) >= (lengths[i * width + j + 1] as number)) i += 1;
      else j += 1;
    }
  }
  for (let place = end; place > 0; place -= 1) pairs.push([a.length - place, b.length - place]);
  return pairs;
}

/** `after` in full, with the words of `before` that it has not kept where they stood. */
export function wordChanges(before: string, after: string): Part[] {
  const [a, b] = [wordsOf(before), wordsOf(after)];
  const parts: Part[] = [];
  const add = (kind: Part["kind"], text: string): void => {
    if (text === "") return;
    const last = parts.at(-1);
    if (last?.kind === kind) last.text += text;
    else parts.push({ kind, text });
  };
  let [i, j] = [0, 0];
  for (const [x, y] of [...commonPairs(a.map(keyOf), b.map(keyOf)), [a.length, b.length] as const]) {
    add("lost", a.slice(i, x).join(""));
    add("added", b.slice(j, y).join(""));
    add("same", b[y] ?? "");
    [i, j] = [x + 1, y + 1];
  }
  return parts;
}

export function countWords(parts: readonly Part[], kind: Part["kind"]): number {
  return parts.reduce((sum, part) => sum + (part.kind === kind ? (part.text.match(/\S+/g)?.length ?? 0) : 0), 0);
}

/** The text that shares the largest share of words with `text`, the first of equals. */
export function closest(texts: readonly string[], text: string): string | null {
  const words = wordsOf(text).map(keyOf);
  let found: string | null = null;
  let most = -1;
  for (const candidate of texts) {
    const others = wordsOf(candidate).map(keyOf);
    const share = (2 * commonPairs(others, words).length) / (others.length + words.length || 1);
    if (share > most) [found, most] = [candidate, share];
  }
  return found;
}
