import { useEffect, useState } from 'react';
import { useFormats } from './formats';

/** A time as people say it, the exact one on hover. It keeps up by itself. */
export function Time({
  value,
  form = 'relative',
  className,
}: {
  value: string;
  form?: 'relative' | 'day' | 'exact';
  className?: string;
}) {
  const formats = useFormats();
  const at = new Date(value);
  const [, tick] = useState(0);
  useEffect(() => {
    if (form !== 'relative') return;
    const timer = setInterval(() => tick((n) => n + 1), 30_000);
    return () => clearInterval(timer);
  }, [form]);
  if (Number.isNaN(at.getTime())) return <span className={className}>{value}</span>;
  return (
    <time dateTime={value} title={formats.exact(at)} className={className}>
      {form === 'relative' ? formats.relative(at) : form === 'day' ? formats.day(at) : formats.exact(at)}
    </time>
  );
}
