/** An event as people call it: what a piece of work has raised is called after the work. */
export function eventName(event: string, workName?: (id: string) => string): string {
  const work = /^(?:done|error)\.invoke\.(.+)$/.exec(event)?.[1];
  if (work && workName) return workName(work);
  return (work ?? event).replaceAll('_', ' ');
}
