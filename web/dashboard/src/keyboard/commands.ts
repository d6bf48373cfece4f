import { useEffect, useRef, useSyncExternalStore } from 'react';

// The palette's commands that have no shortcut of their own.

export interface Command {
  id: string;
  label: string;
  /** Further search terms, and the text beside the command. */
  detail?: string;
  run: () => void;
}

const groups: { current: Command[] }[] = [];
const listeners = new Set<() => void>();
let snapshot: Command[] = [];

function changed() {
  snapshot = groups.flatMap((group) => group.current);
  for (const listener of listeners) listener();
}

/** Registers commands while the component is mounted. */
export function useCommands(commands: Command[]) {
  const group = useRef(commands);
  useEffect(() => {
    group.current = commands;
    changed();
  });
  useEffect(() => {
    groups.push(group);
    changed();
    return () => {
      groups.splice(groups.indexOf(group), 1);
      changed();
    };
  }, []);
}

/** All commands of this page. */
export function useRegisteredCommands(): Command[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => snapshot,
  );
}

/** Those whose words all begin with, or contain, what was written; those that begin with it first. */
export function matching<T extends { label: string; detail?: string }>(commands: T[], text: string): T[] {
  const words = text.trim().toLowerCase().split(/\s+/u).filter(Boolean);
  const known = commands.map((command) => ({
    command,
    words: `${command.label} ${command.detail ?? ''}`.toLowerCase(),
  }));
  const hits = known.filter((one) => words.every((word) => one.words.includes(word)));
  const begins = (one: { words: string }) => (words[0] !== undefined && one.words.startsWith(words[0]) ? 0 : 1);
  return hits.sort((a, b) => begins(a) - begins(b)).map((one) => one.command);
}
