import { Fragment } from "preact";
import { useMemo } from "preact/hooks";
import { closest, countWords, wordChanges } from "../comparing/wordChanges";
import { plural } from "../words";

/** What an answer's words are held against: one of several texts, the closest, and what that is. */
export interface Basis {
  name: string;
  texts: readonly string[];
}

const MOST_QUOTED = 80;

function brief(text: string): string {
  return text.length > MOST_QUOTED ? `${text.slice(0, MOST_QUOTED - 1)}…` : text;
}

/** An answer in full, with the words it has lost and added against another text. */
export function WordChanges({ basis, text }: { basis: Basis; text: string }) {
  const before = useMemo(() => closest(basis.texts, text), [basis, text]);
  const parts = useMemo(() => wordChanges(before ?? "", text), [before, text]);
  const [lost, added] = [countWords(parts, "lost"), countWords(parts, "added")];
  const summary = lost + added === 0 ? "no words differ" : `${plural(lost, "word")} lost, ${added} added`;
  return (
    <>
      <p class="ew-text ew-words" data-testid="word-changes">
        {parts.map(({ kind, text: words }, place) => {
          const space = /^\s*/.exec(words)?.[0] ?? "";
          const bare = words.slice(space.length);
          const gap = space || (place > 0 ? " " : "");
          if (kind === "same") return gap + bare;
          const Tag = kind === "lost" ? "del" : "ins";
          return (
            <Fragment key={place}>
              {gap}
              <Tag>{bare}</Tag>
            </Fragment>
          );
        })}
      </p>
      <p class="ew-measures" data-testid="word-summary">
        {summary} against {basis.name}
        {before !== null && basis.texts.length > 1 && ` “${brief(before)}”`}
      </p>
    </>
  );
}
