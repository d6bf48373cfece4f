/** An event as people call it: what a piece of work has raised is called after the work. */
export function eventName(event: string): string {
  return event.replace(/^(?:done|error)\.invoke\./, '').replaceAll('_', ' ');
}
