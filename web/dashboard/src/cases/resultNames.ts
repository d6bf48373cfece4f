// What the system itself calls the fields of its results: those of vendors are in their definitions. Loaded with the page of a case, so that the first page stays small.

const en = {
  screening_hits: 'Possible matches',
  screening_more: 'More matches than shown',
  screening_lists: 'Lists and editions',
  screening_checked_at: 'Checked at',
  screening_cleared: 'Cleared matches',
  'screening_hits[].id': 'ID',
  'screening_hits[].programs': 'Programmes',
  'screening_hits[].topics': 'Topics',
  'screening_hits[].main_name': 'Main name',
  'screening_hits[].weak': 'Weak match',
  'screening_hits[].edition': 'Edition',
  children_total: 'Total',
  children_active: 'Active',
  children_completed: 'Completed',
  children_failed: 'Failed',
  children_cancelled: 'Cancelled',
  children_incidents: 'Incidents',
  children_outcomes: 'Outcomes',
  children_cases: 'Cases',
};

const de: Record<keyof typeof en | 'screening_', string> = {
  screening_: 'Watchlistenprüfung',
  screening_hits: 'Mögliche Treffer',
  screening_more: 'Weitere Treffer als gezeigt',
  screening_lists: 'Listen und Ausgaben',
  screening_checked_at: 'Geprüft am',
  screening_cleared: 'Ausgeräumte Treffer',
  'screening_hits[].id': 'Kennung',
  'screening_hits[].programs': 'Programme',
  'screening_hits[].topics': 'Themen',
  'screening_hits[].main_name': 'Hauptname',
  'screening_hits[].weak': 'Schwacher Treffer',
  'screening_hits[].edition': 'Ausgabe',
  children_total: 'Gesamt',
  children_active: 'Aktiv',
  children_completed: 'Abgeschlossen',
  children_failed: 'Fehlgeschlagen',
  children_cancelled: 'Abgebrochen',
  children_incidents: 'Störungen',
  children_outcomes: 'Ergebnisse',
  children_cases: 'Fälle',
};

const names: Record<string, Record<string, string>> = { en, de };

/** The name of a field of a result in a language: of screening, or of child cases; "" is the result itself. undefined: its id says it. */
export function resultName(source: string, path: string, language: string): string | undefined {
  return names[language]?.[`${source}_${path}`];
}
