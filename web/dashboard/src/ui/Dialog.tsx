import { X } from 'lucide-react';
import { Dialog as Radix, AlertDialog as RadixAlert } from 'radix-ui';
import type { ReactNode } from 'react';
import { Button, IconButton } from './Button';
import { cx } from './cx';

export interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  description?: ReactNode;
  children?: ReactNode;
  footer?: ReactNode;
  closeLabel: string;
  size?: 'sm' | 'md' | 'lg';
  /** From the right side, over the whole height. */
  sheet?: boolean;
  /** It is only read: its text takes the focus, so that keys scroll it. */
  reading?: boolean;
}

const sizes = { sm: 'max-w-md', md: 'max-w-xl', lg: 'max-w-3xl' };
const overlay = 'fixed inset-0 z-40 bg-overlay no-print';
const frame = 'fixed z-40 flex flex-col border bg-raised shadow-pop outline-none animate-appear no-print';
const middle = 'inset-x-2 top-[8vh] mx-auto max-h-[84vh] rounded-lg';

/** Where writing begins: the first field of the dialog. Without one the dialog itself has the focus, not its close button. */
function focusFirst(event: Event) {
  const content = event.currentTarget;
  if (!(content instanceof HTMLElement)) return;
  event.preventDefault();
  const field = content.querySelector<HTMLElement>(
    '[data-autofocus], input:not([type="hidden"]):not(:disabled), select:not(:disabled), textarea:not(:disabled)',
  );
  (field ?? content).focus();
}

/** A question or a form over the page. Esc closes it; the focus returns to where it was. */
export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  children,
  footer,
  closeLabel,
  size = 'md',
  sheet,
  reading,
}: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={overlay} data-modal="" />
        <Radix.Content
          onOpenAutoFocus={focusFirst}
          className={cx(
            frame,
            sheet ? 'inset-y-0 right-0 w-full max-w-md border-y-0 border-r-0' : cx(middle, sizes[size]),
          )}
          {...(description ? {} : { 'aria-describedby': undefined })}
        >
          <header className="flex items-start justify-between gap-2 border-b px-4 py-2.5">
            <div>
              <Radix.Title className="text-base font-semibold">{title}</Radix.Title>
              {description && <Radix.Description className="text-sm text-muted">{description}</Radix.Description>}
            </div>
            <Radix.Close asChild>
              <IconButton label={closeLabel} icon={<X className="size-4" />} size="sm" />
            </Radix.Close>
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto p-4" tabIndex={reading ? 0 : undefined}>
            {children}
          </div>
          {footer && <footer className="flex flex-wrap justify-end gap-2 border-t px-4 py-2.5">{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export interface AlertDialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: ReactNode;
  description: ReactNode;
  confirm: string;
  cancel: string;
  danger?: boolean;
  onConfirm: () => void;
}

/** A question that must be answered. */
export function AlertDialog({
  open,
  onOpenChange,
  title,
  description,
  confirm,
  cancel,
  danger,
  onConfirm,
}: AlertDialogProps) {
  return (
    <RadixAlert.Root open={open} onOpenChange={onOpenChange}>
      <RadixAlert.Portal>
        <RadixAlert.Overlay className={overlay} data-modal="" />
        <RadixAlert.Content className={cx(frame, middle, sizes.sm, 'gap-3 p-4')}>
          <RadixAlert.Title className="text-base font-semibold">{title}</RadixAlert.Title>
          <RadixAlert.Description className="text-sm text-muted">{description}</RadixAlert.Description>
          <div className="flex justify-end gap-2">
            <RadixAlert.Cancel asChild>
              <Button>{cancel}</Button>
            </RadixAlert.Cancel>
            <RadixAlert.Action asChild>
              <Button variant={danger ? 'danger' : 'primary'} onClick={onConfirm}>
                {confirm}
              </Button>
            </RadixAlert.Action>
          </div>
        </RadixAlert.Content>
      </RadixAlert.Portal>
    </RadixAlert.Root>
  );
}
