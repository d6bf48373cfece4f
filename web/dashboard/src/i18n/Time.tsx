import { useEffect, useState } from 'react';
import { useFormats } from './formats';

/** Whether the page is being printed: "2 hours ago" means nothing on paper. */
function usePrinting(): boolean {
  const [printing, setPrinting] = useState(() => matchMedia('print').matches);
  useEffect(() => {
    const media = matchMedia('print');
    const onChange = () => setPrinting(media.matches);
    const before = () => setPrinting(true);
    const after = () => setPrinting(false);
    media.addEventListener('change', onChange);
    window.addEventListener('beforeprint', before);
    window.addEventListener('afterprint', after);
    return () => {
      media.removeEventListener('change', onChange);
      window.removeEventListener('beforeprint', before);
      window.removeEventListener('afterprint', after);
    };
  }, []);
  return printing;
}

/** A relative time, the exact one on hover and on paper. It updates by itself. */
export function Time({
  value,
  form = 'relative',
  className,
}: {
  value: string;
  form?: 'relative' | 'day' | 'moment' | 'exact';
  className?: string;
}) {
  const formats = useFormats();
  const at = new Date(value);
  const printing = usePrinting();
  const [, tick] = useState(0);
  useEffect(() => {
    if (form !== 'relative') return;
    const timer = setInterval(() => tick((n) => n + 1), 30_000);
    return () => clearInterval(timer);
  }, [form]);
  if (Number.isNaN(at.getTime())) return <span className={className}>{value}</span>;
  return (
    <time dateTime={value} title={formats.exact(at)} className={className}>
      {formats[printing ? 'exact' : form](at)}
    </time>
  );
}
