import type { ComponentProps } from 'react';
import { cx } from './cx';

const base =
  'rounded-md border border-line-strong bg-surface text-ink px-2.5 text-sm placeholder:text-faint hover:border-muted disabled:bg-canvas disabled:text-muted aria-invalid:border-danger';

/** A line of text. */
export function Input({ className, ...rest }: ComponentProps<'input'>) {
  return <input className={cx(base, 'h-8 w-full', className)} {...rest} />;
}

/** Lines of text. */
export function Textarea({ className, ...rest }: ComponentProps<'textarea'>) {
  return <textarea className={cx(base, 'min-h-20 w-full py-1.5 leading-5', className)} {...rest} />;
}

export interface Option {
  value: string;
  label: string;
  disabled?: boolean;
}

export interface SelectProps extends Omit<ComponentProps<'select'>, 'onChange' | 'value'> {
  value: string;
  options: Option[];
  onValueChange: (value: string) => void;
  placeholder?: string;
  /** As wide as its longest option instead of the room there is. */
  fit?: boolean;
}

/** One of a few. The browser's own control: it works everywhere, with every keyboard and reader. */
export function Select({ value, options, onValueChange, placeholder, fit, className, ...rest }: SelectProps) {
  return (
    <select
      className={cx(base, 'h-8 pr-6', !fit && 'w-full', className)}
      value={value}
      onChange={(event) => onValueChange(event.target.value)}
      {...rest}
    >
      {placeholder !== undefined && <option value="">{placeholder}</option>}
      {options.map((option) => (
        <option key={option.value} value={option.value} disabled={option.disabled}>
          {option.label}
        </option>
      ))}
    </select>
  );
}
