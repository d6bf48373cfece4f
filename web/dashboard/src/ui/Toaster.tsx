import { X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { Button, IconButton } from './Button';
import { cx } from './cx';
import { dismiss, expire, secondsLeft, useToasts } from './toasts';

/** Where messages appear. They are read out once, and stay while the pointer or the focus is on them. */
export function Toaster({ label, closeLabel }: { label: string; closeLabel: string }) {
  const toasts = useToasts();
  const [paused, setPaused] = useState(false);
  const [now, tick] = useState(() => Date.now());
  useEffect(() => {
    if (toasts.length === 0) return;
    const timer = setInterval(() => {
      tick(Date.now());
      // A message with a countdown expires even while paused, because its action is no longer available.
      if (!paused) expire(Date.now());
    }, 250);
    return () => clearInterval(timer);
  }, [toasts.length, paused]);
  return (
    <section
      aria-label={label}
      className="pointer-events-none fixed inset-x-2 bottom-[calc(var(--bar,0px)+0.75rem)] z-50 flex flex-col items-center gap-2 no-print"
    >
      <ol aria-live="polite" className="contents">
        {toasts.map((one) => (
          <li
            key={one.id}
            onPointerEnter={() => setPaused(!one.countdown)}
            onPointerLeave={() => setPaused(false)}
            onFocus={() => setPaused(!one.countdown)}
            onBlur={() => setPaused(false)}
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
