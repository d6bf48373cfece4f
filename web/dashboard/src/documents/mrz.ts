// Reading a machine-readable zone for people to compare by eye. Whether it is valid and whether it matches is the server's
// to say: its flags count, not this reading.

export interface Zone {
  surname: string;
  given: string;
  number: string;
  nationality: string;
  birth: string | null;
  sex: string;
  expiry: string | null;
}

const filler = /<+/g;

function words(text: string): string {
  return text.replace(filler, ' ').trim();
}

/** YYMMDD as a date: of births the past one, of expiries the one within fifty years. */
function date(text: string, past: boolean, now: Date): string | null {
  if (!/^\d{6}$/.test(text)) return null;
  const year = Number(text.slice(0, 2));
  const current = now.getFullYear() % 100;
  const century = past ? (year > current ? 1900 : 2000) : year > current + 50 ? 1900 : 2000;
  return `${century + year}-${text.slice(2, 4)}-${text.slice(4, 6)}`;
}

function names(field: string): { surname: string; given: string } {
  const [surname = '', given = ''] = field.split('<<');
  return { surname: words(surname), given: words(given) };
}

/** The parts of a zone of three, two or one form (TD1, TD2, TD3); null when it is none. */
export function readZone(text: string, now = new Date()): Zone | null {
  const lines = text
    .toUpperCase()
    .split(/\r?\n/)
    .map((line) => line.replace(/\s/g, ''))
    .filter(Boolean);
  const [first = '', second = '', third = ''] = lines;
  if (lines.length === 3 && lines.every((line) => line.length === 30)) {
    return {
      ...names(third),
      number: words(first.slice(5, 14)),
      nationality: words(second.slice(15, 18)),
      birth: date(second.slice(0, 6), true, now),
      sex: words(second.slice(7, 8)),
      expiry: date(second.slice(8, 14), false, now),
    };
  }
  if (lines.length === 2 && (first.length === 44 || first.length === 36) && second.length === first.length) {
    return {
      ...names(first.slice(5)),
      number: words(second.slice(0, 9)),
      nationality: words(second.slice(10, 13)),
      birth: date(second.slice(13, 19), true, now),
      sex: words(second.slice(20, 21)),
      expiry: date(second.slice(21, 27), false, now),
    };
  }
  return null;
}
