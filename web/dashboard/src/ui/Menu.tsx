import { Check } from 'lucide-react';
import { DropdownMenu, Popover as RadixPopover } from 'radix-ui';
import type { ReactNode } from 'react';
import { cx } from './cx';
import { Kbd } from './Kbd';

export interface MenuItem {
  key: string;
  label: ReactNode;
  icon?: ReactNode;
  shortcut?: string;
  checked?: boolean;
  disabled?: boolean;
  danger?: boolean;
  onSelect: () => void;
}

const panel =
  'z-50 max-h-[min(24rem,var(--radix-popper-available-height))] overflow-y-auto rounded-md border bg-raised p-1 shadow-pop animate-appear no-print';

/** Where what opens over the page belongs: the page's main part, so that readers find it there. In a dialog: the body. */
function overlayHome(): HTMLElement | undefined {
  if (document.querySelector('[role="dialog"], [role="alertdialog"]')) return undefined;
  return document.getElementById('content') ?? undefined;
}

/** A list of things to do, opened by its trigger. Groups are separated by a line. */
export function Menu({
  trigger,
  groups,
  label,
  align = 'end',
}: {
  trigger: ReactNode;
  groups: MenuItem[][];
  label?: string;
  align?: 'start' | 'end';
}) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
      <DropdownMenu.Portal container={overlayHome()}>
        <DropdownMenu.Content
          aria-label={label}
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className={cx(panel, 'min-w-44')}
        >
          {groups
            .filter((items) => items.length > 0)
            .map((items, n) => (
              <DropdownMenu.Group key={items[0]?.key ?? n} className={n > 0 ? 'mt-1 border-t pt-1' : undefined}>
                {items.map((item) => (
                  <DropdownMenu.Item
                    key={item.key}
                    disabled={item.disabled}
                    onSelect={item.onSelect}
                    className={cx(
                      'flex min-h-7 cursor-pointer select-none items-center gap-2 rounded-sm px-2 text-sm outline-none data-disabled:cursor-not-allowed data-disabled:opacity-50 data-highlighted:bg-hover',
                      item.danger && 'text-danger',
                    )}
                  >
                    {item.icon}
                    <span className="min-w-0 flex-1 truncate">{item.label}</span>
                    {item.checked && <Check aria-hidden="true" className="size-3.5" />}
                    {item.shortcut && <Kbd>{item.shortcut}</Kbd>}
                  </DropdownMenu.Item>
                ))}
              </DropdownMenu.Group>
            ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** More about a thing, opened by its trigger. */
export function Popover({
  trigger,
  label,
  children,
  align = 'start',
  open,
  onOpenChange,
  wide,
}: {
  trigger: ReactNode;
  label: string;
  children: ReactNode;
  align?: 'start' | 'end';
  open?: boolean;
  onOpenChange?: (open: boolean) => void;
  /** Room for a form of two columns. */
  wide?: boolean;
}) {
  return (
    <RadixPopover.Root open={open} onOpenChange={onOpenChange}>
      <RadixPopover.Trigger asChild>{trigger}</RadixPopover.Trigger>
      <RadixPopover.Portal container={overlayHome()}>
        <RadixPopover.Content
          aria-label={label}
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className={cx(
            panel,
            'max-w-[calc(100vw-1rem)] p-3 text-sm',
            wide ? 'max-h-(--radix-popper-available-height) w-128' : 'w-80',
          )}
        >
          {children}
        </RadixPopover.Content>
      </RadixPopover.Portal>
    </RadixPopover.Root>
  );
}
