import type { ComponentProps, ReactNode } from 'react';
import { cx } from './cx';
import { Kbd } from './Kbd';
import { Spinner } from './Spinner';
import { Tooltip } from './Tooltip';

export type ButtonVariant = 'primary' | 'secondary' | 'ghost' | 'danger';

const variants: Record<ButtonVariant, string> = {
  primary: 'bg-accent text-on-accent border-transparent enabled:hover:bg-accent-hover',
  secondary: 'bg-surface text-ink border-line-strong enabled:hover:bg-hover',
  ghost: 'bg-transparent text-ink border-transparent enabled:hover:bg-hover',
  danger: 'bg-danger-strong text-white border-transparent enabled:hover:brightness-110',
};

export interface ButtonProps extends ComponentProps<'button'> {
  variant?: ButtonVariant;
  size?: 'sm' | 'md';
  icon?: ReactNode;
  loading?: boolean;
  /** The key that does the same. */
  shortcut?: string;
}

/** A button. While it is loading it stays focused and does nothing. */
export function Button({
  variant = 'secondary',
  size = 'md',
  icon,
  loading,
  shortcut,
  className,
  children,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      aria-busy={loading || undefined}
      aria-keyshortcuts={shortcut}
      className={cx(
        'inline-flex items-center justify-center gap-1.5 whitespace-nowrap rounded-md border font-medium transition-colors disabled:opacity-55',
        size === 'sm' ? 'h-7 px-2 text-sm' : 'h-8 px-3 text-sm',
        variants[variant],
        className,
      )}
      onClick={loading ? undefined : onClick}
      {...rest}
    >
      {loading ? <Spinner /> : icon}
      {children}
      {shortcut && <Kbd tone={variant === 'primary' || variant === 'danger' ? 'on-accent' : 'plain'}>{shortcut}</Kbd>}
    </button>
  );
}

export interface IconButtonProps extends ComponentProps<'button'> {
  label: string;
  icon: ReactNode;
  size?: 'sm' | 'md';
  pressed?: boolean;
}

/** A button of an icon only, named by its label. */
export function IconButton({ label, icon, size = 'md', pressed, className, ...rest }: IconButtonProps) {
  return (
    <Tooltip text={label}>
      <button
        type="button"
        aria-label={label}
        aria-pressed={pressed}
        className={cx(
          'inline-flex shrink-0 items-center justify-center rounded-md border border-transparent text-muted enabled:hover:bg-hover enabled:hover:text-ink disabled:opacity-45 aria-pressed:bg-selected aria-pressed:text-accent-ink',
          size === 'sm' ? 'size-7' : 'size-8',
          className,
        )}
        {...rest}
      >
        {icon}
      </button>
    </Tooltip>
  );
}
