import type { ReactNode } from 'react';
import { cx } from './cx';

/** A key of the keyboard. */
export function Kbd({ children, tone = 'plain' }: { children: ReactNode; tone?: 'plain' | 'on-accent' }) {
  return (
    <span
      aria-hidden="true"
      className={cx(
        'hidden min-w-5 items-center justify-center rounded-sm border px-1 font-sans text-xs leading-4 md:inline-flex',
        tone === 'plain' ? 'border-line-strong bg-canvas text-muted' : 'border-white/40 text-on-accent',
      )}
    >
      {children}
    </span>
  );
}
