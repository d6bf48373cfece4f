import { CircleAlert, Inbox } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from './Button';
import { cx } from './cx';

/** A place that is being filled. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden="true" className={cx('block animate-pulse rounded-sm bg-hover', className)} />;
}

/** Lines that are being filled, announced once. */
export function SkeletonLines({ lines = 4, label }: { lines?: number; label: string }) {
  return (
    <div role="status" aria-label={label} className="flex flex-col gap-2 p-3">
      {Array.from({ length: lines }, (_, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are alike and never change places
        <Skeleton key={n} className={cx('h-4', n % 3 === 2 ? 'w-1/2' : n % 2 ? 'w-4/5' : 'w-full')} />
      ))}
    </div>
  );
}

/** Nothing is here, and why. */
export function EmptyState({
  title,
  children,
  action,
  icon,
  page,
}: {
  title: string;
  /** It is all that the page has: its title is the page's heading. */
  page?: boolean;
  children?: ReactNode;
  action?: ReactNode;
  icon?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center gap-2 px-4 py-10 text-center">
      <span aria-hidden="true" className="text-faint">
        {icon ?? <Inbox className="size-6" />}
      </span>
      {page ? <h1 className="font-medium">{title}</h1> : <p className="font-medium">{title}</p>}
      {children && <div className="max-w-md text-sm text-muted">{children}</div>}
      {action}
    </div>
  );
}

export interface ErrorStateProps {
  title: string;
  detail?: string;
  requestId?: string;
  requestLabel?: string;
  retryLabel?: string;
  onRetry?: () => void;
  /** It is all that the page has: its title is the page's heading. */
  page?: boolean;
}

/** Something went wrong: what, what to name when asking for help, and a way to try again. */
export function ErrorState({ title, detail, requestId, requestLabel, retryLabel, onRetry, page }: ErrorStateProps) {
  return (
    <div role="alert" className="flex flex-col items-center gap-2 px-4 py-10 text-center">
      <CircleAlert aria-hidden="true" className="size-6 text-danger" />
      {page ? <h1 className="font-medium">{title}</h1> : <p className="font-medium">{title}</p>}
      {detail && <p className="max-w-md text-sm text-muted">{detail}</p>}
      {requestId && (
        <p className="text-xs text-faint">
          {requestLabel} <code className="select-all">{requestId}</code>
        </p>
      )}
      {onRetry && <Button onClick={onRetry}>{retryLabel}</Button>}
    </div>
  );
}
