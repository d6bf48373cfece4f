/** How often a page asks while its reader is there, in milliseconds. */
export const interval = 5_000;
/** How often it asks once nothing has been touched for a while. The server believes that somebody is viewing a case for 15 seconds. */
export const idleInterval = 12_000;
/** How long nothing has to be touched for that. */
export const idleAfter = 2 * 60_000;

const inputs = ['pointermove', 'pointerdown', 'keydown', 'wheel', 'touchmove'] as const;

/**
 * Looks now and again until the function that it returns is called: less often when nobody touches anything, never while
 * the page is hidden, and at once when its reader comes back.
 */
export function watch(look: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let touched = Date.now();
  const idle = () => Date.now() - touched >= idleAfter;
  const again = () => {
    clearTimeout(timer);
    if (document.visibilityState === 'hidden') return;
    look();
    timer = setTimeout(again, idle() ? idleInterval : interval);
  };
  const touch = () => {
    const back = idle();
    touched = Date.now();
    if (back) again();
  };
  const turn = () => {
    touched = Date.now();
    again();
  };
  again();
  for (const input of inputs) window.addEventListener(input, touch, { capture: true, passive: true });
  document.addEventListener('visibilitychange', turn);
  return () => {
    clearTimeout(timer);
    for (const input of inputs) window.removeEventListener(input, touch, { capture: true });
    document.removeEventListener('visibilitychange', turn);
  };
}
