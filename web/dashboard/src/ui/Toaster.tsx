import { X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button, IconButton } from './Button';
import { cx } from './cx';
import { dismiss, expire, secondsLeft, useToasts } from './toasts';

/** Where messages appear. They are read out once, and stay while the pointer or the focus is on them. */
export function Toaster({ label, closeLabel }: { label: string; closeLabel: string }) {
  const toasts = useToasts();
  const [held, hold] = useState(false);
  const [now, tick] = useState(() => Date.now());
  useEffect(() => {
    if (toasts.length === 0) return;
    const timer = setInterval(() => {
      tick(Date.now());
      // What counts down goes away in its time, held or not: its action is over then.
      if (!held) expire(Date.now());
    }, 250);
    return () => clearInterval(timer);
  }, [toasts.length, held]);
  return (
    <section
      aria-label={label}
      className="pointer-events-none fixed inset-x-2 bottom-3 z-50 flex flex-col items-center gap-2 no-print"
    >
      <ol aria-live="polite" className="contents">
        {toasts.map((one) => (
          <li
            key={one.id}
            onPointerEnter={() => hold(!one.countdown)}
            onPointerLeave={() => hold(false)}
            onFocus={() => hold(!one.countdown)}
            onBlur={() => hold(false)}
            className="pointer-events-auto flex w-full max-w-md animate-appear items-center gap-3 rounded-md border bg-raised py-2 pr-2 pl-3 shadow-pop"
          >
            <span
              aria-hidden="true"
              className={cx(
                'h-6 w-1 shrink-0 rounded-full',
                one.tone === 'danger'
                  ? 'bg-danger'
                  : one.tone === 'success'
                    ? 'bg-success'
                    : one.tone === 'warning'
                      ? 'bg-warning'
                      : 'bg-accent',
              )}
            />
            <div className="min-w-0 flex-1">
              <p className="text-sm font-medium">{one.title}</p>
              {one.description && <p className="text-xs text-muted">{one.description}</p>}
            </div>
            {one.action && (
              <Button
                size="sm"
                onClick={() => {
                  one.action?.onClick();
                  dismiss(one.id);
                }}
              >
                {one.action.label}
                {one.countdown && (
                  <span aria-hidden="true" className="text-muted">
                    {secondsLeft(one, now)}
                  </span>
                )}
              </Button>
            )}
            <IconButton size="sm" label={closeLabel} icon={<X className="size-4" />} onClick={() => dismiss(one.id)} />
          </li>
        ))}
      </ol>
    </section>
  );
}
