import type { CSSProperties } from 'react';
import { cx } from './cx';
import { useFace } from './faces';

/** A person, by letters of their name and a colour of their own. An empty title means that the name is shown beside it. */
export function Avatar({ name, size = 'md', title }: { name: string; size?: 'sm' | 'md'; title?: string }) {
  const face = useFace(name);
  return (
    <span
      {...(title === '' ? { 'aria-hidden': true } : { role: 'img', 'aria-label': title ?? name, title: title ?? name })}
      style={{ '--hue': face.hue } as CSSProperties}
      className={cx(
        'face inline-flex shrink-0 select-none items-center justify-center rounded-full font-semibold',
        size === 'sm' ? 'size-5 text-[10px]' : 'size-7 text-xs',
      )}
    >
      {face.letters}
    </span>
  );
}
