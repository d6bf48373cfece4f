import { Search } from 'lucide-react';
import { type RefObject, useEffect, useRef, useState } from 'react';
import { useT } from '@/i18n';
import { Input } from '@/ui';

/** Searches while the user types, at pauses. */
export function SearchInput({
  text,
  inputRef,
  onSearch,
}: {
  text: string;
  inputRef: RefObject<HTMLInputElement | null>;
  onSearch: (text: string) => void;
}) {
  const t = useT();
  const [value, setValue] = useState(text);
  const sent = useRef(text);
  useEffect(() => {
    if (text !== sent.current) {
      sent.current = text;
      setValue(text); // the address has changed otherwise
    }
  }, [text]);
  useEffect(() => {
    const wanted = value.trim();
    if (wanted === sent.current) return;
    const timer = setTimeout(() => {
      sent.current = wanted;
      onSearch(wanted);
    }, 250);
    return () => clearTimeout(timer);
  }, [value, onSearch]);
  return (
    <div role="search" className="relative ml-auto flex-1 basis-40 sm:max-w-96">
      <Search aria-hidden="true" className="pointer-events-none absolute top-1.5 left-2 size-4 text-faint" />
      <Input
        ref={inputRef}
        type="search"
        aria-label={t('queue.search')}
        placeholder={t('queue.search_placeholder')}
        className="h-7 pl-7.5 text-ellipsis"
        value={value}
        maxLength={200}
        onChange={(event) => setValue(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && event.currentTarget.blur()}
      />
    </div>
  );
}
