import { cx } from './cx';

const hues = [
  'bg-accent-soft text-accent-ink',
  'bg-success-soft text-success',
  'bg-warning-soft text-warning',
  'bg-info-soft text-info',
  'bg-danger-soft text-danger',
];

/** The first letters of a name: at most two, whatever the script. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = [...(words[0] ?? '?')][0] ?? '?';
  const last = words.length > 1 ? ([...(words[words.length - 1] ?? '')][0] ?? '') : '';
  return (first + last).toUpperCase();
}

/** A person, by the first letters of their name. An empty title says that the name stands beside it. */
export function Avatar({ name, size = 'md', title }: { name: string; size?: 'sm' | 'md'; title?: string }) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 997;
  return (
    <span
      {...(title === '' ? { 'aria-hidden': true } : { role: 'img', 'aria-label': title ?? name, title: title ?? name })}
      className={cx(
        'inline-flex shrink-0 select-none items-center justify-center rounded-full font-semibold',
        size === 'sm' ? 'size-5 text-[10px]' : 'size-7 text-xs',
        hues[sum % hues.length],
      )}
    >
      {initials(name)}
    </span>
  );
}
