import { useT } from './texts';

/** What an effect is, in the reader's words: its kind, and for a message its type. */
export function useEffectText(): (kind: string, type?: string) => string {
  const t = useT();
  return (kind, type) => {
    const words = t.maybe(`effect.${kind}`, kind);
    return type ? `${words} (${type})` : words;
  };
}

/** The kind and the code of the newest failure, as an incident's cause has them: "publish: unavailable". */
export function effectOf(cause: string): { kind: string; code: string } {
  const [kind = '', ...code] = cause.split(': ');
  return { kind, code: code.join(': ') };
}
