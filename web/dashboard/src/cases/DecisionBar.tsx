import { type ReactNode, useEffect, useRef } from 'react';
import { useT } from '@/i18n';

/** The decision, in reach at the foot of the page whatever is read above it. It never covers more than it has to. */
export function DecisionBar({ children }: { children: ReactNode }) {
  const t = useT();
  const bar = useRef<HTMLElement>(null);
  // Messages appear above it, and what gets the focus scrolls clear of it.
  useEffect(() => {
    const root = document.documentElement;
    const watch = new ResizeObserver(() => root.style.setProperty('--bar', `${bar.current?.offsetHeight ?? 0}px`));
    if (bar.current) watch.observe(bar.current);
    return () => {
      watch.disconnect();
      root.style.removeProperty('--bar');
    };
  }, []);
  return (
    <aside
      ref={bar}
      aria-label={t('cases.decision')}
      className="sticky bottom-0 z-20 max-h-[70dvh] lg:max-h-[60dvh] overflow-y-auto border-t border-line-strong bg-surface px-3 py-2 shadow-pop no-print"
    >
      {children}
    </aside>
  );
}
