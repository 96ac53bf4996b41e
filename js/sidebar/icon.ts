/** The sidebar's picture: ground truth beside a prediction that is a little off. */
const NAMESPACE = "http://www.w3.org/2000/svg";

export function drawIcon(host: Element): void {
  const svg = document.createElementNS(NAMESPACE, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("style", "display: block; width: 100%; min-width: 16px; max-width: 20px; margin: auto");
  for (const [d, dashes] of [
    ["M2.5 5.5h9v8h-9z", ""],
    ["M7.5 8h10v7.5h-10z", "2.5 1.5"],
  ] as const) {
    const path = document.createElementNS(NAMESPACE, "path");
    path.setAttribute("d", d);
    path.setAttribute("fill", "none");
    path.setAttribute("stroke", "var(--jp-inverse-layout-color3, currentColor)");
    path.setAttribute("stroke-width", "1.6");
    path.setAttribute("stroke-dasharray", dashes);
    svg.append(path);
  }
  host.replaceChildren(svg);
}
