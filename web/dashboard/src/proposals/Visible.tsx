import { partsOf } from './parts';

/** Text of others, unchanged: characters that are invisible or change the layout are written out. */
export function Visible({ text }: { text: string }) {
  return (
    <bdi>
      {partsOf(text).map((part, n) =>
        part.named ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never change places
          <mark key={n} className="rounded-sm bg-danger-soft px-0.5 font-mono text-danger">
            {part.text}
          </mark>
        ) : (
          part.text
        ),
      )}
    </bdi>
  );
}
