/** Abbreviations of the field: they are not written as words. */
const abbreviations = new Set(['aml', 'api', 'iban', 'id', 'kyb', 'kyc', 'mrz', 'pdf', 'pep', 'ubo', 'url', 'vat']);

/** Whom a case is about, as its page is called: a name as the subject or the data have it, else the client's own id; '' without. */
export function nameIn(one: {
  subject: { name?: string };
  external_id: string | null;
  context: Record<string, unknown>;
}): string {
  return one.subject.name || nameAmong(one.context) || one.external_id || '';
}

function nameAmong(context: Record<string, unknown>): string {
  for (const inner of Object.values(context)) {
    const name = inner !== null && typeof inner === 'object' && 'name' in inner ? inner.name : undefined;
    if (typeof name === 'string') return name;
    if (name !== null && typeof name === 'object') {
      const { given, family } = name as { given?: unknown; family?: unknown };
      const full = [given, family].filter((part) => typeof part === 'string').join(' ');
      if (full) return full;
    }
  }
  return '';
}

/** An id as words: "identity-check" is "Identity check", "kyc-risk" is "KYC risk". */
export function wordsOf(id: string): string {
  const words = id
    .split(/[-_\s]+/)
    .filter(Boolean)
    .map((word) => (abbreviations.has(word.toLowerCase()) ? word.toUpperCase() : word))
    .join(' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
