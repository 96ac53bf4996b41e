import { useEffect, useId, useLayoutEffect, useState } from "preact/hooks";
import type { Store } from "../store";
import { Select } from "./Select";

const ANY = "";
const TYPING_MS = 200;

/** Narrows the list to a phrase or class: a choice of all, or of many by typing a part of one. */
export function LabelFilter({ store }: { store: Store }) {
  const { labels } = store;
  const usual = labels.usual.value;
  const label = store.filter.value.label;
  useEffect(() => labels.want(""), []);
  if (labels.message.value !== "") {
    return (
      <p class="ew-bad" role="status" data-testid="labels-error">
        phrases cannot be listed: {labels.message.value}{" "}
        <button type="button" class="ew-button" onClick={() => labels.want("")}>
          retry
        </button>
      </p>
    );
  }
  if (usual === null || usual.total === 0) return null;
  if (usual.total > usual.labels.length) return <TypedLabel store={store} />;
  return (
    <Select
      label="Phrase or class"
      testid="filter-label"
      value={label ?? ANY}
      choose={(value) => store.narrow({ label: value === ANY ? null : value })}
    >
      <option value={ANY}>any phrase or class</option>
      {usual.labels.map(({ text, specimens }) => (
        <option key={text} value={text}>
          {text} ({specimens.toLocaleString("en")})
        </option>
      ))}
    </Select>
  );
}

function TypedLabel({ store }: { store: Store }) {
  const { labels } = store;
  const chosen = store.filter.value.label;
  const id = useId();
  const [text, setText] = useState(chosen ?? "");
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const found = labels.found.value;
  const shown = found?.labels ?? [];

  useLayoutEffect(() => {
    setText(chosen ?? "");
  }, [chosen]);

  useEffect(() => {
    if (!open) return;
    const timer = setTimeout(() => labels.want(text === chosen ? "" : text), TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, open]);

  function choose(label: string | null): void {
    setOpen(false);
    setActive(-1);
    setText(label ?? "");
    store.narrow({ label });
  }

  function onKeyDown(event: KeyboardEvent): void {
    const last = shown.length - 1;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      setOpen(true);
      setActive((before) => (event.key === "ArrowDown" ? Math.min(before + 1, last) : Math.max(before - 1, -1)));
    } else if (event.key === "Enter") {
      const label = shown[active]?.text ?? shown.find((one) => one.text === text)?.text;
      if (text === "") choose(null);
      else if (label !== undefined) choose(label);
    } else if (event.key === "Escape" && open) {
      setOpen(false);
      setText(chosen ?? "");
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div class="ew-combo">
      <input
        type="text"
        class="ew-input"
        role="combobox"
        aria-label="Phrase or class"
        aria-autocomplete="list"
        aria-expanded={open}
        aria-controls={id}
        aria-activedescendant={open && active >= 0 ? `${id}-${active}` : undefined}
        data-testid="filter-label"
        placeholder="any phrase or class"
        value={text}
        onFocus={() => setOpen(true)}
        onBlur={() => {
          setOpen(false);
          setText(chosen ?? "");
        }}
        onInput={(event) => {
          setText(event.currentTarget.value);
          setOpen(true);
          setActive(-1);
          if (event.currentTarget.value === "" && chosen !== null) store.narrow({ label: null });
        }}
        onKeyDown={onKeyDown}
      />
      <ul id={id} class="ew-combo-list" role="listbox" aria-label="Phrases and classes" hidden={!open} data-testid="label-list">
        {shown.map(({ text: name, specimens }, place) => (
          <li
            key={name}
            id={`${id}-${place}`}
            role="option"
            aria-selected={place === active}
            class="ew-combo-option"
            onPointerDown={(event) => {
              event.preventDefault();
              choose(name);
            }}
          >
            <span class="ew-combo-name">{name}</span>
            <span class="ew-quiet">{specimens.toLocaleString("en")}</span>
          </li>
        ))}
        {found !== null && found.total > shown.length && (
          <li class="ew-combo-more ew-quiet" role="presentation">
            and {(found.total - shown.length).toLocaleString("en")} more: type to find
          </li>
        )}
        {found !== null && shown.length === 0 && (
          <li class="ew-combo-more ew-quiet" role="presentation">
            none holds “{found.text}”
          </li>
        )}
      </ul>
    </div>
  );
}
