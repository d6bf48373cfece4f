import type { Note, User } from '@/api';
import { partsOf } from './mentions';

/** The text of a note: mentioned people stand out, web addresses are links that send no referrer. */
export function NoteText({ note, people }: { note: Note; people: readonly User[] }) {
  const mentioned = people.filter((one) => note.mentions?.includes(one.id));
  const parts = partsOf(note.text, mentioned);
  let at = 0;
  return (
    <p className="whitespace-pre-wrap wrap-anywhere">
      <bdi>
        {parts.map((part) => {
          const key = at;
          at += part.text.length;
          if (part.kind === 'link') {
            return (
              <a
                key={key}
                href={part.href}
                target="_blank"
                rel="noopener noreferrer nofollow"
                referrerPolicy="no-referrer"
                className="text-accent-ink underline"
              >
                {part.text}
              </a>
            );
          }
          if (part.kind === 'mention') {
            return (
              <strong key={key} className="font-medium text-accent-ink">
                {part.text}
              </strong>
            );
          }
          return <span key={key}>{part.text}</span>;
        })}
      </bdi>
    </p>
  );
}
