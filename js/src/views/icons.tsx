function Icon({ path }: { path: string }) {
  return (
    <svg class="ew-icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={path} fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}

export const Up = () => <Icon path="M4 10l4-4 4 4" />;
export const Down = () => <Icon path="M4 6l4 4 4-4" />;
export const Left = () => <Icon path="M10 4L6 8l4 4" />;
export const Right = () => <Icon path="M6 4l4 4-4 4" />;
export const Turn = () => <Icon path="M5 13V3M2.5 5.5L5 3l2.5 2.5M11 3v10M8.5 10.5L11 13l2.5-2.5" />;
export const Play = () => <Icon path="M5 3.5v9l7-4.5z" />;
export const Pause = () => <Icon path="M5.5 3.5v9M10.5 3.5v9" />;
export const Funnel = () => <Icon path="M2 3h12L9.5 8.5V13l-3-1.5v-3z" />;
export const Cross = () => <Icon path="M5 5l6 6M11 5l-6 6" />;
export const Dots = () => (
  <svg class="ew-icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
    <circle cx="3" cy="8" r="1.4" fill="currentColor" />
    <circle cx="8" cy="8" r="1.4" fill="currentColor" />
    <circle cx="13" cy="8" r="1.4" fill="currentColor" />
  </svg>
);
