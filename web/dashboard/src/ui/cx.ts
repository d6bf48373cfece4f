import { twMerge } from 'tailwind-merge';

/** Joins class names; what is false is left out. Of two that style the same, the later one counts: "bg-surface bg-accent". */
export function cx(...names: (string | false | null | undefined)[]): string {
  return twMerge(...names);
}
