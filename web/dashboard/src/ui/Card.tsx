import { type ReactNode, useId } from 'react';
import { cx } from './cx';

/** A titled part of a page. */
export function Section({
  title,
  actions,
  children,
  className,
  level = 2,
  flush,
}: {
  title: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
  level?: 2 | 3;
  flush?: boolean;
}) {
  const id = useId();
  const Heading = level === 2 ? 'h2' : 'h3';
  return (
    <section aria-labelledby={id} className={cx('rounded-lg border bg-surface', className)}>
      <header className="flex min-h-10 flex-wrap items-center justify-between gap-2 border-b px-3 py-1.5">
        <Heading id={id} className="text-sm font-semibold">
          {title}
        </Heading>
        {actions && <div className="flex items-center gap-1 no-print">{actions}</div>}
      </header>
      <div className={flush ? undefined : 'p-3'}>{children}</div>
    </section>
  );
}

/** A frame without a title. */
export function Card({ children, className }: { children: ReactNode; className?: string }) {
  return <div className={cx('rounded-lg border bg-surface', className)}>{children}</div>;
}
