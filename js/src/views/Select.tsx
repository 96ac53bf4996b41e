import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

interface SelectProps {
  label: string;
  testid: string;
  title?: string;
  value: string;
  choose: (value: string) => void;
  children: ComponentChildren;
}

/** A native choice. One made with the pointer gives the keys back to the view, where arrows move specimen and step. */
export function Select({ label, testid, title, value, choose, children }: SelectProps) {
  const byPointer = useRef(false);
  return (
    <select
      class="ew-select"
      data-testid={testid}
      aria-label={label}
      title={title}
      value={value}
      onPointerDown={() => {
        byPointer.current = true;
      }}
      onKeyDown={() => {
        byPointer.current = false;
      }}
      onChange={(event) => {
        choose(event.currentTarget.value);
        if (byPointer.current) event.currentTarget.closest<HTMLElement>(".ew-root")?.focus();
        byPointer.current = false;
      }}
    >
      {children}
    </select>
  );
}
