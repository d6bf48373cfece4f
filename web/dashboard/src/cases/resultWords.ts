// Words that results use as values: those that the answer shapes and the shipped plugins allow. Loaded with the page of a case.

const english =
  `accepted active adverse_media clear closed company crime declared deliverable driving_licence failed forged genuine
  high identity_card inactive incomplete insolvent invalid landline low match medium mobile no_match not_checked other partial passed
  passport pep person premium read rejected relative residence_permit review risky sanction toll_free uncertain undeliverable
  unknown valid verified voip warning`.split(/\s+/);

const de: Record<string, string> = {
  accepted: 'Angenommen',
  active: 'Aktiv',
  adverse_media: 'Negative Berichte',
  clear: 'Kein Treffer',
  closed: 'Geschlossen',
  company: 'Unternehmen',
  crime: 'Straftat',
  declared: 'Angegeben',
  deliverable: 'Zustellbar',
  driving_licence: 'Führerschein',
  failed: 'Nicht bestanden',
  forged: 'Gefälscht',
  genuine: 'Echt',
  high: 'Hoch',
  identity_card: 'Personalausweis',
  inactive: 'Inaktiv',
  incomplete: 'Unvollständig',
  insolvent: 'Insolvent',
  invalid: 'Ungültig',
  landline: 'Festnetz',
  low: 'Niedrig',
  match: 'Treffer',
  medium: 'Mittel',
  mobile: 'Mobil',
  no_match: 'Keine Übereinstimmung',
  not_checked: 'Nicht geprüft',
  other: 'Anderes',
  partial: 'Teilweise',
  passed: 'Bestanden',
  passport: 'Reisepass',
  pep: 'Politisch exponiert',
  person: 'Person',
  premium: 'Premium',
  read: 'Gelesen',
  rejected: 'Abgelehnt',
  relative: 'Angehörige',
  residence_permit: 'Aufenthaltstitel',
  review: 'Zu prüfen',
  risky: 'Riskant',
  sanction: 'Sanktion',
  toll_free: 'Gebührenfrei',
  uncertain: 'Ungewiss',
  undeliverable: 'Unzustellbar',
  unknown: 'Unbekannt',
  valid: 'Gültig',
  verified: 'Bestätigt',
  voip: 'Internettelefonie',
  warning: 'Warnung',
};

const words: Record<string, Readonly<Record<string, string>>> = {
  de,
  en: Object.fromEntries(english.map((word) => [word, inEnglish(word)])),
};

function inEnglish(word: string): string {
  if (word === 'pep' || word === 'voip') return word === 'pep' ? 'PEP' : 'VoIP';
  const text = word.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A value of a result that is one of a few words, in the reader's language; undefined: it is none of these, and stays as it is. */
export function resultWord(value: string, language: string): string | undefined {
  const known = words[language];
  return known && Object.hasOwn(known, value) ? known[value] : undefined;
}
