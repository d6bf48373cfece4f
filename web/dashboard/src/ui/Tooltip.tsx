import { Tooltip as Radix } from 'radix-ui';
import type { ReactNode } from 'react';

/** Must be around the application. */
export const TooltipProvider = Radix.Provider;

/** A word about a control, shown on hover and focus. It must not be the only name of the control. */
export function Tooltip({ text, children }: { text: ReactNode; children: ReactNode }) {
  return (
    <Radix.Root delayDuration={400}>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          sideOffset={4}
          collisionPadding={8}
          className="z-50 max-w-72 rounded-md bg-ink px-2 py-1 text-xs text-canvas no-print"
        >
          {text}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
