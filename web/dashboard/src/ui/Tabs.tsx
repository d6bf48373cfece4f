import { Tabs as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { cx } from './cx';

export interface Tab {
  value: string;
  label: ReactNode;
  count?: number;
  /** Something in it needs attention: what, in a few words. */
  trouble?: string | undefined;
  content: ReactNode;
}

/** Parts of a page of which one is seen. On paper all of them are. */
export function Tabs({
  tabs,
  value,
  onValueChange,
  label,
}: {
  tabs: Tab[];
  value: string;
  onValueChange: (value: string) => void;
  label: string;
}) {
  return (
    <Radix.Root value={value} onValueChange={onValueChange} className="min-w-0">
      <Radix.List aria-label={label} className="no-print flex gap-1 overflow-x-auto border-b">
        {tabs.map((tab) => (
          <Radix.Trigger
            key={tab.value}
            value={tab.value}
            className="-mb-px flex h-9 shrink-0 items-center gap-1.5 border-b-2 border-transparent px-2.5 text-sm text-muted hover:text-ink focus-visible:-outline-offset-2 data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink"
          >
            {tab.label}
            {tab.trouble && (
              <span title={tab.trouble} className="size-2 rounded-full bg-warning">
                <span className="sr-text">{tab.trouble}</span>
              </span>
            )}
            {tab.count !== undefined && tab.count > 0 && (
              <span className="rounded-full bg-hover px-1.5 text-xs leading-4.5 text-muted">{tab.count}</span>
            )}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content key={tab.value} value={tab.value} className="pt-3">
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}

/** One of two or three ways to see the same. */
export function Segmented({
  value,
  options,
  onValueChange,
  label,
}: {
  value: string;
  options: { value: string; label: ReactNode }[];
  onValueChange: (value: string) => void;
  label: string;
}) {
  return (
    <fieldset className="inline-flex rounded-md border bg-canvas p-0.5">
      <legend className="sr-text">{label}</legend>
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onValueChange(option.value)}
          className={cx(
            'flex h-6 items-center gap-1 rounded-sm border px-2 text-xs font-medium',
            option.value === value
              ? 'border-line-strong bg-surface text-ink'
              : 'border-transparent text-muted hover:text-ink',
          )}
        >
          {option.label}
        </button>
      ))}
    </fieldset>
  );
}
