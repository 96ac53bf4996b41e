/** The sidebar's picture: ground truth beside a prediction, dashed, that is a little off. */

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" width="18" viewBox="0 0 20 20" fill="none" stroke-width="1.6" style="display:block;margin:auto;stroke:var(--jp-inverse-layout-color3)"><path d="M2.5 5.5h9v8h-9z"/><path stroke-dasharray="2.5 1.5" d="M7.5 8h10v7.5h-10z"/></svg>`;

export function drawIcon(host: Element): void {
  host.replaceChildren(new DOMParser().parseFromString(ICON, "image/svg+xml").documentElement);
}
