import { Slot } from 'radix-ui';
import type { ComponentProps, ElementType, ReactNode } from 'react';

// Stands in for react-remove-scroll, which Radix's modal parts use (see the alias in vite.config.ts): that package writes
// <style> elements at run time, which the content security policy forbids. The page below a modal is held by
// `body:has([data-modal])` in the style sheet instead.

interface RemoveScrollProps extends ComponentProps<'div'> {
  as?: ElementType;
  children?: ReactNode;
  allowPinchZoom?: boolean;
  enabled?: boolean;
  shards?: unknown;
}

/** Renders its child and nothing else. */
export function RemoveScroll({
  as: Element = Slot.Root,
  allowPinchZoom: _zoom,
  enabled: _enabled,
  shards: _shards,
  ...rest
}: RemoveScrollProps) {
  return <Element {...rest} />;
}
