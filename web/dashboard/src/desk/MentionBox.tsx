import { type ComponentProps, type RefObject, useId, useRef, useState } from 'react';
import type { User } from '@/api';
import { cx, Textarea } from '@/ui';
import { matching, mentionAt } from './mentions';
import { useDeskT } from './useDeskT';

/** Lines of text in which people are named: after an @, those whose name begins so are offered. */
export function MentionBox({
  value,
  onText,
  people,
  box,
  onKeyDown,
  ...rest
}: {
  value: string;
  onText: (text: string) => void;
  people: readonly User[];
  box?: RefObject<HTMLTextAreaElement | null>;
} & Omit<ComponentProps<'textarea'>, 'value' | 'ref' | 'onChange'>) {
  const d = useDeskT();
  const list = useId();
  const own = useRef<HTMLTextAreaElement>(null);
  const area = box ?? own;
  const [asked, setAsked] = useState<{ from: number; query: string } | null>(null);
  const [active, setActive] = useState(0);
  const offered = asked ? matching(people, asked.query) : [];
  const open = offered.length > 0;
  const chosen = Math.min(active, offered.length - 1);
  const look = (text: string, caret: number) => {
    setAsked(mentionAt(text, caret));
    setActive(0);
  };
  const take = (user: User | undefined) => {
    if (!user || !asked) return;
    const end = asked.from + 1 + asked.query.length;
    const before = `${value.slice(0, asked.from)}@${user.name} `;
    onText(before + value.slice(end).replace(/^ /, ''));
    setAsked(null);
    requestAnimationFrame(() => {
      area.current?.focus();
      area.current?.setSelectionRange(before.length, before.length);
    });
  };
  return (
    <div className="relative">
      <Textarea
        {...rest}
        ref={area}
        value={value}
        aria-autocomplete="list"
        aria-controls={open ? list : undefined}
        aria-activedescendant={open ? `${list}-${chosen}` : undefined}
        onChange={(event) => {
          onText(event.target.value);
          look(event.target.value, event.target.selectionStart);
        }}
        onBlur={() => setAsked(null)}
        onKeyDown={(event) => {
          if (open && !event.ctrlKey && !event.metaKey) {
            const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
            if (step) {
              event.preventDefault();
              setActive((chosen + step + offered.length) % offered.length);
              return;
            }
            if (event.key === 'Enter' || event.key === 'Tab') {
              event.preventDefault();
              take(offered[chosen]);
              return;
            }
            if (event.key === 'Escape') {
              event.preventDefault();
              event.stopPropagation();
              setAsked(null);
              return;
            }
          }
          onKeyDown?.(event);
        }}
      />
      {open && (
        <div
          id={list}
          role="listbox"
          aria-label={d('people')}
          className="absolute inset-x-0 top-full z-30 mt-1 max-w-sm rounded-md border bg-raised p-1 shadow-pop"
        >
          {offered.map((user, n) => (
            // biome-ignore lint/a11y/useFocusableInteractive: the text keeps the focus; aria-activedescendant names the option
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the text's
            <div
              key={user.id}
              id={`${list}-${n}`}
              role="option"
              aria-selected={n === chosen}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(user)}
              className={cx(
                'flex min-h-7 cursor-pointer items-center rounded-sm px-2 text-sm',
                n === chosen && 'bg-hover',
              )}
            >
              <bdi>{user.name}</bdi>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}
