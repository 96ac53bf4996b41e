/** An element with properties and children; whatever is given as words is text. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  properties: Partial<HTMLElementTagNameMap[Name]>,
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export function button(onclick: () => void, ...children: (Node | string)[]): HTMLButtonElement {
  return element("button", { className: "ews-button", onclick }, ...children);
}
