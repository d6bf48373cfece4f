import { type ComponentProps, type ReactNode, useEffect, useRef } from 'react';
import { cx } from './cx';

export interface CheckboxProps extends Omit<ComponentProps<'input'>, 'type' | 'onChange' | 'children'> {
  onCheckedChange: (checked: boolean) => void;
  indeterminate?: boolean;
  children?: ReactNode;
}

/** A yes or no. Its target is at least 24 px, also where the box is smaller. */
export function Checkbox({ onCheckedChange, indeterminate, className, children, ...rest }: CheckboxProps) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.indeterminate = indeterminate ?? false;
  }, [indeterminate]);
  return (
    <label
      className={cx(
        'inline-flex min-h-6 min-w-6 cursor-pointer items-center gap-2 text-sm',
        !children && 'justify-center',
        className,
      )}
    >
      <input
        ref={box}
        type="checkbox"
        className="size-4 accent-accent"
        onChange={(event) => onCheckedChange(event.target.checked)}
        {...rest}
      />
      {children}
    </label>
  );
}

/** A setting that takes effect at once. */
export function Switch({
  checked,
  onCheckedChange,
  label,
}: {
  checked: boolean;
  onCheckedChange: (checked: boolean) => void;
  label: string;
}) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={checked}
      aria-label={label}
      onClick={() => onCheckedChange(!checked)}
      className={cx(
        'inline-flex h-6 w-11 shrink-0 items-center rounded-full border px-0.5',
        checked ? 'border-transparent bg-accent' : 'border-line-strong bg-hover',
      )}
    >
      <span
        className={cx('size-4.5 rounded-full bg-white shadow-pop transition-transform', checked && 'translate-x-5')}
      />
    </button>
  );
}
