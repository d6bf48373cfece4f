import type { exchange as en } from '../en/exchange';

export const exchange: Record<keyof typeof en, string> = {
  'exchange.title': '{plugin}: Anfrage und Antwort',
  'exchange.detail': 'Wie gespeichert, ohne Geheimnisse. Das Ansehen wird im Verlauf festgehalten.',
  'exchange.request': 'Anfrage',
  'exchange.answer': 'Antwort',
  'exchange.callback': 'Rückmeldung',
  'exchange.none': 'Es ist keine Antwort eingegangen.',
  'exchange.headers': '{count} Kopfzeile|{count} Kopfzeilen',
  'exchange.cut': 'Nur der Anfang ist gespeichert.',
  'exchange.left_out': 'Ein Inhalt, der kein Text ist ({bytes}). Nur sein SHA-256 ist gespeichert: {digest}',
};
