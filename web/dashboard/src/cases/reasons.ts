import { useT } from '@/i18n';

/** A reason code in the reviewer's language; an untranslated one as its words. */
export function useReasonText(): (code: string) => string {
  const t = useT();
  return (code) => {
    const words = code.replaceAll('_', ' ');
    return t.maybe(`reason.${code}`, words.charAt(0).toUpperCase() + words.slice(1));
  };
}
