import type { exchange as en } from '../en/exchange';

export const exchange: Record<keyof typeof en, string> = {
  'exchange.title': 'Was {plugin} gefragt wurde und geantwortet hat',
  'exchange.detail': 'Ohne Geheimnisse, wie es gespeichert ist. Dass Sie es angesehen haben, steht im Verlauf.',
  'exchange.request': 'Anfrage',
  'exchange.answer': 'Antwort',
  'exchange.callback': 'Rückruf',
  'exchange.none': 'Es kam keine Antwort.',
  'exchange.headers': '{count} Kopfzeile|{count} Kopfzeilen',
  'exchange.cut': 'Nur der Anfang ist gespeichert.',
  'exchange.left_out': 'Ein Inhalt, der kein Text ist ({bytes}). Nur sein SHA-256 ist gespeichert: {digest}',
};
